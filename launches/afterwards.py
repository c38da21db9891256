"""The rounds in which posts' numbers are read after a launch: an hour, a day and a week, usually.

A round begins so long after the launch (``settings.NUMBERS_AFTER``) and ends when the next one
begins, a day later at most: what could not be read by then stays unread. Which rounds are under way
is read from the launches; none is remembered.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from launches.models import Launch, LaunchKind, LaunchState

LASTS = timedelta(days=1)
ROOM = timedelta(hours=6)
HAD_POSTS = (
    LaunchState.FIRING,
    LaunchState.HELD,
    LaunchState.FINISHED,
    LaunchState.CANCELLED,
)


@dataclass(frozen=True, kw_only=True)
class ReadingRound:
    """One round of one launch: it begins at one moment, and is given up at another."""

    launch_id: int
    after: timedelta
    begins_at: datetime
    until: datetime

    @property
    def after_seconds(self) -> int:
        """What names it in the rows."""
        return int(self.after.total_seconds())

    @property
    def through_at(self) -> datetime:
        """By when everybody should have been asked: soon, and yet not all in one moment."""
        return self.begins_at + min(self.after / 4, ROOM)


def list_rounds(launch: Launch, *, also: Collection[int] = ()) -> list[ReadingRound]:
    """All rounds of a launch, begun or not, by the settings of now, the earliest first.

    ``also`` names rounds that were read by other settings.
    """
    spans = dict(_list_spans())
    spans |= {
        after: after + LASTS
        for after in (timedelta(seconds=seconds) for seconds in also)
        if after not in spans
    }
    return [
        ReadingRound(
            launch_id=launch.pk,
            after=after,
            begins_at=launch.launch_at + after,
            until=launch.launch_at + end,
        )
        for after, end in sorted(spans.items())
    ]


def find_rounds(now: datetime) -> list[ReadingRound]:
    """The rounds under way, the earliest after their launch first: they are soonest over."""
    spans = _list_spans()
    if not spans:
        return []
    launches = Launch.objects.filter(
        kind=LaunchKind.REAL,
        state__in=HAD_POSTS,
        launch_at__gt=now - spans[-1][1],
        launch_at__lte=now - spans[0][0],
    )
    rounds = [each for launch in launches for each in list_rounds(launch)]
    under_way = [each for each in rounds if each.begins_at <= now < each.until]
    return sorted(under_way, key=lambda each: (each.after, each.launch_id))


def _list_spans() -> list[tuple[timedelta, timedelta]]:
    """When each round begins and ends, counted from the launch."""
    begins: tuple[timedelta, ...] = settings.NUMBERS_AFTER
    following = (*begins[1:], timedelta.max)
    return [
        (after, min(later, after + LASTS)) for after, later in zip(begins, following, strict=False)
    ]
