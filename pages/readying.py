"""How many of the accounts that were lent can be posted from, as far as is known by now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from campaigns.models import Campaign
from supporters.models import Pledge, Readiness

COUNTS: dict[str, Any] = {
    "accounts": Count("pk"),
    **{each.value: Count("pk", filter=Q(found_readiness=each)) for each in Readiness},
}


@dataclass(frozen=True, kw_only=True)
class Readying:
    """The accounts lent to a campaign, each in one of five: ``ready`` ones can be posted from.

    ``renew`` ones have to be authorised again by their owners, ``refused`` ones are kept from
    posting by their network, ``off`` ones are on a network that this site does not post to any
    more, and of ``unchecked`` ones nothing is known before the checks begin.
    """

    accounts: int = 0
    ready: int = 0
    renew: int = 0
    refused: int = 0
    off: int = 0
    unchecked: int = 0

    @property
    def is_checked(self) -> bool:
        """Whether the checks have begun, so that ``ready`` says something."""
        return not self.unchecked or bool(self.ready or self.refused)


def count_ready(campaigns: Sequence[Campaign]) -> dict[int, Readying]:
    """The accounts lent to each campaign, by its id; one query, however many there are."""
    pledges: Any = Pledge.objects.filter(campaign__in=[each.pk for each in campaigns])
    rows = pledges.counting().with_readiness().order_by().values("campaign_id").annotate(**COUNTS)
    found = {row.pop("campaign_id"): Readying(**row) for row in rows}
    return {each.pk: found.get(each.pk, Readying()) for each in campaigns}
