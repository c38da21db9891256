"""Which links X makes out in a text, and what they cost: as its own library does."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.text import weighted_length
from networks.weblinks import find_weblinks

SCRAPS = st.lists(
    st.sampled_from(
        [
            *("http://", "HTTPS://", "t.co/", ".com", ".org", ".co.uk", ".みんな", ".рф", "xn--"),
            *":8a.-_/?=&#@!()[],;é日。\"'\u202a\ufeff🌊\n ",
        ]
    ),
    max_size=14,
).map("".join)


def links_of(text: str) -> list[str]:
    return [text[start:end] for start, end in find_weblinks(text)]


@pytest.mark.parametrize(
    "link",
    [
        "http://voix.org",
        "HTTPS://VOIX.ORG/AGIR",
        "https://voix.org:8443/agir",
        "https://voix.org/agir/",
        "https://voix.org/?a=1&b=%C3%A9#c",
        "https://voix.org?a=b",
        "https://voix.org/#!/agir",
        "https://voix.org/a;b=1,2/c.d|e",
        "https://voix.org/@olive/1",
        "https://voix.org/agir-",
        "https://voix.org/l–r",
        "https://voix.org/été",
        "https://voix.org/действуй",
        "https://voix.org/a_(b)",
        "https://voix.org/(a)/b",
        "https://voix.org/a(b(c)d)",
        "https://voix.org/web/https://river.net/a",
        "https://river_1.voix.org",
        "https://a-b.c-d.org",
        "https://a.b.cd.fr",
        "https://élan.fr/agir",
        "https://例え.jp",
        "https://twitter.みんな/",
        "https://пример.рф",
        "https://xn--bcher-kva.com",
        "https://bücher.xn--p1ai",
        "https://voix.onion",  # on X's list, although nobody can register it
        "voix.org",
        "VOIX.Org",
        "www.voix.co.uk",
        "voix.photography/agir?a=b",
        "voix.fr",
        "t.co",
        "élan.fr/agir",
        "a-b.com",
        "voix.みんな",
    ],
)
@pytest.mark.parametrize(
    ("before", "after"), [("- ", ""), ("« ", " »"), ("(", ")"), ("日\n", "。"), ("“", "”")]
)
def test_link_ends_with_its_last_sign_and_costs_23(before: str, link: str, after: str) -> None:
    assert links_of(f"{before}{link}{after}") == [link]
    assert weighted_length(f"{before}{link}{after}") == weighted_length(before + after) + 23


@pytest.mark.parametrize(
    ("text", "links"),
    [
        # The punctuation of a sentence stays outside.
        ("Sur https://voix.org/agir.", ["https://voix.org/agir"]),
        ("Sur https://voix.org/agir, puis", ["https://voix.org/agir"]),
        ("https://voix.org/agir!!! https://voix.org/?", ["https://voix.org/agir", "https://voix.org/"]),
        ("https://voix.org/a?b=c.", ["https://voix.org/a?b=c"]),
        ("https://voix.org/…", ["https://voix.org/"]),
        ("https://voix.org/a(b https://voix.org/a)b", ["https://voix.org/a", "https://voix.org/a"]),
        ("https://voix.org/a(b(c(d)))", ["https://voix.org/a"]),
        ("https://voix.org/()", ["https://voix.org/"]),
        ('https://voix.org/a&amp;"b"', ["https://voix.org/a&amp"]),
        ("https://voix.org#a", ["https://voix.org"]),
        # Letters that belong to no link part it from the next, or end it.
        ("見てvoix.orgです。https://voix.org/a次", ["voix.org", "https://voix.org/a"]),
        ("voix.org日river.netです", ["voix.org", "river.net"]),
        ("日voix.org/a", ["voix.org/a"]),
        ("éhttps://voix.org", ["https://voix.org"]),
        ("voix.orgé", ["voix.org"]),
        ("\u202avoix.org\u202c", ["voix.org"]),
        ("ab.voix.org.cd", ["ab.voix.org.cd"]),
        ("ab.voix.org.cde", ["ab.voix.org"]),
        # Without a scheme: no path without a stroke, no port, Latin letters only.
        ("voix.org?a=b", ["voix.org"]),
        ("voix.org:8443", ["voix.org"]),
        ("voix.org:8443/agir", ["voix.org:8443/agir"]),
        ("пример.рф", []),
        ("例え.jp", []),
        ("ab_c.voix.org", ["c.voix.org"]),
        ("éa.fr", ["a.fr"]),  # where the text begins, its first sign stands before the link
        (" éa.fr", ["éa.fr"]),
        ("voix.org?a=éb.fr", ["voix.org", "b.fr"]),  # and so it is behind another link
        # No domain that anybody could register.
        ("https://voix", []),
        ("https://voix.x", []),
        ("https://voix.example", []),
        ("voix.commune README.mdx tar.bz2", []),
        ("fin.Puis", []),
        ("https://voix.com-river", []),
        ("http://127.0.0.1/ 3.14", []),
        ("https://-voix.org https://voix-.org https://_voix.org https://vo_ix.org", []),
        ("https://a..org", []),
        ("http://%e2%98%83.net", ["83.net"]),
        ("https://" + "a" * 64 + ".org", []),
        ("https://" + "é" * 60 + ".org", []),
        ("https://xn--日.org", []),
        # Not a link where it stands.
        ("sam@voix.org sam.rae@voix.org sam+rae@voix.org", []),
        ("voix.org@river", []),
        ("@voix.org #voix.org $voix.org ＠voix.org", ["voix.org"]),
        ("@https://voix.org #https://voix.org $https://voix.org", []),
        ("-voix.org _voix.org /voix.org .voix.org", []),
        ("ahttps://voix.org", []),
        ("ftp://voix.org", []),
        ("https:// voix.org", ["voix.org"]),
        ("\ufeffvoix.org", []),
        # X's own short links end with their key.
        ("https://t.co/aB1's", ["https://t.co/aB1"]),
        ("https://t.co/aB1/c", ["https://t.co/aB1"]),
        ("https://t.co/aB1?amp=1", ["https://t.co/aB1?amp=1"]),
        ("https://t.co/" + "a" * 40, ["https://t.co/" + "a" * 40]),
        ("https://t.co/" + "a" * 41, []),
    ],
)  # fmt: skip
def test_links_are_those_that_x_sees(text: str, links: list[str]) -> None:
    assert links_of(text) == links


def test_name_may_be_as_long_as_its_punycode_allows() -> None:
    """37 letters of Hiragana make 63 of Punycode; counts as published with twitter-text."""
    letters = "あいうえおかきくけこ" * 5
    assert weighted_length(f"{letters} http://{letters}あい.com") == 100 + 1 + 23
    assert weighted_length(f"{letters} http://{letters}あいう.com") == 100 + 1 + 7 + 106 + 4


@pytest.mark.parametrize("scheme", ["https://", ""])
def test_link_may_have_4096_signs(scheme: str) -> None:
    start = f"{scheme}voix.org/"
    room = 4096 - len("https://voix.org/")
    assert weighted_length(start + "a" * room) == 23
    assert weighted_length(start + "a" * (room + 1)) == len(start) + room + 1


def test_signs_behind_a_link_are_counted_one_by_one() -> None:
    assert weighted_length("voix.org/1\u20e3") == 23 + 2
    assert weighted_length("https://t.co/aB1/日") == 23 + 1 + 2


@given(SCRAPS)
def test_links_are_in_order_apart_and_as_dear_as_each_other(text: str) -> None:
    spans = list(find_weblinks(text))
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert weighted_length(text) >= 23 * len(spans)


@given(SCRAPS)
def test_link_on_a_line_of_its_own_is_always_found(text: str) -> None:
    assert links_of(f"{text}\nhttps://voix.org/a\n{text}").count("https://voix.org/a") >= 1
