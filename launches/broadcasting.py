"""Shows a launch to any number of watchers: one survey a second for all of them together.

Whoever asks first once a second is over surveys, and all others get what was there until then. The
turn is a key of the cache that ends by itself, so that several web processes take one together;
with the cache away each takes its own. A process asks the cache four times a second at most, and
what was drawn for one watcher is kept for the next, so that most are answered from memory alone.

Where a survey takes long it is taken less often: a tenth of the time may go into it.
"""

from __future__ import annotations

import gzip
import logging
import math
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b

from django.core.cache import cache
from django.db import connection
from django.template.loader import render_to_string
from django.utils import translation
from redis.exceptions import RedisError

from launches.surveying import Survey, survey_public
from networks import registry

LEAST_SECONDS = 1  # between two surveys of one launch
MOST_SECONDS = 5
SHARE = 10
LOOK_SECONDS = 0.25  # between two looks of a process into the cache
PASS_SECONDS = 0.5  # for who looks; then the next one has to
FIRST_SECONDS = 2.0  # how long somebody waits for a process's very first survey
STALE_SECONDS = 15  # what is older is not shown: it would be taken for the present
LAUNCHES_AT_MOST = 500  # that a process remembers

AWAY = (RedisError, OSError)

logger = logging.getLogger(__name__)


class Unavailable(Exception):
    """There is nothing to show that is young enough."""


@dataclass(frozen=True)
class Fragment:
    """What a watcher gets in one language. ``packed`` is the same by gzip."""

    etag: str
    body: bytes
    packed: bytes


@dataclass(frozen=True)
class _Shown:
    """A survey, None where the campaign's page is not public; and what was drawn of it."""

    survey: Survey | None
    fragments: dict[str, Fragment] = field(default_factory=dict)


@dataclass
class _Channel:
    """One launch, as this process knows it. Times are of this machine's own counter.

    ``was_public``: there was something to show once. What never was is not remembered, here nor in
    the cache: a stranger may write anything into an address.
    """

    was_public: bool = False
    shown: _Shown | None = None
    shown_at: float = float("-inf")
    look_at: float = float("-inf")
    passed_at: float = float("-inf")
    looking: threading.Lock = field(default_factory=threading.Lock)


_channels: dict[str, _Channel] = {}
_opening = threading.Lock()


def recall_fragment(slug: str, language: str) -> Fragment | None:
    """What this process can say at once, without asking anybody; None: the caller has to ask.

    Of all who come when it is time to look again only one has to, and the others get what there is.
    """
    channel, now = _channels.get(slug), time.monotonic()
    if channel is None or channel.shown is None or now - channel.shown_at > STALE_SECONDS:
        return None
    if channel.look_at <= now and now - channel.passed_at > PASS_SECONDS:
        channel.passed_at = now
        return None
    return channel.shown.fragments.get(language)


def find_fragment(slug: str, language: str) -> Fragment | None:
    """What the watchers of a campaign's launch get; None where its page is not public.

    Raises Unavailable.
    """
    shown = _refresh(slug)
    if shown.survey is None:
        return None
    found = shown.fragments.get(language)
    if found is None:
        found = shown.fragments[language] = _draw(shown.survey, slug, language)
    return found


def find_survey(slug: str) -> Survey | None:
    """The survey that watchers have now; None where the campaign's page is not public.

    Raises Unavailable.
    """
    return _refresh(slug).survey


def forget() -> None:
    """Begin anew, as a process does that has just started."""
    with _opening:
        _channels.clear()


def _refresh(slug: str) -> _Shown:
    channel = _open(slug)
    if channel.shown is None or channel.look_at <= time.monotonic():
        # Who finds somebody looking shows what there is; at the very first there is nothing yet.
        patience = FIRST_SECONDS if channel.shown is None else 0
        if channel.looking.acquire(timeout=patience):
            try:
                if channel.look_at <= time.monotonic():
                    _look(channel, slug)
            finally:
                channel.looking.release()
    shown = channel.shown
    if shown is None or time.monotonic() - channel.shown_at > STALE_SECONDS:
        raise Unavailable
    if not channel.was_public:
        _channels.pop(slug, None)
    return shown


def _open(slug: str) -> _Channel:
    channel = _channels.get(slug)
    if channel is None:
        with _opening:
            while len(_channels) >= LAUNCHES_AT_MOST:
                _channels.pop(next(iter(_channels)))
            channel = _channels.setdefault(slug, _Channel())
    return channel


def _look(channel: _Channel, slug: str) -> None:
    """Survey the launch if it is our turn, else take what the process found whose turn it was."""
    now = time.monotonic()
    turn = _take_turn(slug)
    if turn is False:
        channel.look_at = now + LOOK_SECONDS
        found = _fetch(slug)
        if found is not None:
            _show(channel, slug, found[0], now=now)
        return
    channel.look_at = now + LEAST_SECONDS  # also where it fails
    try:
        connection.ensure_connection()  # which says nothing of how long a survey takes
        began = time.monotonic()
        survey = survey_public(slug)
    except Exception:
        logger.exception("a launch could not be surveyed for its watchers")
        return
    pause = min(MOST_SECONDS, max(LEAST_SECONDS, (time.monotonic() - began) * SHARE))
    _show(channel, slug, survey, now=now)
    if turn and not channel.was_public:
        _give_turn_back(slug)
    elif turn:
        channel.look_at = now + LOOK_SECONDS
        _publish(slug, survey, pause=math.ceil(pause))
    else:
        channel.look_at = now + pause


def _show(channel: _Channel, slug: str, survey: Survey | None, *, now: float) -> None:
    before = channel.shown
    channel.shown_at = now
    channel.was_public = channel.was_public or survey is not None
    if before is None:
        channel.shown = _Shown(survey)
    elif before.survey != survey:
        languages: Collection[str] = list(before.fragments) if survey is not None else ()
        channel.shown = _Shown(survey, {each: _draw(survey, slug, each) for each in languages})


def _draw(survey: Survey | None, slug: str, language: str) -> Fragment:
    with translation.override(language):
        html = render_to_string("launches/_live.html", describe(survey, slug))
    body = html.encode()
    digest = blake2b(body, digest_size=12).hexdigest()
    return Fragment(etag=f'"{digest}"', body=body, packed=gzip.compress(body, 5, mtime=0))


def describe(survey: Survey | None, slug: str) -> dict[str, object]:
    """What the public parts of a launch room's template are filled with."""
    networks = registry.all_networks()
    tallies = survey.networks if survey else ()
    return {
        "seen": survey,
        "slug": slug,
        "summary": survey.summary if survey else None,
        "recall": survey.recall if survey else None,
        "networks": [(networks.get(tally.network), tally) for tally in tallies],
    }


def _take_turn(slug: str) -> bool | None:
    """Whether it is this process's turn; None where the cache is away, and everybody's is."""
    try:
        return bool(cache.add(f"launch-room:{slug}:turn", 1, timeout=LEAST_SECONDS))
    except AWAY:
        logger.warning("the cache is away: each web process surveys launches for itself")
        return None


def _give_turn_back(slug: str) -> None:
    with suppress(*AWAY):
        cache.delete(f"launch-room:{slug}:turn")


def _fetch(slug: str) -> tuple[Survey | None] | None:
    try:
        found: tuple[Survey | None] | None = cache.get(f"launch-room:{slug}")
    except AWAY:
        return None
    return found


def _publish(slug: str, survey: Survey | None, *, pause: int) -> None:
    try:
        cache.set(f"launch-room:{slug}", (survey,), timeout=STALE_SECONDS)
        if pause > LEAST_SECONDS:
            cache.set(f"launch-room:{slug}:turn", 1, timeout=pause)
    except AWAY:
        logger.warning("the cache is away: other web processes survey launches for themselves")
