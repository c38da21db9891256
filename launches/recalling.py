"""Have the posts of a launch deleted again: who may, the beginning, and what turns up later.

A recall first stops what has not left, in its own transaction. What is proved to be there after
that, by a look or by a worker that comes back, is found by each tick and deleted too: the ledger
is made from the deliveries, again and again, never by whoever records them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import holding, installation
from launches.hindering import ERASED, UNPROVED
from launches.models import OPEN_STATES, Delivery, DeliveryState, Launch, LaunchKind, LaunchState
from launches.pauses import Heartbeat
from launches.recalls import OPEN_DELETIONS, Deletion, Recall
from launches.sharing import take_turn

BEAT = "recalls"
LASTS = timedelta(days=1)  # how long a post is tried for, and further posts are looked for
HAD_POSTS = (
    LaunchState.FIRING,
    LaunchState.HELD,
    LaunchState.FINISHED,
    LaunchState.CANCELLED,
)

# EXCEPT reads both sides whole before a row is written, as for readings (``harvesting``).
NOTE = """
INSERT INTO launches_deletion (
    recall_id, delivery_id, remote_id, state, attempt, tries, is_uncertain, due_at, noted_at,
    reason, reason_facts
)
SELECT %s, missing.id, missing.remote_id, 'waiting', 0, 0, FALSE, %s, %s, '', '{}'
FROM (
    SELECT id, remote_id FROM launches_delivery WHERE launch_id = %s AND remote_id <> ''
    UNION
    SELECT id, other_remote_id FROM launches_delivery
    WHERE launch_id = %s AND other_remote_id <> ''
    EXCEPT
    SELECT delivery_id, remote_id FROM launches_deletion WHERE recall_id = %s
) AS missing
WHERE TRUE
ON CONFLICT DO NOTHING
"""
# What may be there, or is, and has no id here: it could not be proved, or its owner is erased.
NOTE_NAMELESS = """
INSERT INTO launches_deletion (
    recall_id, delivery_id, remote_id, state, attempt, tries, is_uncertain, noted_at, ended_at,
    reason, reason_facts
)
SELECT %s, delivery.id, '', 'by_hand', 0, 0, FALSE, %s, %s,
    CASE WHEN delivery.erased_at IS NULL THEN %s ELSE %s END, '{}'
FROM launches_delivery AS delivery
WHERE delivery.launch_id = %s AND delivery.remote_id = ''
    AND delivery.state IN ('sent', 'unconfirmed')
    AND NOT EXISTS (
        SELECT 1 FROM launches_deletion AS noted
        WHERE noted.recall_id = %s AND noted.delivery_id = delivery.id
    )
ON CONFLICT DO NOTHING
"""

logger = logging.getLogger(__name__)


class RecallRefused(Exception):
    """Nothing was changed; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def can_be_recalled(launch: Launch) -> bool:
    """Whether something of it may have been posted, by its decision and state."""
    had_posts = launch.decided_at is not None and launch.state in HAD_POSTS
    return launch.kind == LaunchKind.REAL and had_posts


def recall(launch: Launch, *, by: User | None, why: str = "") -> bool:
    """Stop a launch for good and have its posts deleted. False: that was asked for before.

    The organiser and whoever may steer launches; None is whoever runs the site, at its machine, as
    ``manage.py recall_launch`` does. Campaign, then launch are locked, as by ignition and by
    cancelling: so a resume, or an owner who lets a post go, comes before and is stopped, or after
    and finds it recalled. Raises RecallRefused.
    """
    if by is not None and not holding.may_control(by, launch):
        raise RecallRefused(_("Only the organiser and the admins can recall a launch."))
    if installation.list_differences():
        raise RecallRefused(_(installation.FOREIGN))
    with transaction.atomic():
        Campaign.objects.lock(launch.campaign_id)
        held = Launch.objects.select_for_update(no_key=True).get(pk=launch.pk)
        if not can_be_recalled(held):
            raise RecallRefused(_("Nothing of this launch was posted, so nothing can be recalled."))
        now = database_now()
        made, is_first = Recall.objects.get_or_create(
            launch=held, defaults={"asked_by": by, "asked_at": now, "why": why.strip()}
        )
        if not is_first:
            return False
        holding.cancel(held)
        noted = note_posts(made, now=now)
        Heartbeat.objects.filter(name=BEAT).delete()  # the next tick does not wait for its turn
    logger.warning("launch %s is recalled: %s posts are to be deleted", launch.pk, noted)
    return True


def note_posts(made: Recall, *, now: datetime) -> int:
    """A line in the ledger for each post that is known by now and has none; gives how many.

    Two statements. What was not proved and is now has a line with its id in the place of the other.
    """
    write = connection.ops.adapt_datetimefield_value
    at = write(now)
    launch = made.launch_id
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NOTE, [made.pk, at, at, launch, launch, made.pk])
        noted = int(cursor.rowcount)
        proved = Deletion.objects.filter(
            recall=made, remote_id="", delivery__state=DeliveryState.SENT, delivery__erased_at=None
        )
        proved.delete()
        cursor.execute(NOTE_NAMELESS, [made.pk, at, at, UNPROVED, ERASED, launch, made.pk])
        nameless = int(cursor.rowcount)
        if noted or nameless:
            Recall.objects.filter(pk=made.pk).exclude(finished_at=None).update(finished_at=None)
    return noted + nameless


def tend_recalls(now: datetime, delete: Callable[[], object]) -> None:
    """Note what turned up, end recalls with nothing open, and have somebody delete the rest.

    Every ten seconds; any number of ticks may. A recall is looked at for a day, and for as long as
    it is open.
    """
    tended = Recall.objects.filter(Q(finished_at=None) | Q(asked_at__gt=now - LASTS))
    if not tended.exists() or not take_turn(BEAT, now=now):
        return
    for made in tended.order_by("pk"):
        note_posts(made, now=now)
    finish_recalls(now)
    if Deletion.objects.filter(state__in=OPEN_DELETIONS).exists():
        delete()


def finish_recalls(now: datetime) -> int:
    """End recalls of which nothing is open, nor anything of their launches. Gives how many."""
    to_delete = Deletion.objects.filter(recall=OuterRef("pk"), state__in=OPEN_DELETIONS)
    to_send = Delivery.objects.filter(launch=OuterRef("launch"), state__in=OPEN_STATES)
    through = Recall.objects.filter(~Exists(to_delete), ~Exists(to_send), finished_at=None)
    return through.update(finished_at=now)
