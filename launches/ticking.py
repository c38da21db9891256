"""The scheduler's every second: any number of beats may call it, and any of its calls may be lost.

What it does is found in the database each time anew.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from campaigns.clock import database_now
from launches import installation, planning, sweeping
from launches.models import Delivery, DeliveryState, Heartbeat, Launch, LaunchState
from launches.planning import ARM_SECONDS, NEAR_SECONDS
from launches.receipts import queue_receipts, tell_organisers
from supporters.mails import tell_of_changes

logger = logging.getLogger(__name__)

GAP_SECONDS = 60
MAIL_BATCH = 200

Wake = Callable[[int], object]


def seconds_since_tick() -> float | None:
    """How long ago the scheduler last ticked; None: never."""
    beat = Heartbeat.objects.filter(name="tick").first()
    return (database_now() - beat.beat_at).total_seconds() if beat else None


def tick(wake: Wake) -> None:
    """Do all that is due; ``wake`` is called with each launch that workers should look at."""
    now = database_now()
    if installation.hold_if_foreign():
        return
    note_beat(now)
    for step in (
        partial(planning.create_launches, now),
        partial(planning.arm_launches, now),
        partial(sweeping.expire_leases, now),
        partial(sweeping.close_late, now),
        partial(sweeping.finish_launches, now),
        partial(wake_workers, now, wake),
        partial(queue_receipts, limit=MAIL_BATCH),
        partial(tell_organisers, limit=MAIL_BATCH),
        partial(tell_of_changes, limit=MAIL_BATCH),
    ):
        try:
            step()
        except Exception:
            # One mail that cannot be written must not keep a launch from its moment.
            logger.exception("a part of this tick failed: %s", step.func.__name__)


def wake_workers(now: datetime, wake: Wake) -> None:
    """Have workers look at every launch with work."""
    for launch_id in find_work(now):
        wake(launch_id)


def note_beat(now: datetime) -> None:
    """Keep the time of this tick; after a silence, have every post looked up before it is sent.

    Both in one transaction: a silence that was noticed and then forgotten could post twice.
    """
    with transaction.atomic():
        beat, first = Heartbeat.objects.select_for_update().get_or_create(
            name="tick", defaults={"beat_at": now}
        )
        if first or beat.beat_at >= now:
            return
        if (now - beat.beat_at).total_seconds() > GAP_SECONDS:
            planning.create_launches(now)
            Launch.objects.filter(
                state__in=[
                    LaunchState.SCHEDULED,
                    LaunchState.ARMED,
                    LaunchState.FIRING,
                    LaunchState.HELD,
                ],
                launch_at__lte=now + timedelta(seconds=NEAR_SECONDS),
            ).update(look_first=True)
        Heartbeat.objects.filter(name="tick").update(beat_at=now)


def find_work(now: datetime) -> list[int]:
    """Launches about to fire, firing, or with something to look up."""
    unclear = Delivery.objects.filter(state=DeliveryState.UNKNOWN, due_at__lte=now)
    soon = now + timedelta(seconds=ARM_SECONDS)
    return list(
        Launch.objects.filter(
            Q(state=LaunchState.FIRING)
            | Q(state__in=[LaunchState.SCHEDULED, LaunchState.ARMED], launch_at__lte=soon)
            | Q(pk__in=unclear.values("launch"))
        ).values_list("pk", flat=True)
    )
