"""By one's own hand: at the moment, tell who promised to post that it is time, or why it is not.

Nothing here posts. Each promise goes ``live → called`` by compare-and-set in the transaction that
queues its mail, so it is offered once, by however many ticks; a withdrawal moves the same row.
Reports are their owners' word: they are counted apart, and never as sent.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Value, When

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches import stopping
from launches.models import Launch, LaunchKind, LaunchState
from supporters import telling
from supporters.addressing import has_ended
from supporters.models import AssistedPledge, PledgeState, Reminder, Unoffered

logger = logging.getLogger(__name__)

Promises = Sequence[AssistedPledge]


@dataclass(frozen=True, kw_only=True)
class Assisted:
    """Posts by people's own hands: offered at the moment, and of these reported as posted."""

    offered: int = 0
    reported: int = 0


def count_assisted(launch: Launch) -> Assisted:
    """What was offered and reported of a launch, also by people who are erased since."""
    called = AssistedPledge.objects.filter(campaign=launch.campaign_id, state=PledgeState.CALLED)
    found = called.aggregate(
        offered=Count("pk"), reported=Count("pk", filter=Q(reported_at__isnull=False))
    )
    return Assisted(
        offered=found["offered"] + launch.erased_offered,
        reported=found["reported"] + launch.erased_reported,
    )


def list_to_post(campaign: Campaign, *, person: object, now: datetime) -> list[AssistedPledge]:
    """What this reader is to post now by their own hand, and has not reported yet."""
    if not isinstance(person, User) or has_ended(campaign, now=now):
        return []
    found = AssistedPledge.objects.filter(campaign=campaign, person=person).to_do()
    return list(found.select_related("revision").order_by("pk"))


def is_to_post(campaign: Campaign, *, person: object) -> bool:
    """Whether something of this reader's is still to be offered to them."""
    if not isinstance(person, User):
        return False
    return AssistedPledge.objects.filter(campaign=campaign, person=person).coming().exists()


def waiting_for_offer() -> QuerySet[AssistedPledge]:
    """Promises of a launch (the outer query's) whose owners were not told anything yet.

    While there are any, a launch that goes out is not over.
    """
    return _waiting().filter(campaign=OuterRef("campaign"))


def offer_posts(now: datetime, *, limit: int) -> int:
    """Offer what is to be posted now, and tell everybody else why nothing will be offered.

    Gives how many promises. A held launch offers nothing until it is resumed, nor does any while
    all launches are paused.
    """
    going, stopped = _split_states()
    held_too_long = _launches(*stopped).filter(latest_at__lte=now)
    outcome = Case(
        When(campaign__state=CampaignState.CANCELLED, then=Value(Unoffered.CANCELLED)),
        When(Exists(_launches(LaunchState.CANCELLED)), then=Value(Unoffered.CANCELLED)),
        When(Exists(_launches(LaunchState.MISSED)), then=Value(Unoffered.MISSED)),
        When(Exists(held_too_long), then=Value(Unoffered.LATE)),
        When(Exists(_launches(*going)), then=Value("on")),
    )
    done = 0
    decided = _list_decided(_waiting())
    if not decided:
        return 0
    with transaction.atomic():
        due = (
            _waiting()
            .filter(campaign__in=decided)
            .annotate(outcome=outcome)
            .exclude(outcome=None)
            .select_related("campaign__approved", "person", "revision")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("campaign_id", "person_id", "pk")[:limit]
        )
        for promises in telling.group_whole(due, limit=limit):
            why = promises[0].outcome
            in_time = [each for each in promises if why == "on" and _is_in_time(each, now=now)]
            rest = [each for each in promises if each not in in_time]
            done += _offer(in_time) + _end(rest, why=Unoffered.LATE if why == "on" else why)
    return done


def send_reminders(now: datetime, *, limit: int) -> int:
    """Write once to who wanted to be reminded: it is being said, or it is not. Gives how many."""
    states, stopped = _split_states()
    going = _launches(*states)
    past = _launches(*states, *stopped)
    off = _launches(LaunchState.MISSED, LaunchState.CANCELLED)
    decided = _list_decided(Reminder.objects.filter(sent_at=None))
    if not decided:
        return 0
    with transaction.atomic():
        due = list(
            Reminder.objects.filter(sent_at=None, campaign__in=decided)
            .annotate(
                outcome=Case(
                    When(Exists(going.filter(latest_at__gt=now)), then=Value("on")),
                    When(Exists(past.filter(latest_at__lte=now)), then=Value("late")),
                    When(Exists(off), then=Value("off")),
                    When(campaign__state=CampaignState.CANCELLED, then=Value("off")),
                )
            )
            .exclude(outcome=None)
            .select_related("campaign__approved")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("pk")[:limit]
        )
        for reminder in due:
            try:
                with transaction.atomic():
                    telling.queue_reminder(reminder, outcome=reminder.outcome)
            except Exception:
                logger.exception("reminder %s could not be written", reminder.pk)
        Reminder.objects.filter(pk__in=[each.pk for each in due]).update(sent_at=now)
    return len(due)


def _waiting() -> QuerySet[AssistedPledge]:
    found: QuerySet[AssistedPledge] = AssistedPledge.objects.coming()
    return found


def _list_decided(waiting: QuerySet[Any]) -> list[int]:
    """The campaigns of those who wait that have begun, or will not: there may be something to tell.

    Asked first, every second: most of who waits does so for a launch that is far away.
    """
    begun = Launch.objects.filter(campaign=OuterRef("pk"), kind=LaunchKind.REAL).exclude(
        state__in=[LaunchState.SCHEDULED, LaunchState.ARMED]
    )
    found = Campaign.objects.filter(
        Q(state=CampaignState.CANCELLED) | Exists(begun),
        pk__in=waiting.order_by().values("campaign"),
    )
    return list(found.values_list("pk", flat=True))


def _split_states() -> tuple[list[LaunchState], list[LaunchState]]:
    """Launches in which people post now, and those that wait to be let go on."""
    if stopping.is_paused():
        return [LaunchState.FINISHED], [LaunchState.HELD, LaunchState.FIRING]
    return [LaunchState.FIRING, LaunchState.FINISHED], [LaunchState.HELD]


def _launches(*states: LaunchState) -> QuerySet[Launch]:
    """The real launch of the outer query's campaign, if it is in one of these states."""
    return Launch.objects.filter(
        campaign=OuterRef("campaign"), kind=LaunchKind.REAL, state__in=states
    )


def _is_in_time(promised: AssistedPledge, *, now: datetime) -> bool:
    campaign = promised.campaign
    assert campaign.launch_at is not None, "a launch has a moment"
    assert campaign.latest_at is not None, "and a latest time"
    until = promised.leaves_until(launch_at=campaign.launch_at, latest_at=campaign.latest_at)
    return now < until and promised.person.is_active


def _offer(promises: Promises) -> int:
    _tell(telling.queue_offer, promises)
    return _move(promises, state=PledgeState.CALLED, offered_at=database_now())


def _end(promises: Promises, *, why: str) -> int:
    def tell(ended: Promises) -> None:
        telling.queue_not_offered(ended, why=why)

    _tell(tell, [each for each in promises if each.person.is_active])
    return _move(promises, ended_at=database_now(), ended_why=why)


def _move(promises: Promises, **changes: object) -> int:
    """Change promises that wait and whose rows are locked. Gives how many."""
    return _waiting().filter(pk__in=[each.pk for each in promises]).update(**changes)


def _tell(queue: Callable[[Promises], None], promises: Promises) -> None:
    """Queue one person's mail; one that cannot be written keeps no others waiting."""
    if not promises:
        return
    try:
        with transaction.atomic():
            queue(promises)
    except Exception:
        logger.exception("the mail about promise %s could not be written", promises[0].pk)
