"""LinkedIn's little text: what is written reads as it was, hashtags can be tapped."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from networks.text import little_text

READ = regex.compile(
    r"(?s)\{hashtag\|\\?(?P<sign>[#＃])\|(?P<word>(?:\\.|[^\\}])+)\}|\\(?P<plain>.)"
)
SCRAPS = st.lists(
    st.sampled_from(
        ["\\#", "{hashtag|", "https://a.org/#", *"#＃aé日1_\\|{}@[]()<>*~,;/.\n \u0301"]
    ),
    max_size=16,
).map("".join)


def read(little: str) -> str:
    """Give what LinkedIn's readers see."""
    return str(READ.sub(lambda m: m["plain"] or m["sign"] + read(m["word"]), little))


@pytest.mark.parametrize("sign", list("\\|{}@[]()<>#*_~"))
def test_reserved_sign_is_escaped_wherever_it_stands(sign: str) -> None:
    assert little_text(sign) == f"\\{sign}"
    assert little_text(f"a{sign}{sign} b") == f"a\\{sign}\\{sign} b"


@pytest.mark.parametrize("text", ["", "Où ça ? « 100 % » & +1 : l’eau !", "日本語\n\tשלום", "🌊🇫🇷"])
def test_other_signs_stay(text: str) -> None:
    assert little_text(text) == text


@pytest.mark.parametrize(
    ("text", "little"),
    [
        ("#eau", r"{hashtag|\#|eau}"),
        ("(#oui), #non.", r"\({hashtag|\#|oui}\), {hashtag|\#|non}."),
        ("#été2026 #2026été", r"{hashtag|\#|été2026} {hashtag|\#|2026été}"),
        ("＃水の日", "{hashtag|＃|水の日}"),
        ("#cafe\u0301", "{hashtag|\\#|cafe\u0301}"),
        ("#eau_libre", r"{hashtag|\#|eau\_libre}"),
        ("#covid-19", r"{hashtag|\#|covid}-19"),
        ("#PSG/#OM", r"{hashtag|\#|PSG}/{hashtag|\#|OM}"),
        ("#a#b", r"{hashtag|\#|a}\#b"),
        ("#1 #2026", r"\#1 \#2026"),
        ("C# a#b ##c # d #_", r"C\# a\#b \#\#c \# d \#\_"),
        ("#️⃣ #🎉", "\\#\ufe0f\u20e3 \\#🎉"),
        ("https://a.org/#eau", r"https://a.org/\#eau"),
        ("a.org/#eau, #eau", r"a.org/\#eau, {hashtag|\#|eau}"),
        (r"{hashtag|\#|eau}", r"\{hashtag\|\\\#\|eau\}"),
    ],
)
def test_hashtag_stays_a_hashtag(text: str, little: str) -> None:
    assert little_text(text) == little


@pytest.mark.parametrize(
    ("text", "little"),
    [
        ("@olive", r"\@olive"),
        ("@[Olive](urn:li:person:1)", r"\@\[Olive\]\(urn:li:person:1\)"),
        ("https://a.org/b_(c)~d", r"https://a.org/b\_\(c\)\~d"),
    ],
)
def test_nothing_else_means_anything(text: str, little: str) -> None:
    assert little_text(text) == little


@given(st.text(max_size=80) | SCRAPS)
def test_readers_see_the_text_as_it_was(text: str) -> None:
    assert read(little_text(text)) == text


@given(SCRAPS)
def test_no_reserved_sign_is_left_outside_of_templates(text: str) -> None:
    assert not regex.search(r"[|{}@\[\]()<>#*_~]", READ.sub("", little_text(text)))
