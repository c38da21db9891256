"""What work that can wait may ask of the networks: a share of the pace, and less beside a launch.

Launches' posts are counted in the same windows (``pace``): whoever comes here takes what is left
over, and never more than its own share. An account that a launch posts from is left alone: some
networks end the old token once it is refreshed, and a post that was just sent with it is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from django.db.models import Q, QuerySet

from campaigns.clock import database_now
from campaigns.models import CampaignState
from launches import pace, pausing
from launches.models import OPEN_STATES, Delivery, LaunchState
from launches.pauses import Heartbeat, HostPause
from launches.planning import NEAR_SECONDS
from networks import registry
from networks.base import Allowance
from supporters.models import KnownServer, LinkedAccount, Pledge, PledgeState

EVERY_SECONDS = 10  # between two looks at what is due
LAUNCH_IS_NEAR = timedelta(minutes=5)
ASKED_AGAIN_WITHIN = timedelta(seconds=30)  # by a launch that waits for a host; it rarely takes 1 s
BRIEF_SECONDS = 15 * 60  # an allowance for longer counts posts, of which nothing here makes one

Host = tuple[str, str]  # a network's name, and the host


@dataclass(frozen=True, kw_only=True)
class Share:
    """Of what a network lets us ask: ``usual``, and ``beside_launch`` while one posts to it.

    ``name`` tells its windows from those of other work.
    """

    name: str
    usual: float
    beside_launch: float


class Wanted(Protocol):
    """Something to ask a host for; ``requests`` is how many it will see, as far as one can tell."""

    @property
    def host(self) -> Host: ...

    @property
    def server_id(self) -> int: ...

    @property
    def requests(self) -> int: ...


Asked = TypeVar("Asked", bound=Wanted)


def take_turn(name: str, *, now: datetime) -> bool:
    """Whether it is time to look again, every ten seconds; of any number of ticks one is told so.

    ``name`` is that of the heartbeat by which it is known.
    """
    _, is_first = Heartbeat.objects.get_or_create(name=name, defaults={"beat_at": now})
    before = now - timedelta(seconds=EVERY_SECONDS)
    return is_first or bool(
        Heartbeat.objects.filter(name=name, beat_at__lte=before).update(beat_at=now)
    )


def spread(waiting: int, *, seconds_left: float, least: int) -> int:
    """How many of those who wait are to be taken at this look, so that all are in that time."""
    return max(least, math.ceil(waiting * EVERY_SECONDS / max(seconds_left, EVERY_SECONDS)))


def list_open_networks(now: datetime) -> list[str]:
    """The networks that this site posts to, and that are not paused."""
    paused = pausing.list_paused(now)
    return [name for name in registry.automatic_networks() if name not in paused]


def find_paused_hosts(now: datetime) -> QuerySet[HostPause]:
    """Hosts that a launch has all workers leave alone, for a condition of somebody else's query.

    Also one that is just to be asked again: that is the launch's, by one request. Where none has
    asked for half a minute, nothing waits to be posted there, and other work finds out for itself.
    It only reads: that a profile is shown, or is not, says nothing of posts, so it neither ends a
    launch's pause nor makes it longer.
    """
    is_to_be_asked = Q(silences__gt=0, until__gt=now - ASKED_AGAIN_WITHIN)
    return HostPause.objects.filter(Q(until__gt=now) | is_to_be_asked)


def is_left_alone(account: str, *, now: datetime) -> Q:
    """Whether a launch posts from an account just now, or is to in a minute; by a field's name.

    Of one that does not come to an end soon, other work goes on beside.
    """
    about_to: Any = Pledge.objects.filter(
        state=PledgeState.LIVE,
        campaign__state=CampaignState.SCHEDULED,
        campaign__launch_at__lte=now + timedelta(seconds=NEAR_SECONDS),
    )
    posting: Any = Delivery.objects.filter(
        pledge__isnull=False,
        state__in=OPEN_STATES,
        launch__state=LaunchState.FIRING,
        launch__launch_at__gt=now - LAUNCH_IS_NEAR,
    )
    return Q(**{f"{account}__in": about_to.order_by().values("account")}) | Q(
        **{f"{account}__in": posting.order_by().values("pledge__account")}
    )


def may_be_asked(account_id: int) -> bool:
    """Whether an account need not be left alone now, nor its host: asked when its turn has come."""
    now = database_now()
    is_paused = Q(known_server__host__in=find_paused_hosts(now).values("pk"))
    found = LinkedAccount.objects.filter(is_left_alone("pk", now=now) | is_paused, pk=account_id)
    return not found.exists()


def list_allowances(known: KnownServer, *, share: float = 1) -> list[Allowance]:
    """A share of what a host lets us ask. The launches' posts are counted in the same windows."""
    rules = registry.get(known.network).allowances(known.server)
    return [
        Allowance(count=max(1, int(rule.count * share)), seconds=rule.seconds)
        for rule in rules
        if rule.seconds <= BRIEF_SECONDS
    ]


def keep_to_share(wanted: Sequence[Asked], *, share: Share, now: datetime) -> list[Asked]:
    """Keep those whose requests their host lets us make now, and their network as a whole.

    Directories and authorization servers stand behind many hosts of one network: so all of these
    together are asked no more than one of them alone.
    """
    busy = _find_busy(now)
    servers = KnownServer.objects.in_bulk({each.server_id for each in wanted})
    groups: dict[Host, list[Asked]] = {}
    for each in wanted:
        groups.setdefault(each.host, []).append(each)
    kept = []
    for (network, host), group in groups.items():
        known = servers[group[0].server_id]
        part = share.beside_launch if network in busy else share.usual
        left = sum(each.requests for each in group)
        left = pace.take(f"{share.name}/{network}", left, list_allowances(known, share=part))
        left = pace.take(host, left, list_allowances(known))
        for each in group:
            if left <= 0:
                break
            left -= each.requests
            kept.append(each)
    return kept


def _find_busy(now: datetime) -> set[str]:
    """The networks that a launch posts to now, or in a few minutes."""
    near: Any = Pledge.objects.filter(
        state=PledgeState.LIVE,
        campaign__state=CampaignState.SCHEDULED,
        campaign__launch_at__lte=now + LAUNCH_IS_NEAR,
    )
    under_way = Delivery.objects.filter(launch__state=LaunchState.FIRING, state__in=OPEN_STATES)
    return {
        name
        for rows in (near, under_way)
        for name in rows.order_by().values_list("network", flat=True).distinct()
    }
