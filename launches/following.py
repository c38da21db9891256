"""How often a campaign's short links were followed: all in all, and over the time after a launch.

Not counted is no number at all, and never 0: that one says that nobody came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.db.models.functions import Coalesce

from campaigns.models import Campaign, ClickCount, ShortLink

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS_SHOWN = 24
DAYS_SHOWN = 14
HOURLY_FOR = timedelta(hours=48)  # after the launch; then days say more


@dataclass(frozen=True, kw_only=True)
class Span:
    """An hour, or 24 of them, from its beginning on."""

    starts_at: datetime
    clicks: int


@dataclass(frozen=True, kw_only=True)
class Followed:
    """``clicks`` are all that were counted, ``spans`` what came of them since the launch."""

    clicks: int
    spans: list[Span]
    is_hourly: bool

    @property
    def values(self) -> list[int]:
        """One number for each span."""
        return [span.clicks for span in self.spans]

    @property
    def busiest(self) -> int:
        """The most clicks in one span."""
        return max(self.values, default=0)


def count_clicks(campaigns: Iterable[Campaign]) -> dict[int, int]:
    """The clicks on all links of each of these campaigns, in one query.

    A campaign whose clicks are not counted is not among the keys.
    """
    links = ShortLink.objects.filter(campaign__in=[campaign.pk for campaign in campaigns])
    totals = links.values("campaign").annotate(total=Coalesce(Sum("counts__clicks"), 0))
    return dict(totals.values_list("campaign", "total"))


def read_clicks(campaign: Campaign, *, since: datetime, now: datetime) -> Followed | None:
    """What is shown of a campaign's clicks; None where they are not counted.

    ``since`` is the launch. Counts are kept by the hour, so the first span begins with its hour.
    """
    clicks = count_clicks([campaign]).get(campaign.pk)
    if clicks is None:
        return None
    begins = since.replace(minute=0, second=0, microsecond=0)
    is_hourly = now - since < HOURLY_FOR
    length, most = (HOUR, HOURS_SHOWN) if is_hourly else (DAY, DAYS_SHOWN)
    spans = min(most, (now - begins) // length + 1)
    counts = ClickCount.objects.filter(
        link__campaign=campaign, hour__gte=begins, hour__lt=begins + spans * length
    )
    found: Counter[int] = Counter()
    for hour, number in counts.values_list("hour", "clicks"):
        found[(hour - begins) // length] += number
    return Followed(
        clicks=clicks,
        spans=[
            Span(starts_at=begins + index * length, clicks=found[index]) for index in range(spans)
        ],
        is_hourly=is_hourly,
    )
