"""The rounds of checks before a launch: three days, a day, an hour and ten minutes before it.

Who is due in a round is read from the rows: a live pledge, and an account that nobody was let in
with since the round began. So a round that is cut short goes on where it was, and an account that
was linked or refreshed meanwhile is not asked again.

Where a network has more accounts than can be checked in the time of a round, or one host of it has,
the round begins earlier by what is missing: refreshing 30,000 accounts of one Bluesky server takes
over an hour.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet

from campaigns.models import Campaign, CampaignState
from launches.planning import NEAR_SECONDS
from launches.sharing import EVERY_SECONDS, Share, list_allowances
from networks import registry
from supporters.models import CHECKS_BEGIN, KnownServer, Pledge, PledgeState

HOST_MOST = 100  # accounts of one host in one look
SHARE = Share(name="preflight", usual=0.8, beside_launch=0.2)


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """A round of checks that begins ``before`` the launch and should be through within ``room``.

    ``reads_profile``: also of accounts whose refresh has proved already that they work.
    ``reminds``: who was asked to renew before it began, and did not, is asked once more.
    """

    before: timedelta
    room: timedelta
    reads_profile: bool
    reminds: bool


MILESTONES = (
    Milestone(before=CHECKS_BEGIN, room=timedelta(hours=24), reads_profile=True, reminds=False),
    Milestone(
        before=timedelta(hours=24), room=timedelta(hours=12), reads_profile=True, reminds=True
    ),
    Milestone(
        before=timedelta(hours=1), room=timedelta(minutes=40), reads_profile=False, reminds=True
    ),
    Milestone(
        before=timedelta(minutes=10), room=timedelta(minutes=5), reads_profile=False, reminds=False
    ),
)


@dataclass(frozen=True, kw_only=True)
class Round:
    """One campaign's round on one network: due is who was last let in before ``since``.

    ``asked_since``: whoever was asked to renew after it is not reminded; None: nobody is, so early.
    """

    campaign: Campaign
    milestone: Milestone
    since: datetime
    asked_since: datetime | None
    network: str

    @property
    def launch_at(self) -> datetime:
        """The moment that it is for."""
        assert self.campaign.launch_at is not None, "a scheduled campaign has a moment"
        return self.campaign.launch_at

    @property
    def through_at(self) -> datetime:
        """By when everybody should have been checked."""
        return self.launch_at - self.milestone.before + self.milestone.room


def find_coming(now: datetime) -> QuerySet[Campaign]:
    """Campaigns whose accounts are to be checked; in the last minute nothing is begun any more."""
    found: QuerySet[Campaign] = Campaign.objects.filter(
        state=CampaignState.SCHEDULED,
        launch_at__gt=now + timedelta(seconds=NEAR_SECONDS),
        launch_at__lte=now + CHECKS_BEGIN,
    )
    return found.order_by("launch_at", "pk")


def find_rounds(now: datetime) -> list[Round]:
    """The rounds under way, those of the nearest launch first."""
    campaigns = list(find_coming(now))
    needed = _measure(campaigns)
    return [
        _find_round(campaign, network=network, seconds_needed=seconds, now=now)
        for campaign in campaigns
        for network, seconds in needed[campaign.pk].items()
    ]


def _find_round(campaign: Campaign, *, network: str, seconds_needed: float, now: datetime) -> Round:
    begun = list(_list_begun(campaign, now=now, seconds_needed=seconds_needed))
    milestone, since = begun[-1]
    reminding = [begun_at for each, begun_at in begun if each.reminds]
    return Round(
        campaign=campaign,
        network=network,
        milestone=milestone,
        since=since,
        asked_since=reminding[-1] if reminding else None,
    )


def _list_begun(
    campaign: Campaign, *, now: datetime, seconds_needed: float
) -> Iterator[tuple[Milestone, datetime]]:
    """The milestones whose rounds have begun, and when; none begins before the one before it."""
    launch_at = campaign.launch_at
    assert launch_at is not None, "a scheduled campaign has a moment"
    earliest = launch_at - CHECKS_BEGIN
    for milestone in MILESTONES:
        ahead = timedelta(seconds=seconds_needed) - milestone.room
        usual = launch_at - milestone.before
        begins_at = max(earliest, usual - max(ahead, timedelta()))
        if begins_at <= now:
            yield milestone, begins_at
        earliest = usual


def _measure(campaigns: Sequence[Campaign]) -> dict[int, dict[str, float]]:
    """By campaign, its pledges' networks, with the seconds that it takes to check them all once.

    At a request for each account, while no launch is near: as fast as a network lets us go, and as
    many of one host as we take at a time.
    """
    counts = (
        Pledge.objects.filter(campaign__in=campaigns, state=PledgeState.LIVE)
        .order_by()
        .values("campaign", "network", "host")
        .annotate(number=Count("pk"), server=Min("account__known_server"))
        .values_list("campaign", "network", "number", "server")
    )
    numbers: defaultdict[int, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    samples: dict[str, int] = {}
    for campaign, network, number, server in counts:
        numbers[campaign][network].append(number)
        samples[network] = server
    servers = KnownServer.objects.in_bulk(samples.values())
    paces = {network: _find_pace(servers[pk]) for network, pk in samples.items()}
    return {
        campaign.pk: {
            network: max(sum(hosts) / paces[network], max(hosts) * EVERY_SECONDS / HOST_MOST)
            for network, hosts in numbers[campaign.pk].items()
        }
        for campaign in campaigns
    }


def _find_pace(known: KnownServer) -> float:
    """How many requests a second a network lets us make, by the allowances of one of its hosts."""
    if known.network not in registry.automatic_networks():
        return math.inf
    rules = list_allowances(known, share=SHARE.usual)
    return min((rule.count / rule.seconds for rule in rules), default=math.inf)
