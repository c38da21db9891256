"""Leave a network alone that failed as a whole: no credits, our app suspended, its version gone.

That is nobody's failure in particular, so it spends no attempt: claims are given back, and go out
when the pause is over or an operator ends it.

A check before a launch finds the same earlier, while there is time to put it right. What is asked
may fail where posting would not (limits are counted for each kind of request): so a pause that a
check makes never keeps a post from leaving. A launch finds out for itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from campaigns.models import Campaign, CampaignState
from launches.models import OPEN_STATES, Delivery, LaunchState
from launches.operators import tell_operators
from launches.pauses import NetworkPause
from launches.planning import NEAR_SECONDS
from networks import registry
from networks.errors import NetworkError
from supporters.models import Pledge, PledgeState

PAUSE_SECONDS = 15 * 60  # where the network does not say how long
GOES_ON_WITHIN = timedelta(hours=1)  # after a pause; the same reason is the same trouble until then
MAIL_LASTS = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a network is paused, with the facts of that sentence."""

    network: str
    reason: str
    facts: Mapping[str, str | float]


def list_paused(now: datetime) -> list[str]:
    """The networks that nothing is sent to now."""
    return list(NetworkPause.objects.filter(until__gt=now).values_list("network", flat=True))


def list_pauses(networks: Collection[str], *, now: datetime) -> list[NetworkPause]:
    """The pauses of these networks that are not over."""
    found = NetworkPause.objects.filter(network__in=networks, until__gt=now)
    return list(found.order_by("network"))


def pause(
    trouble: Trouble,
    *,
    until: datetime,
    now: datetime,
    told_since: datetime,
    coming: Campaign | None = None,
) -> None:
    """Pause a network, and tell the operators: when it begins, not with each answer.

    Where the same trouble goes on after a pause, they are told once more only if they were told
    before ``told_since``. ``coming`` is the campaign that they can still put it right for.
    """
    with transaction.atomic():
        known, made = NetworkPause.objects.select_for_update().get_or_create(
            network=trouble.network,
            defaults={
                "until": until,
                "reason": trouble.reason,
                "reason_facts": trouble.facts,
                "paused_at": now,
            },
        )
        if not made and known.until > now:
            return
        goes_on = known.reason == trouble.reason and known.until > now - GOES_ON_WITHIN
        is_told = not made and goes_on and known.paused_at >= told_since
        NetworkPause.objects.filter(network=trouble.network).update(
            until=until,
            reason=trouble.reason,
            reason_facts=trouble.facts,
            paused_at=known.paused_at if is_told else now,
        )
        if is_told:
            return
        known.refresh_from_db()
        tell_operators(
            "paused",
            context={
                "pause": known,
                "network": registry.get(trouble.network).label,
                "campaign": coming,
            },
            expires_at=now + MAIL_LASTS,
        )


def pause_for_checks(
    network: str, error: NetworkError, *, until: datetime, now: datetime, told_since: datetime
) -> bool:
    """Pause a network that a check found to have failed, and whether that was done.

    Not beyond a minute before the next launch on it, when the last checks are over, and not while
    one is under way: its posts may well leave, and if they do not, it says so itself.
    """
    coming = _find_next(network, now=now)
    if coming is not None:
        assert coming.launch_at is not None, "a scheduled campaign has a moment"
        until = min(until, coming.launch_at - timedelta(seconds=NEAR_SECONDS))
    if until <= now or _is_under_way(network):
        return False
    trouble = Trouble(network=network, reason=error.sentence, facts=dict(error.facts))
    pause(trouble, until=until, now=now, told_since=told_since, coming=coming)
    return True


def _find_next(network: str, *, now: datetime) -> Campaign | None:
    """The campaign whose launch is the next to post there, or should have begun already."""
    lent = Pledge.objects.filter(network=network, state=PledgeState.LIVE)
    found: Campaign | None = (
        Campaign.objects.filter(
            pk__in=lent.order_by().values("campaign"),
            state=CampaignState.SCHEDULED,
            latest_at__gt=now,
        )
        .select_related("approved")
        .order_by("launch_at", "pk")
        .first()
    )
    return found


def _is_under_way(network: str) -> bool:
    """Whether a launch still has something to do there, also one that is held."""
    return Delivery.objects.filter(
        network=network,
        state__in=OPEN_STATES,
        launch__state__in=[LaunchState.FIRING, LaunchState.HELD],
    ).exists()
