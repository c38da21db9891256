"""Threads' tokens: a code becomes one of an hour, that one of 60 days, which renews itself.

By https://developers.facebook.com/documentation/threads/get-started/long-lived-tokens. The last two
steps take the token in the query; nothing here puts an address into an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from networks.base import Server
from networks.errors import (
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.http import Answer, Http
from networks.oauth import OAUTH_SECONDS, Tokens, read_tokens
from networks.threads_errors import UNREADY, explain_refusal, read_reason

LONG_LIFE = timedelta(days=60)

_GRANT_REFUSED = gettext_noop(
    "Threads refused the authorisation: “%(reason)s”. Please start again."
)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A token of 60 days."""

    access_token: str = field(repr=False)
    expires_at: datetime


async def exchange_code(http: Http, server: Server, *, form: Mapping[str, str]) -> str:
    """Trade a code, once, for a token of one hour. Raises Rejected and TryLater."""
    answer = await _ask(http, "POST", f"{server.url}/oauth/access_token", form=form)
    tokens = _read(answer)
    if tokens is None:
        raise _explain(answer, form["code"], form["client_secret"])
    return tokens.access_token


async def lengthen_token(http: Http, server: Server, token: str, *, secret: str) -> Grant:
    """Trade a token of one hour for one of 60 days. Raises Rejected and TryLater."""
    params = {
        "grant_type": "th_exchange_token",
        "client_secret": secret,
        "access_token": token,
    }
    answer = await _ask(http, "GET", f"{server.url}/access_token", params=params)
    tokens = _read(answer)
    if tokens is None:
        raise _explain(answer, token, secret)
    return _make_grant(tokens)


async def renew_token(http: Http, server: Server, token: str) -> Grant | None:
    """Let a token of 60 days begin them anew; None when Threads has a reason not to.

    Raises NeedsRelink when the token is not let in any more, and TryLater: that the outcome is
    unknown is a delay, since nothing is said of the old token's end.
    """
    params = {"grant_type": "th_refresh_token", "access_token": token}
    answer = await _ask(http, "GET", f"{server.url}/refresh_access_token", params=params)
    tokens = _read(answer)
    if tokens is not None:
        return _make_grant(tokens)
    error = explain_refusal(answer, posts=False, secrets=(token,))
    if isinstance(error, Rejected):
        return None
    raise error


async def _ask(http: Http, method: str, url: str, **request: Any) -> Answer:
    try:
        return await http.request(method, url, deadline_seconds=OAUTH_SECONDS, **request)
    except OutcomeUnknown:
        raise TryLater(UNREADY) from None


def _read(answer: Answer) -> Tokens | None:
    return read_tokens(answer) if answer.status == 200 else None


def _make_grant(tokens: Tokens) -> Grant:
    return Grant(
        access_token=tokens.access_token,
        expires_at=tokens.expires_at or datetime.now(UTC) + LONG_LIFE,
    )


def _explain(answer: Answer, *secrets: str) -> NetworkError:
    """Say why there is no token, in Threads' own words if it has any."""
    error = explain_refusal(answer, posts=False, secrets=secrets)
    if isinstance(error, TryLater):
        return error
    return Rejected(_GRANT_REFUSED, reason=read_reason(answer, *secrets))
