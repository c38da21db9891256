"""Take deliveries to send or to look up, and give back what was not begun.

A claim is committed before any request leaves. Its attempt number is the fence: only who holds the
latest number may record what came of it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from campaigns.clock import database_now
from campaigns.models import CampaignState
from launches import asking, erasing, installation, pace, pausing
from launches.keys import delivery_key
from launches.models import Delivery, DeliveryState, Launch, LaunchState, Unlookable
from launches.sweeping import end_late
from networks import registry
from networks.base import Credentials, Post, Server
from networks.errors import gettext_noop
from supporters import tokens
from supporters.models import AccountState, Pledge, PledgeState

BATCH = 250

WITHDRAWN = gettext_noop("You withdrew before this could be posted.")
SHUT_OUT = gettext_noop("This person's access was switched off, so nothing was posted for them.")
UNLINKED = gettext_noop("The account was unlinked before the launch.")
NEEDS_RELINK = gettext_noop(
    "The authorisation for this account was no longer valid, and it was not renewed in time."
)
NETWORK_OFF = gettext_noop("This site does not post to this network any more.")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One delivery in one worker's hands. ``looks`` first; ``sends`` when it may send as well.

    ``is_uncertain``: an earlier attempt may have arrived, so absence must prove that it did not.
    """

    delivery_id: int
    attempt: int
    tries: int
    pledge_id: int
    account_id: int
    linked_at: datetime
    network: str
    server: Server
    credentials: Credentials | None  # None: to be refreshed, or not readable
    post: Post
    first_tried_at: datetime
    lease_until: datetime
    latest_at: datetime
    looks: bool
    sends: bool
    is_uncertain: bool


@dataclass
class Claimed:
    """What one round of claiming gave: claims, hosts that have nothing left for now, the time."""

    now: datetime
    claims: list[Claim] = field(default_factory=list)
    exhausted: set[str] = field(default_factory=set)


RELATED = ("launch__campaign", "pledge__account__known_server", "pledge__person")


def claim(launch_id: int, *, most: int, except_hosts: Collection[str] = ()) -> Claimed:
    """Claim up to ``most`` deliveries: lookups that are due first, then what is to be sent."""
    now = database_now()
    claimed = Claimed(now)
    most = min(most, BATCH)
    if installation.list_differences():
        return claimed  # a copy of the database sends nothing
    with transaction.atomic():
        launch = Launch.objects.select_related("campaign").get(pk=launch_id)
        due = Delivery.objects.filter(launch=launch).filter(Q(due_at=None) | Q(due_at__lte=now))
        due = due.exclude(host__in=except_hosts).exclude(network__in=pausing.list_paused(now))
        lookups = due.filter(state=DeliveryState.UNKNOWN, pledge__isnull=False).filter(
            Q(lease_until=None) | Q(lease_until__lt=now)
        )
        _claim(lookups, claimed, now=now, most=most, sends=False)
        if launch.state != LaunchState.FIRING or launch.campaign.state == CampaignState.SUSPENDED:
            return claimed
        if now < launch.latest_at:
            ready = due.filter(state__in=[DeliveryState.PLANNED, DeliveryState.WAITING])
            if asking.must_ask(launch) and asking.ask_operator(launch, ready):
                return claimed
            _claim(ready, claimed, now=now, most=most - len(claimed.claims), sends=True)
    return claimed


def _claim(
    due: "Iterable[Delivery]", claimed: Claimed, *, now: datetime, most: int, sends: bool
) -> None:
    if most <= 0:
        return
    rows = list(
        due.select_for_update(skip_locked=True, of=("self",))  # type: ignore[attr-defined]
        .select_related(*RELATED)
        .order_by("pk")[:most]
    )
    rows = _within_pace(rows, claimed)
    if sends:
        rows = _call_pledges(rows, now=now)
    if not rows:
        return
    ids = [row.pk for row in rows]
    words = Pledge.objects.filter(pk=OuterRef("pledge_id"))
    changes = {
        "attempt": F("attempt") + 1,
        "lease_until": now + timedelta(seconds=settings.LEASE_SECONDS),
    }
    if sends:
        changes |= {
            "state": DeliveryState.CLAIMED,
            "tries": F("tries") + 1,
            "due_at": None,
            "first_tried_at": Coalesce("first_tried_at", now),
            "text": Subquery(words.values("text")[:1]),
            "language": Subquery(words.values("language")[:1]),
            "revision": Subquery(words.values("revision")[:1]),
        }
    Delivery.objects.filter(pk__in=ids).update(**changes)
    for row in Delivery.objects.filter(pk__in=ids).select_related(*RELATED).order_by("pk"):
        claimed.claims.append(_describe(row, now=now, sends=sends))


def _within_pace(rows: list[Delivery], claimed: Claimed) -> list[Delivery]:
    """Keep what may leave now; remember the hosts that have to wait."""
    wanted: dict[tuple[str, str], list[Delivery]] = {}
    for row in rows:
        wanted.setdefault((row.network, row.host), []).append(row)
    kept = []
    for (name, host), group in wanted.items():
        network = registry.automatic_networks().get(name)
        if network is None or group[0].pledge is None:
            kept += group
            continue
        rules = network.allowances(group[0].pledge.account.known_server.server)
        granted = pace.take(host, len(group), rules)
        if granted < len(group):
            claimed.exhausted.add(host)
        kept += group[:granted]
    return kept


def _call_pledges(rows: list[Delivery], *, now: datetime) -> list[Delivery]:
    """Move pledges ``live → called``; what cannot be sent any more ends here, with its reason."""
    Pledge.objects.filter(pk__in=[row.pledge_id for row in rows], state=PledgeState.LIVE).update(
        state=PledgeState.CALLED
    )
    states = dict(
        Pledge.objects.filter(pk__in=[row.pledge_id for row in rows]).values_list("pk", "state")
    )
    networks = registry.automatic_networks()
    kept = []
    for row in rows:
        if row.pledge is None:
            end, reason = _end_erased(row)
        elif states.get(row.pledge.pk) != PledgeState.CALLED:
            end, reason = DeliveryState.WITHDRAWN, WITHDRAWN
        elif not row.pledge.person.is_active:
            end, reason = DeliveryState.NOT_SENT, SHUT_OUT
        elif row.pledge.account.state == AccountState.UNLINKED:
            end, reason = DeliveryState.WITHDRAWN, UNLINKED
        elif row.pledge.account.state == AccountState.NEEDS_RELINK:
            end, reason = DeliveryState.FAILED, NEEDS_RELINK
        elif row.network not in networks:
            end, reason = DeliveryState.NOT_SENT, NETWORK_OFF
        elif _leaves_until(row) <= now:
            end, reason = end_late(is_uncertain=row.is_uncertain)
        elif row.launch.unlookable == Unlookable.LEAVE and not networks[row.network].can_look_up:
            end, reason = DeliveryState.UNCONFIRMED, asking.LEFT
        else:
            kept.append(row)
            continue
        Delivery.objects.filter(pk=row.pk).update(state=end, reason=reason, reason_facts={})
    return kept


def _end_erased(row: Delivery) -> tuple[DeliveryState, str]:
    """How a post ends whose owner was erased while it was being sent."""
    if row.is_uncertain:
        return end_late(is_uncertain=True)
    return DeliveryState.WITHDRAWN, erasing.WITHDRAWN


def _leaves_until(row: Delivery) -> datetime:
    """The latest time of this very post: what its supporter agreed to, or the launch's."""
    assert row.pledge is not None
    return row.pledge.leaves_until(launch_at=row.launch.launch_at, latest_at=row.launch.latest_at)


def make_post(row: Delivery, *, text: str, language: str) -> Post:
    """The post of a delivery: the same each time, whoever makes it."""
    campaign = row.launch.campaign
    planned_at = campaign.first_launch_at
    assert planned_at is not None, "a campaign that launches was approved"
    return Post(
        text=text,
        language=language,
        planned_at=planned_at,
        key=delivery_key(
            campaign=campaign.uid, fingerprint=row.account_fingerprint, planned_at=planned_at
        ),
        moved_to=row.launch.launch_at,
        prepared=row.prepared,
    )


def _describe(row: Delivery, *, now: datetime, sends: bool) -> Claim:
    assert row.pledge is not None
    assert row.lease_until is not None
    return Claim(
        delivery_id=row.pk,
        attempt=row.attempt,
        tries=row.tries,
        pledge_id=row.pledge.pk,
        account_id=row.pledge.account_id,
        linked_at=row.pledge.account.linked_at,
        network=row.network,
        server=row.pledge.account.known_server.server,
        credentials=tokens.credentials_at_hand(row.pledge.account, now=now),
        post=make_post(row, text=row.text, language=row.language),
        first_tried_at=row.first_tried_at or now,
        lease_until=row.lease_until,
        latest_at=_leaves_until(row),
        looks=not sends or row.is_uncertain or _looks_first(row),
        is_uncertain=row.is_uncertain,
        sends=sends,
    )


def _looks_first(row: Delivery) -> bool:
    """Whether it is looked up though no attempt is known; not where there is nothing to see."""
    return row.launch.look_first and registry.get(row.network).can_look_up


def give_back(claims: Collection[Claim]) -> None:
    """Put back claims of which no request was begun; a first one can be withdrawn again."""
    with transaction.atomic():
        for held in claims:
            if not held.sends:
                Delivery.objects.filter(pk=held.delivery_id, attempt=held.attempt).update(
                    lease_until=None
                )
                continue
            first = held.tries == 1
            changes = {"first_tried_at": None} if first else {}
            given = Delivery.objects.filter(
                pk=held.delivery_id, attempt=held.attempt, state=DeliveryState.CLAIMED
            ).update(
                state=DeliveryState.PLANNED if first else DeliveryState.WAITING,
                tries=F("tries") - 1,
                lease_until=None,
                **changes,
            )
            if given and first:
                Pledge.objects.filter(pk=held.pledge_id, state=PledgeState.CALLED).update(
                    state=PledgeState.LIVE
                )
