"""Whom to check next: spread over a round's time, hosts dealt in turn, within the pace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, Window
from django.db.models.functions import Coalesce, Greatest, RowNumber

from campaigns.clock import database_now
from launches import installation
from launches.rounds import HOST_MOST, SHARE, Round, find_rounds
from launches.sharing import (
    Host,
    find_paused_hosts,
    is_left_alone,
    keep_to_share,
    list_open_networks,
    spread,
)
from supporters.models import AccountState, Pledge, PledgeState
from supporters.proving import Check, Wanted, claim_checks

BATCH = 500
HOST_LEAST = 20  # of one host: a small crowd is through in seconds


@dataclass(frozen=True, kw_only=True)
class Due:
    """An account to be checked for a campaign. ``place`` is its turn on its host."""

    account_id: int
    host: Host
    server_id: int
    place: int
    expires_at: datetime | None
    round: Round

    @property
    def network(self) -> str:
        """The name of its network."""
        return self.host[0]

    @property
    def needed_until(self) -> datetime:
        """How long its token should last."""
        latest_at = self.round.campaign.latest_at
        assert latest_at is not None, "a scheduled campaign has a latest time"
        return latest_at

    @property
    def requests(self) -> int:
        """How many its host will see, as far as one can tell."""
        refreshes = self.expires_at is not None and self.expires_at <= self.needed_until
        return 2 if refreshes and self.round.milestone.reads_profile else 1


def take_due() -> list[tuple[Check, Due]]:
    """Claim the next accounts to check. Nothing on a copy of the database: tokens are good once."""
    if installation.list_differences():
        return []
    now = database_now()
    networks = list_open_networks(now)
    due: dict[int, Due] = {}
    needed_until: dict[int, datetime] = {}
    rounds = [begun for begun in find_rounds(now) if begun.network in networks]
    for each in _find_due(rounds, now=now):
        due.setdefault(each.account_id, each)
        known = needed_until.get(each.account_id, each.needed_until)
        needed_until[each.account_id] = max(known, each.needed_until)
    chosen = keep_to_share(list(due.values())[:BATCH], share=SHARE, now=now)
    checks = claim_checks(
        [
            Wanted(
                account_id=each.account_id,
                needed_until=needed_until[each.account_id],
                reads_profile=each.round.milestone.reads_profile,
            )
            for each in chosen
        ],
        found_at=now,
    )
    return [(check, due[check.account.pk]) for check in checks]


def _find_due(rounds: Iterable[Round], *, now: datetime) -> list[Due]:
    """Who is to be checked now: the last rounds first, in each the first of every host first."""
    due = [each for begun in rounds for each in _find_due_in(begun, now=now)]
    return sorted(due, key=lambda each: (each.round.milestone.before, each.place))


def _find_due_in(begun: Round, *, now: datetime) -> Iterator[Due]:
    """A round's share of accounts for now, each host's longest unseen first."""
    here = Window(Count("pk"), partition_by=F("host"))
    place = Window(
        RowNumber(),
        partition_by=F("host"),
        order_by=[F("account__checked_at"), F("account")],
    )
    rows = (
        Pledge.objects.filter(
            campaign=begun.campaign, network=begun.network, state=PledgeState.LIVE
        )
        .exclude(is_left_alone("account", now=now))
        .exclude(host__in=find_paused_hosts(now).values("pk"))
        .filter(
            Q(account__busy_until=None) | Q(account__busy_until__lte=now),
            Q(account__known_server__rests_until=None)
            | Q(account__known_server__rests_until__lte=now),
            person__is_active=True,
            account__state=AccountState.LINKED,
        )
        .annotate(last_at=Greatest("account__checked_at", _or_checked("account__refused_at")))
        .filter(last_at__lt=begun.since)
        .annotate(here=here, place=place)
        .filter(place__lte=HOST_MOST)
        .values_list(
            *("account", "host", "account__known_server", "account__expires_at"),
            *("place", "here"),
        )
    )
    left = (begun.through_at - now).total_seconds()
    for account, host, server, expires_at, turn, waiting in rows:
        if turn <= spread(waiting, seconds_left=left, least=HOST_LEAST):
            yield Due(
                account_id=account,
                host=(begun.network, host),
                server_id=server,
                place=turn,
                expires_at=expires_at,
                round=begun,
            )


def _or_checked(field: str) -> Coalesce:
    """The greatest of a moment and of none is none: the latter is left out."""
    return Coalesce(field, "account__checked_at")
