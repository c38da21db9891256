"""The scheduler's every second: any number of beats may call it, and any of its calls may be lost.

What it does is found in the database each time anew.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, When
from structlog.contextvars import bound_contextvars

from campaigns.clock import database_now
from campaigns.reporting import tell_of_reports
from launches import (
    alerting,
    breaking,
    installation,
    offering,
    planning,
    rehearsing,
    stopping,
    sweeping,
)
from launches.igniting import end_cancelled
from launches.measuring import wake_reader
from launches.models import (
    Delivery,
    DeliveryState,
    Launch,
    LaunchState,
    Unlookable,
)
from launches.pauses import Heartbeat
from launches.planning import ARM_SECONDS, NEAR_SECONDS
from launches.preflight import wake_checker
from launches.recalling import tend_recalls
from launches.receipts import queue_receipts, tell_organisers
from launches.renewing import wake_renewer
from launches.telling_askers import tell_askers
from launches.telling_owners import tell_owners
from supporters.announcing import tell_of_new_words, tell_promises_of_new_words
from supporters.confirming import forget_unconfirmed
from supporters.eves import tell_of_tomorrow
from supporters.mails import tell_of_changes
from supporters.spreading import has_room, mail_updates
from supporters.telling import tell_promises_of_changes
from supporters.withholding import withhold_mails

logger = logging.getLogger(__name__)

GAP_SECONDS = 60
RUSH_SECONDS = 30
MAIL_BATCH = 200
ASK_BATCH = 60  # of what organisers ask, which is never urgent: some 30 ms each on a busy machine
# In one transaction, of what is written while a launch posts: on SQLite a claim waits for its end.
# More than one person can have promised to one campaign, so that all of theirs is one mail.
PORTION = 20

Wake = Callable[[int], object]
Call = Callable[[], object]


def seconds_since_tick(now: datetime | None = None) -> float | None:
    """How long before ``now`` (else: ago) the scheduler last ticked; None: never."""
    beat = Heartbeat.objects.filter(name=installation.TICK).first()
    return ((now or database_now()) - beat.beat_at).total_seconds() if beat else None


class Calls(TypedDict, total=False):
    """What a tick calls when somebody should look: not whether there is anything, nor how much."""

    check: Call  # for accounts to check before a launch
    read: Call  # for posts whose numbers to read after one
    renew: Call  # for authorisations to keep alive until one that is far away
    delete: Call  # for posts to delete that were recalled
    rehearse: Call  # for launches to rehearse


def tick(wake: Wake, **calls: Unpack[Calls]) -> None:
    """Do all that is due; ``wake`` is called with each launch that workers should look at."""
    now = database_now()
    if installation.hold_if_foreign():
        # What should have begun stands still for that, and its operators must hear of it.
        _take_steps(partial(alerting.tell_late, now))
        return
    note_beat(now)
    _take_steps(
        partial(planning.create_launches, now),
        partial(planning.arm_launches, now),
        partial(end_cancelled),
        partial(sweeping.expire_leases, now),
        partial(sweeping.close_late, now),
        partial(sweeping.finish_launches, now),
        partial(wake_rehearsers, now, calls.get("rehearse", _do_nothing)),
        partial(wake_workers, now, wake),
        partial(alerting.tell_late, now),
        partial(wake_checker, now, calls.get("check", _do_nothing)),
        partial(offer_posts, now),
        partial(send_reminders, now),
        partial(stopping.tell_of_standstill, now, limit=MAIL_BATCH),
    )
    if is_rush(now):
        return
    _take_steps(
        partial(wake_reader, now, calls.get("read", _do_nothing)),
        partial(wake_renewer, now, calls.get("renew", _do_nothing)),
        partial(tend_recalls, now, calls.get("delete", _do_nothing)),
        partial(send_receipts),
        partial(tell_of_deletions),
        partial(tell_askers, now, limit=MAIL_BATCH),
        partial(tell_organisers, limit=MAIL_BATCH),
        partial(alerting.tell_ended, limit=MAIL_BATCH),
        partial(tell_of_changes, limit=MAIL_BATCH),
        partial(tell_promises_of_changes, limit=MAIL_BATCH),
        partial(tell_of_new_words, limit=MAIL_BATCH),
        partial(tell_promises_of_new_words, limit=MAIL_BATCH),
        partial(forget_unconfirmed),
        partial(tell_of_reports),
        partial(withhold_mails, limit=MAIL_BATCH),
        partial(send_updates, now),
        partial(breaking.forget, now),
    )


def _do_nothing() -> None:
    """Nobody is called."""


def is_rush(now: datetime) -> bool:
    """Whether a launch began just now and still posts: what can wait a little must not slow it."""
    began_after = now - timedelta(seconds=RUSH_SECONDS)
    return Launch.objects.filter(state=LaunchState.FIRING, decided_at__gt=began_after).exists()


def _take_steps(*steps: partial[Any]) -> None:
    for step in steps:
        name = step.func.__name__
        with bound_contextvars(step=name):
            try:
                step()
            except Exception:
                # One mail that cannot be written must not keep a launch from its moment.
                logger.exception("a part of this tick failed: %s", name)


def offer_posts(now: datetime) -> None:
    """Offer what is posted by hand, some at a time."""
    _tell_in_portions(partial(offering.offer_posts, now), most=MAIL_BATCH)


def send_reminders(now: datetime) -> None:
    """Write to who wanted to be reminded, some at a time."""
    _tell_in_portions(partial(offering.send_reminders, now), most=MAIL_BATCH)


def send_receipts() -> None:
    """Tell people what became of their posts, some at a time."""
    _tell_in_portions(queue_receipts, most=MAIL_BATCH)


def tell_of_deletions() -> None:
    """Tell people what became of their posts that were recalled, some at a time."""
    _tell_in_portions(tell_owners, most=MAIL_BATCH)


def send_updates(now: datetime) -> None:
    """Mail what organisers tell, and that a moment is near, unless one needs the outbox now."""
    soon = now + timedelta(seconds=RUSH_SECONDS)
    undecided = [LaunchState.SCHEDULED, LaunchState.ARMED]
    is_near = Launch.objects.filter(state__in=undecided, launch_at__lte=soon).exists()
    if not is_near and has_room():
        _tell_in_portions(tell_of_tomorrow, most=ASK_BATCH)
        _tell_in_portions(mail_updates, most=ASK_BATCH)


def _tell_in_portions(tell: Callable[..., int], *, most: int) -> None:
    """Write mails until none is left or it is enough for this tick, in short transactions."""
    told = 0
    while told < most:
        number = tell(limit=min(PORTION, most))
        if not number:
            return
        told += number


def wake_workers(now: datetime, wake: Wake) -> None:
    """Have workers look at every launch with work."""
    for launch_id in find_work(now):
        wake(launch_id)


def wake_rehearsers(now: datetime, rehearse: Call) -> None:
    """Have rehearsals give way to launches, and workers look at one that is to go on."""
    rehearsing.tidy(now)
    if rehearsing.find_work().exists():
        rehearse()


def note_beat(now: datetime) -> None:
    """Keep the time of this tick; after a silence, have every post looked up before it is sent.

    Both in one transaction: a silence that was noticed and then forgotten could post twice.
    """
    if _beat(now):
        installation.note_tick(now)


def _beat(now: datetime) -> bool:
    """Keep the time in the database; whether it is the latest there now."""
    with transaction.atomic():
        beat, first = Heartbeat.objects.select_for_update().get_or_create(
            name=installation.TICK, defaults={"beat_at": now}
        )
        if first or beat.beat_at >= now:
            return first
        if (now - beat.beat_at).total_seconds() > GAP_SECONDS:
            planning.create_launches(now)
            near = Launch.objects.filter(
                state__in=[
                    LaunchState.SCHEDULED,
                    LaunchState.ARMED,
                    LaunchState.FIRING,
                    LaunchState.HELD,
                ],
                launch_at__lte=now + timedelta(seconds=NEAR_SECONDS),
            )
            near.update(look_first=True, unlookable=Unlookable.ASK)
            Delivery.objects.filter(launch__in=near).forget_releases()
        Heartbeat.objects.filter(name=installation.TICK).update(beat_at=now)
    return True


def find_work(now: datetime) -> list[int]:
    """Launches about to fire, then those with something to send or to look up now."""
    due = Delivery.objects.filter(Q(due_at=None) | Q(due_at__lte=now), launch=OuterRef("pk"))
    to_send = due.filter(state__in=[DeliveryState.PLANNED, DeliveryState.WAITING])
    to_look_up = due.filter(state=DeliveryState.UNKNOWN, pledge__isnull=False)
    soon = now + timedelta(seconds=ARM_SECONDS)
    undecided = Q(state__in=[LaunchState.SCHEDULED, LaunchState.ARMED])
    return list(
        Launch.objects.filter(
            (undecided & Q(launch_at__lte=soon))
            | (stopping.goes_on() & Q(state=LaunchState.FIRING) & Exists(to_send))
            | Exists(to_look_up)
        )
        .order_by(Case(When(undecided, then=0), default=1), "launch_at")
        .values_list("pk", flat=True)
    )
