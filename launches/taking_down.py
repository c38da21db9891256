"""Whose post to delete next: hosts dealt in turn, within a pace of its own, away from launches.

A claim is committed before any request leaves; its attempt number is the fence. A worker that is
lost loses nothing: asking for the same deletion twice is harmless, so its lines are taken again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from campaigns.clock import database_now
from campaigns.models import CampaignState
from launches import breaking, installation, pace
from launches.hindering import ERASED, list_hindrances
from launches.models import OPEN_STATES, Delivery, LaunchState
from launches.planning import NEAR_SECONDS
from launches.recalling import LASTS
from launches.recalls import Deletion, DeletionState
from launches.sharing import LAUNCH_IS_NEAR, Host, list_open_networks
from networks import registry
from networks.base import Server
from networks.errors import gettext_noop
from supporters.models import AccountState, KnownServer, LinkedAccount, Pledge, PledgeState

BATCH = 200  # posts in one claim
SORT_OUT = 500  # lines in one look that need nobody to be asked
BEGIN_SECONDS = 20  # after a claim; what is not begun by then is given back
LEASES = 3  # so many leases of a launch: time for a refresh and a request, begun last

GIVEN_UP = gettext_noop("It could not be deleted within a day: the network gave no clear answer.")
GIVEN_UP_UNASKED = gettext_noop("It could not be deleted within a day: the network was not asked.")


@dataclass(frozen=True, kw_only=True)
class Held:
    """One post that is ours to delete until ``lease_until``, in the name of ``account``.

    ``is_probe``: its host did not answer before, and this request finds out whether it does again.
    """

    deletion_id: int
    attempt: int
    tries: int
    delivery_id: int
    launch_id: int
    remote_id: str
    noted_at: datetime
    account: LinkedAccount
    is_probe: bool

    @property
    def host(self) -> Host:
        """Whom to ask."""
        return self.account.network, self.account.known_server.host

    @property
    def server(self) -> Server:
        """The same as adapters take it."""
        return self.account.known_server.server


@dataclass(frozen=True, kw_only=True)
class _Due:
    deletion_id: int
    host: Host
    server_id: int


def take_deletions() -> list[Held]:
    """Claim the next posts to delete. Nothing on a copy of the database."""
    if installation.list_differences():
        return []
    now = database_now()
    take_over_lost(now)
    sort_out(now)
    paused = breaking.read_paused(now)
    due = _find_due(now, closed=paused.closed | list_kept_clear(now))
    with transaction.atomic():
        granted = _keep_to_pace(due, to_probe=paused.to_probe, now=now)
        return _claim(granted, to_probe=paused.to_probe, now=now)


def take_over_lost(now: datetime) -> int:
    """Lines whose worker is lost can be taken again; the post may be gone by what it did.

    Of one whose owner was erased meanwhile nothing is known to ask for.
    """
    with transaction.atomic():
        lost = Deletion.objects.filter(state=DeletionState.CLAIMED, lease_until__lt=now)
        ids = list(lost.select_for_update(skip_locked=True).values_list("pk", flat=True)[:SORT_OUT])
        ours = Deletion.objects.filter(pk__in=ids)
        ours.filter(remote_id="").update(
            state=DeletionState.BY_HAND, lease_until=None, ended_at=now, reason=ERASED
        )
        ours.exclude(remote_id="").update(
            state=DeletionState.WAITING, lease_until=None, due_at=now, is_uncertain=True
        )
    return len(ids)


def sort_out(now: datetime) -> int:
    """End what is waiting and cannot be deleted by us, or could not for a day. Gives how many."""
    hindered = Q(noted_at__lte=now - LASTS)
    for each in list_hindrances(of="delivery__"):
        hindered |= each.holds
    waiting = Deletion.objects.filter(hindered, state=DeletionState.WAITING)
    with transaction.atomic():
        return end_hindered(_lock(waiting.values("pk")[:SORT_OUT]), now=now)


def _lock(ids: Any) -> list[int]:
    """Lock waiting lines with their deliveries, so that nobody keeps a post meanwhile."""
    free = Deletion.objects.filter(pk__in=ids, state=DeletionState.WAITING).order_by("pk")
    locked = free.select_for_update(skip_locked=True, no_key=True, of=("self", "delivery"))
    return [each.pk for each in locked.select_related("delivery").only("pk", "delivery__id")]


def end_hindered(locked: Collection[int], *, now: datetime) -> int:
    """End those of these lines that are not deleted by us; the caller has them locked."""
    ended = 0
    for holds, state, reason in list_hindrances(of="delivery__"):
        ended += _end(locked, holds, state=state, reason=reason, now=now)
    late = Q(noted_at__lte=now - LASTS)
    state = DeletionState.GIVEN_UP
    ended += _end(locked, late & Q(tries=0), state=state, reason=GIVEN_UP_UNASKED, now=now)
    return ended + _end(locked, late, state=state, reason=GIVEN_UP, now=now)


def _end(
    locked: Collection[int], holds: Q, *, state: DeletionState, reason: str, now: datetime
) -> int:
    found = Deletion.objects.filter(holds, pk__in=locked, state=DeletionState.WAITING)
    ids = list(found.values_list("pk", flat=True))
    return Deletion.objects.filter(pk__in=ids).update(
        state=state, reason=reason, reason_facts={}, ended_at=now, due_at=None
    )


def list_kept_clear(now: datetime) -> set[str]:
    """Hosts that a launch is to post to within a minute, or has begun to within five.

    What is begun now is through by then.
    """
    soon = now + timedelta(seconds=NEAR_SECONDS + BEGIN_SECONDS)
    coming: Any = Pledge.objects.filter(
        state=PledgeState.LIVE,
        campaign__state=CampaignState.SCHEDULED,
        campaign__launch_at__lte=soon,
        campaign__latest_at__gt=now,
    )
    under_way: Any = Delivery.objects.filter(
        launch__state=LaunchState.FIRING,
        launch__launch_at__gt=now - LAUNCH_IS_NEAR,
        state__in=OPEN_STATES,
    )
    return {
        host
        for rows in (coming, under_way)
        for host in rows.order_by().values_list("host", flat=True).distinct()
    }


def _find_due(now: datetime, *, closed: Collection[str]) -> list[_Due]:
    """The next lines, each host's first ones first, of hosts and networks that are not paused."""
    open_networks = list_open_networks(now)
    rows = (
        _list_waiting(now)
        .filter(delivery__network__in=open_networks)
        .exclude(delivery__host__in=closed)
        .annotate(place=Window(RowNumber(), partition_by=[F("delivery__host")], order_by=[F("pk")]))
        .order_by("place", "pk")
        .values_list(
            *("pk", "delivery__network", "delivery__host"),
            "delivery__pledge__account__known_server",
        )
    )
    return [
        _Due(deletion_id=pk, host=(network, host), server_id=server)
        for pk, network, host, server in rows[:BATCH]
    ]


def _list_waiting(now: datetime) -> QuerySet[Deletion]:
    found: QuerySet[Deletion] = Deletion.objects.filter(
        Q(due_at=None) | Q(due_at__lte=now),
        state=DeletionState.WAITING,
        delivery__pledge__account__state=AccountState.LINKED,
    )
    return found


def _keep_to_pace(due: Iterable[_Due], *, to_probe: Collection[str], now: datetime) -> list[_Due]:
    """Keep those that their hosts let us ask for now, in windows apart from those of posts."""
    groups: dict[Host, list[_Due]] = {}
    for each in due:
        groups.setdefault(each.host, []).append(each)
    servers = KnownServer.objects.in_bulk({each.server_id for each in due})
    kept: list[_Due] = []
    for (network, host), group in groups.items():
        rules = registry.get(network).deletion_allowances(servers[group[0].server_id].server)
        wanted = group
        if host in to_probe:
            wanted = group[:1] if breaking.take_probe(host, now=now) else []
        kept += wanted[: pace.take(f"deletions/{network}/{host}", len(wanted), rules)]
    return kept


def _claim(due: Sequence[_Due], *, to_probe: Collection[str], now: datetime) -> list[Held]:
    """Take the lines that are still free; what cannot be deleted any more ends instead."""
    locked = _lock([each.deletion_id for each in due])
    end_hindered(locked, now=now)
    waiting = Deletion.objects.filter(pk__in=locked, state=DeletionState.WAITING)
    rows = list(waiting.select_related("delivery__pledge__account__known_server", "recall"))
    lease_until = now + timedelta(seconds=LEASES * settings.LEASE_SECONDS)
    Deletion.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=DeletionState.CLAIMED,
        attempt=F("attempt") + 1,
        tries=F("tries") + 1,
        lease_until=lease_until,
        due_at=None,
    )
    return [_describe(row, to_probe=to_probe) for row in rows]


def _describe(row: Deletion, *, to_probe: Collection[str]) -> Held:
    pledge = row.delivery.pledge
    assert pledge is not None, "what has no owner any more was ended"
    return Held(
        deletion_id=row.pk,
        attempt=row.attempt + 1,
        tries=row.tries + 1,
        delivery_id=row.delivery_id,
        launch_id=row.recall.launch_id,
        remote_id=row.remote_id,
        noted_at=row.noted_at,
        account=pledge.account,
        is_probe=pledge.account.known_server.host in to_probe,
    )
