"""What supporters are told by mail; each is queued in the transaction of the fact it tells.

Nobody has to give an address: who has none reads the same in My pledges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import F, Q

from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from campaigns.models import CampaignState
from networks.registry import get
from supporters.models import LinkedAccount, Pledge, PledgeState, Readiness
from supporters.topics import note_accounts

MOST_AT_ONCE = 200
ASKED_AGAIN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Recipient:
    """Where a mail about a pledge goes, and in which language."""

    email: str
    language: str


def find_recipient(pledge: Pledge) -> Recipient | None:
    """The address given with the pledge, else the person's own; None where there is neither."""
    if pledge.receipt_email:
        return Recipient(pledge.receipt_email, pledge.receipt_language)
    if pledge.person.email:
        return Recipient(pledge.person.email, pledge.person.language)
    return None


def may_hold_words(pledge: Pledge, *, email: str) -> bool:
    """Whether a mail to that address may hold the pledge's words: a person's own, once confirmed.

    Any address can be typed in, and what nobody has reviewed is not ours to mail to it.
    """
    confirmed = EmailAddress.objects.filter(
        user=pledge.person_id, email__iexact=email, verified=True
    )
    return not pledge.has_own_words or confirmed.exists()


def queue_pledged(pledges: Sequence[Pledge]) -> None:
    """The receipt of pledges that one person just made to one campaign, in one mail."""
    first = pledges[0]
    mail = queue_mail(
        first.receipt_email,
        person=first.person,
        template="pledged",
        language=first.receipt_language,
        context={
            "campaign": first.campaign,
            "revision": first.revision,
            "pledges": pledges,
            "text": first.text if may_hold_words(first, email=first.receipt_email) else "",
        },
    )
    note_accounts(mail, [each.account for each in pledges])


def queue_relink(account_id: int, *, asked_before: datetime | None = None) -> bool:
    """Ask the owner of an account to authorise it again, if a launch is still to come for it.

    The authorisation is over, or ends before a post of that launch could leave. Whoever was asked
    after ``asked_before`` (a day ago, unless given) is not asked once more. Whether it was asked.
    """
    now = database_now()
    account = LinkedAccount.objects.select_related("person").get(pk=account_id)
    coming = account.pledges.filter(
        state=PledgeState.LIVE,
        campaign__state=CampaignState.SCHEDULED,
        campaign__launch_at__gt=now,
    )
    waiting = [
        pledge
        for pledge in coming.select_related("campaign__approved", "person", "account").order_by(
            "campaign__launch_at"
        )
        # Whoever renewed it since this was found out need not be asked.
        if pledge.readiness == Readiness.RENEW
    ]
    was_not_asked = (
        Q(asked_at=None)
        | Q(asked_at__lt=asked_before or now - ASKED_AGAIN_AFTER)
        | Q(asked_at__lt=F("linked_at"))
    )
    asks = LinkedAccount.objects.filter(was_not_asked, pk=account_id)
    if not waiting or not asks.update(asked_at=now):
        return False
    recipients = [found for found in map(find_recipient, waiting) if found is not None]
    if recipients:
        was_asked = account.asked_at is not None and account.asked_at >= account.linked_at
        mail = queue_mail(
            recipients[0].email,
            person=account.person,
            template="relink",
            language=recipients[0].language,
            context={
                "account": account,
                "network": get(account.network).label,
                "campaigns": [pledge.campaign for pledge in waiting],
                "ends_at": account.expires_at if account.is_linked else None,
                "is_reminder": was_asked,
            },
            expires_at=waiting[-1].campaign.latest_at,
        )
        note_accounts(mail, [account])
    return True


def queue_removed(account: LinkedAccount, *, pledges: Sequence[Pledge]) -> None:
    """A network says that the account's owner removed us there: these pledges are withdrawn."""
    by_recipient: defaultdict[Recipient, list[Pledge]] = defaultdict(list)
    for pledge in pledges:
        if recipient := find_recipient(pledge):
            by_recipient[recipient].append(pledge)
    for recipient, theirs in by_recipient.items():
        mail = queue_mail(
            recipient.email,
            person=account.person,
            template="removed",
            language=recipient.language,
            context={
                "account": account,
                "network": get(account.network).label,
                "campaigns": [pledge.campaign for pledge in theirs],
            },
        )
        note_accounts(mail, [account])


def queue_new_words(recipient: Recipient, *, pledges: Sequence[Pledge]) -> None:
    """The organiser of a campaign changed the words: those of now beside those of the pledges."""
    campaign = pledges[0].campaign
    revision = campaign.approved
    assert revision is not None, "a scheduled campaign has an approved revision"
    mail = queue_mail(
        recipient.email,
        person=pledges[0].person,
        template="new_words",
        language=recipient.language,
        context={
            "campaign": campaign,
            "revision": revision,
            "texts": list(revision.texts.values()),
            "told": [
                (each, each.text if may_hold_words(each, email=recipient.email) else "")
                for each in pledges
            ],
        },
        expires_at=campaign.launch_at,
    )
    note_accounts(mail, [each.account for each in pledges])


def tell_of_changes(limit: int = MOST_AT_ONCE) -> int:
    """Tell supporters whose campaign's moment moved or whose threshold fell; how many pledges.

    What a pledge was agreed for is brought up to date in the transaction that queues its mail, so
    each change is told once, by however many ticks. Somebody who lent several accounts to a
    campaign gets one mail. A threshold that rose is not told: fewer posts, not more, come of it;
    nor is a longer time after the moment, which concerns only those who pledge from then on.
    """
    fell = Q(campaign__threshold__lt=F("agreed_threshold")) | Q(
        campaign__threshold__isnull=True, agreed_threshold__isnull=False
    )
    moved = ~Q(campaign__launch_at=F("agreed_launch_at"))
    with transaction.atomic():
        changed: list[Pledge] = list(
            Pledge.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(moved | fell, state=PledgeState.LIVE, campaign__state=CampaignState.SCHEDULED)
            .select_related("campaign__approved", "person", "account")
            .order_by("campaign_id", "person_id", "pk")[:limit]
        )
        # By person as well: two may have given the same address, and each has mails of their own.
        groups: defaultdict[tuple[int, int, Recipient], list[Pledge]] = defaultdict(list)
        for pledge in changed:
            recipient = find_recipient(pledge)
            if recipient is not None:
                groups[pledge.campaign_id, pledge.person_id, recipient].append(pledge)
        for (_campaign, _person, recipient), pledges in groups.items():
            _queue_changed(recipient, pledges=pledges)
        for pledge in changed:
            launch_at = pledge.campaign.launch_at
            assert launch_at is not None, "a scheduled campaign has a moment"
            Pledge.objects.filter(pk=pledge.pk).update(
                agreed_launch_at=launch_at,
                agreed_latest_at=launch_at + (pledge.agreed_latest_at - pledge.agreed_launch_at),
                agreed_threshold=pledge.campaign.threshold,
            )
    return len(changed)


def _queue_changed(recipient: Recipient, *, pledges: Sequence[Pledge]) -> None:
    first = pledges[0]
    campaign = first.campaign
    assert campaign.latest_at is not None, "a scheduled campaign has a latest time"
    has_moved = campaign.launch_at != first.agreed_launch_at
    mail = queue_mail(
        recipient.email,
        person=first.person,
        template="changed",
        language=recipient.language,
        context={
            "campaign": campaign,
            "revision": campaign.approved,
            "pledges": pledges,
            "old_launch_at": first.agreed_launch_at if has_moved else None,
            "has_moved": has_moved,
            "threshold_fell": first.agreed_threshold is not None
            and (campaign.threshold is None or campaign.threshold < first.agreed_threshold),
            "old_threshold": first.agreed_threshold,
        },
        expires_at=campaign.latest_at,
    )
    note_accounts(mail, [each.account for each in pledges])
