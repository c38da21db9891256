"""Renewed tokens while the database is away for a moment: the old ones are spent."""

import asyncio

import pytest
from django.db import OperationalError, connection

from networks.registry import get, open_http
from supporters import tokens
from supporters.models import AccountState, LinkedAccount
from supporters.servers import ask_network
from supporters.tokens import read_credentials, refresh_if_needed, run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(visitor, networks):
    """A Bluesky account whose access token ends in half a minute."""
    networks.change_settings(access_token_seconds=30)
    visitor().link("bluesky")
    networks.change_settings(access_token_seconds=3600)
    return LinkedAccount.objects.select_related("known_server").get()


class Away:
    """A database that breaks off so many times when new tokens are to be written."""

    def __init__(self, times):
        self.left = times

    def __call__(self, execute, sql, params, many, context):
        if self.left and sql.startswith("UPDATE") and 'SET "sealed_credentials"' in sql:
            self.left -= 1
            raise OperationalError("the server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    async def run(self, work):
        """Run database work in a thread, as a launch has it run."""

        def go():
            with connection.execute_wrapper(self):
                return work()

        return await run_in_thread(go)


def refresh(account, away):
    async def go():
        async with open_http() as http:
            return await refresh_if_needed(http, account.pk, run=away.run)

    return asyncio.run(go())


def test_renewed_tokens_are_saved_again_and_again(account):
    old, away = read_credentials(account), Away(times=2)
    new = refresh(account, away)
    kept = LinkedAccount.objects.get()
    assert away.left == 0
    assert new.access_token != old.access_token
    assert read_credentials(kept) == new
    assert (kept.state, kept.refreshing_until) == (AccountState.LINKED, None)
    server = account.known_server.server
    profile = ask_network(lambda http: get("bluesky").read_profile(http, server, new))
    assert profile.account_id == account.account_id


def test_a_database_that_stays_away_ends_the_tries_and_is_not_hidden(account, monkeypatch):
    monkeypatch.setattr(tokens, "SAVE_TRIES", 1)
    with pytest.raises(OperationalError):
        refresh(account, Away(times=2))
    kept = LinkedAccount.objects.get()
    assert kept.sealed_credentials == account.sealed_credentials
    assert kept.refreshing_until is not None
