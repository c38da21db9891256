"""How late the posts of a launch were: from the announced moment to their networks' answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q

from launches.models import Delivery, DeliveryState, Launch

# Where one span ends and the next one begins, in seconds; each is about twice as long.
BOUNDS = (1, 2, 5, 10, 20, 60, 120, 300, 600, 1800)


@dataclass(frozen=True)
class LagSpan:
    """``number`` posts whose lag was ``from_seconds`` at least and less than ``to_seconds``.

    None: the last span has no end.
    """

    from_seconds: int
    to_seconds: int | None
    number: int
    so_far: int


@dataclass(frozen=True, kw_only=True)
class Lags:
    """In milliseconds: by then half of the posts were there, nine in ten, all of them."""

    median_ms: int
    ninetieth_ms: int
    last_ms: int
    spans: Sequence[LagSpan]

    @property
    def values(self) -> list[int]:
        """One number for each span."""
        return [span.number for span in self.spans]

    @property
    def most(self) -> int:
        """The most posts of one span."""
        return max(self.values)


def measure_lags(launch: Launch) -> Lags | None:
    """The lags of what is proved to be there; None where nothing is. Four queries."""
    sent: Any = Delivery.objects.filter(launch=launch, state=DeliveryState.SENT).order_by()
    ends = [launch.launch_at + timedelta(seconds=bound) for bound in BOUNDS]
    found = sent.aggregate(
        total=Count("pk"),
        **{f"by_{n}": Count("pk", filter=Q(answered_at__lt=end)) for n, end in enumerate(ends)},
    )
    total = found["total"]
    if not total:
        return None
    moments = sent.order_by("answered_at").values_list("answered_at", flat=True)
    places = (total // 2, math.ceil(0.9 * total) - 1, total - 1)
    median, ninetieth, last = (
        round((moments[place] - launch.launch_at).total_seconds() * 1000) for place in places
    )
    return Lags(
        median_ms=median,
        ninetieth_ms=ninetieth,
        last_ms=last,
        spans=_cut([found[f"by_{n}"] for n in range(len(BOUNDS))], total=total),
    )


def _cut(so_far: Sequence[int], *, total: int) -> list[LagSpan]:
    """Spans up to the one in which the last post came; three at least, to be a picture."""
    spans, before = [], 0
    for start, end, number in zip((0, *BOUNDS), (*BOUNDS, None), (*so_far, total), strict=True):
        spans.append(LagSpan(start, end, number - before, number))
        before = number
        if number == total and len(spans) >= 3:
            break
    return spans
