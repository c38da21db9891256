"""Asking a network in an account's name, where nothing is posted: with a token that is let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from networks.base import Credentials
from networks.errors import NeedsRelink, TryLater, gettext_noop
from networks.http import Http
from supporters.tokens import RunInThread, mark_if_unchanged, refresh_if_needed

_RENEWED_MEANWHILE = gettext_noop("The authorisation of this account was renewed just now.")

Told = TypeVar("Told")
Ask = Callable[[Credentials], Awaitable[Told]]


async def ask_in_name(
    http: Http, account_id: int, ask: Ask[Told], *, credentials: Credentials, run: RunInThread
) -> tuple[Credentials, Told]:
    """What ``ask`` gives, and the credentials that were let in.

    A token that has run out before its time is refreshed, once. Where the authorisation is over,
    the account is marked and its owner told: raises NeedsRelink. Raises whatever ``ask`` raises
    besides, and what ``refresh_if_needed`` does; ``run`` takes database work to a thread.
    """
    try:
        return credentials, await _ask_once(account_id, ask, credentials, run=run)
    except TryLater as error:
        if not error.token_expired:
            raise
    credentials = await refresh_if_needed(http, account_id, refused=credentials, run=run)
    return credentials, await _ask_once(account_id, ask, credentials, run=run)


async def _ask_once(
    account_id: int, ask: Ask[Told], credentials: Credentials, *, run: RunInThread
) -> Told:
    try:
        return await ask(credentials)
    except NeedsRelink:
        if await run(lambda: mark_if_unchanged(account_id, refused=credentials)):
            raise
        raise TryLater(_RENEWED_MEANWHILE, after_seconds=5.0) from None
