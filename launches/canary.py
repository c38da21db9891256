"""A few go first, and the launch holds by itself when too many of them fail.

One in a hundred deliveries, five at least, as evenly over the networks as they are there, and over
the hosts of each. They are marked while the launch is armed; while ``Launch.canary_until`` stands
nothing else is claimed. Whichever worker looks first when it is decided ends that, by
compare-and-set on the launch's row, so that all workers share one canary.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q

from campaigns.mailing import queue_mail
from launches.models import OPEN_STATES, Delivery, DeliveryState, Launch, LaunchState
from launches.operators import tell_held
from networks.errors import gettext_noop
from supporters.models import AccountState

PLEDGES_LEAST = 1000  # with fewer the canary would be half the launch
SHARE = 0.01
LEAST = 5
WAIT = timedelta(seconds=2)

TOO_MANY_FAILED = gettext_noop(
    "Too many of the first posts failed, so the launch stopped itself before the others. Look at "
    "the reasons, then let it go on or cancel it."
)

CHOOSE = """
UPDATE launches_delivery SET is_canary = TRUE WHERE id IN (
    SELECT id FROM (
        SELECT id, ROW_NUMBER() OVER (PARTITION BY network ORDER BY host_turn, id) AS turn
        FROM (
            SELECT id, network,
                ROW_NUMBER() OVER (PARTITION BY network, host ORDER BY id) AS host_turn
            FROM launches_delivery WHERE launch_id = %s AND state = 'planned'
        ) AS planned
    ) AS ordered
    ORDER BY turn, id LIMIT %s
)
"""


class Verdict(Enum):
    """What a look at the canary says."""

    WAITS = auto()
    PASSED = auto()
    HELD = auto()


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """How the canary's posts stand. ``failed`` are those that speak against all the others."""

    total: int
    sent: int
    failed: int
    open: int

    @property
    def are_bad(self) -> bool:
        """Half of those that were answered failed, of as many as make a canary."""
        answered = self.sent + self.failed
        return answered >= min(LEAST, self.total) and 2 * self.failed >= answered

    @property
    def cannot_turn_good(self) -> bool:
        """Half of all failed, whatever becomes of the rest."""
        return self.failed >= LEAST and 2 * self.failed >= self.total


def choose(launch: Launch) -> int:
    """Mark who goes first, once for a launch whose row is locked. Gives how many."""
    if launch.canary or not settings.CANARY:
        return launch.canary
    planned = Delivery.objects.filter(launch=launch, state=DeliveryState.PLANNED).count()
    if planned < PLEDGES_LEAST:
        return 0
    size = max(LEAST, round(planned * SHARE))
    with connection.cursor() as cursor:
        cursor.execute(CHOOSE, [launch.pk, size])
    launch.canary = size
    Launch.objects.filter(pk=launch.pk).update(canary=size)
    return size


def find_end(launch: Launch, now: datetime) -> datetime | None:
    """Until when the others of a launch that begins now wait, at most; None: nobody goes first."""
    return now + WAIT if choose(launch) and settings.CANARY else None


def look(launch: Launch, *, now: datetime) -> Verdict:
    """Whether the others may go, by what became of the first. To be called where it is claimed."""
    if launch.canary_until is None:
        return Verdict.PASSED
    outcomes = read_outcomes(launch)
    is_over = not outcomes.open or now >= launch.canary_until
    if outcomes.cannot_turn_good or (is_over and outcomes.are_bad):
        _hold(launch, outcomes, now=now)
        return Verdict.HELD
    if not is_over:
        return Verdict.WAITS
    mine = Launch.objects.filter(
        pk=launch.pk, state=LaunchState.FIRING, canary_until=launch.canary_until
    )
    if mine.update(canary_until=None):
        return Verdict.PASSED
    return _read_verdict(launch)


def _read_verdict(launch: Launch) -> Verdict:
    """What somebody else decided while this worker looked, or that the launch was stopped."""
    state, until = Launch.objects.values_list("state", "canary_until").get(pk=launch.pk)
    if state != LaunchState.FIRING:
        return Verdict.HELD
    return Verdict.PASSED if until is None else Verdict.WAITS


def read_outcomes(launch: Launch) -> Outcomes:
    """How the canary's posts stand now.

    What speaks against the others is a refusal, and an answer that nobody can make sense of. Not an
    authorisation that has ended: that is its account's own. Nor what is to be tried later, which a
    limit or a host in trouble asked for.
    """
    refused = Q(state=DeliveryState.FAILED) & ~Q(
        pledge__account__state__in=[AccountState.NEEDS_RELINK, AccountState.UNLINKED]
    )
    unclear = Q(state__in=[DeliveryState.UNKNOWN, DeliveryState.UNCONFIRMED])
    found = Delivery.objects.filter(launch=launch, is_canary=True).aggregate(
        total=Count("pk"),
        sent=Count("pk", filter=Q(state=DeliveryState.SENT)),
        failed=Count("pk", filter=refused | unclear),
        open=Count("pk", filter=Q(state__in=OPEN_STATES) & ~Q(state=DeliveryState.UNKNOWN)),
    )
    return Outcomes(**found)


def _hold(launch: Launch, outcomes: Outcomes, *, now: datetime) -> None:
    """Stop the launch, and tell who steers it. Once resumed by hand, everything goes out."""
    with transaction.atomic():
        held = Launch.objects.filter(
            pk=launch.pk, state=LaunchState.FIRING, canary_until__isnull=False
        ).update(state=LaunchState.HELD, held_at=now, held_why=TOO_MANY_FAILED, canary_until=None)
        if not held:
            return
        tell_held(launch.pk)
        _tell_organiser(launch, outcomes)


def _tell_organiser(launch: Launch, outcomes: Outcomes) -> None:
    campaign = launch.campaign
    organiser = campaign.organiser
    if not organiser.email:
        return
    queue_mail(
        organiser.email,
        person=organiser,
        template="stopped",
        language=organiser.language,
        context={
            "campaign": campaign,
            "launch": launch,
            "outcomes": outcomes,
            "answered": outcomes.sent + outcomes.failed,
            "zone": (campaign.approved.zone if campaign.approved else "") or "UTC",
        },
        expires_at=launch.latest_at,
    )
