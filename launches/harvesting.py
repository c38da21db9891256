"""Whose posts' numbers to read next: hosts dealt in turn, within the pace, spread over a round.

Who is due is read from the rows: each sent delivery whose reading of the round nobody has answered.
A post that is gone, or was recalled, is not asked for again, and nobody is asked in the name of an
account that was unlinked or is to be authorised again, nor of somebody who was erased or is shut
out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from campaigns.clock import database_now
from launches import installation
from launches.afterwards import ReadingRound, find_rounds
from launches.models import DeliveryState
from launches.readings import Reading
from launches.sharing import (
    Host,
    Share,
    find_paused_hosts,
    keep_to_share,
    list_open_networks,
    spread,
)
from networks import registry
from supporters.models import AccountState, LinkedAccount
from supporters.tokens import REFRESH_BEFORE

BATCH = 500  # posts in one look
HOST_LEAST = 20  # requests to one host in one look: a small crowd is through in seconds
HOST_MOST = 100
SHARE = Share(name="numbers", usual=0.2, beside_launch=0.05)
LEASE = timedelta(minutes=5)

# EXCEPT reads both sides whole before a row is written, whatever the database believes of their
# sizes: an anti-join that it chose for an empty table took minutes while that table grew under it.
PLAN = """
INSERT INTO launches_reading (delivery_id, launch_id, after_seconds, was_left_out, is_gone)
SELECT missing.id, %s, %s, FALSE, FALSE
FROM (
    SELECT id FROM launches_delivery
    WHERE launch_id = %s AND state = 'sent' AND pledge_id IS NOT NULL
    EXCEPT
    SELECT delivery_id FROM launches_reading
    WHERE launch_id = %s AND (after_seconds = %s OR is_gone)
    EXCEPT
    SELECT ended.delivery_id FROM launches_deletion AS ended
    JOIN launches_recall AS recall ON recall.id = ended.recall_id
    WHERE recall.launch_id = %s AND ended.state IN ('deleted', 'gone')
) AS missing
WHERE TRUE
ON CONFLICT (delivery_id, after_seconds) DO NOTHING
"""


@dataclass(frozen=True, kw_only=True)
class Due:
    """A post to be read. ``place`` is its turn on its host; ``expires_at`` its account's token."""

    reading_id: int
    remote_id: str
    account_id: int
    host: Host
    server_id: int
    expires_at: datetime | None
    was_left_out: bool
    place: int
    round: ReadingRound


@dataclass(frozen=True, kw_only=True)
class Posts:
    """Posts that one request asks for, of one account; of several where ``is_shared``."""

    due: tuple[Due, ...]
    is_shared: bool
    requests: int

    @property
    def first(self) -> Due:
        """The one in whose account's name all are asked for."""
        return self.due[0]

    @property
    def host(self) -> Host:
        """Whose pace it counts in."""
        return self.first.host

    @property
    def server_id(self) -> int:
        """The row of that host."""
        return self.first.server_id


@dataclass(frozen=True, kw_only=True)
class Held:
    """Posts that are ours to ask for until ``lease_until``, in the name of ``account``."""

    due: tuple[Due, ...]
    is_shared: bool
    account: LinkedAccount
    lease_until: datetime

    @property
    def host(self) -> Host:
        """Whom to ask."""
        return self.due[0].host


def take_posts() -> list[Held]:
    """Claim the next posts to read. Nothing on a copy of the database."""
    if installation.list_differences():
        return []
    now = database_now()
    networks = [name for name in list_open_networks(now) if registry.get(name).tells_numbers]
    due: list[Due] = []
    for begun in find_rounds(now):
        plan_readings(begun)
        for network in networks:
            due += _find_due(begun, network=network, now=now)
    due.sort(key=lambda each: (each.round.after, each.place, each.reading_id))
    wanted = _put_together(due[:BATCH], now=now)
    return _claim(keep_to_share(wanted, share=SHARE, now=now), now=now)


def plan_readings(begun: ReadingRound) -> int:
    """A row for each post of the round that has none yet. One statement; gives how many."""
    launch, seconds = begun.launch_id, begun.after_seconds
    with connection.cursor() as cursor:
        cursor.execute(PLAN, [launch, seconds, launch, launch, seconds, launch])
        return int(cursor.rowcount)


def list_free(begun: ReadingRound, *, now: datetime) -> QuerySet[Reading]:
    """The unread rows of a round that nobody holds and whose network need not be left alone."""
    return Reading.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now),
        launch=begun.launch_id,
        after_seconds=begun.after_seconds,
        read_at=None,
    )


def _find_due(begun: ReadingRound, *, network: str, now: datetime) -> Iterator[Due]:
    """A round's share of posts for now, on each host those first that were planned first."""
    together = _count_together(network)
    paused = find_paused_hosts(now)
    if registry.get(network).numbers_are_public:
        paused = paused.none()  # somebody else is asked, in whose answers they stand
    parts = [F("delivery__host"), F("was_left_out")]
    rows = (
        list_free(begun, now=now)
        .filter(
            Q(delivery__pledge__account__known_server__rests_until=None)
            | Q(delivery__pledge__account__known_server__rests_until__lte=now),
            delivery__network=network,
            delivery__state=DeliveryState.SENT,
            delivery__pledge__person__is_active=True,
            delivery__pledge__account__state=AccountState.LINKED,
        )
        .exclude(delivery__host__in=paused.values("pk"))
        .annotate(
            here=Window(Count("pk"), partition_by=parts),
            place=Window(RowNumber(), partition_by=parts, order_by=[F("pk")]),
        )
        .filter(place__lte=HOST_MOST * together)
        .values_list(
            *("pk", "delivery__remote_id", "delivery__host", "delivery__pledge__account"),
            "delivery__pledge__account__known_server",
            *("delivery__pledge__account__expires_at", "was_left_out", "place", "here"),
        )
    )
    left = (begun.through_at - now).total_seconds()
    for pk, remote_id, host, account, server, expires_at, left_out, turn, waiting in rows:
        if turn <= spread(waiting, seconds_left=left, least=HOST_LEAST * together):
            yield Due(
                reading_id=pk,
                remote_id=remote_id,
                account_id=account,
                host=(network, host),
                server_id=server,
                expires_at=expires_at,
                was_left_out=left_out,
                place=turn,
                round=begun,
            )


def _count_together(network: str) -> int:
    """How many accounts' posts one request may ask for."""
    adapter = registry.get(network)
    return adapter.numbers_at_once if adapter.numbers_are_public else 1


def _put_together(due: Sequence[Due], *, now: datetime) -> list[Posts]:
    """Make as few requests of them as their networks let us, in the same order."""
    groups: dict[tuple[str, int], list[Due]] = {}
    for each in due:
        network = each.host[0]
        is_shared = registry.get(network).numbers_are_public and not each.was_left_out
        groups.setdefault((network, 0 if is_shared else each.account_id), []).append(each)
    return [
        Posts(
            due=tuple(group[start : start + most]),
            is_shared=not account,
            requests=1 if not account else _count_requests(group[0], now=now),
        )
        for (network, account), group in groups.items()
        for most in [registry.get(network).numbers_at_once]
        for start in range(0, len(group), most)
    ]


def _count_requests(due: Due, *, now: datetime) -> int:
    """How many it takes to ask for an account's posts, as far as one can tell."""
    if registry.get(due.host[0]).numbers_are_public:
        return 2  # it was left out of an answer: asked for there, then on its own server
    renews = due.expires_at is not None and due.expires_at <= now + REFRESH_BEFORE
    return 2 if renews else 1


def _claim(wanted: Iterable[Posts], *, now: datetime) -> list[Held]:
    """Take the lease of each row that is still free; what another worker took is left out."""
    wanted = list(wanted)
    ids = [due.reading_id for posts in wanted for due in posts.due]
    with transaction.atomic():
        free = Reading.objects.filter(
            Q(lease_until=None) | Q(lease_until__lte=now), pk__in=ids, read_at=None
        ).select_for_update(skip_locked=True, of=("self",))
        ours = set(free.values_list("pk", flat=True))
        Reading.objects.filter(pk__in=ours).update(lease_until=now + LEASE)
    accounts = (
        LinkedAccount.objects.filter(state=AccountState.LINKED)
        .select_related("known_server")
        .in_bulk({due.account_id for posts in wanted for due in posts.due})
    )
    held = []
    for posts in wanted:
        due = tuple(
            each for each in posts.due if each.reading_id in ours and each.account_id in accounts
        )
        if due:
            account = accounts[due[0].account_id]
            held.append(
                Held(
                    due=due,
                    is_shared=posts.is_shared,
                    account=account,
                    lease_until=now + LEASE,
                )
            )
    return held
