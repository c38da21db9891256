"""Asking a Mastodon server for what posts nothing, so that no answer is no more than a delay."""

from __future__ import annotations

from collections.abc import Mapping

from networks.base import Profile, Server
from networks.errors import NeedsRelink, OutcomeUnknown, TryLater, gettext_noop
from networks.http import Answer, Http
from networks.interpreting import BUSY, DISABLED, RELINK, read_account, read_reason
from networks.reading import read, read_object
from networks.waiting import read_wait

SPEAKS_NOT = gettext_noop("%(host)s did not answer as a Mastodon server does.")
UNREADY = gettext_noop("%(host)s has trouble at the moment. Please try again in a few minutes.")


def authorise(access_token: str) -> dict[str, str]:
    """Give the header that shows a token."""
    return {"Authorization": f"Bearer {access_token}"}


async def ask(
    http: Http, server: Server, url: str, *, form: Mapping[str, str], deadline_seconds: float
) -> Answer:
    """Send a form and give the answer, unless the server cannot serve just now: TryLater."""
    try:
        answer = await http.request("POST", url, form=form, deadline_seconds=deadline_seconds)
    except OutcomeUnknown:
        raise TryLater(UNREADY, scope="host", host=server.host) from None
    if answer.status == 429:
        wait = read_wait(answer.headers)
        raise TryLater(BUSY, after_seconds=wait, scope="host", host=server.host)
    if answer.status >= 500:
        raise TryLater(UNREADY, scope="host", host=server.host)
    return answer


async def read_owner(http: Http, server: Server, access_token: str) -> Profile:
    """Read whose a token is. Raises NeedsRelink when it is nobody's any more, TryLater."""
    answer = await read(
        http,
        f"{server.url}/api/v1/accounts/verify_credentials",
        headers=authorise(access_token),
    )
    if answer.status == 401:
        raise NeedsRelink(RELINK, host=server.host)
    if answer.status == 403:
        reason = read_reason(answer, access_token)
        raise NeedsRelink(DISABLED, host=server.host, reason=reason)
    content = (read_object(answer) if answer.status == 200 else None) or {}
    profile = read_account(content, domain=str(server.facts.get("domain", server.host)))
    if profile is None:
        raise TryLater(SPEAKS_NOT, scope="host", host=server.host)
    return profile
