"""Writing a linked account down."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.utils import timezone

from campaigns.clock import database_now
from networks.base import Credentials, Profile
from supporters import vault
from supporters.models import AccountState, KnownServer, LinkedAccount, PledgeState

MOST_FOLLOWERS = 10**12
LAUNCH_IS_NEAR = timedelta(minutes=10)
JOINER = "\u200d"  # holds emoji together


def keep_account(
    account: LinkedAccount,
    *,
    known: KnownServer,
    credentials: Credentials,
    profile: Profile,
    fingerprint: str,
) -> tuple[LinkedAccount, Credentials | None]:
    """Store what an authorisation gave on the account's row, new or known; inside a transaction.

    Gives the row, and the credentials that are to be revoked because these replace them. What the
    network does not tell this time stays as it was; what it never told stays unknown.
    """
    replaced = _find_replaced(account, credentials=credentials)
    now = timezone.now()
    account.network = known.network
    account.known_server = known
    account.account_id = credentials.account_id
    account.state = AccountState.LINKED
    account.handle = clean_name(profile.handle)[:300] or credentials.account_id
    account.display_name = clean_name(profile.display_name)[:200]
    account.url = clean_url(profile.url)
    if profile.followers is not None:
        account.followers = max(0, min(profile.followers, MOST_FOLLOWERS))
    if profile.created_at is not None and timezone.is_aware(profile.created_at):
        account.opened_at = profile.created_at
    account.sealed_credentials = vault.seal_credentials(credentials, fingerprint=fingerprint)
    account.expires_at = credentials.expires_at
    account.grant = credentials.grant
    account.refreshing_until = None
    account.linked_at = account.checked_at = now
    account.save()
    # An account that moved is paced by its new server.
    account.pledges.filter(state=PledgeState.LIVE).update(host=known.host)
    return account, replaced


def clean_name(text: str) -> str:
    """A stranger's name on one line, without control characters or marks that turn text round."""
    kept = (letter if letter.isprintable() or letter == JOINER else " " for letter in text[:1000])
    return " ".join("".join(kept).split())


def clean_url(url: str) -> str:
    """A stranger's address if it is one of the web and fits, else nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    fits = len(url) <= 400 and parts.scheme in ("https", "http") and bool(parts.hostname)
    return url if fits else ""


def _find_replaced(account: LinkedAccount, *, credentials: Credentials) -> Credentials | None:
    """The old credentials, when they differ and no launch may just now be posting with them."""
    if account.pk is None or not account.sealed_credentials:
        return None
    now = database_now()
    is_needed = account.pledges.filter(
        state__in=(PledgeState.LIVE, PledgeState.CALLED),
        campaign__launch_at__lt=now + LAUNCH_IS_NEAR,
        campaign__latest_at__gt=now,
    ).exists()
    if is_needed:
        return None
    try:
        old = vault.unseal_credentials(account.sealed_credentials, fingerprint=account.fingerprint)
    except vault.VaultError:
        return None
    return None if old.access_token == credentials.access_token else old
