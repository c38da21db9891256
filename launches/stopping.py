"""Pause every launch of this site at once, and let them go on: its operator's emergency stop.

One row stands in the database while nothing may leave. Claims read it, and each worker's hold flag
reads it in its one query, so that nothing starts later than 500 ms after it is committed. A launch
is still decided at its moment, and still ends at its latest time: only what waits to be posted
waits longer. What is under way is recorded, and what is uncertain is looked up.
"""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, Q

from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from launches.models import Launch, LaunchKind, LaunchState
from launches.pauses import Standstill

OPEN = (LaunchState.SCHEDULED, LaunchState.ARMED, LaunchState.FIRING, LaunchState.HELD)

logger = logging.getLogger(__name__)


def find_standstill() -> Standstill | None:
    """What all launches are paused by, if they are."""
    return Standstill.objects.first()


def is_paused() -> bool:
    """Whether all launches are paused. One small query."""
    return Standstill.objects.exists()


def goes_on() -> Q:
    """The same as a condition of somebody else's query: nothing is paused."""
    return ~Q(Exists(Standstill.objects.all()))


def count_stopped() -> int:
    """How many launches a pause keeps from posting now: near, under way or held."""
    return Launch.objects.filter(state__in=OPEN).count()


def pause(*, reason: str) -> bool:
    """Let nothing leave any more, from any launch. False: that was so already, for its own reason.

    ``reason`` is read by the organisers. Whoever presses while a pause is just being ended
    waits for that and begins the next one: nobody is told of a pause that is over.
    """
    with transaction.atomic():
        _, made = Standstill.objects.select_for_update().get_or_create(
            pk=1, defaults={"reason": reason.strip(), "paused_at": database_now()}
        )
    if made:
        logger.warning("all launches are paused")
    return made


def resume() -> bool:
    """Let launches go on, each until its own latest time. False: nothing was paused."""
    ended, _ = Standstill.objects.all().delete()
    if ended:
        logger.warning("all launches go on")
    return bool(ended)


def tell_of_standstill(now: datetime, *, limit: int) -> int:
    """Tell the organisers of launches that the pause keeps from posting. Gives how many.

    Once for each pause and launch, those too whose moment comes while it stands.
    """
    standstill = find_standstill()
    if standstill is None:
        return 0
    untold = Launch.objects.filter(
        Q(pause_told_at=None) | Q(pause_told_at__lt=standstill.paused_at),
        kind=LaunchKind.REAL,
        state__in=OPEN,
        latest_at__gt=now,
    )
    told = 0
    for launch in untold.select_related("campaign__approved", "campaign__organiser")[:limit]:
        told += _tell(launch, standstill, now=now)
    return told


def _tell(launch: Launch, standstill: Standstill, *, now: datetime) -> bool:
    """Write to one organiser, and keep that it was done, by compare-and-set on what was told."""
    with transaction.atomic():
        marked = Launch.objects.filter(pk=launch.pk, pause_told_at=launch.pause_told_at).update(
            pause_told_at=max(now, standstill.paused_at)
        )
        organiser = launch.campaign.organiser
        if not marked or organiser is None or not organiser.email:
            return False
        campaign = launch.campaign
        queue_mail(
            organiser.email,
            person=organiser,
            template="all_paused",
            language=organiser.language,
            context={
                "campaign": campaign,
                "launch": launch,
                "reason": standstill.reason,
                "zone": (campaign.approved.zone if campaign.approved else "") or "UTC",
            },
            expires_at=launch.latest_at,
        )
    return True
