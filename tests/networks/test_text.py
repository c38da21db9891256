"""Counting as readers do, and as Mastodon does."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.text import find_links, grapheme_length, mastodon_length, shorten_mentions

PLAIN = st.text(st.characters(codec="utf-8", exclude_characters=":@"), max_size=60)
LINK = "https://voix.example.org/a/very/long/path?with=a&long=query#and-a-part"


def links_of(text: str) -> list[str]:
    return [text[start:end] for start, end in find_links(text)]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("é", 1),
        ("e\u0301", 1),
        ("👍🏽", 1),
        ("👩‍👩‍👧‍👦", 1),
        ("🏳️‍🌈", 1),
        ("🇫🇷🇧🇪", 2),
        ("a\r\nb", 3),
        ("שלום", 4),
        ("각", 1),
        ("\x00", 1),
        ("1️⃣", 1),
    ],
)
def test_characters_are_what_a_reader_sees(text: str, length: int) -> None:
    assert grapheme_length(text) == length


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://example.org", ["https://example.org"]),
        ("HTTPS://EXAMPLE.ORG/A", ["HTTPS://EXAMPLE.ORG/A"]),
        ("See https://example.org.", ["https://example.org"]),
        ("See https://example.org/a, then", ["https://example.org/a"]),
        ("(https://example.org/a)", ["https://example.org/a"]),
        ("“https://example.org/a”", ["https://example.org/a”"]),  # as Mastodon has it
        ("https://en.wikipedia.org/wiki/Voice_(film).", ["https://en.wikipedia.org/wiki/Voice_(film)"]),
        ("https://a.org/x_(a_(b)_c)?x=1&y=2.", ["https://a.org/x_(a_(b)_c)?x=1&y=2"]),
        ("https://a.org/(été)", ["https://a.org/(été)"]),
        ("https://a.org/x_(日本)", ["https://a.org/x_"]),  # likewise
        ("https://a.org/?q=é.", ["https://a.org/?q=é"]),
        ("https://a.org?q=1!", ["https://a.org?q=1"]),
        ("https://a.org#part", ["https://a.org"]),
        ("https://a.org/#part", ["https://a.org/#part"]),
        ("https://a.org:8080/x", ["https://a.org:8080/x"]),
        ("https://sub_domain.a.co.uk/x", ["https://sub_domain.a.co.uk/x"]),
        ("https://xn--bcher-kva.org/x", ["https://xn--bcher-kva.org/x"]),
        ("https://bücher.org/x", ["https://bücher.org/x"]),
        ("https://t.co/abc/d", ["https://t.co/abc"]),  # a short one has nothing behind its key
        ("https://a.co.uka/x", ["https://a.co"]),
        ("https://пример.рф/путь", ["https://пример.рф/путь"]),
        ("https://a.org/@sam/1", ["https://a.org/@sam/1"]),
        ("https://example.comです", ["https://example.com"]),
        ("éhttps://a.org", ["https://a.org"]),
        ("ipfs://a.org/x gemini://b.org", ["ipfs://a.org/x", "gemini://b.org"]),
        ("https://a.org https://b.org", ["https://a.org", "https://b.org"]),
        ("fin.https://a.org", ["https://a.org"]),
        # No links: no scheme, no name, no domain, or not at the start of a word.
        ("example.org/path", []),
        ("ahttps://a.org", []),
        ("@https://a.org", []),
        ("#https://a.org", []),
        ("https://localhost/x", []),
        ("https://a.zz/x", []),  # not a top-level domain of twitter-text's
        ("https://intranet.example/x", []),
        ("http://127.0.0.1:8000/x", []),
        ("https://a.org-x", []),
        ("https:// a.org", []),
        ("mailto:sam@a.org", []),
        ("xmpp:sam@a.org", []),
        ("ftp://a.org/x", []),
        # One that stands in another's path belongs to it, also when that one has no scheme.
        ("https://web.archive.org/web/2/https://a.org/x", ["https://web.archive.org/web/2/https://a.org/x"]),
        ("web.archive.org/web/2/https://a.org/x", []),
        ("https://a.org/" + "x" * 4100, []),
    ],
)  # fmt: skip
def test_links_are_those_that_mastodon_sees(text: str, links: list[str]) -> None:
    assert links_of(text) == links


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        (" \n ", 0),
        ("  a  ", 5),
        (LINK, 23),
        (f"Venez ! {LINK} #climat", 8 + 23 + 8),
        (f"{LINK}.", 24),
        (f"{LINK} {LINK}", 47),
        ("http://a.io", 23),
        ("a.io", 4),
        ("@sam", 4),
        ("@sam@mastodon.social", 4),
        ("@sam@mastodon.social,", 5),
        ("@sam@mastodon.social @rae@b.org", 9),
        ("sam@mastodon.social", 19),
        ("/@sam@mastodon.social", 21),
        ("@sam@mastodon.socialé", 4),
        ("@sam@@mastodon.social", 21),
        ("https://mastodon.social/@sam@b.org", 23),
        ("👩‍👩‍👧‍👦" * 500, 500),
    ],
)
def test_mastodon_counts_links_and_mentions_at_their_price(text: str, length: int) -> None:
    assert mastodon_length(text) == length


def test_price_of_a_link_is_the_servers() -> None:
    assert mastodon_length(f"a {LINK}", reserved_per_url=30) == 32


@given(PLAIN, PLAIN)
def test_link_between_spaces_always_costs_the_same(before: str, after: str) -> None:
    around = mastodon_length(f"x{before} {after}")
    assert mastodon_length(f"x{before} {LINK} {after}") == around + 1 + 23


@given(PLAIN)
def test_plain_text_costs_its_characters(text: str) -> None:
    assert mastodon_length(text) == (grapheme_length(text) if text.strip() else 0)


@given(st.text(max_size=200))
def test_any_text_can_be_counted(text: str) -> None:
    assert 0 <= grapheme_length(text) <= len(text)
    assert mastodon_length(text) >= 0
    spans = list(find_links(text))
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(
    st.lists(st.sampled_from(["https://", "a.org", "/", "(", ")", "@", "?", ".", "é", " ", "-"]))
)
def test_scraps_of_links_never_cost_more_than_they_are_or_a_link(scraps: list[str]) -> None:
    text = "".join(scraps)
    kept = grapheme_length(text) - sum(grapheme_length(link) for link in links_of(text))
    assert mastodon_length(text) <= kept + 23 * len(links_of(text))


def test_mentions_are_shortened_and_all_else_is_kept() -> None:
    text = f"Merci @sam@mastodon.social et @rae ! {LINK} contact@a.org"
    assert shorten_mentions(text) == f"Merci @sam et @rae ! {LINK} contact@a.org"


def test_megabytes_of_anything_are_counted_in_seconds() -> None:
    nasty = ["a", "é", "日本", "a.", "-a", "(", "@", "@a.", "@a@", "https://", "https://a.org/. "]
    heads = ["", "https://", "https://a.org/", "https://a.org/?"]
    started = time.monotonic()
    for head in heads:
        for scrap in nasty:
            mastodon_length(head + scrap * (200_000 // len(scrap)))
    assert time.monotonic() - started < 20
