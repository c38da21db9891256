"""What came of a launch's posts, added up by round: what was told, of how many, and what was not.

A number that no network told is None, and is never taken for 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum

from launches.afterwards import ReadingRound, list_rounds
from launches.models import Delivery, DeliveryState, Launch
from launches.readings import NOTHING_TOLD, NUMBERS, Reading


@dataclass(frozen=True, kw_only=True)
class Total:
    """A number added up over the posts it was told of; None where it was told of none."""

    number: int | None = None
    posts: int = 0


@dataclass(frozen=True, kw_only=True)
class Part:
    """A round, or one network's part of it.

    Of its ``posts``, ``read`` told at least one number and ``gone`` are not there any more.
    ``totals`` has every name of ``NUMBERS``.
    """

    posts: int
    read: int = 0
    gone: int = 0
    first_read_at: datetime | None = None
    last_read_at: datetime | None = None
    totals: Mapping[str, Total] = field(default_factory=lambda: dict.fromkeys(NUMBERS, Total()))

    @property
    def unread(self) -> int:
        """How many told nothing, and are not known to be gone."""
        return max(0, self.posts - self.read - self.gone)

    @property
    def told(self) -> Mapping[str, int]:
        """The numbers that were told at all."""
        numbers = {name: total.number for name, total in self.totals.items()}
        return {name: number for name, number in numbers.items() if number is not None}

    def as_json(self) -> dict[str, Any]:
        """Totals by their names, and under ``told_by`` of how many posts each is the sum."""
        return {
            "posts": self.posts,
            "read": self.read,
            "gone": self.gone,
            "unread": self.unread,
            **{name: total.number for name, total in self.totals.items()},
            "told_by": {name: total.posts for name, total in self.totals.items()},
        }


@dataclass(frozen=True, kw_only=True)
class RoundResult:
    """A round of readings: what it gave in all, and by network, that with the most posts first."""

    round: ReadingRound
    has_begun: bool
    is_over: bool
    whole: Part
    networks: Mapping[str, Part]

    @property
    def after_seconds(self) -> int:
        """How long after the launch it begins."""
        return self.round.after_seconds

    def as_json(self) -> dict[str, Any]:
        """The round's part of the public answer of ``/campaigns/<slug>/results.json``."""
        whole = self.whole
        return {
            "after_seconds": self.after_seconds,
            "begins_at": self.round.begins_at.isoformat(),
            "state": "over" if self.is_over else "under_way" if self.has_begun else "to_come",
            "first_read_at": whole.first_read_at.isoformat() if whole.first_read_at else None,
            "last_read_at": whole.last_read_at.isoformat() if whole.last_read_at else None,
            **whole.as_json(),
            "networks": {name: part.as_json() for name, part in self.networks.items()},
        }


def total_rounds(launch: Launch, *, now: datetime) -> list[RoundResult]:
    """Every round of a launch, the earliest first, begun or not; none where nothing was posted."""
    posts = _count_posts(launch)
    if not posts:
        return []
    found = _read_rounds(launch)
    gone: defaultdict[str, int] = defaultdict(int)
    results = []
    for each in list_rounds(launch, also=found):
        has_begun = each.begins_at <= now
        parts = {}
        for network, number in posts.items():
            row = found.get(each.after_seconds, {}).get(network, {})
            gone[network] += row.get("gone", 0)  # for good: it is not asked for again
            parts[network] = _make_part(row, posts=number, gone=gone[network] if has_begun else 0)
        results.append(
            RoundResult(
                round=each,
                has_begun=has_begun,
                is_over=each.until <= now,
                whole=_add_up(parts.values()),
                networks=parts,
            )
        )
    return results


def _count_posts(launch: Launch) -> dict[str, int]:
    """How many posts are proved to be there, by network."""
    sent = Delivery.objects.filter(launch=launch, state=DeliveryState.SENT).order_by()
    rows = sent.values_list("network").annotate(number=Count("pk"))
    return dict(sorted(rows, key=lambda row: (-row[1], row[0])))


def _read_rounds(launch: Launch) -> dict[int, dict[str, dict[str, Any]]]:
    """What the rows say, by round and network, in one query."""
    rows: Any = (
        Reading.objects.filter(launch=launch, read_at__isnull=False)
        .order_by()
        .values("after_seconds", "delivery__network")
        .annotate(
            read=Count("pk", filter=~NOTHING_TOLD),
            gone=Count("pk", filter=Q(is_gone=True)),
            first=Min("read_at"),
            last=Max("read_at"),
            **{f"sum_{name}": Sum(name) for name in NUMBERS},
            **{f"count_{name}": Count(name) for name in NUMBERS},
        )
    )
    found: defaultdict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in rows:
        found[row["after_seconds"]][row["delivery__network"]] = row
    return found


def _make_part(row: Mapping[str, Any], *, posts: int, gone: int) -> Part:
    return Part(
        posts=posts,
        read=row.get("read", 0),
        gone=gone,
        first_read_at=row.get("first"),
        last_read_at=row.get("last"),
        totals={
            name: Total(number=row.get(f"sum_{name}"), posts=row.get(f"count_{name}", 0))
            for name in NUMBERS
        },
    )


def _add_up(parts: Collection[Part]) -> Part:
    """All networks' parts as one; what none of them told stays unknown."""
    firsts = [part.first_read_at for part in parts if part.first_read_at]
    lasts = [part.last_read_at for part in parts if part.last_read_at]
    totals = {}
    for name in NUMBERS:
        numbers = [part.told[name] for part in parts if name in part.told]
        counted = sum(part.totals[name].posts for part in parts)
        totals[name] = Total(number=sum(numbers) if numbers else None, posts=counted)
    return Part(
        posts=sum(part.posts for part in parts),
        read=sum(part.read for part in parts),
        gone=sum(part.gone for part in parts),
        first_read_at=min(firsts, default=None),
        last_read_at=max(lasts, default=None),
        totals=totals,
    )
