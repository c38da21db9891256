"""Counting as X and Threads do: characters, accents, emoji."""

from __future__ import annotations

from unicodedata import normalize

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from networks.text import grapheme_length, mastodon_length, threads_length, weighted_length

ANYTHING = st.text(st.characters(codec="utf-8"), max_size=60)
# What links, emoji and accents are made of.
SCRAPS = st.lists(
    st.sampled_from(
        [
            *("https://", "a.org", "www.", ".みんな"),
            *"/().,-_@#?:1éeç日👩🏽🌊❤♀🇫🇷☺© \n",
            *"\u200d\ufe0f\ufe0e\u20e3\u0301\u0323\u1100\u1161\u202a",
        ]
    ),
    max_size=14,
).map("".join)
TEXTS = ANYTHING | SCRAPS


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        (" ", 1),
        ("On y va ?", 9),
        ("Où ça, là-bas ?", 15),
        ("a\r\nb", 4),
        ("Ελλάδα Київ ירושלים القدس", 25),
        ("हिन्दी", 6),
        ("გამარჯობა", 9),  # the last script of the light ones, up to U+10FF
        ("\u10ff\u1100", 3),
        ("日本語で話そう。", 16),
        ("안녕", 4),
        ("漢a字", 5),
        ("\U00020000", 2),
        ("“l’été” – non…", 13 + 2),  # quotes and dashes are light, three dots in one sign are not
        ("\u200d\u200e\u2010\u201f\u2020\u2032\u2037\u2038", 1 + 2 + 1 + 1 + 2 + 1 + 1 + 2),
        ("₣ € ½ ™", 2 + 1 + 2 + 1 + 1 + 1 + 2),
        ("\x00\x7f", 2),
    ],
)
def test_x_weighs_scripts(text: str, length: int) -> None:
    assert weighted_length(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("e\u0301", 1),
        ("e\u0301\u0323", 3),  # the letter of Vietnamese that it gives is heavy
        ("q\u0301", 2),
        ("\u1100\u1161\u11a8", 2),
        ("\ufb2c", 3),  # taken apart for good, a letter and two marks
        ("\u212b", 1),
        ("か\u3099", 2),
    ],
)
def test_x_counts_what_is_composed(text: str, length: int) -> None:
    assert weighted_length(text) == length


@pytest.mark.parametrize(
    ("emoji", "weight", "length"),
    [
        ("😷", 2, 4),
        ("☺", 2, 3),
        ("☺\ufe0f", 2, 6),
        ("👍🏿", 2, 8),
        ("☝\ufe0f", 2, 6),
        ("☝🏻", 2, 7),
        ("☝\ufe0f🏻", 2, 10),
        ("👩\u200d👩\u200d👧\u200d👦", 2, 25),
        ("👨🏽\u200d🎤", 2, 15),
        ("🧑🏿\u200d🤝\u200d🧑🏻", 2, 26),
        ("👩\u200d❤\ufe0f\u200d💋\u200d👩", 2, 27),
        ("🕵\ufe0f\u200d♀\ufe0f", 2, 16),
        ("🤷🏼\u200d♂\ufe0f", 2, 17),
        ("🏳\ufe0f\u200d🌈", 2, 14),
        ("🏳\ufe0f\u200d⚧\ufe0f", 2, 16),
        ("🐻\u200d❄\ufe0f", 2, 13),
        ("🐦\u200d🔥", 2, 11),
        ("🙂\u200d↔\ufe0f", 2, 13),
        ("🏃🏽\u200d♀\ufe0f\u200d➡\ufe0f", 2, 26),
        ("🇧🇪", 2, 8),
        ("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", 2, 28),
        ("7\ufe0f\u20e3", 2, 7),
        ("#\u20e3", 2, 4),
        ("©\ufe0f", 2, 5),
        ("🀄\ufe0f", 2, 7),
        # Not emoji, or more than one.
        ("7", 1, 1),
        ("#", 1, 1),
        ("©", 1, 1),
        ("™", 2, 1),
        ("☺\ufe0e", 4, 1),
        ("🇧", 2, 4),
        ("🇧🇧", 2, 8),
        ("🇦🇦", 4, 8),  # no country: two letters on X, a flag to all others
        ("🇫🇷🇧🇪🇨", 6, 20),
        ("🏽", 2, 4),
        ("👍\ufe0f", 4, 7),
        ("👧\ufe0f🏻", 6, 11),
        ("👍\u200d👍", 5, 11),  # joined by nobody but us
        ("👩\u200d👨\u200d👦", 5, 18),
        ("🕵\u200d♀\ufe0f", 5, 13),
        ("\ufe0f", 2, 1),
        ("\u200d", 1, 1),
    ],
)
def test_whole_emoji_counts_at_once(emoji: str, weight: int, length: int) -> None:
    assert weighted_length(emoji) == weight
    assert weighted_length(f"a{emoji} b") == weight + 3
    assert threads_length(emoji) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Où ça, là-bas ?", 15),
        ("e\u0301", 1),
        ("日本語で話そう。", 8),
        ("a\r\nb", 3),
        ("a 🌊 b", 8),
        ("🌊" * 125, 500),
        ("👍\u0301", 6),  # however Threads counts the accent, it is no more
        ("🇫🇷\u0301🇧🇪", 8 + 2 + 8),
        ("https://example.org/a/b?c=d", 27),
        ("@sam@mastodon.social", 20),
    ],
)
def test_threads_counts_characters_and_the_bytes_of_emoji(text: str, length: int) -> None:
    assert threads_length(text) == length


def test_price_of_a_link_on_mastodon_can_be_told_by_position() -> None:
    assert mastodon_length("https://example.org", 30) == 30


@given(TEXTS)
def test_form_of_accents_makes_no_difference_on_x(text: str) -> None:
    length = weighted_length(text)
    assert length == weighted_length(normalize("NFC", text))
    assert length == weighted_length(normalize("NFD", text))


@given(TEXTS, TEXTS)
def test_lines_count_on_their_own(first: str, second: str) -> None:
    for count in (weighted_length, threads_length):
        assert count(f"{first}\n\n{second}") == count(f"{first}\n") + count(f"\n{second}")


@given(TEXTS)
def test_no_count_is_out_of_bounds(text: str) -> None:
    assert 0 <= weighted_length(text) <= 23 * len(text)
    assert grapheme_length(text) <= threads_length(text) <= len(text.encode())


@given(st.text("abcé ßłжא", max_size=80))
def test_near_scripts_count_the_same_everywhere(text: str) -> None:
    assert weighted_length(text) == threads_length(text) == grapheme_length(text) == len(text)


@given(st.text("🇫🇷a\u0301\u200d\u0600👩", max_size=30))
def test_flags_among_other_signs_are_parted_as_unicode_parts_them(text: str) -> None:
    assert grapheme_length(text) == len(regex.findall(r"\X", text))
