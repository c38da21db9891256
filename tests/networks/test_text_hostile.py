"""Texts made to keep a counter busy: each function has to come to an end with every one of them.

No clock is read: where the work grew with the square of the length, these would take hours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

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
