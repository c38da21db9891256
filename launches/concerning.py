"""What a launch room has for one reader alone: their own buttons, or the controls of who steers it.

It is asked for by them, apart from what everybody sees (``surveying``), and never kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from campaigns.models import Campaign, CampaignState
from launches import asking, breaking, holding, pausing, rehearsing, stopping
from launches.models import Delivery, Launch
from launches.offering import is_to_post, list_to_post
from launches.pauses import NetworkPause, Standstill
from launches.recalling import can_be_recalled
from launches.recalls import find_recall
from launches.vouching import list_unanswered
from networks import registry
from networks.base import Network
from supporters.models import AssistedPledge, Pledge

STEERING_MS, WAITING_MS = 2000, 3000


@dataclass(frozen=True, kw_only=True)
class Mine:
    """``wait_ms``: how soon to ask again; 0: not before the launch's state is another one.

    ``to_post`` and ``is_to_post`` are the reader's promises to post by hand, that were offered and
    that will be; ``unanswered`` their posts of which they are asked whether they are there. All
    else is for who may steer the launch.
    """

    wait_ms: int = 0
    to_post: Sequence[AssistedPledge] = ()
    is_to_post: bool = False
    unanswered: Sequence[Delivery] = ()
    may_control: bool = False
    may_answer: bool = False
    may_rehearse: bool = False
    can_recall: bool = False
    is_recalled: bool = False
    standstill: Standstill | None = None
    silent_hosts: Sequence[tuple[str, int]] = ()
    pauses: Sequence[tuple[NetworkPause, Network]] = ()


def find_mine(
    campaign: Campaign, *, launch: Launch | None, reader: object, now: datetime
) -> Mine | None:
    """What concerns this reader; None for who is not signed in."""
    if not isinstance(reader, User):
        return None
    to_post = list_to_post(campaign, person=reader, now=now)
    waits = is_to_post(campaign, person=reader)
    steers = holding.may_steer(reader, campaign)
    made = find_recall(launch) if steers else None
    is_over = launch is not None and launch.is_over
    # Before the moment there is nothing new of one's own: that it has come is told to everybody.
    is_decided = launch is not None and launch.decided_at is not None
    wait_ms = WAITING_MS if (to_post or (waits and is_decided)) and not is_over else 0
    if steers and (not is_over or (made is not None and made.is_open)):
        wait_ms = STEERING_MS
    return Mine(
        wait_ms=wait_ms,
        to_post=to_post,
        is_to_post=waits and not is_over,
        unanswered=list(list_unanswered(reader).filter(launch=launch)) if launch else (),
        **_find_controls(campaign, launch=launch, reader=reader, now=now) if steers else {},
    )


def _find_controls(
    campaign: Campaign, *, launch: Launch | None, reader: User, now: datetime
) -> dict[str, Any]:
    goes_on = launch is not None and not launch.is_over
    made = find_recall(launch)
    return {
        "may_control": launch is not None,
        "may_answer": launch is not None and asking.may_answer(reader, launch),
        "may_rehearse": rehearsing.is_on() and campaign.state == CampaignState.SCHEDULED,
        "can_recall": launch is not None and made is None and can_be_recalled(launch),
        "is_recalled": made is not None,
        "standstill": stopping.find_standstill() if goes_on else None,
        "silent_hosts": breaking.count_waiting(launch) if launch and goes_on else (),
        "pauses": () if launch and launch.is_over else _list_pauses(campaign, now=now),
    }


def _list_pauses(campaign: Campaign, *, now: datetime) -> list[tuple[NetworkPause, Network]]:
    """What is paused of the networks that this launch posts to."""
    lent = Pledge.objects.filter(campaign=campaign).counting().order_by()
    networks = list(lent.values_list("network", flat=True).distinct())
    found = pausing.list_pauses(networks, now=now)
    return [(pause, registry.get(pause.network)) for pause in found]
