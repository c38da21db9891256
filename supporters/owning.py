"""Whose a linked account is, and when linking one is enough to come in.

Whoever runs a server can answer as any of its accounts. So linking signs its owner in only where
nothing but linked accounts is at stake (``may_sign_in``); everybody else signs in as usual.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.models import Campaign
from networks.base import Credentials, Profile
from supporters import vault
from supporters.explaining import LinkingRefused
from supporters.keeping import clean_name, keep_account
from supporters.models import AccountState, KnownServer, LinkedAccount
from supporters.revoking import is_needed, revoke_at_network

logger = logging.getLogger(__name__)


def may_sign_in(person: User) -> bool:
    """Whether linking one of their accounts is enough to come in as this person.

    Only when nothing more than linked accounts is at stake: no password, no second factor, no
    campaign of their own, no rights on the staff.
    """
    return (
        person.is_active
        and not person.has_usable_password()
        and not is_mfa_enabled(person)
        and not (person.is_staff or person.is_superuser)
        and not person.user_permissions.exists()
        and not person.groups.exists()
        and not Campaign.objects.filter(organiser=person).exists()
    )


def own_account(
    known: KnownServer,
    *,
    credentials: Credentials,
    profile: Profile,
    person: User | None,
    language: str,
) -> tuple[LinkedAccount, bool, Credentials | None]:
    """Decide whose account it is and store it, in one transaction.

    Gives the account, whether its owner is to be signed in, and the credentials that it had
    before. Raises LinkingRefused, with nothing stored. Where two link the same new account at
    once, the unique fingerprint lets one through; the other one decides anew.
    """
    fingerprint = vault.fingerprint(
        network=known.network, host=known.host, account_id=credentials.account_id
    )
    facts: dict[str, Any] = {
        "known": known,
        "credentials": credentials,
        "profile": profile,
        "fingerprint": fingerprint,
    }
    for _attempt in range(2):
        try:
            with transaction.atomic():
                _hold_person(person)
                found = (
                    LinkedAccount.objects.select_for_update(of=("self",))
                    .filter(fingerprint=fingerprint)
                    .exclude(state=AccountState.UNLINKED)
                    .select_related("person")
                    .first()
                )
                if found is not None:
                    check_owner(found.person, person=person)
                    account, replaced = keep_account(found, **facts)
                    return account, person is None, replaced
                owner = person or _make_person(profile, language=language)
                new = LinkedAccount(person=owner, fingerprint=fingerprint)
                account, _none = keep_account(new, **facts)
                return account, person is None, None
        except IntegrityError:
            logger.info("two requests linked the same account at once")
    raise LinkingRefused(_("This account is being linked elsewhere. Please try again."))


def _hold_person(person: User | None) -> None:
    """Keep whoever is signed in from being erased meanwhile. Raises LinkingRefused if they are."""
    if person is None:
        return
    held = User.objects.select_for_update(no_key=True).filter(pk=person.pk, is_active=True)
    if not held:
        raise LinkingRefused(_("You are not signed in any more, so nothing was stored."))


def check_owner(owner: User, *, person: User | None) -> None:
    """Refuse an account that is somebody's already, unless they may come in by it.

    ``person`` is who is signed in, if anybody. Raises LinkingRefused.
    """
    if person is not None and person.pk != owner.pk:
        raise LinkingRefused(
            _(
                "This account is already lent by somebody else here. If that is you, sign out and "
                "come in by it; then you can unlink it there."
            )
        )
    if person is None and not may_sign_in(owner):
        raise LinkingRefused(
            _(
                "This account belongs to somebody who comes in here by the ordinary sign-in. If "
                "that is you, sign in with your e-mail address first."
            )
        )


def _make_person(profile: Profile, *, language: str) -> User:
    """A supporter who is known by an account alone: no address, no password."""
    name = clean_name(profile.display_name) or clean_name(profile.handle)
    return User.objects.create_user(name=name[:80], language=language)


def take_back(known: KnownServer, *, credentials: Credentials) -> None:
    """Revoke what a refused linking got, unless it is what the rightful owner has here."""
    fingerprint = vault.fingerprint(
        network=known.network, host=known.host, account_id=credentials.account_id
    )
    if not is_needed(credentials, fingerprint=fingerprint):
        revoke_at_network(known, credentials=credentials)
