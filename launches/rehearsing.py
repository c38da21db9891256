"""Ask for a rehearsal, stop one, and see that none is ever in the way of a real launch.

The rows are the queue, as for launches: a rehearsal is asked for, prepared by one worker, carried
out by any number, and ends by itself. One is on the stage at a time.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches import installation
from launches.holding import may_steer
from launches.models import Launch, LaunchKind, LaunchState
from launches.rehearsals import (
    ON_STAGE,
    OPEN_POSTS,
    OPEN_REHEARSALS,
    Rehearsal,
    RehearsalState,
    RehearsedPost,
    RehearsedState,
)
from networks.errors import gettext_noop
from supporters.models import Pledge, PledgeState

LASTS = timedelta(minutes=10)  # from its moment, at most
WAITS = timedelta(minutes=30)  # for the stage, at most
BEGINS_BEFORE = timedelta(minutes=10)  # any launch, at the latest
ENDS_BEFORE = timedelta(minutes=2)
HOURLY_MOST = 5  # of one campaign
KEPT = 3  # of one campaign
KEPT_FOR = timedelta(days=30)

GAVE_WAY = gettext_noop("A launch is near, and a rehearsal must not delay it. Try again after it.")
BY_HAND = gettext_noop("It was stopped by hand.")
TOO_LONG = gettext_noop("It took longer than ten minutes, so it was stopped.")
WORKER_LOST = gettext_noop("The machine stopped in the middle of it. Try again.")
NEVER_BEGUN = gettext_noop(
    "Its turn did not come within half an hour. Try again, or tell whoever runs this site."
)
OFF = gettext_noop("Rehearsals are switched off on this site.")

logger = logging.getLogger(__name__)


class RehearsalRefused(Exception):
    """It cannot be rehearsed now; ``sentence`` tells the organiser why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def is_on() -> bool:
    """Whether this site has a simulator to rehearse on."""
    return bool(settings.REHEARSAL_URL)


def find_obstacle(campaign: Campaign, *, now: datetime) -> str:
    """Why it cannot be rehearsed now, in a sentence for its organiser; empty when it can be."""
    asked = Rehearsal.objects.filter(campaign=campaign)
    lent = Pledge.objects.filter(campaign=campaign, state=PledgeState.LIVE)
    why = ""
    if not is_on():
        why = _(
            "Rehearsals are switched off on this site. Whoever runs it can start a simulator and "
            "set REHEARSAL_URL to its address."
        )
    elif installation.list_differences():
        why = _("This site’s database was copied or restored, so nothing is tried for now.")
    elif campaign.state != CampaignState.SCHEDULED:
        why = _("Only a campaign that is validated and has not launched can be rehearsed.")
    elif asked.filter(state__in=OPEN_REHEARSALS).exists():
        why = _("A rehearsal of this campaign is under way already.")
    elif asked.filter(asked_at__gt=now - timedelta(hours=1)).count() >= HOURLY_MOST:
        why = _("It was rehearsed several times within this hour. Please wait a while.")
    elif not lent.exists():
        why = _("Nobody has lent an account yet, so there is nothing to rehearse.")
    elif is_launch_near(now, within=BEGINS_BEFORE):
        why = _("A launch on this site is near or under way. Rehearsals wait until it is over.")
    return why


def is_launch_near(now: datetime, *, within: timedelta) -> bool:
    """Whether any real launch of the site is under way, or begins so soon."""
    coming = Campaign.objects.filter(state=CampaignState.SCHEDULED, launch_at__lte=now + within)
    under_way = Launch.objects.filter(kind=LaunchKind.REAL, state=LaunchState.FIRING)
    return coming.exists() or under_way.exists()


def ask(campaign: Campaign, *, person: User) -> Rehearsal:
    """Ask for a rehearsal. Raises RehearsalRefused with the reason.

    Of two at once the database lets one through. Raises PermissionError for who may not steer it.
    """
    if not may_steer(person, campaign):
        raise PermissionError
    obstacle = find_obstacle(campaign, now=database_now())
    if obstacle:
        raise RehearsalRefused(obstacle)
    try:
        with transaction.atomic():
            return Rehearsal.objects.create(
                campaign=campaign, asked_by=person, asked_at=database_now()
            )
    except IntegrityError:
        raise RehearsalRefused(_("A rehearsal of this campaign is under way already.")) from None


def find_work() -> QuerySet[Rehearsal]:
    """Rehearsals that are to begin, or under way; what is on the stage first."""
    found = Rehearsal.objects.filter(state__in=OPEN_REHEARSALS)
    return found.order_by(F("on_stage").desc(nulls_last=True), "pk")


def take_stage(rehearsal: Rehearsal, *, until: datetime) -> bool:
    """Whether the caller is the one to prepare it. No other one is on the stage then."""
    try:
        with transaction.atomic():
            taken = Rehearsal.objects.filter(pk=rehearsal.pk, state=RehearsalState.ASKED).update(
                state=RehearsalState.PREPARING, on_stage=True, alive_until=until
            )
    except IntegrityError:
        return False
    return bool(taken)


def begin(rehearsal: Rehearsal, **facts: Any) -> bool:
    """Let a rehearsal run that is prepared; False: it was stopped meanwhile."""
    prepared = Rehearsal.objects.filter(pk=rehearsal.pk, state=RehearsalState.PREPARING)
    return bool(prepared.update(state=RehearsalState.RUNNING, alive_until=None, **facts))


def stop(rehearsal: Rehearsal, *, why: str) -> bool:
    """End a rehearsal early: what was not begun is not sent. False: it was over already."""
    return _end(rehearsal.pk, OPEN_REHEARSALS, state=RehearsalState.STOPPED, why=why)


def finish(rehearsal_id: int) -> bool:
    """End a rehearsal with nothing left to do. False: there is something, or it is over."""
    with transaction.atomic():
        if RehearsedPost.objects.filter(rehearsal=rehearsal_id, state__in=OPEN_POSTS).exists():
            return False
        running = (RehearsalState.RUNNING,)
        return _end(rehearsal_id, running, state=RehearsalState.FINISHED, why="")


def _end(
    rehearsal_id: int, states: tuple[RehearsalState, ...], *, state: RehearsalState, why: str
) -> bool:
    """By compare-and-set. What was uncertain has no proof, and made-up credentials are dropped."""
    with transaction.atomic():
        ended = Rehearsal.objects.filter(pk=rehearsal_id, state__in=states).update(
            state=state, on_stage=None, alive_until=None, ended_at=database_now(), why=why
        )
        if not ended:
            return False
        posts = RehearsedPost.objects.filter(rehearsal=rehearsal_id)
        unsent = posts.filter(state__in=[RehearsedState.PLANNED, RehearsedState.WAITING])
        unsent.update(state=RehearsedState.NOT_SENT, reason=why, reason_facts={})
        posts.filter(state__in=OPEN_POSTS).update(
            state=RehearsedState.UNCONFIRMED, lease_until=None
        )
        posts.update(credentials={})
    return True


def tidy(now: datetime) -> None:
    """Give way to launches, and end what nobody carries out any more."""
    if not Rehearsal.objects.filter(state__in=OPEN_REHEARSALS).exists():
        return
    late = [
        (find_work().filter(launch_at__lte=now - LASTS), TOO_LONG),
        (find_work().filter(alive_until__lte=now), WORKER_LOST),
        (find_work().filter(state=RehearsalState.ASKED, asked_at__lte=now - WAITS), NEVER_BEGUN),
    ]
    if not is_on():
        late.append((find_work(), OFF))
    if is_launch_near(now, within=ENDS_BEFORE):
        late.append((find_work(), GAVE_WAY))
    for found, why in late:
        for rehearsal in found:
            stop(rehearsal, why=why)
    lost = RehearsedPost.objects.filter(
        rehearsal__state__in=ON_STAGE,
        state=RehearsedState.CLAIMED,
        lease_until__lt=now - timedelta(seconds=settings.DEADLINE_SECONDS),
    )
    lost.update(
        state=RehearsedState.UNKNOWN, lease_until=None, due_at=now, is_uncertain=True, reason=""
    )


def forget_old() -> int:
    """Delete rehearsals but the last few of each campaign, and what is too old. Gives how many.

    One at a time, with its posts, and none while a launch is near: it must not wait for that.
    """
    now = database_now()
    if is_launch_near(now, within=ENDS_BEFORE):
        return 0
    over = Rehearsal.objects.exclude(state__in=OPEN_REHEARSALS)
    place = Window(RowNumber(), partition_by=F("campaign"), order_by=F("pk").desc())
    too_many = over.annotate(place=place).filter(place__gt=KEPT)
    too_old = over.filter(asked_at__lt=now - KEPT_FOR)
    keys = {*too_old.values_list("pk", flat=True)[:KEPT], *_list_keys(too_many)}
    for pk in sorted(keys):
        Rehearsal.objects.filter(pk=pk).delete()
    return len(keys)


def _list_keys(found: QuerySet[Rehearsal]) -> list[int]:
    return [each.pk for each in found[:KEPT]]
