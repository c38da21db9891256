"""Texts made to keep a counter busy: each function has to come to an end with every one of them.

No clock is read: where the work grew with the square of the length, these would take hours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import regex

from networks.base import Length
from networks.fitting import split_fitting
from networks.text import (
    bluesky_facets,
    grapheme_length,
    little_text,
    mastodon_length,
    threads_length,
    weighted_length,
)

LOOK_THROUGH: list[Callable[[str], Any]] = [
    bluesky_facets,
    grapheme_length,
    little_text,
    mastodon_length,
    threads_length,
    weighted_length,
]


@pytest.mark.parametrize("look_through", LOOK_THROUGH, ids=lambda function: function.__name__)
@pytest.mark.parametrize("scrap", ["🇫", "\u0301\u0316", "日", "(", "a-"], ids=ascii)
def test_ten_megabytes_of_the_same_come_to_an_end(
    look_through: Callable[[str], Any], scrap: str
) -> None:
    look_through(scrap * (10_000_000 // len(scrap.encode())))


@pytest.mark.parametrize("look_through", LOOK_THROUGH, ids=lambda function: function.__name__)
@pytest.mark.parametrize("head", ["", "https://a.org/", "#a"])
def test_many_scraps_of_links_and_hashtags_come_to_an_end(
    look_through: Callable[[str], Any], head: str
) -> None:
    scraps = [
        *("日.", "a.", "a_.", "日a.com", "a.com日", "a.com_.", "a.com/(", "a.com/((a)", "a.com?."),
        *(
            "http://a.",
            "https://a.org/. ",
            "https://t.co/a",
            "xn--",
            "嘉里.",
            "http://\u0301\u0316",
        ),
        *(
            "#a,",
            "#a a.fr ",
            "#..a",
            "@",
            "@a.",
            "@a@",
            "((",
            "\\{",
            "!",
            "«",
            "👩\u200d",
            "1\ufe0f",
        ),
    ]
    for scrap in scraps:
        look_through(f"{head}{scrap * (50_000 // len(scrap))}a")


@pytest.mark.parametrize("scrap", ["🇫", "日", "a", "e\u0301", "🇫a"], ids=ascii)
def test_where_megabytes_stop_fitting_is_found_in_their_first_part(scrap: str) -> None:
    text = scrap * (2_500_000 // len(scrap.encode()))
    measured = []

    def measure(part: str) -> Length:
        measured.append(len(part))
        used = grapheme_length(part)
        return Length(used=used, limit=500, over=max(0, used - 500))

    kept, excess = split_fitting(text, measure=measure)
    assert grapheme_length(kept) == 500
    assert kept + excess == text
    assert sum(measured[1:]) < 20_000


@pytest.mark.parametrize("before", ["", "a", "\u0600", "🇫\u0301"], ids=ascii)
@pytest.mark.parametrize("behind", ["", "a", "\u0301", "\u200d🇫", "👍🏽"], ids=ascii)
@pytest.mark.parametrize("flags", range(7))
def test_a_row_of_flags_is_parted_where_readers_see_them_part(
    before: str, behind: str, flags: int
) -> None:
    text = before + "🇫" * flags + behind
    ends = {0}
    for limit in range(len(text) + 1):
        kept, _excess = split_fitting(
            text,
            measure=lambda part, limit=limit: Length(
                used=len(part), limit=limit, over=max(0, len(part) - limit)
            ),
        )
        ends.add(len(kept))
    assert sorted(ends) == [0, *(match.end() for match in regex.finditer(r"\X", text))]
