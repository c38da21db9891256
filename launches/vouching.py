"""What the owner of an account may say of a post that nobody can prove: it is there, or send it.

"It is there" is their word, and no proof: the delivery stays unconfirmed, and is counted as that.

"Send it" takes the risk of a double post, and nobody else may take it for them. It moves the
delivery ``unconfirmed → waiting`` by compare-and-set on its state and on the attempt number that
its owner was shown, so that a double press, a second tab or a page of before does nothing. The
leave is for the next claim alone (``Delivery.released_attempt``): that one is looked up first,
where the network shows posts, and then sent although absence proves nothing. It passes to the claim
after that only where nothing was posted for certain; another uncertain end uses it up.

A launch is finished when nothing is left that it does by itself, so that its results wait for
nobody. Such a post takes it up again, and it is finished once more right after.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import CampaignState
from launches import installation, pausing
from launches.models import (
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryState,
    Launch,
    LaunchKind,
    LaunchState,
)
from launches.recalls import find_recall
from networks import registry
from supporters.models import AccountState, LinkedAccount, Pledge

TAKEN_UP = (LaunchState.FIRING, LaunchState.FINISHED)


class VouchRefused(Exception):
    """It cannot be said, or not any more; ``sentence`` tells the owner why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def list_own(person: User) -> QuerySet[Delivery]:
    """The posts of this person's accounts in real launches, with what their pages show."""
    found: QuerySet[Delivery] = Delivery.objects.filter(
        pledge__person=person, launch__kind=LaunchKind.REAL
    )
    return found.select_related(
        "pledge__account__known_server", "launch__campaign__approved", "revision"
    )


def list_unanswered(person: object) -> QuerySet[Delivery]:
    """Those of them that nobody could confirm, and of which their owner has said nothing yet."""
    if not isinstance(person, User):
        return Delivery.objects.none()
    return list_own(person).filter(state=DeliveryState.UNCONFIRMED, owner_said_at=None)


def say_there(delivery: Delivery, *, person: User, url: str = "") -> None:
    """Keep that its owner says that the post is there, and where if they say so too.

    ``url`` is an address that the account's network is known to have (``is_post_address``). Raises
    VouchRefused where it is not unconfirmed any more.
    """
    mine = _unconfirmed(delivery, person=person).filter(owner_said_at=None)
    if not mine.update(owner_said_at=database_now(), owner_said_url=url):
        raise VouchRefused(_has_changed())


def take_back(delivery: Delivery, *, person: User) -> None:
    """Forget that its owner said so. Raises VouchRefused where there is nothing to take back."""
    mine = _unconfirmed(delivery, person=person).exclude(owner_said_at=None)
    if not mine.update(owner_said_at=None, owner_said_url=""):
        raise VouchRefused(_has_changed())


def _unconfirmed(delivery: Delivery, *, person: User) -> QuerySet[Delivery]:
    """Its row, if it is this person's and still without proof: what each word here moves."""
    found: QuerySet[Delivery] = Delivery.objects.filter(
        pk=delivery.pk,
        pledge__in=Pledge.objects.filter(person=person),
        state=DeliveryState.UNCONFIRMED,
        erased_at=None,
    )
    return found


def send_anyway(delivery: Delivery, *, person: User, seen_attempt: int) -> None:
    """Let it be sent once more by the engine, looked up first where that can be done.

    ``seen_attempt`` is the attempt number of the page that its owner pressed the button on. Raises
    VouchRefused with the reason where it may not be sent, or was said before.
    """
    with transaction.atomic():
        # Launch, then delivery. The former is locked so that it is not finished meanwhile.
        Launch.objects.select_for_update(no_key=True).get(pk=delivery.launch_id)
        shown = list_own(person).get(pk=delivery.pk)
        now = database_now()
        obstacle = find_obstacle(shown, now=now)
        if obstacle:
            raise VouchRefused(obstacle)
        mine = _unconfirmed(shown, person=person).filter(owner_said_at=None)
        moved = mine.filter(attempt=seen_attempt).update(
            state=DeliveryState.WAITING,
            attempt=seen_attempt + 1,
            released_attempt=seen_attempt + 2,
            is_uncertain=True,
            due_at=None,
            lease_until=None,
            reason="",
            reason_facts={},
            receipt_queued_at=None,
        )
        if not moved:
            raise VouchRefused(_has_changed())
        Attempt.objects.create(
            delivery=shown,
            number=seen_attempt + 1,
            outcome=AttemptOutcome.RELEASED,
            ended_at=now,
        )
        Launch.objects.filter(pk=shown.launch_id, state=LaunchState.FINISHED).update(
            state=LaunchState.FIRING, finished_at=None
        )


def find_obstacle(delivery: Delivery, *, now: datetime) -> str:
    """Why it cannot be sent once more now, in a sentence for its owner; empty when it can be."""
    launch, pledge = delivery.launch, delivery.pledge
    if delivery.state != DeliveryState.UNCONFIRMED or pledge is None:
        return _has_changed()
    why = ""
    if delivery.owner_said_at is not None:
        why = _("You said that it is there, so it is not sent again.")
    elif now >= leaves_until(delivery):
        why = _("The latest time that you agreed to has passed, so it cannot be sent any more.")
    elif find_recall(launch) is not None:
        why = _("The posts of this launch were recalled, so nothing more is sent.")
    elif launch.state == LaunchState.CANCELLED:
        why = _("The launch was cancelled, so nothing more is sent.")
    elif launch.state == LaunchState.HELD:
        why = _("The launch is held just now. You can have it sent once it goes on.")
    elif launch.state not in TAKEN_UP or launch.campaign.state != CampaignState.LAUNCHED:
        why = _("Nothing is sent for this campaign just now.")
    return why or _find_closed_way(pledge.account, now=now)


def _find_closed_way(account: LinkedAccount, *, now: datetime) -> str:
    """Why nothing can be sent from this account now; empty when it can."""
    if account.state == AccountState.UNLINKED:
        return _("This account is not linked any more, so nothing can be sent from it.")
    if account.state == AccountState.NEEDS_RELINK:
        return _(
            "The authorisation of this account has ended. Renew it in My pledges, then come back."
        )
    if account.network not in registry.automatic_networks():
        return _("This site does not post to this network any more.")
    if account.network in pausing.list_paused(now) or installation.list_differences():
        return _("Nothing is sent to this network just now. Please try again a little later.")
    return ""


def leaves_until(delivery: Delivery) -> datetime:
    """The latest time that its supporter agreed to, or the launch's if that is earlier.

    Of somebody who is erased it is the launch's.
    """
    launch = delivery.launch
    if delivery.pledge is None:
        return launch.latest_at
    return delivery.pledge.leaves_until(launch_at=launch.launch_at, latest_at=launch.latest_at)


def _has_changed() -> str:
    return _("This has changed meanwhile: please read what is said here now.")
