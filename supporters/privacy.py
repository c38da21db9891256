"""What is kept of a supporter: given to them on demand, and erased. Never a key of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.db.models import Q

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import CampaignReport
from supporters.forgetting import erase_reminders, erase_requests
from supporters.models import (
    AccountState,
    Ask,
    AssistedPledge,
    ConfirmRequest,
    LinkedAccount,
    LinkRequest,
    MailChoice,
    MutedCampaign,
    PendingRevocation,
    Pledge,
    PledgeState,
    Reminder,
)
from supporters.servers import forget_servers
from supporters.soliciting import find_choice
from supporters.unlinking import cut_off


def export(person: User, *, addresses: Sequence[str]) -> dict[str, Any]:
    """Their accounts, pledges, promises, and what waits for their addresses."""
    accounts = LinkedAccount.objects.filter(person=person).select_related("known_server")
    pledges = Pledge.objects.filter(person=person).select_related("campaign", "account")
    promises = AssistedPledge.objects.filter(person=person).select_related("campaign")
    requests = ConfirmRequest.objects.filter(email__in=addresses).select_related("campaign")
    reminders = Reminder.objects.filter(email__in=addresses).select_related("campaign")
    return {
        "linked_accounts": [_describe_account(each) for each in accounts.order_by("pk")],
        "pledges": [_describe_pledge(each) for each in pledges.order_by("pk")],
        "promises_by_hand": [_describe_promise(each) for each in promises.order_by("pk")],
        "unconfirmed_requests": [
            {
                "address": each.email,
                "campaign": each.campaign.slug,
                "networks": each.networks,
                "words": each.text,
                "name": each.name,
                "came_by_the_door": each.source,
                "asked_at": each.asked_at,
            }
            for each in requests.order_by("pk")
        ],
        "reminders": [
            {
                "address": each.email,
                "campaign": each.campaign.slug,
                "asked_at": each.asked_at,
                "sent_at": each.sent_at,
            }
            for each in reminders.order_by("pk")
        ],
        "reports": [
            {
                "campaign": each.campaign.slug,
                "reason": each.reason,
                "words": each.words,
                "address": each.email,
                "reported_at": each.reported_at,
            }
            for each in CampaignReport.objects.filter(email__in=addresses)
            .select_related("campaign")
            .order_by("pk")
        ],
        "mails_from_organisers": _describe_asks(person),
    }


def cut_off_all(person: User) -> list[tuple[LinkedAccount, PendingRevocation]]:
    """Withdraw all that is pledged and promised, and take every key off its account.

    Gives the accounts whose network is still to be told (``revoking.carry_out``).
    """
    noted = []
    linked = LinkedAccount.objects.filter(person=person).exclude(state=AccountState.UNLINKED)
    for account in linked.select_related("known_server").order_by("pk"):
        with suppress(LinkedAccount.DoesNotExist):  # unlinked meanwhile
            cut = cut_off(account, person=person)
            if cut.noted is not None:
                noted.append((account, cut.noted))
    AssistedPledge.objects.filter(person=person, state=PledgeState.LIVE).update(
        state=PledgeState.WITHDRAWN, withdrawn_at=database_now()
    )
    return noted


def erase(person: User, *, addresses: Sequence[str]) -> None:
    """Delete their accounts, and all that waits for their addresses.

    Pledges and promises are gone before (a later stage knows what became of them).
    """
    for model in (LinkRequest, Ask, MailChoice, MutedCampaign):
        model.objects.filter(person=person).delete()
    LinkedAccount.objects.filter(person=person).delete()
    erase_addresses(addresses)
    forget_servers()


def erase_addresses(addresses: Sequence[str]) -> int:
    """Delete what waits for these addresses: reminders, and what was never confirmed.

    A pledge of somebody else that gave one of them for its receipt stays, without it. Of a report
    that somebody sent with one stays what it is about, without address and words.
    """
    wanted, named = Q(pk__in=[]), Q(pk__in=[])
    for address in addresses:
        wanted |= Q(email__iexact=address)
        named |= Q(receipt_email__iexact=address)
    Pledge.objects.filter(named).update(receipt_email="")
    CampaignReport.objects.filter(wanted).update(email="", words="")
    reminders = erase_reminders(Reminder.objects.filter(wanted))
    return reminders + erase_requests(ConfirmRequest.objects.filter(wanted))


def _describe_asks(person: User) -> dict[str, Any]:
    """How many they want, of which campaigns none, and what they were asked."""
    asked = Ask.objects.filter(person=person).select_related("campaign", "update_told")
    muted = MutedCampaign.objects.filter(person=person).select_related("campaign")
    return {
        "a_week_at_most": find_choice(person),
        "not_of": [each.campaign.slug for each in muted.order_by("pk")],
        "asked": [
            {
                "campaign": each.campaign.slug,
                "about": each.update_told.title if each.update_told else each.kind,
                "was_mailed": each.is_mailed,
                "at": each.decided_at,
            }
            for each in asked.order_by("pk")
        ],
    }


def _describe_account(account: LinkedAccount) -> dict[str, Any]:
    return {
        "network": account.network,
        "server": account.known_server.host,
        "state": account.state,
        "id": account.account_id,
        "handle": account.handle,
        "name": account.display_name,
        "profile": account.url,
        "followers": account.followers,
        "opened_at": account.opened_at,
        "linked_at": account.linked_at,
        "checked_at": account.checked_at,
        "asked_to_renew_at": account.asked_at,
        "authorisation_ends_at": account.expires_at,
        "unlinked_at": account.unlinked_at,
    }


def _describe_pledge(pledge: Pledge) -> dict[str, Any]:
    return {
        "campaign": pledge.campaign.slug,
        "network": pledge.network,
        "account": pledge.account.handle,
        "state": pledge.state,
        "words": pledge.text,
        "are_own_words": pledge.has_own_words,
        "language": pledge.language,
        "may_be_shown": pledge.is_shown,
        "came_by_the_door": pledge.source,
        "address_for_the_receipt": pledge.receipt_email,
        "agreed_launch_at": pledge.agreed_launch_at,
        "agreed_latest_at": pledge.agreed_latest_at,
        "agreed_threshold": pledge.agreed_threshold,
        "pledged_at": pledge.pledged_at,
        "changed_at": pledge.changed_at,
        "withdrawn_at": pledge.withdrawn_at,
    }


def _describe_promise(promised: AssistedPledge) -> dict[str, Any]:
    return {
        "campaign": promised.campaign.slug,
        "network": promised.network,
        "state": promised.state,
        "words": promised.text,
        "confirmed_address": promised.email,
        "may_be_shown": promised.is_shown,
        "came_by_the_door": promised.source,
        "agreed_launch_at": promised.agreed_launch_at,
        "agreed_latest_at": promised.agreed_latest_at,
        "agreed_threshold": promised.agreed_threshold,
        "promised_at": promised.pledged_at,
        "withdrawn_at": promised.withdrawn_at,
        "offered_at": promised.offered_at,
        "said_to_be_posted_at": promised.reported_at,
        "not_offered_because": promised.get_ended_why_display(),
    }
