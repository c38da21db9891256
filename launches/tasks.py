"""Celery's side: a message only says "look", so each may be lost, doubled, late or out of order."""

import threading

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from post_office.models import STATUS, Email

from campaigns.emptying import empty_outbox
from launches import deleting, installation, measuring
from launches.delivering import deliver
from launches.moment import boot_seconds
from launches.preflight import check_accounts, remind
from launches.rehearsal_runs import rehearse as do_rehearse
from launches.renewing import renew_some
from launches.ticking import tick as do_tick

TICK_LEAST_SECONDS = 0.5  # between two that one process does
PASSES = 4  # of a message from who takes part already to the next
RUNS_AT_ONCE = 10  # launches per process; the worker has more threads, for all else

_running: set[int] = set()
_running_lock = threading.Lock()
_checking = threading.Lock()
_reading = threading.Lock()
_renewing = threading.Lock()
_deleting = threading.Lock()
_rehearsing = threading.Lock()
_ticking = threading.Lock()
_ticked_at = float("-inf")
_stopping = threading.Event()


# It is sent by who handles SIGINT and SIGTERM. Ctrl-C reaches every process of a terminal, and
# their parent then ends them too: the second one may come while the first one's receivers are
# listed, in the same thread, which would wait for itself for ever.
worker_shutting_down.lock = threading.RLock()


@worker_shutting_down.connect
def _stop(**_: object) -> None:
    """Claim nothing more.

    On a file broker Celery's loop sees the stop only when a message comes or two seconds pass, and
    goes round once more after that: two messages end it at once.
    """
    _stopping.set()
    threading.Thread(target=_nudge).start()


def _nudge() -> None:
    for _ in range(2):
        nudge.apply_async(expires=settings.MESSAGE_SECONDS)


@shared_task(name="launches.tasks.tick")
def tick() -> None:
    """Every second, from beat."""
    if _has_just_ticked():
        return
    seconds = settings.MESSAGE_SECONDS
    do_tick(
        lambda pk: run_launch.apply_async((pk,), expires=seconds),
        check=lambda: check_before_launches.apply_async(expires=seconds),
        read=lambda: read_numbers.apply_async(expires=seconds),
        renew=lambda: renew_authorisations.apply_async(expires=seconds),
        delete=lambda: delete_recalled.apply_async(expires=seconds),
        rehearse=lambda: rehearse.apply_async(expires=seconds),
    )
    if Email.objects.filter(status__in=[STATUS.queued, STATUS.requeued]).exists():
        send_mails.apply_async(expires=seconds)


def _has_just_ticked() -> bool:
    """Whether this process has begun a tick within half a second; else it begins one now.

    Ticks that piled up while no worker took them come all at once, and one does the work of all.
    """
    global _ticked_at  # noqa: PLW0603  (of the whole process)
    with _ticking:
        if boot_seconds() - _ticked_at < TICK_LEAST_SECONDS:
            return True
        _ticked_at = boot_seconds()
        return False


@shared_task(name="launches.tasks.run_launch")
def run_launch(launch_id: int, passes: int = PASSES) -> None:
    """Take part in a launch, once per process however often it is asked.

    A message goes to whoever has waited longest: who takes part already passes it on, so that all
    workers do by the moment, and not the same one again and again.
    """
    with _running_lock:
        is_free = launch_id not in _running and len(_running) < RUNS_AT_ONCE
        if is_free:
            _running.add(launch_id)
    if not is_free:
        if passes > 0:
            run_launch.apply_async((launch_id, passes - 1), expires=settings.MESSAGE_SECONDS)
        return
    try:
        deliver(launch_id, stopping=_stopping.is_set)
    finally:
        with _running_lock:
            _running.discard(launch_id)


@shared_task(name="launches.tasks.check_before_launches")
def check_before_launches() -> None:
    """Check accounts that a launch is coming for, one look at a time per process."""
    if not _checking.acquire(blocking=False):
        return
    try:
        check_accounts(stopping=_stopping.is_set)
        remind()
    finally:
        _checking.release()


@shared_task(name="launches.tasks.read_numbers")
def read_numbers() -> None:
    """Read posts' numbers after launches, one look at a time per process."""
    if not _reading.acquire(blocking=False):
        return
    try:
        measuring.read_numbers(stopping=_stopping.is_set)
    finally:
        _reading.release()


@shared_task(name="launches.tasks.renew_authorisations")
def renew_authorisations() -> None:
    """Renew what would end before its launch, one look at a time per process."""
    if not _renewing.acquire(blocking=False):
        return
    try:
        renew_some(stopping=_stopping.is_set)
    finally:
        _renewing.release()


@shared_task(name="launches.tasks.delete_recalled")
def delete_recalled() -> None:
    """Delete posts that were recalled, one turn at a time per process."""
    if not _deleting.acquire(blocking=False):
        return
    try:
        deleting.delete_posts(stopping=_stopping.is_set)
    finally:
        _deleting.release()


@shared_task(name="launches.tasks.rehearse")
def rehearse(passes: int = PASSES) -> None:
    """Begin a rehearsal or take part in one, a single one per process; passed on like a launch."""
    if not _rehearsing.acquire(blocking=False):
        if passes > 0:
            rehearse.apply_async((passes - 1,), expires=settings.MESSAGE_SECONDS)
        return
    try:
        do_rehearse(stopping=_stopping.is_set)
    finally:
        _rehearsing.release()


@shared_task(name="launches.tasks.nudge")
def nudge() -> None:
    """Nothing: a message that a stopping worker sends to be woken by."""


@shared_task(name="launches.tasks.send_mails")
def send_mails() -> None:
    """Send what the outbox holds; a lock keeps it to one worker at a time."""
    installation.withhold_mails()
    empty_outbox()
