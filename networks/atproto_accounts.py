"""Whether an account is whose it is said to be, and whether it may post."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from networks.atproto import Directory, Identity, find_issuer, is_did
from networks.errors import NetworkError, OutcomeUnknown, Rejected, TryLater, gettext_noop
from networks.reading import NO_ANSWER, read_object, read_text
from networks.xrpc import explain_refusal, explain_status

if TYPE_CHECKING:
    from networks.base import Credentials, Server
    from networks.dpop import Prover
    from networks.http import Answer, Http

_NOT_ITS_SERVER = gettext_noop("%(host)s may not speak for this account. Nothing was stored.")


async def confirm_account(
    http: Http, directory: Directory, server: Server, credentials: Credentials
) -> Identity:
    """Give the account's identity, if the authorization server may speak for it; else Rejected."""
    did = credentials.account_id
    if not is_did(did):
        raise Rejected(_NOT_ITS_SERVER, host=server.host)
    identity = await directory.read_identity(http, did)
    if identity.pds_url != server.url:
        issuer = await find_issuer(http, identity.pds_url)
        if issuer != credentials.extra["issuer"]:
            raise Rejected(_NOT_ITS_SERVER, host=server.host)
    return identity


async def check_account(
    http: Http, prover: Prover, credentials: Credentials, *, home: str, deadline_seconds: float
) -> None:
    """Ask the account's server, the origin ``home``, whether the account may post.

    Raises NeedsRelink, TryLater (with 0 seconds when the token has run out), and Rejected for an
    account that is taken down, suspended or deactivated.
    """
    host = urlsplit(home).netloc
    url = f"{home}/xrpc/com.atproto.server.getSession"
    try:
        answer = await prover.send(http, "GET", url, deadline_seconds=deadline_seconds)
    except OutcomeUnknown:
        raise TryLater(NO_ANSWER, scope="host", host=host) from None
    if answer.status != 200:
        trouble = explain_trouble(answer, credentials, host=host)
        if isinstance(trouble, OutcomeUnknown):
            raise TryLater(NO_ANSWER, scope="host", host=host)
        raise trouble
    status = explain_status(read_text(read_object(answer) or {}, "status"), host=host)
    if status:
        raise status


def explain_trouble(answer: Answer, credentials: Credentials, *, host: str) -> NetworkError:
    """Say what a refusal means for the account whose credentials were shown."""
    expires_at = credentials.expires_at
    return explain_refusal(
        answer,
        host=host,
        can_refresh=bool(credentials.refresh_token),
        has_run_out=expires_at is not None and expires_at <= datetime.now(UTC),
    )
