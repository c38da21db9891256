"""What a rehearsal showed: how many, how fast, what would fail and why, and the exact words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext

from launches.rehearsals import OPEN_POSTS, Rehearsal, RehearsedPost, RehearsedState
from launches.results import NetworkTally
from supporters.models import PledgeState

SECONDS_LEAST, SECONDS_SHOWN = 10, 60
WAITING = (RehearsedState.PLANNED, RehearsedState.CLAIMED, RehearsedState.WAITING)
UNCLEAR = (RehearsedState.UNKNOWN, RehearsedState.UNCONFIRMED)
UNSENT = (RehearsedState.FAILED, RehearsedState.NOT_SENT)


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """A reason for which so many would not be posted, with an example of its facts filled in."""

    sentence: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A rehearsal's numbers. Lags run from its moment to an answer, in ms; None: there was none.

    ``seconds`` are the posts answered in each of its first seconds.
    """

    rehearsal: Rehearsal
    tally: dict[str, int]
    first_lag_ms: int | None
    last_lag_ms: int | None
    seconds: Sequence[int]
    networks: Sequence[NetworkTally]
    obstacles: Sequence[Obstacle]

    @property
    def posts(self) -> int:
        """How many were tried, or would have been."""
        return sum(self.tally.values())

    @property
    def sent(self) -> int:
        """How many the simulated networks took."""
        return self.tally[RehearsedState.SENT]

    @property
    def waiting(self) -> int:
        """How many are still to be tried."""
        return sum(self.tally[state] for state in WAITING)

    @property
    def unclear(self) -> int:
        """How many got no clear answer."""
        return sum(self.tally[state] for state in UNCLEAR)

    @property
    def unsent_or_withdrawn(self) -> int:
        """How many would not be posted."""
        return sum(self.tally[state] for state in UNSENT)

    @property
    def busiest(self) -> int:
        """The most posts in one second."""
        return max(self.seconds, default=0)

    @property
    def posts_per_second(self) -> float | None:
        """From the moment to the last answer; None where nothing was sent."""
        if not self.sent or not self.last_lag_ms:
            return None
        return self.sent * 1000 / self.last_lag_ms

    @property
    def is_short(self) -> bool:
        """Whether the real launch would be missed with the people of then."""
        rehearsal = self.rehearsal
        if rehearsal.threshold is None or rehearsal.people is None:
            return False
        return rehearsal.people < rehearsal.threshold


def describe(rehearsal: Rehearsal) -> Outcome:
    """The numbers of a rehearsal, whether it is over or not."""
    posts: Any = RehearsedPost.objects.filter(rehearsal=rehearsal)
    sent = posts.filter(state=RehearsedState.SENT)
    answered = sent.aggregate(first=Min("answered_at"), last=Max("answered_at"))
    return Outcome(
        rehearsal=rehearsal,
        tally=posts.tally(),
        first_lag_ms=_lag_ms(rehearsal, answered["first"]),
        last_lag_ms=_lag_ms(rehearsal, answered["last"]),
        seconds=_count_by_second(rehearsal, sent),
        networks=_split(posts),
        obstacles=_list_obstacles(posts),
    )


def list_texts(rehearsal: Rehearsal) -> QuerySet[RehearsedPost]:
    """What would be posted, word for word; not of who withdrew since."""
    found: QuerySet[RehearsedPost] = RehearsedPost.objects.filter(rehearsal=rehearsal)
    standing = found.exclude(pledge__state=PledgeState.WITHDRAWN)
    return standing.select_related("pledge__account").order_by("pk")


def _lag_ms(rehearsal: Rehearsal, answered_at: datetime | None) -> int | None:
    if answered_at is None or rehearsal.launch_at is None:
        return None
    return round((answered_at - rehearsal.launch_at).total_seconds() * 1000)


def _count_by_second(rehearsal: Rehearsal, sent: QuerySet[RehearsedPost]) -> list[int]:
    counts: Counter[int] = Counter()
    if rehearsal.launch_at is not None:
        for answered_at in sent.values_list("answered_at", flat=True).iterator():
            assert answered_at is not None, "what is sent was answered"
            counts[int((answered_at - rehearsal.launch_at).total_seconds())] += 1
    if not counts:
        return []
    shown = min(max(*counts, SECONDS_LEAST - 1), SECONDS_SHOWN - 1) + 1
    return [counts[second] for second in range(shown)]


def _split(posts: QuerySet[RehearsedPost]) -> list[NetworkTally]:
    def count(states: Sequence[str]) -> Count:
        return Count("pk", filter=Q(state__in=states))

    rows = (
        posts.order_by()
        .values("network")
        .annotate(
            sent=count([RehearsedState.SENT]),
            unsent=count(UNSENT),
            unclear=count(UNCLEAR),
            waiting=count(WAITING),
        )
    )
    return sorted((NetworkTally(**row) for row in rows), key=lambda each: -each.total)


def _list_obstacles(posts: QuerySet[RehearsedPost]) -> list[Obstacle]:
    """Every reason once, the most frequent first."""
    said = posts.exclude(reason="").exclude(state__in=[*OPEN_POSTS, RehearsedState.SENT])
    rows = said.order_by().values("reason").annotate(number=Count("pk"), example=Min("pk"))
    examples = RehearsedPost.objects.in_bulk([row["example"] for row in rows])
    found = [
        Obstacle(
            sentence=examples[row["example"]].sentence or gettext(row["reason"]),
            number=row["number"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: -each.number)
