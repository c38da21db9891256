"""No text makes counting disagree with shaping, and no post ever exceeds its network's limit.

What a network takes is asked of the simulator, which counts by itself: its own grammar of links,
its own emoji, its own reading of records and of little text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import regex
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from networks.adapters.bluesky import Bluesky
from networks.adapters.facebook import Facebook
from networks.adapters.linkedin import LinkedIn
from networks.adapters.mastodon import Mastodon
from networks.adapters.threads import Threads
from networks.adapters.x import X
from networks.atproto_records import build_record
from networks.base import Mode, Network, Post, Server
from networks.fitting import split_fitting
from networks.text import little_text
from simulator import facebook, linkedin, mastodon_statuses, threads_posts, x_posts
from simulator.layout import GOTOSOCIAL, MASTODON_PROPER, Instance
from simulator.records import check_post
from simulator.serving import Refusal
from simulator.wording import URL, count_status
from simulator.x_wording import count_cashtags, weigh
from tests.networks.writing import write_words

calmly = settings(deadline=None, derandomize=True, max_examples=30, database=None)
WORDS = write_words()
APP = {"mode": Mode.AUTOMATIC, "client_id": "app", "client_secret": "secret"}
MEMBER = SimpleNamespace(id="sam")


def make_post(text: str) -> Post:
    moment = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    return Post(text=text, language="fr", planned_at=moment, key="0123456789abcdef" * 2)


def take_status(kind: Any) -> Callable[[str], str]:
    instance = Instance(kind=kind, authority="m.example", url="https://m.example")

    def take(text: str) -> str:
        mastodon_statuses._check_text(instance, text=text, warning="")
        return text

    return take


def take_record(text: str) -> str:
    return str(check_post(build_record(make_post(text)))["text"])


def take_x(text: str) -> str:
    x_posts._check_text(text)
    return text


def take_threads(text: str) -> str:
    threads_posts._check_text(text)
    return text


def breaks_no_other_rule(text: str) -> bool:
    """X takes one sign of a share in a post, Threads five links: both have their own refusals."""
    return count_cashtags(text) <= 1 and len(set(URL.findall(text))) <= threads_posts.MAX_LINKS


def take_commentary(text: str) -> str:
    params = {
        "author": f"urn:li:person:{MEMBER.id}",
        "commentary": little_text(text),
        "visibility": "PUBLIC",
        "distribution": {},
        "lifecycleState": "PUBLISHED",
    }
    return linkedin._read_text(params, account=MEMBER)  # type: ignore[arg-type]


def take_message(text: str) -> str:
    return facebook._read_words({"message": text})


@dataclass(frozen=True)
class Place:
    """A network, one of its servers, and what the simulated one makes of a text: or a refusal."""

    network: Network
    server: Server | None
    take: Callable[[str], str]

    def measure(self, text: str) -> Any:
        return self.network.measure(self.server, text)


MASTODON = Mastodon(mode=Mode.AUTOMATIC, website="https://speak.example")
OTHER = Server(
    network="mastodon",
    host="g.example",
    url="https://g.example",
    version=GOTOSOCIAL.version,
    facts={"max_characters": 5000, "reserved_per_url": 25, "software": "gotosocial"},
)
PLACES = {
    "mastodon": Place(MASTODON, None, take_status(MASTODON_PROPER)),
    "gotosocial": Place(MASTODON, OTHER, take_status(GOTOSOCIAL)),
    "bluesky": Place(
        Bluesky(mode=Mode.AUTOMATIC, site_url="http://127.0.0.1:8000"), None, take_record
    ),
    "x": Place(X(**APP), None, take_x),  # type: ignore[arg-type]
    "threads": Place(Threads(**APP), None, take_threads),  # type: ignore[arg-type]
    "linkedin": Place(LinkedIn(**APP), None, take_commentary),  # type: ignore[arg-type]
    "facebook": Place(Facebook(**APP), None, take_message),  # type: ignore[arg-type]
}
everywhere = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())


def fill(place: Place, words: str) -> str:
    """Write words again and again, then one letter, until nothing more fits."""
    text = split_fitting(f"{words} " * 40, measure=place.measure)[0]
    length = place.measure(f"{text}\n")
    text += "\n" + "b" * (length.limit - length.used - 9)
    return split_fitting(text + "b" * 10, measure=place.measure)[0]


@everywhere
@calmly
@given(words=WORDS)
@example(words="👍\u0301")
@example(words="👩\u200d👩\u200d👧\u200d👦" * 4)
@example(words="https://a.org/" + "\u0301" * 60)
@example(words="\\|{}@[]()<>#*_~ #eau (https://a.org/~b_(c))")
@example(words="http://a http://b.zz https://t.co/abc/d")
@example(words="@sam@mastodon.social https://voix.example.org/a/long/path/to/nowhere")
def test_what_fits_is_taken_as_it_is(place: Place, words: str) -> None:
    for text in (words, fill(place, words)):
        if not place.measure(text).over and breaks_no_other_rule(text):
            assert place.take(text) == text


@everywhere
@calmly
@given(words=WORDS, many=st.integers(1, 40))
def test_what_is_over_is_what_has_to_go(place: Place, words: str, many: int) -> None:
    text = f"{words}\n"
    length = place.measure(text)
    assume(not length.over)
    text += "b" * (length.limit - length.used + many)
    assert place.measure(text).over == many
    assert place.measure(text[:-many]).over == 0
    assert place.measure(text[: 1 - many] if many > 1 else text).over == 1


@everywhere
@calmly
@given(words=WORDS, many=st.integers(0, 90))
def test_preview_keeps_every_letter_and_cuts_where_it_stops_fitting(
    place: Place, words: str, many: int
) -> None:
    text = words * (1 + many)
    kept, excess = split_fitting(text, measure=place.measure)
    assert kept + excess == text
    assert not place.measure(kept).over
    assert bool(excess) is bool(place.measure(text).over)
    if excess:
        following = regex.findall(r"\X", text)[len(regex.findall(r"\X", kept))]
        assert place.measure(kept + following).over
        assert excess.startswith(following)


@calmly
@given(words=WORDS)
@example(words="https://a.org example.fr/a @sam@b.org")
def test_x_and_mastodon_count_links_as_their_own_grammar_does(words: str) -> None:
    assert PLACES["mastodon"].measure(words).used == count_status(words, per_url=23)
    assert PLACES["x"].measure(words).used >= weigh(words)


@calmly
@given(words=WORDS)
def test_ranges_of_a_record_are_what_they_mark(words: str) -> None:
    raw, last = words.encode(), 0
    for facet in build_record(make_post(words)).get("facets", []):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert last <= start < end <= len(raw)
        marked, (feature,) = raw[start:end].decode(), facet["features"]
        last = end
        if feature["$type"].endswith("#tag"):
            assert marked[0] in "#＃"
            assert marked[1:] == feature["tag"]
        else:
            assert feature["uri"].isascii()
            assert feature["uri"].startswith(("http://", "https://"))
            assert regex.fullmatch(r"[^\s<>\"]+", marked)


def test_texts_that_are_too_long_are_refused_by_the_simulated_networks() -> None:
    for name, place in PLACES.items():
        limit = place.measure("").limit
        assert place.take("b" * limit) == "b" * limit, name
        with pytest.raises((Refusal, ValueError)):
            place.take("b" * (limit + 1))
