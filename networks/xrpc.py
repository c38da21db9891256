"""What the refusals of an AT protocol server mean (https://atproto.com/specs/xrpc).

As seen on the PDS of 2026 (0.4.217) and in its source. Statuses come with a JSON of ``error`` (a
name) and ``message``; names are stable, messages are for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    Scope,
    TryLater,
    gettext_noop,
)
from networks.oauth import read_error
from networks.waiting import read_spent, read_wait

if TYPE_CHECKING:
    from networks.http import Answer

_HOST_WINDOW_SECONDS = 5 * 60

_EXPIRED = gettext_noop("The authorisation at %(host)s has run out and is being renewed.")
_GONE = gettext_noop("%(host)s no longer accepts the authorisation. Please link the account again.")
_NOT_ALLOWED = gettext_noop(
    "The authorisation at %(host)s does not cover posting. Please link the account again."
)
_NO_LONGER_THERE = gettext_noop(
    "The account is no longer on %(host)s. If it has moved, please link it again."
)
_TAKEN_DOWN = gettext_noop("The account has been taken down by %(host)s.")
_DEACTIVATED = gettext_noop(
    "The account is deactivated. Only its owner can bring it back, at %(host)s."
)
_SUSPENDED = gettext_noop("The account has been suspended by %(host)s.")
_BUSY = gettext_noop("%(host)s has too much to do. It will be asked again later.")
_REFUSED = gettext_noop("%(host)s refused the post: %(reason)s")
_BAD_PROOF = gettext_noop("%(host)s did not accept our signature: %(reason)s")
_ELSEWHERE = gettext_noop("%(host)s is not answering for itself at the moment.")
_UNCLEAR = gettext_noop("%(host)s gave no clear answer, so it is not known what it did.")

# By the error's name, and by the ``status`` that getSession tells.
_ACCOUNT_TROUBLES = {
    "AccountTakedown": _TAKEN_DOWN,
    "takendown": _TAKEN_DOWN,
    "AccountDeactivated": _DEACTIVATED,
    "RepoDeactivated": _DEACTIVATED,
    "deactivated": _DEACTIVATED,
    "AccountSuspended": _SUSPENDED,
    "RepoSuspended": _SUSPENDED,
    "suspended": _SUSPENDED,
}
_RELINKING = {
    "AccountNotFound": _NO_LONGER_THERE,
    "ScopeMissingError": _NOT_ALLOWED,
    "insufficient_scope": _NOT_ALLOWED,
}


def explain_status(status: str, *, host: str) -> NetworkError | None:
    """Say what keeps an account from posting, by the name its server has for it; None: nothing."""
    sentence = _ACCOUNT_TROUBLES.get(status)
    return None if sentence is None else Rejected(sentence, host=host)


def explain_refusal(
    answer: Answer, *, host: str, can_refresh: bool = False, has_run_out: bool = False
) -> NetworkError:
    """Say what an answer that is no success means for a write; for reads it is as good.

    ``can_refresh`` is whether there is a refresh token, ``has_run_out`` whether the access token
    has run out by our own clock: servers do not always say why they refuse one. Only a 5xx, and a
    success that says nothing, leave the outcome unknown: all other refusals come before the record
    is taken.
    """
    if answer.status == 429:
        return _explain_limit(answer, host=host)
    if answer.status >= 500 or answer.status < 300:
        return OutcomeUnknown(_UNCLEAR, host=host)
    if answer.status < 400 or answer.status == 408:
        # A redirect is not followed: somebody else answers there, for maintenance or for ever.
        return TryLater(_ELSEWHERE, scope="host", host=host)
    name, reason = read_error(answer)
    is_about_token = answer.status == 401 or name in ("InvalidToken", "ExpiredToken")
    trouble = _explain_name(name, reason, host=host)
    if trouble is None and is_about_token:
        if can_refresh and (has_run_out or _says_expired(name, reason)):
            trouble = TryLater(
                _EXPIRED, after_seconds=0, scope="account", token_expired=True, host=host
            )
        else:
            trouble = NeedsRelink(_GONE, host=host)
    return trouble or Rejected(_REFUSED, host=host, reason=reason)


def _explain_name(name: str, reason: str, *, host: str) -> NetworkError | None:
    """Say what an error means that has a name of its own; None for one without."""
    if name in _RELINKING:
        return NeedsRelink(_RELINKING[name], host=host)
    if name in ("use_dpop_nonce", "invalid_dpop_proof"):
        # A second nonce refused, or clocks that differ: nothing about this account.
        return TryLater(_BAD_PROOF, scope="host", host=host, reason=reason)
    return explain_status(name, host=host)


def _says_expired(name: str, reason: str) -> bool:
    """Whether a token is refused because it has run out, which a refresh mends.

    The PDS names everything invalid_token: “"exp" claim timestamp check failed”, “Token expired”.
    """
    return name == "ExpiredToken" or re.search(r'"exp"|\bexpired\b', reason) is not None


def read_host_rest(headers: Mapping[str, str]) -> float | None:
    """Give the seconds until a server takes more from our address; None while it still does.

    Its answers tell of the limit that is nearest: an account's own, which is nobody else's matter,
    counts an hour or a day.
    """
    if _is_accounts(headers):
        return None
    return read_spent(headers, remaining="RateLimit-Remaining", reset="RateLimit-Reset")


def _is_accounts(headers: Mapping[str, str]) -> bool:
    policy = re.search(r"w=(\d{1,9})", headers.get("RateLimit-Policy", ""))
    return policy is not None and int(policy[1]) > _HOST_WINDOW_SECONDS


def _explain_limit(answer: Answer, *, host: str) -> TryLater:
    """Read from a 429 how long to wait, and who has to.

    The PDS sends ``RateLimit-Reset`` and no ``Retry-After``, which servers in front of it may send.
    ``RateLimit-Policy`` is ``<limit>;w=<seconds>``: five minutes is the window of
    the address we come from, an hour or a day those of the account
    (https://docs.bsky.app/docs/advanced-guides/rate-limits).
    """
    scope: Scope = "account" if _is_accounts(answer.headers) else "host"
    return TryLater(_BUSY, after_seconds=read_wait(answer.headers), scope=scope, host=host)
