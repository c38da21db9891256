"""Credentials that can be used: refreshing, one at a time, and what a crash in between leaves."""

import asyncio
import threading
from datetime import timedelta

import pytest
from django.db import connection
from post_office.models import Email

from campaigns.clock import database_now
from networks.errors import NeedsRelink, TryLater
from networks.registry import get, open_http
from supporters import tokens, vault
from supporters.models import AccountState, LinkedAccount
from supporters.servers import ask_network, read_registration
from supporters.tokens import (
    claim_refresh,
    give_up_refresh,
    mark_if_unchanged,
    mark_needs_relink,
    read_credentials,
    refresh_if_needed,
    run_in_thread,
    save_refreshed,
    usable_credentials,
)
from supporters.unlinking import unlink
from tests.making import make_campaign, make_pledge

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(visitor, networks):
    """A Bluesky account whose access token ends in half a minute."""
    networks.change_settings(access_token_seconds=30)
    visitor().link("bluesky")
    networks.change_settings(access_token_seconds=3600)
    return LinkedAccount.objects.select_related("known_server", "person").get()


def refresh(account, **more):
    """What a launch does, in an event loop of its own."""

    async def go():
        async with open_http() as http:
            return await refresh_if_needed(http, account.pk, **more)

    return asyncio.run(go())


def ask_for_tokens(account):
    """Refresh at the network as another process would, without saving what comes of it."""
    adapter, server = get(account.network), account.known_server.server
    registration, old = read_registration(account.known_server), read_credentials(account)
    return ask_network(lambda http: adapter.refresh(http, server, registration, old))


def reads_profile(account):
    adapter, server = get(account.network), account.known_server.server
    credentials = read_credentials(account)
    return ask_network(lambda http: adapter.read_profile(http, server, credentials))


def reload(account):
    return LinkedAccount.objects.select_related("known_server").get(pk=account.pk)


def test_token_that_lasts_is_used_as_it_is(visitor, networks):
    visitor().link("bluesky")
    account = LinkedAccount.objects.get()
    networks.set_faults({"endpoints": "token", "500_before": 1})
    assert refresh(account) == read_credentials(account)
    assert usable_credentials(account) == read_credentials(account)


def test_token_that_never_ends_is_used_as_it_is(visitor):
    visitor().link("mastodon")
    account = LinkedAccount.objects.get()
    assert refresh(account) == read_credentials(account)


@pytest.mark.parametrize("way", [refresh, usable_credentials])
def test_token_that_ends_soon_is_renewed_and_saved(account, way):
    old = read_credentials(account)
    new = way(account)
    kept = reload(account)
    assert new.access_token != old.access_token
    assert read_credentials(kept) == new
    assert kept.expires_at == new.expires_at
    assert kept.refreshing_until is None
    assert reads_profile(kept).account_id == account.account_id


def test_token_that_the_network_refused_before_its_time_is_renewed_once(visitor):
    visitor().link("bluesky")
    account = LinkedAccount.objects.get()
    refused = read_credentials(account)
    new = refresh(account, refused=refused)
    assert new.access_token != refused.access_token
    assert refresh(account, refused=refused) == new


def test_token_that_ends_before_it_is_needed_is_renewed(visitor):
    visitor().link("bluesky")
    account = LinkedAccount.objects.get()
    old = read_credentials(account)
    assert refresh(account, until=old.expires_at - timedelta(seconds=1)) == old
    new = refresh(account, until=old.expires_at)
    assert new.access_token != old.access_token
    assert read_credentials(reload(account)) == new


def test_whoever_waited_takes_what_the_other_one_got_however_long_it_lasts(account):
    claim = claim_refresh(account.pk)
    got = []

    async def run(work):
        """Database work; after the first look, whoever holds the lease comes back."""
        found = await run_in_thread(work)
        if not got:
            got.append(await run_in_thread(lambda: ask_for_tokens(account)))
            await run_in_thread(lambda: save_refreshed(claim, credentials=got[0]))
        return found

    assert refresh(account, until=database_now() + timedelta(days=1), run=run) == got[0]
    assert read_credentials(reload(account)) == got[0]


def test_many_at_once_refresh_once(account):
    old = read_credentials(account)
    start = threading.Barrier(6)
    found = []

    def go():
        start.wait()
        try:
            found.append(refresh(account).access_token)
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A second use of the refresh token would have ended the session.
    assert len(found) == 6
    assert len(set(found)) == 1
    assert found[0] != old.access_token
    assert reads_profile(reload(account)).account_id == account.account_id


def test_lease_is_held_by_one_and_ends_by_itself(account):
    claim = claim_refresh(account.pk)
    assert claim is not None
    assert claim_refresh(account.pk) is None
    LinkedAccount.objects.update(refreshing_until=database_now() - timedelta(seconds=1))
    assert claim_refresh(account.pk) is not None


def test_whoever_waits_in_vain_is_told_to_come_back(account, monkeypatch):
    claim_refresh(account.pk)
    monkeypatch.setattr(tokens, "WAIT_SECONDS", 0.1)
    with pytest.raises(TryLater) as error:
        refresh(account)
    assert error.value.after_seconds == 5


def test_crash_between_refresh_and_save_ends_as_to_be_authorised_again(account, olive):
    account.person.email = "sam@example.org"
    account.person.save()
    make_pledge(make_campaign(olive), account)
    claim_refresh(account.pk)
    ask_for_tokens(account)  # and the process dies here
    LinkedAccount.objects.update(refreshing_until=database_now() - timedelta(seconds=1))
    with pytest.raises(NeedsRelink):
        refresh(account)
    assert reload(account).state == AccountState.NEEDS_RELINK
    (mail,) = Email.objects.all()
    assert mail.to == ["sam@example.org"]
    assert account.handle in mail.subject


def test_unclear_answer_keeps_the_lease(account, networks):
    networks.set_faults({"endpoints": "token", "500_after": 1, "times": 1})
    with pytest.raises(TryLater):
        refresh(account)
    kept = reload(account)
    assert kept.state == AccountState.LINKED
    assert kept.refreshing_until > database_now()


def test_busy_server_gives_the_lease_back(account, networks):
    networks.set_faults({"endpoints": "token", "429": 1, "times": 1})
    with pytest.raises(TryLater):
        refresh(account)
    assert reload(account).refreshing_until is None
    assert refresh(account).access_token != read_credentials(account).access_token


def test_session_ended_at_the_network_marks_the_account(account, networks):
    networks.revoke(network="bluesky", account=account.handle)
    with pytest.raises(NeedsRelink):
        refresh(account)
    assert reload(account).state == AccountState.NEEDS_RELINK
    with pytest.raises(NeedsRelink):
        refresh(account)


def test_late_tokens_are_not_saved_over_a_new_authorisation(account, visitor):
    claim = claim_refresh(account.pk)
    visitor().link("bluesky")
    renewed = reload(account)
    assert renewed.refreshing_until is None
    assert not save_refreshed(claim, credentials=claim.credentials)
    give_up_refresh(claim, needs_relink=True)
    assert reload(account).state == AccountState.LINKED
    assert reload(account).sealed_credentials == renewed.sealed_credentials


def test_tokens_of_an_unlinked_account_are_not_saved(account):
    claim = claim_refresh(account.pk)
    unlink(account, person=account.person)
    assert not save_refreshed(claim, credentials=claim.credentials)
    assert reload(account).sealed_credentials == ""
    assert claim_refresh(account.pk) is None
    with pytest.raises(NeedsRelink):
        refresh(account)


def test_refused_token_marks_the_account_unless_it_was_renewed_meanwhile(account):
    stale = reload(account)
    refresh(account)
    assert not mark_needs_relink(stale)
    assert reload(account).state == AccountState.LINKED
    assert mark_needs_relink(reload(account))
    assert reload(account).state == AccountState.NEEDS_RELINK


def test_refusal_of_tokens_that_were_replaced_since_marks_nobody(account):
    refused = read_credentials(account)
    refresh(account)
    assert not mark_if_unchanged(account.pk, refused=refused)
    assert reload(account).state == AccountState.LINKED
    assert mark_if_unchanged(account.pk, refused=read_credentials(reload(account)))
    assert reload(account).state == AccountState.NEEDS_RELINK


def test_missing_key_stops_without_taking_the_lease(account, settings):
    from cryptography.fernet import Fernet

    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(vault.VaultError, match="missing from TOKEN_KEYS"):
        refresh(account)
    assert reload(account).refreshing_until is None
