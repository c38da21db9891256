"""Leave a network alone that failed as a whole: no credits, our app suspended, its version gone.

That is nobody's failure in particular, so it spends no attempt: claims are given back, and go out
when the pause is over or an operator ends it.
"""

from datetime import datetime

from django.db import transaction

from launches.models import NetworkPause
from launches.operators import tell_operators
from networks import registry

PAUSE_SECONDS = 15 * 60  # where the network does not say how long


def list_paused(now: datetime) -> list[str]:
    """The networks that nothing is sent to now."""
    return list(NetworkPause.objects.filter(until__gt=now).values_list("network", flat=True))


def pause(
    network: str, *, until: datetime, now: datetime, reason: str, facts: dict[str, str | float]
) -> None:
    """Pause a network; the operators are told when it begins, not with each answer."""
    with transaction.atomic():
        known, made = NetworkPause.objects.select_for_update().get_or_create(
            network=network,
            defaults={"until": until, "reason": reason, "reason_facts": facts, "paused_at": now},
        )
        if not made and known.until > now:
            return
        NetworkPause.objects.filter(network=network).update(
            until=until, reason=reason, reason_facts=facts, paused_at=now
        )
        known.refresh_from_db()
        tell_operators(
            "paused",
            context={"pause": known, "network": registry.get(network).label},
            expires_at=until,
        )
