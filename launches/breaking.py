"""A circuit breaker for each host, shared by all workers through one row in the database.

A host that fails several times in a row (nobody there, a deadline, a cut connection, a 5xx) is left
alone: nothing is claimed for it, and no attempt is spent. After a pause that grows each time one
claim finds out whether it answers again, whichever worker takes it; then everything goes on, or the
next pause begins. What counts as a failure each worker hears for itself (``minding``).
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q

from launches.models import OPEN_STATES, Delivery, Launch
from launches.pauses import HostPause

FAILURES = 8  # in a row, heard by one worker
PAUSE_SECONDS = 5.0  # the first; each further one is twice as long
PAUSE_MOST_SECONDS = 120.0
FORGET_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class OpenHost:
    """A host that was given up: since when, and until when nobody asks it."""

    host: str
    since: datetime
    until: datetime


@dataclass
class Paused:
    """What is paused at a moment: ``closed`` to everybody, ``to_probe`` by one claim.

    ``silent`` are those of both that do not answer.
    """

    closed: set[str] = field(default_factory=set)
    to_probe: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)


def list_open() -> list[OpenHost]:
    """Every host that does not answer, also one that is just being asked again."""
    found = HostPause.objects.filter(silences__gt=0).order_by("host")
    return [OpenHost(*each) for each in found.values_list("host", "since", "until")]


def read_paused(now: datetime) -> Paused:
    """What is paused now, by silence or by the host's own wish. One small query."""
    paused = Paused()
    rows = HostPause.objects.filter(Q(until__gt=now) | Q(silences__gt=0))
    for host, until, silences in rows.values_list("host", "until", "silences"):
        (paused.closed if until > now else paused.to_probe).add(host)
        if silences:
            paused.silent.add(host)
    return paused


def take_probe(host: str, *, now: datetime) -> bool:
    """Whether the caller is the one who asks a host again. To be called where it claims.

    Should nothing come of it, another one may ask two deadlines later. Nobody waits for a row that
    somebody else has: they ask, or know better already. Two claims that each waited for a host of
    the other's would wait for ever.
    """
    until = now + timedelta(seconds=2 * settings.DEADLINE_SECONDS)
    due = HostPause.objects.filter(host=host, silences__gt=0, until__lte=now)
    free = due.select_for_update(skip_locked=True).values("pk")
    return bool(due.filter(pk__in=free).update(until=until))


def give_up(host: str, *, now: datetime, probed: bool) -> None:
    """Leave a host alone that has failed too often, or did when it was asked again (``probed``).

    Several workers find the same at once; the first one counts. A host that asked for longer before
    (``resting``) is left alone for longer.
    """
    with transaction.atomic():
        known, made = HostPause.objects.select_for_update().get_or_create(
            host=host,
            defaults={"since": now, "until": _find_end(now, silences=1), "silences": 1},
        )
        if made or (known.silences and known.until > now and not probed):
            return
        silences = known.silences + 1
        until = _find_end(now, silences=silences)
        HostPause.objects.filter(pk=host).update(
            since=known.since if known.silences else now,
            until=until if known.silences else max(until, known.until),
            silences=silences,
        )


def _find_end(now: datetime, *, silences: int) -> datetime:
    pause = min(PAUSE_MOST_SECONDS, PAUSE_SECONDS * 2.0 ** min(silences - 1, 10))
    return now + timedelta(seconds=pause)


def take_back(hosts: Collection[str]) -> None:
    """These have answered: everything for them goes on."""
    HostPause.objects.filter(pk__in=hosts, silences__gt=0).delete()


def forget(now: datetime) -> int:
    """Drop what has been over for long: nothing was left to be sent there. Gives how many."""
    forgotten, _ = HostPause.objects.filter(until__lt=now - FORGET_AFTER).delete()
    return forgotten


def count_waiting(launch: Launch) -> list[tuple[str, int]]:
    """Hosts that do not answer, each with how many posts of this launch wait for it."""
    silent = [each.host for each in list_open()]
    if not silent:
        return []
    waiting = Delivery.objects.filter(launch=launch, host__in=silent, state__in=OPEN_STATES)
    found = waiting.order_by("host").values_list("host").annotate(number=Count("pk"))
    return [(host, number) for host, number in found]
