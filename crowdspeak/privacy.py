"""What people can have done with all that is kept of them: each stage is asked in its turn."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Q

import accounts.privacy
import campaigns.privacy
import launches.privacy
import supporters.privacy
from accounts.marking import find_mails_to
from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from launches.erasing import erase_pledges
from launches.models import Delivery
from networks.base import Notice
from supporters.models import (
    AccountState,
    AssistedPledge,
    LinkedAccount,
    PendingRevocation,
    Pledge,
    PledgeState,
)
from supporters.notices import find_accounts, is_known_by_nothing_else
from supporters.revoking import Ending, Revocation, carry_out
from supporters.servers import forget_servers
from supporters.topics import find_mails_on
from supporters.unlinking import cut_off

GONE_ON_WITH_AFTER = timedelta(minutes=5)

logger = logging.getLogger(__name__)


class ErasureRefused(Exception):
    """Nothing was erased. The sentences, in the reader's language, say what to do first."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """How much there is to erase. ``pledges`` and ``promises`` are still to come; ``campaigns``
    were in public and stay, without their organiser's name.
    """

    accounts: int
    pledges: int
    promises: int
    posts: int
    drafts: int
    campaigns: int


@dataclass(frozen=True, kw_only=True)
class Left:
    """An account that was erased here, and what its network says to it."""

    account: LinkedAccount
    revocation: Revocation


def export(person: User) -> dict[str, Any]:
    """Everything that is kept of a person, by readable keys; nobody else's, and no key of theirs.

    Times are datetimes in UTC, unless their name says otherwise.
    """
    addresses = accounts.privacy.list_addresses(person)
    return {
        "from": settings.SITE_URL,
        "written_at": database_now(),
        **accounts.privacy.export(person),
        **supporters.privacy.export(person, addresses=addresses),
        **launches.privacy.export(person),
        **campaigns.privacy.export(person, addresses=addresses),
    }


def foresee(person: User) -> Foreseen:
    """What erasing this person would take away, and what would stay."""
    own = Campaign.objects.filter(organiser=person)
    linked = LinkedAccount.objects.filter(person=person).exclude(state=AccountState.UNLINKED)
    promises = AssistedPledge.objects.filter(person=person, state=PledgeState.LIVE)
    return Foreseen(
        accounts=linked.count(),
        pledges=Pledge.objects.filter(person=person, state=PledgeState.LIVE).count(),
        promises=promises.filter(ended_at=None).count(),
        posts=Delivery.objects.filter(pledge__person=person).count(),
        drafts=own.filter(approved__isnull=True).count(),
        campaigns=own.filter(approved__isnull=False).count(),
    )


def list_obstacles(person: User) -> list[str]:
    """What keeps a person from being erased now: sentences that say what to do first."""
    stages = (accounts.privacy, campaigns.privacy, launches.privacy)
    return [sentence for stage in stages for sentence in stage.list_obstacles(person)]


def begin_erasing(person: User) -> None:
    """Decide, and let nothing more be done in their name: one transaction.

    From its end on nobody comes in as them, nothing of theirs is claimed, and what they wrote that
    was never public is gone. What is left to do is done by ``finish_erasing``, by whoever finds it
    (``erase_begun``). Raises ErasureRefused, with nothing changed.
    """
    with transaction.atomic():
        own = campaigns.privacy.lock_own(person)  # before the person, as whoever pledges does
        held = accounts.privacy.lock(person)
        if obstacles := list_obstacles(held):
            raise ErasureRefused(obstacles)
        campaigns.privacy.drop_unpublished(own)
        accounts.privacy.shut_out(held)


def finish_erasing(person: User) -> list[Left]:
    """Erase somebody who is shut out: keys first, then posts, pledges, at last mails and person.

    Each part is a short transaction and can be done again, so that a process that dies on the way
    leaves nothing that is not gone on with. The networks are told last. Gives what is left for its
    owner to do there.
    """
    addresses = accounts.privacy.list_addresses(person)
    noted = supporters.privacy.cut_off_all(person)
    launches.privacy.erase(person)
    supporters.privacy.erase(person, addresses=addresses)
    accounts.privacy.erase(person, addresses=addresses)
    return _tell_networks(noted)


def erase(person: User) -> list[Left]:
    """Both. Raises ErasureRefused, with nothing changed."""
    begin_erasing(person)
    return finish_erasing(person)


def erase_accounts(notice: Notice) -> int:
    """Erase the accounts that a network's notice is about; how many.

    Nothing is revoked there: they are removed already. Somebody of whom nothing else is known is
    erased altogether, unless people have lent their voice to a campaign of theirs that is to come.
    """
    people: dict[int, User] = {}
    accounts_named = find_accounts(notice).select_related("person", "known_server").order_by("pk")
    for account in accounts_named:
        person = account.person
        people[person.pk] = person
        _erase_account(account)
    for person in people.values():
        if is_known_by_nothing_else(person):
            try:
                erase(person)
            except ErasureRefused:
                logger.warning("person %s has no account left, but a campaign to come", person.pk)
    return len(people)


def _erase_account(account: LinkedAccount) -> None:
    """One account with all that was done with it; its network is not told."""
    person = account.person
    with suppress(LinkedAccount.DoesNotExist):  # unlinked before
        cut_off(account, person=person)
    PendingRevocation.objects.filter(fingerprint=account.fingerprint).delete()
    erase_pledges(account=account)
    find_mails_on(account=account).delete()
    LinkedAccount.objects.filter(pk=account.pk).delete()
    forget_servers()


def find_people(email: str) -> list[User]:
    """Whose address this is: who confirmed it, and who signed up with it alone."""
    confirmed = EmailAddress.objects.filter(email__iexact=email, verified=True)
    found = User.objects.filter(Q(email__iexact=email) | Q(pk__in=confirmed.values("user")))
    return list(found.order_by("pk"))


def erase_address(email: str) -> None:
    """Erase what is kept for an address, whoever's it is: reminders, requests, mails."""
    supporters.privacy.erase_addresses([email])
    find_mails_to([email]).delete()


def erase_begun() -> int:
    """Go on with whom somebody began to erase, and did not come to an end. Gives how many.

    One that fails once more keeps nobody else from being erased.
    """
    since = database_now() - GONE_ON_WITH_AFTER
    done = 0
    for person in User.objects.filter(erasing_at__lt=since).order_by("pk"):
        logger.warning("somebody was not erased to the end: that is done now")
        try:
            finish_erasing(person)
            done += 1
        except Exception:
            logger.exception("person %s could not be erased", person.pk)
    return done


def _tell_networks(noted: list[tuple[LinkedAccount, PendingRevocation]]) -> list[Left]:
    told = carry_out([row for _account, row in noted])
    return [
        Left(account=account, revocation=revocation)
        for (account, _row), revocation in zip(noted, told, strict=True)
        if revocation.ending not in (Ending.REVOKED, Ending.SHARED)
    ]
