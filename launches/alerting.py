"""Tell whoever runs the site of a launch that needs a look: it is late, or has ended badly.

Found by each tick in the rows. A mark on the launch is made in the transaction of the mail, by
compare-and-set, so that each is told once however many ticks there are. That a launch was held by
itself is told in the transaction of the hold (``operators.tell_held``).
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from campaigns.clock import database_now
from campaigns.models import CampaignState
from launches import installation
from launches.models import (
    OPEN_STATES,
    Delivery,
    DeliveryState,
    Launch,
    LaunchKind,
    LaunchState,
)
from launches.operators import tell_safely
from launches.results import split_by_network
from networks import registry

UNDECIDED = (LaunchState.SCHEDULED, LaunchState.ARMED)
# How a launch ends whose posts were begun; after that nobody wants to read of it any more.
ENDED = (LaunchState.FINISHED, LaunchState.CANCELLED)
ENDED_WITHIN = timedelta(days=2)
MAIL_LASTS = timedelta(days=1)

# From when on so many did not go out that somebody should look: a tenth, and no single mishap.
MANY_SHARE = 0.1
MANY_LEAST = 3

logger = logging.getLogger(__name__)


def tell_late(now: datetime) -> int:
    """Launches whose moment has passed, and that nobody has begun. Gives how many were told of.

    Suspended ones are not late: an admin keeps them. One whose moment was moved follows it.
    """
    late = Launch.objects.filter(
        kind=LaunchKind.REAL,
        state__in=UNDECIDED,
        late_told_at=None,
        launch_at__lte=now - timedelta(seconds=settings.LATE_SECONDS),
        campaign__state=CampaignState.SCHEDULED,
        campaign__launch_at=F("launch_at"),
    ).select_related("campaign__approved")
    return sum(_tell_late(launch, now=now) for launch in late)


def _tell_late(launch: Launch, *, now: datetime) -> bool:
    with transaction.atomic():
        # Of the launch's own row alone, so that of two ticks one finds it told.
        marked = Launch.objects.filter(
            pk=launch.pk, state__in=UNDECIDED, late_told_at=None, launch_at=launch.launch_at
        ).update(late_told_at=now)
        if not marked:
            return False
        seconds = round((now - launch.launch_at).total_seconds())
        logger.warning("launch %s is late: nobody has begun it after %s s", launch.pk, seconds)
        tell_safely(
            "late",
            launch,
            context={
                "waited": seconds,
                "is_foreign": bool(installation.list_differences()),
                "foreign": installation.FOREIGN,
                "is_past": now >= launch.latest_at,
            },
            expires_at=now + MAIL_LASTS,
        )
    return True


def tell_ended(*, limit: int) -> int:
    """Launches that are over, with posts that could not be proved, or many that did not go out.

    Each is looked at once, when nothing in it is open any more. Gives how many were told of.
    """
    told = 0
    with transaction.atomic():
        now = database_now()
        over = list(
            Launch.objects.filter(
                kind=LaunchKind.REAL,
                state__in=ENDED,
                ended_told_at=None,
                decided_at__isnull=False,
                finished_at__gt=now - ENDED_WITHIN,
            )
            .filter(~Q(deliveries__state__in=OPEN_STATES))
            .select_related("campaign__approved")
            .select_for_update(skip_locked=True, of=("self",))[:limit]
        )
        for launch in over:
            told += _tell_if_bad(launch, now=now)
        Launch.objects.filter(pk__in=[launch.pk for launch in over]).update(ended_told_at=now)
    return told


def _tell_if_bad(launch: Launch, *, now: datetime) -> bool:
    deliveries: Any = Delivery.objects.filter(launch=launch)
    tally: dict[str, int] = deliveries.tally()
    unconfirmed = tally[DeliveryState.UNCONFIRMED]
    unsent = count_unsent(launch, tally)
    if not unconfirmed and not is_many(unsent, of=sum(tally.values())):
        return False
    logger.warning(
        "launch %s ended with %s posts unconfirmed and %s unsent", launch.pk, unconfirmed, unsent
    )
    tell_safely(
        "ended",
        launch,
        context={
            "unconfirmed": unconfirmed,
            "unsent": unsent,
            "posts": sum(tally.values()),
            "networks": [
                {"label": registry.get(each.network).label, "tally": each}
                for each in split_by_network(launch)
            ],
        },
        expires_at=now + ENDED_WITHIN,
    )
    return True


def count_unsent(launch: Launch, tally: dict[str, int]) -> int:
    """What failed, or was left over at the latest time; not what somebody cancelled."""
    left_over = tally[DeliveryState.NOT_SENT] if launch.state == LaunchState.FINISHED else 0
    return tally[DeliveryState.FAILED] + left_over


def is_many(number: int, *, of: int) -> bool:
    """Whether so many of all posts are a matter for whoever runs the site."""
    return number >= MANY_LEAST and number >= MANY_SHARE * of
