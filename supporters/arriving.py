"""By which doors a campaign's supporters came, in numbers: never who."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef

from campaigns.models import Campaign
from supporters.models import AssistedPledge, Pledge

MOST_DOORS = 30  # shown each for itself: anybody can make up names of doors


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Who came by one door and stands: people, the accounts they lent, and those of the people who
    post by their own hand. ``doors`` is how many doors are summed up in it: 1, or those beyond the
    largest ones.

    Whoever came by two doors is one of the people of each.
    """

    door: str
    people: int
    accounts: int
    by_hand: int
    doors: int = 1


def count_arrivals(campaign: Campaign, *, most: int = MOST_DOORS) -> list[Arrivals]:
    """The doors of a campaign, the one with most people first; two queries.

    Beyond ``most`` the rest is one line, the last, without a name.
    """
    found = _count(campaign)
    found.sort(key=lambda each: (-each.people, -each.accounts, each.door))
    rest = found[most:]
    if len(rest) < 2:  # a line of its own says more than "one other"
        return found
    summed = Arrivals(
        door="",
        people=sum(each.people for each in rest),
        accounts=sum(each.accounts for each in rest),
        by_hand=sum(each.by_hand for each in rest),
        doors=len(rest),
    )
    return [*found[:most], summed]


def _count(campaign: Campaign) -> list[Arrivals]:
    pledges: Any = Pledge.objects.filter(campaign=campaign).counting().order_by()
    lent = {
        row["source"]: row
        for row in pledges.values("source").annotate(
            people=Count("person", distinct=True), accounts=Count("pk")
        )
    }
    same: Any = Pledge.objects.filter(
        campaign=campaign, person=OuterRef("person"), source=OuterRef("source")
    ).counting()
    promises: Any = AssistedPledge.objects.filter(campaign=campaign).counting().order_by()
    promised = {
        row["source"]: row
        for row in promises.values("source").annotate(
            people=Count("person", distinct=True),
            alone=Count("person", distinct=True, filter=~Exists(same)),
        )
    }
    return [
        Arrivals(
            door=door,
            people=lent.get(door, {}).get("people", 0) + promised.get(door, {}).get("alone", 0),
            accounts=lent.get(door, {}).get("accounts", 0),
            by_hand=promised.get(door, {}).get("people", 0),
        )
        for door in {*lent, *promised}
    ]
