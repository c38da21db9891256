"""Claim rehearsed posts, give them back, and record what came of them.

The same order as ``claiming`` and ``recording`` keep for real ones: pace first, then a claim with a
lease and the next attempt number, committed before any request; what comes back is fenced by that
number. In tables of their own, and through no pledge's gate.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from campaigns.clock import database_now
from launches import pace, rehearsing
from launches.claiming import BATCH, Claimed, Room
from launches.claims import Claim
from launches.recording import SOURCE, Result, clean_fact
from launches.rehearsals import Rehearsal, RehearsalState, RehearsedPost, RehearsedState
from launches.simulating import Stage, read_credentials
from networks import registry
from networks.base import Allowance, Post
from supporters.models import KnownServer

RECORD = """
UPDATE launches_rehearsedpost SET
    state = new.state, lease_until = NULL, due_at = new.due_at,
    answered_at = CASE WHEN new.state IN ('sent', 'failed') THEN new.ended_at END,
    reason = new.reason, reason_facts = new.reason_facts,
    prepared = CASE WHEN new.unmade THEN '' ELSE launches_rehearsedpost.prepared END,
    is_uncertain = launches_rehearsedpost.is_uncertain OR new.state = 'unknown'
FROM {source}
WHERE launches_rehearsedpost.id = new.id AND launches_rehearsedpost.attempt = new.attempt
    AND launches_rehearsedpost.state IN ('claimed', 'unknown')
"""


def claim(
    rehearsal_id: int,
    stage: Stage,
    *,
    most: int,
    except_hosts: Collection[str] = (),
    room: Room = lambda _host: BATCH,
) -> Claimed:
    """Claim up to ``most`` posts of a rehearsal; none once a launch is near, which ends it."""
    claimed = Claimed(database_now())
    rehearsal = Rehearsal.objects.get(pk=rehearsal_id)
    if rehearsal.state != RehearsalState.RUNNING or rehearsal.launch_at is None:
        return claimed
    if rehearsing.is_launch_near(claimed.now, within=rehearsing.ENDS_BEFORE):
        rehearsing.stop(rehearsal, why=rehearsing.GAVE_WAY)
        return claimed
    with transaction.atomic():
        here = RehearsedPost.objects.filter(rehearsal=rehearsal)
        here = here.exclude(host__in=except_hosts).exclude(place__in=except_hosts)
        is_due = Q(due_at=None) | Q(due_at__lte=claimed.now)
        for state in (RehearsedState.UNKNOWN, RehearsedState.WAITING, RehearsedState.PLANNED):
            _claim(
                rehearsal,
                here.filter(is_due, state=state, lease_until=None),
                claimed,
                stage=stage,
                most=min(most, BATCH) - len(claimed.claims),
                room=room,
            )
    return claimed


def _claim(
    rehearsal: Rehearsal,
    due: QuerySet[RehearsedPost],
    claimed: Claimed,
    *,
    stage: Stage,
    most: int,
    room: Room,
) -> None:
    if most <= 0:
        return
    locked = due.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:most]
    posts = _within_pace(rehearsal, list(locked), claimed, room=room)
    if not posts:
        return
    lease_until = claimed.now + timedelta(seconds=settings.LEASE_SECONDS)
    RehearsedPost.objects.filter(pk__in=[post.pk for post in posts]).update(
        state=RehearsedState.CLAIMED,
        attempt=F("attempt") + 1,
        tries=F("tries") + 1,
        lease_until=lease_until,
        due_at=None,
        first_tried_at=Coalesce(F("first_tried_at"), Value(claimed.now)),
    )
    claimed.claims += [
        _describe(rehearsal, post, stage=stage, now=claimed.now, lease_until=lease_until)
        for post in posts
    ]


def _within_pace(
    rehearsal: Rehearsal, posts: Sequence[RehearsedPost], claimed: Claimed, *, room: Room
) -> list[RehearsedPost]:
    """Keep what the accounts' own servers would take now, in windows of this rehearsal alone."""
    taken = Counter(each.server.host for each in claimed.claims)
    groups: defaultdict[tuple[str, str], list[RehearsedPost]] = defaultdict(list)
    for post in posts:
        if taken[post.place] < room(post.place):
            taken[post.place] += 1
            groups[post.network, post.host].append(post)
    kept: list[RehearsedPost] = []
    allowances = _list_allowances(groups)
    for (network, host), group in groups.items():
        window = f"rehearsal/{rehearsal.pk}/{host}"
        granted = pace.take(window, len(group), allowances[network, host])
        if granted < len(group):
            claimed.exhausted.add(host)
        kept += group[:granted]
    return kept


def _list_allowances(
    wanted: Collection[tuple[str, str]],
) -> dict[tuple[str, str], Sequence[Allowance]]:
    known = KnownServer.objects.filter(host__in=[host for _, host in wanted])
    return {
        (each.network, each.host): registry.get(each.network).allowances(each.server)
        for each in known
    }


def _describe(
    rehearsal: Rehearsal, post: RehearsedPost, *, stage: Stage, now: datetime, lease_until: datetime
) -> Claim:
    """As the statement has written it. No account and no pledge of anybody is named in it."""
    moment = rehearsal.launch_at
    assert moment is not None, "it is running"
    looks = post.is_uncertain
    return Claim(
        delivery_id=post.pk,
        attempt=post.attempt + 1,
        tries=post.tries + 1,
        pledge_id=0,
        account_id=0,
        linked_at=moment,
        network=post.network,
        server=stage.get_server(post.place),
        credentials=read_credentials(post.credentials),
        post=Post(
            text=post.text,
            language=post.language,
            planned_at=moment,
            key=hashlib.sha256(f"rehearsal:{rehearsal.pk}:{post.pk}".encode()).hexdigest()[:32],
            prepared=post.prepared,
        ),
        first_tried_at=post.first_tried_at or now,
        lease_until=lease_until,
        latest_at=moment + rehearsing.LASTS,
        looks=looks,
        sends=True,
        is_uncertain=post.is_uncertain,
    )


def give_back(claims: Collection[Claim]) -> None:
    """Put back claims of which no request was begun."""
    for held in claims:
        mine = RehearsedPost.objects.filter(
            pk=held.delivery_id, attempt=held.attempt, state=RehearsedState.CLAIMED
        )
        first = held.tries == 1
        mine.update(
            state=RehearsedState.PLANNED if first else RehearsedState.WAITING,
            tries=F("tries") - 1,
            lease_until=None,
        )


def keep(post_id: int, *, attempt: int, prepared: str) -> bool:
    """Note what was made ready for a claim; whether it still stands."""
    mine = RehearsedPost.objects.filter(pk=post_id, attempt=attempt, state=RehearsedState.CLAIMED)
    return bool(mine.update(prepared=prepared))


def end_network(rehearsal_id: int, network: str, result: Result) -> None:
    """The simulated network refuses everybody: nothing more is tried there, and that is noted."""
    RehearsedPost.objects.filter(
        rehearsal=rehearsal_id,
        network=network,
        state__in=[RehearsedState.PLANNED, RehearsedState.WAITING, RehearsedState.CLAIMED],
    ).update(
        state=RehearsedState.NOT_SENT,
        lease_until=None,
        reason=result.reason,
        reason_facts=result.reason_facts,
    )


def record(results: Collection[Result]) -> None:
    """Write down how claims ended: nothing of an account, and no proof of a post."""
    if not results:
        return
    told = json.dumps([_flatten(result) for result in results])
    rows = RehearsedPost.objects.filter(pk__in=[result.delivery_id for result in results])
    with transaction.atomic(), connection.cursor() as cursor:
        # In one order, since two workers may record the same posts.
        list(rows.select_for_update().order_by("pk").values_list("pk"))
        cursor.execute(RECORD.format(source=SOURCE[connection.vendor]), [told])


def _flatten(result: Result) -> dict[str, object]:
    return {
        "id": result.delivery_id,
        "attempt": result.attempt,
        "state": result.state.value,
        "ended_at": _write_time(result.ended_at),
        "due_at": _write_time(result.due_at),
        "reason": result.reason,
        "reason_facts": {name: clean_fact(fact) for name, fact in result.reason_facts.items()},
        "unmade": result.prepared_is_gone,
    }


def _write_time(moment: datetime | None) -> str | None:
    return None if moment is None else str(connection.ops.adapt_datetimefield_value(moment))
