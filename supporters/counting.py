"""How many people stand behind a campaign: by accounts they lent, and by their own hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns.models import Campaign
from supporters.models import AssistedPledge, Pledge


@dataclass(frozen=True, kw_only=True)
class Turnout:
    """People, each counted once. ``by_hand`` are all who promised to post themselves,
    ``by_hand_alone`` those of them who lent no account.
    """

    by_account: int = 0
    by_hand: int = 0
    by_hand_alone: int = 0
    counts_by_hand: bool = False

    @property
    def people(self) -> int:
        """How many count: what is shown, and what is held against the threshold."""
        return self.by_account + (self.by_hand_alone if self.counts_by_hand else 0)


def count_turnout(campaign: Campaign) -> Turnout:
    """The people of one campaign, two queries."""
    return count_turnouts([campaign])[campaign.pk]


def count_turnouts(campaigns: Iterable[Campaign]) -> dict[int, Turnout]:
    """The people of each campaign, by its key; two queries, however many there are."""
    campaigns = list(campaigns)
    keys = [campaign.pk for campaign in campaigns]
    pledges = Pledge.objects.filter(campaign__in=keys).counting().order_by()
    by_account = dict(
        pledges.values("campaign")
        .annotate(people=Count("person", distinct=True))
        .values_list("campaign", "people")
    )
    lent = Pledge.objects.filter(campaign=OuterRef("campaign"), person=OuterRef("person"))
    promised = (
        AssistedPledge.objects.filter(campaign__in=keys)
        .counting()
        .order_by()
        .values("campaign")
        .annotate(
            people=Count("person", distinct=True),
            alone=Count("person", distinct=True, filter=~Exists(lent.counting())),
        )
    )
    by_hand = {row["campaign"]: (row["people"], row["alone"]) for row in promised}
    return {
        campaign.pk: Turnout(
            by_account=by_account.get(campaign.pk, 0),
            by_hand=by_hand.get(campaign.pk, (0, 0))[0],
            by_hand_alone=by_hand.get(campaign.pk, (0, 0))[1],
            counts_by_hand=campaign.counts_assisted,
        )
        for campaign in campaigns
    }


def with_turnout(campaigns: QuerySet[Campaign]) -> QuerySet[Any]:
    """Each campaign with its ``by_account``, ``by_hand`` and ``by_hand_alone``, in one query."""
    pledges = Pledge.objects.filter(campaign=OuterRef("pk")).counting()
    promised: Any = AssistedPledge.objects.filter(campaign=OuterRef("pk")).counting()
    lent: Any = Pledge.objects.filter(campaign=OuterRef("campaign"), person=OuterRef("person"))
    alone = promised.filter(~Exists(lent.counting()))
    return campaigns.annotate(
        by_account=_count_people(pledges),
        by_hand=_count_people(promised),
        by_hand_alone=_count_people(alone),
    )


def read_turnout(campaign: Any) -> Turnout:
    """The people of a campaign that was read by ``with_turnout``."""
    return Turnout(
        by_account=campaign.by_account,
        by_hand=campaign.by_hand,
        by_hand_alone=campaign.by_hand_alone,
        counts_by_hand=campaign.counts_assisted,
    )


def _count_people(pledges: QuerySet[Any]) -> Coalesce:
    grouped = pledges.order_by().values("campaign")
    counted = grouped.annotate(people=Count("person", distinct=True)).values("people")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())
