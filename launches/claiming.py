"""Take deliveries to send or to look up, and give back what was not begun.

A claim is committed before any request leaves. Its attempt number is the fence: only who holds the
latest number may record what came of it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from campaigns.clock import tell_now
from campaigns.models import CampaignState
from launches import asking, breaking, canary, installation, pace, pausing
from launches.claims import Claim, describe, open_credentials
from launches.lookups import go_by_keys, write_among
from launches.models import Delivery, DeliveryState, Launch, LaunchState
from launches.pauses import HostPause, NetworkPause, Standstill
from launches.weeding import Row, Words, call_pledges, find_end, read_rows, read_words
from networks import registry
from networks.base import Server
from supporters.models import KnownServer, Pledge, PledgeState

BATCH = 500

# How many more claims of a host there is room for.
Room = Callable[[str], int]


@dataclass
class Claimed:
    """What one round of claiming gave: claims, hosts that have nothing left for now, the time.

    ``paused`` are the hosts that were left alone, or asked again.
    """

    now: datetime
    paused: breaking.Paused = field(default_factory=breaking.Paused)
    claims: list[Claim] = field(default_factory=list)
    exhausted: set[str] = field(default_factory=set)


# In sets, not row by row: a launch's speed is decided here.
CLAIM = """
UPDATE launches_delivery SET
    attempt = launches_delivery.attempt + 1,
    lease_until = %s{further}
FROM supporters_pledge AS pledge
WHERE pledge.id = launches_delivery.pledge_id AND launches_delivery.id {among}
"""
SENDS = """,
    state = 'claimed', tries = launches_delivery.tries + 1, due_at = NULL,
    first_tried_at = COALESCE(launches_delivery.first_tried_at, %s),
    text = pledge.text, language = pledge.language, revision_id = pledge.revision_id"""


def claim(
    launch_id: int,
    *,
    most: int,
    except_hosts: Collection[str] = (),
    room: Room = lambda _host: BATCH,
) -> Claimed:
    """Claim up to ``most`` deliveries, and of each host as many as there is ``room`` for.

    Lookups that are due come first, then what is to be tried again, then what was not tried yet.
    """
    most = min(most, BATCH)
    with transaction.atomic():
        go_by_keys()
        launch = _read_launch(launch_id)
        claimed = Claimed(launch.now)
        if installation.list_differences():
            return claimed  # a copy of the database sends nothing
        if launch.has_pauses:
            claimed.paused = breaking.read_paused(claimed.now)
        here = launch.deliveries.exclude(host__in=[*except_hosts, *claimed.paused.closed])
        if launch.has_pauses:
            here = here.exclude(network__in=pausing.list_paused(claimed.now))
        is_due = Q(due_at=None) | Q(due_at__lte=claimed.now)
        if launch.has_tried:
            lookups = here.filter(is_due, state=DeliveryState.UNKNOWN, pledge__isnull=False).filter(
                Q(lease_until=None) | Q(lease_until__lt=claimed.now)
            )
            _claim(launch, lookups, claimed, most=most, room=room, sends=False)
        sendable = _find_sendable(launch, here, is_due=is_due, now=claimed.now)
        if sendable is None:
            return claimed
        # One after the other, since each has an index of its own that begins with what is due.
        if launch.has_tried:
            waiting = sendable.filter(is_due, state=DeliveryState.WAITING)
            _claim(launch, waiting, claimed, most=most, room=room, sends=True)
        planned = sendable.filter(state=DeliveryState.PLANNED)
        _claim(launch, planned, claimed, most=most, room=room, sends=True)
    return claimed


def _find_sendable(
    launch: Any, here: QuerySet[Delivery], *, is_due: Q, now: datetime
) -> QuerySet[Delivery] | None:
    """Of these what may be sent: all, the canary alone, or (None) nothing now."""
    if launch.state != LaunchState.FIRING or launch.campaign.state == CampaignState.SUSPENDED:
        return None
    if launch.is_stopped or now >= launch.latest_at:
        return None
    ready = here.filter(is_due, state__in=[DeliveryState.WAITING, DeliveryState.PLANNED])
    if asking.must_ask(launch) and asking.ask_operator(launch, ready):
        return None
    verdict = canary.look(launch, now=now)
    if verdict == canary.Verdict.HELD:
        return None
    return here.filter(is_canary=True) if verdict == canary.Verdict.WAITS else here


def _read_launch(launch_id: int) -> Any:
    """The launch, the time, and what there is to be read besides: one question instead of six.

    Nearly always nothing is paused, nobody has stopped all launches, and nothing waits to be tried
    again.
    """
    tried = Delivery.objects.filter(launch=OuterRef("pk"), state__in=["unknown", "waiting"])
    pauses = Exists(HostPause.objects.all()) | Exists(NetworkPause.objects.all())
    read = Launch.objects.select_related("campaign").annotate(
        now=tell_now(),
        is_stopped=Exists(Standstill.objects.all()),
        has_pauses=pauses,
        has_tried=Exists(tried),
    )
    return read.get(pk=launch_id)


def warm_up(launch_id: int, *, most: int) -> None:
    """Read what the first claim will read, and open it: the second time both take half as long.

    It takes nothing, also when it came so late that the launch fires already.
    """
    with transaction.atomic():
        now = claim(launch_id, most=most).now
        transaction.set_rollback(True)
    planned = Delivery.objects.filter(launch=launch_id, state=DeliveryState.PLANNED)
    rows = read_rows(list(planned.order_by("pk").values_list("pk", flat=True)[:most]))
    read_words([row.pledge_id for row in rows if row.pledge_id])
    servers = _read_servers(rows)
    for row in rows[:1]:
        network = registry.automatic_networks().get(row.network)
        if network is not None and row.server_id is not None:
            pace.look(row.host, network.allowances(servers[row.server_id]))
        open_credentials(row, now=now)


def _claim(
    launch: Launch,
    due: QuerySet[Delivery],
    claimed: Claimed,
    *,
    most: int,
    room: Room,
    sends: bool,
) -> None:
    most -= len(claimed.claims)
    if most <= 0:
        return
    locked = due.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)
    ids = list(locked[:most])
    if not ids:
        return
    rows = read_rows(ids)
    servers = _read_servers(rows)
    rows = _within_pace(rows, claimed, servers=servers, room=room)
    pledges = [row.pledge_id for row in rows if row.pledge_id]
    if sends:
        words = call_pledges(pledges)
        rows = _end_unsendable(launch, rows, words=words, now=claimed.now)
    else:
        words = read_words(pledges)
    if not rows:
        return
    lease_until = claimed.now + timedelta(seconds=settings.LEASE_SECONDS)
    _move(rows, lease_until=lease_until, now=claimed.now, sends=sends)
    for row in rows:
        assert row.pledge_id is not None
        assert row.server_id is not None
        claimed.claims.append(
            describe(
                launch,
                row,
                words=words[row.pledge_id],
                server=servers[row.server_id],
                lease_until=lease_until,
                now=claimed.now,
                sends=sends,
            )
        )


def _read_servers(rows: Sequence[Row]) -> dict[int, Server]:
    found = KnownServer.objects.filter(pk__in={row.server_id for row in rows})
    return {known.pk: known.server for known in found}


def _within_pace(
    rows: Sequence[Row],
    claimed: Claimed,
    *,
    servers: Mapping[int, Server],
    room: Room,
) -> list[Row]:
    """Keep what may leave now; remember the hosts that have to wait."""
    wanted: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        wanted.setdefault((row.network, row.host), []).append(row)
    taken = Counter(claim.server.host for claim in claimed.claims)
    kept: list[Row] = []
    for (name, host), found in wanted.items():
        group = found[: max(0, room(host) - taken[host])]
        if host in claimed.paused.to_probe:
            claimed.exhausted.add(host)
            group = group[:1] if breaking.take_probe(host, now=claimed.now) else []
        if not group:
            continue
        network = registry.automatic_networks().get(name)
        server_id = group[0].server_id
        if network is None or server_id is None:
            kept += group
            continue
        granted = pace.take(host, len(group), network.allowances(servers[server_id]))
        if granted < len(group):
            claimed.exhausted.add(host)
        kept += group[:granted]
    return kept


def _end_unsendable(
    launch: Launch, rows: Sequence[Row], *, words: Mapping[int, Words], now: datetime
) -> list[Row]:
    """What cannot be sent any more ends here, with its reason; gives the others."""
    kept = []
    for row in rows:
        said = words.get(row.pledge_id or 0)
        ended = find_end(launch, row, said=said, now=now)
        if ended is None:
            kept.append(row)
            continue
        state, reason = ended
        Delivery.objects.filter(pk=row.delivery_id).update(
            state=state, reason=reason, reason_facts={}
        )
    return kept


def _move(rows: Sequence[Row], *, lease_until: datetime, now: datetime, sends: bool) -> None:
    """Write the claims down; what is to be sent copies the words of its pledge."""
    write = connection.ops.adapt_datetimefield_value
    times = [lease_until, now] if sends else [lease_until]
    among, ids = write_among([row.delivery_id for row in rows], vendor=connection.vendor)
    statement = CLAIM.format(further=SENDS if sends else "", among=among)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*(write(each) for each in times), ids])


def give_back(claims: Collection[Claim]) -> None:
    """Put back claims of which no request was begun; a first one can be withdrawn again."""
    with transaction.atomic():
        for held in claims:
            if not held.sends:
                Delivery.objects.filter(pk=held.delivery_id, attempt=held.attempt).update(
                    lease_until=None
                )
                continue
            first = held.tries == 1 and not held.is_released
            changes = {"first_tried_at": None} if first else {}
            given = Delivery.objects.filter(
                pk=held.delivery_id, attempt=held.attempt, state=DeliveryState.CLAIMED
            ).update(
                state=DeliveryState.PLANNED if first else DeliveryState.WAITING,
                tries=F("tries") - 1,
                lease_until=None,
                released_attempt=held.attempt + 1 if held.is_released else None,
                **changes,
            )
            if given and first:
                Pledge.objects.filter(pk=held.pledge_id, state=PledgeState.CALLED).update(
                    state=PledgeState.LIVE
                )
