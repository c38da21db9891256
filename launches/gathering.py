"""How a campaign's supporters came together: people and accounts at the end of each day.

Of the pledges that stand and of whom something is still kept: who withdrew, or was erased since, is
in no day.
"""

from __future__ import annotations

import zoneinfo
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import TruncDate

from campaigns.models import Campaign
from supporters.models import AssistedPledge, Pledge


@dataclass(frozen=True)
class Day:
    """A day in the campaign's time zone, and how many there were at its end."""

    day: date
    people: int
    accounts: int


def trace_supporters(campaign: Campaign) -> list[Day]:
    """Every day from the first pledge to the last one; none where nobody pledged. Three queries.

    People are those that the threshold counts, each from their first pledge on.
    """
    zone = zoneinfo.ZoneInfo(campaign.revision.zone or "UTC")
    pledges: Any = Pledge.objects.filter(campaign=campaign).counting().order_by()
    accounts = _count_by_day(pledges, zone=zone)
    people = _count_by_day(_keep_first(pledges), zone=zone)
    if campaign.counts_assisted:
        promised: Any = AssistedPledge.objects.filter(campaign=campaign).counting().order_by()
        alone = promised.exclude(person__in=pledges.values("person"))
        people += _count_by_day(_keep_first(alone), zone=zone)
    return _add_up(people, accounts)


def chart_supporters(campaign: Campaign) -> dict[str, Any]:
    """What ``launches/_supporters.html`` is filled with: the days, and the lines drawn of them."""
    days = trace_supporters(campaign)
    # From nothing on: so one day is a line as well.
    people, accounts = [0, *(each.people for each in days)], [0, *(each.accounts for each in days)]
    return {
        "days": days,
        "gathered": (people, accounts),
        "gathered_most": max(*people, *accounts),
    }


def _keep_first(pledges: QuerySet[Any]) -> QuerySet[Any]:
    """Of each person the earliest alone."""
    earlier = pledges.filter(person=OuterRef("person"), pk__lt=OuterRef("pk"))
    return pledges.exclude(Exists(earlier))


def _count_by_day(pledges: QuerySet[Any], *, zone: zoneinfo.ZoneInfo) -> Counter[date]:
    rows = pledges.annotate(day=TruncDate("pledged_at", tzinfo=zone)).values_list("day")
    return Counter(dict(rows.annotate(number=Count("pk"))))


def _add_up(people: Counter[date], accounts: Counter[date]) -> list[Day]:
    days: list[Day] = []
    known: Iterable[date] = people.keys() | accounts.keys()
    if not known:
        return days
    day, last = min(known), max(known)
    so_far = [0, 0]
    while day <= last:
        so_far[0] += people[day]
        so_far[1] += accounts[day]
        days.append(Day(day, *so_far))
        day += timedelta(days=1)
    return days
