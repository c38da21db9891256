"""What people who post by their own hand are told by mail, in the transaction of the fact.

One mail for all that one person promised to one campaign. Who has no address reads the same in My
pledges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TypeVar

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from campaigns.mailing import queue_mail
from campaigns.models import CampaignState
from networks.registry import get_composer
from supporters.addressing import address_promise, address_reminder
from supporters.consents import Consent
from supporters.mails import MOST_AT_ONCE
from supporters.models import (
    AssistedPledge,
    ConfirmRequest,
    PledgeState,
    Reminder,
    Unoffered,
)
from supporters.standing import find_address
from supporters.topics import note_reminder, note_request

Agreed = TypeVar("Agreed", bound=Consent)


def group_whole(pledges: Iterable[Agreed], *, limit: int) -> list[list[Agreed]]:
    """One person's pledges to one campaign together, out of at most ``limit`` in that order.

    The last ones wait for the next time where some of theirs may be left.
    """
    waiting = list(pledges)
    grouped = groupby(waiting, key=lambda each: (each.campaign_id, each.person_id))
    groups = [list(each) for _key, each in grouped]
    return groups[:-1] if len(waiting) == limit and len(groups) > 1 else groups


def queue_confirm(request: ConfirmRequest, *, token: str) -> None:
    """Ask whoever reads that address whether they want this.

    Anybody may have given it: only words that were reviewed are written there, and what somebody
    wrote themselves is on the page with the button. Else this site would mail anything to anybody.
    """
    is_reviewed = request.text in request.revision.texts.values()
    mail = queue_mail(
        request.email,
        person=None,
        template="confirm",
        language=request.language,
        context={
            "campaign": request.campaign,
            "revision": request.revision,
            "places": _name_places(request.networks),
            "text": request.text if is_reviewed else "",
            "confirm_path": reverse("promise_confirm", args=[token]),
            "stop_path": address_reminder(request.campaign, email=request.email),
        },
        expires_at=request.campaign.launch_at,
    )
    note_request(mail, request)


def queue_promised(promises: Sequence[AssistedPledge]) -> None:
    """What one person just promised to one campaign, and where it can be taken back."""
    _queue(promises, template="promised")


def queue_offer(promises: Sequence[AssistedPledge]) -> None:
    """The moment has come: where it is posted with one press."""
    _queue(promises, template="post_now")


def queue_not_offered(promises: Sequence[AssistedPledge], *, why: str) -> None:
    """There is nothing to post; ``why`` is one of ``Unoffered``."""
    _queue(promises, template="not_offered", why=Unoffered(why).label)


def queue_new_words(promises: Sequence[AssistedPledge]) -> None:
    """The organiser changed the words: those of now beside the ones that were promised."""
    first = promises[0]
    newer = first.campaign.approved
    assert newer is not None, "what was promised to was approved"
    _queue(
        promises,
        template="promise_words",
        # Mostly the same words everywhere; each once.
        sayings=[
            (text, _name_places(each.network for each in promises if each.text == text))
            for text in dict.fromkeys(each.text for each in promises)
        ],
        texts=list(newer.texts.values()),
    )


def queue_reminder(reminder: Reminder, *, outcome: str) -> None:
    """What became of the moment: it is ``on``, was told too ``late``, or is ``off``."""
    revision = reminder.campaign.approved
    assert revision is not None, "reminders are for campaigns that were public"
    mail = queue_mail(
        reminder.email,
        person=None,
        template="reminded",
        language=reminder.language,
        context={
            "campaign": reminder.campaign,
            "revision": revision,
            "text": revision.text,
            "outcome": outcome,
        },
    )
    note_reminder(mail, reminder)


def tell_promises_of_changes(limit: int = MOST_AT_ONCE) -> int:
    """Tell who promised to post that the moment moved or the threshold fell; how many promises.

    As ``mails.tell_of_changes`` does for pledges: once for each change, by however many ticks.
    """
    fell = Q(campaign__threshold__lt=F("agreed_threshold")) | Q(
        campaign__threshold__isnull=True, agreed_threshold__isnull=False
    )
    moved = ~Q(campaign__launch_at=F("agreed_launch_at"))
    with transaction.atomic():
        changed = (
            AssistedPledge.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(moved | fell, state=PledgeState.LIVE, campaign__state=CampaignState.SCHEDULED)
            .select_related("campaign__approved", "person")
            .order_by("campaign_id", "person_id", "pk")[:limit]
        )
        done = 0
        for promises in group_whole(changed, limit=limit):
            _queue_changed(promises)
            done += len(promises)
            for each in promises:
                launch_at = each.campaign.launch_at
                assert launch_at is not None, "a scheduled campaign has a moment"
                AssistedPledge.objects.filter(pk=each.pk).update(
                    agreed_launch_at=launch_at,
                    agreed_latest_at=launch_at + (each.agreed_latest_at - each.agreed_launch_at),
                    agreed_threshold=each.campaign.threshold,
                )
    return done


def _queue_changed(promises: Sequence[AssistedPledge]) -> None:
    first = promises[0]
    campaign = first.campaign
    has_moved = campaign.launch_at != first.agreed_launch_at
    fell = first.agreed_threshold is not None and (
        campaign.threshold is None or campaign.threshold < first.agreed_threshold
    )
    _queue(
        promises,
        template="promise_changed",
        has_moved=has_moved,
        old_launch_at=first.agreed_launch_at if has_moved else None,
        threshold_fell=fell,
        old_threshold=first.agreed_threshold,
    )


def _queue(promises: Sequence[AssistedPledge], *, template: str, **more: object) -> None:
    """One mail about one person's promises to one campaign; none where there is no address.

    It goes where that person reads mail now, which need not be the address that they promised by.
    Whose access was switched off is told nothing.
    """
    first = promises[0]
    email = find_address(first.person) or first.email
    if not email or not first.person.is_active:
        return
    campaign = first.campaign
    assert campaign.launch_at is not None, "what was promised to has a moment"
    assert campaign.latest_at is not None, "and a latest time"
    until = min(
        each.leaves_until(launch_at=campaign.launch_at, latest_at=campaign.latest_at)
        for each in promises
    )
    queue_mail(
        email,
        person=first.person,
        template=template,
        language=first.receipt_language,
        context={
            "campaign": campaign,
            "revision": campaign.approved,
            "places": _name_places(each.network for each in promises),
            "promises": promises,
            "text": first.text,
            "until": until,
            "promise_path": address_promise(campaign, person_id=first.person_id),
            **more,
        },
        expires_at={"post_now": until, "promise_words": campaign.launch_at}.get(template),
    )


def _name_places(networks: Iterable[str]) -> list[str]:
    return [get_composer(name).label for name in networks]
