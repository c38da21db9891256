"""What a tick tidies: lost workers' claims, the latest time, launches with nothing left to do.

Nothing here sends. A claim whose worker is gone becomes ``unknown``, is looked up by a worker
(``claiming``, ``sending``), and only then, where absence is proof, sent again.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from launches.holding import CANCELLED
from launches.models import (
    OPEN_STATES,
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryState,
    Launch,
    LaunchKind,
    LaunchState,
)
from launches.offering import waiting_for_offer
from networks.errors import gettext_noop

LOOK_SECONDS = 15 * 60  # how long after the latest time lookups go on

WORKER_LOST = gettext_noop("The machine stopped while this was being posted; we are looking it up.")
TOO_LATE = gettext_noop("It could not be posted before the latest time you agreed to.")
NO_PROOF = gettext_noop(
    "The network gave no clear answer, and whether the post is there could not be proved."
)
RUNNING = (LaunchState.FIRING, LaunchState.HELD, LaunchState.CANCELLED)


def expire_leases(now: datetime) -> int:
    """Claims of lost workers become unknown, not before lease end plus one deadline."""
    lost = Delivery.objects.filter(
        state=DeliveryState.CLAIMED,
        lease_until__lt=now - timedelta(seconds=settings.DEADLINE_SECONDS),
    )
    with transaction.atomic():
        rows = list(lost.select_for_update(skip_locked=True).only("pk", "attempt", "due_at")[:500])
        Attempt.objects.bulk_create(
            [
                Attempt(
                    delivery=row,
                    number=row.attempt,
                    outcome=AttemptOutcome.EXPIRED,
                    ended_at=now,
                    reason=WORKER_LOST,
                )
                for row in rows
            ],
            ignore_conflicts=True,
        )
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=DeliveryState.UNKNOWN,
            lease_until=None,
            due_at=now,
            is_uncertain=True,
            reason=WORKER_LOST,
        )
    return len(rows)


def end_late(*, is_uncertain: bool) -> tuple[DeliveryState, str]:
    """How a post ends that was not begun by its latest time: state and reason."""
    if is_uncertain:
        return DeliveryState.UNCONFIRMED, NO_PROOF
    return DeliveryState.NOT_SENT, TOO_LATE


def close_late(now: datetime) -> int:
    """Cancelled or past the latest time: what was not begun is not sent.

    What may have arrived without proof is unconfirmed, at the latest a while after.
    """
    unsent = Delivery.objects.filter(state__in=[DeliveryState.PLANNED, DeliveryState.WAITING])
    ended = unsent.filter(launch__state=LaunchState.CANCELLED)
    late = unsent.filter(launch__state__in=RUNNING, launch__latest_at__lte=now)
    closed = 0
    for open_ones, reason in ((ended, CANCELLED), (late, TOO_LATE)):
        closed += open_ones.filter(is_uncertain=True).update(
            state=DeliveryState.UNCONFIRMED, reason=NO_PROOF, reason_facts={}
        )
        closed += open_ones.update(state=DeliveryState.NOT_SENT, reason=reason, reason_facts={})
    unclear = (
        Delivery.objects.filter(launch__state__in=RUNNING, state=DeliveryState.UNKNOWN)
        .filter(
            Q(launch__latest_at__lte=now - timedelta(seconds=LOOK_SECONDS)) | Q(pledge__isnull=True)
        )
        .filter(Q(lease_until=None) | Q(lease_until__lt=now))
        .update(state=DeliveryState.UNCONFIRMED, reason=NO_PROOF, reason_facts={})
    )
    return closed + unclear


def finish_launches(now: datetime) -> int:
    """Launches are finished when every delivery is in a final state, and nobody waits to be told.

    A held one with promises by hand still to offer stays held, although nothing is left to send.
    Asked again once their rows are locked: an owner may have let a post go meanwhile, which takes
    the launch up again (``vouching``).
    """
    open_ones = Delivery.objects.filter(launch=OuterRef("pk"), state__in=OPEN_STATES)
    through = Launch.objects.filter(
        ~Exists(open_ones),
        ~Q(Exists(waiting_for_offer()), kind=LaunchKind.REAL),
        state__in=[LaunchState.FIRING, LaunchState.HELD],
    )
    with transaction.atomic():
        locked = through.select_for_update(skip_locked=True, no_key=True, of=("self",))
        ready = list(locked.values_list("pk", flat=True))
        return through.filter(pk__in=ready).update(state=LaunchState.FINISHED, finished_at=now)
