"""The picture of a campaign for networks: what it says, and one drawing for each change of it.

A network asks for the same picture many times within seconds. So what a campaign's says is read at
most once a minute, a picture is kept under a digest of what it says, and no two threads draw at
once: who comes second finds it drawn. Between processes and machines without a shared cache each
draws it once.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from redis.exceptions import RedisError

from campaigns.models import Campaign
from campaigns.numbering import group_digits
from pages.drawing import choose_scale, count_toward
from pages.listing import Row, list_rows
from pages.painting import Words, paint
from pages.staging import Stage
from pages.templatetags.moments import place

FRESH_SECONDS = 60  # for so long a campaign's numbers are taken as they were read
KEPT_SECONDS = 24 * 3600
IN_HAND = 64  # pictures that a process remembers itself, some 5 MB
DRAWING = 1  # another number when the same words are to be drawn otherwise

logger = logging.getLogger(__name__)

_one_at_a_time = threading.Lock()
# The latest drawn here, by digest: without the cache as well nobody draws the same one twice.
_in_hand: dict[str, bytes] = {}


@dataclass(frozen=True, kw_only=True)
class Card:
    """A picture (PNG), and the digest of what it says: the same digest, the same picture."""

    digest: str
    picture: bytes


def draw_card(campaign: Campaign, *, language: str, now: datetime) -> Card:
    """The picture of a campaign that its reader may see."""
    return _keep_drawn(read_words(campaign, language=language, now=now))


def read_words(campaign: Campaign, *, language: str, now: datetime) -> Words:
    """What is said of a campaign in short; no query while its numbers are fresh."""
    # What an approval or a move decides is in the key, so that nothing of before is shown after.
    moment = campaign.launch_at.isoformat() if campaign.launch_at else ""
    decided = f"{campaign.pk}:{campaign.approved_id}:{campaign.state}:{moment}"
    key = f"card:{decided}:{language}"
    words: Words | None = _recall(key)
    if words is None:
        (row,) = list_rows([campaign], now=now)
        words = say(row, language=language)
        _keep(key, words, seconds=FRESH_SECONDS)
    return words


def draw_home_card(*, language: str) -> Card:
    """The picture of the site itself, in a language."""
    with translation.override(language):
        lines = (
            gettext("One sentence."),
            gettext("A thousand people."),
            gettext("The same second."),
        )
        return _keep_drawn(Words(title=" ".join(lines)))


def say(row: Row, *, language: str) -> Words:
    """What the picture of a campaign says, in a language, by the campaign's own clock."""
    with translation.override(language):
        scale = choose_scale(max(row.people, row.threshold or 0))
        number, counted = _count(row)
        return Words(
            title=row.campaign.title,
            number=number,
            counted=counted,
            foot=_say_moment(row),
            scaled=gettext("One dot stands for %(scale)s supporters.")
            % {"scale": group_digits(scale)},
            lent=row.people,
            goal=row.threshold or 0,
        )


def _count(row: Row) -> tuple[str, str]:
    """A number, and what it counts."""
    if row.stage == Stage.CANCELLED:
        return "", gettext("This campaign was cancelled. Nothing will be posted.")
    if row.stage in (Stage.FINISHED, Stage.STOPPED) and row.outcome is not None:
        sent = row.outcome.sent
        return group_digits(sent), ngettext("post was made", "posts were made", sent)
    if not row.threshold:
        return group_digits(row.people), ngettext("supporter", "supporters", row.people)
    return group_digits(row.people), count_toward(row.people, goal=row.threshold)


def _say_moment(row: Row) -> str:
    at = row.campaign.launch_at
    if at is None or row.stage == Stage.CANCELLED:
        return ""
    with timezone.override(row.zone):
        local = timezone.localtime(at)
        return gettext("%(weekday)s %(day)s at %(time)s %(place)s") % {
            "weekday": date_format(local, "l").capitalize(),
            "day": date_format(local, "j F Y"),
            "time": date_format(local, "H:i"),
            "place": place(row.zone),
        }


def _keep_drawn(words: Words) -> Card:
    said = repr((DRAWING, astuple(words)))
    digest = hashlib.sha256(said.encode()).hexdigest()[:32]
    key = f"card:{digest}"
    picture: bytes | None = _in_hand.get(digest) or _recall(key)
    if picture is None:
        with _one_at_a_time:
            picture = _in_hand.get(digest) or _recall(key)  # somebody drew it meanwhile
            if picture is None:
                picture = paint(words)
                _keep(key, picture, seconds=KEPT_SECONDS)
            while len(_in_hand) >= IN_HAND:
                _in_hand.pop(next(iter(_in_hand)), None)
            _in_hand[digest] = picture
    return Card(digest=digest, picture=picture)


def forget() -> None:
    """Begin anew, as a process does that has just started."""
    _in_hand.clear()


def _recall(key: str) -> Any:
    """What was kept; None while the cache is away: then it is read and drawn anew."""
    try:
        return cache.get(key)
    except RedisError:
        logger.warning("the cache is away: each web process draws pictures for itself")
        return None


def _keep(key: str, value: object, *, seconds: int) -> None:
    with suppress(RedisError):
        cache.set(key, value, seconds)
