"""The tokens of X: OAuth 2.0 with PKCE, for a client with a secret or without one.

By https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token. An access token is
good for two hours, a refresh token once. To a code or a token that is spent, made up or revoked X
answers ``invalid_request`` where the standard has ``invalid_grant``.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace

from networks.base import Credentials, Registration, Server
from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.http import Answer, Http
from networks.oauth import Tokens, read_error, read_tokens
from networks.x_refusals import RELINK, UNREADY, explain_refusal, read_reason

_GRANT_REFUSED = gettext_noop("X refused the authorisation: “%(reason)s”. Please start again.")
_SITE_UNKNOWN = gettext_noop(
    "X does not recognise this site: “%(reason)s”. Its operator has to see to it."
)
_UNCLEAR = gettext_noop("X gave no clear answer, so it is not known what it did.")
_SPENT = re.compile(r"\binvalid\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class TokenDesk:
    """X's token endpoint, as one client of it uses it."""

    http: Http
    server: Server
    registration: Registration
    deadline_seconds: float

    async def trade(self, code: str, *, verifier: str, redirect_uri: str) -> Tokens:
        """Trade a code, which lives for 30 seconds, for tokens. Raises Rejected, TryLater."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        try:
            answer = await self._send("token", form)
        except OutcomeUnknown:
            raise TryLater(UNREADY, scope="host") from None
        tokens = read_tokens(answer) if answer.status == 200 else None
        if tokens is None:
            raise self._explain_harmless(answer, code, verifier)
        return tokens

    async def refresh(self, credentials: Credentials) -> Credentials:
        """Give new tokens for old; the old refresh token may be spent even when this raises."""
        if not credentials.refresh_token:
            raise NeedsRelink(RELINK)
        form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token}
        answer = await self._send("token", form)
        tokens = read_tokens(answer) if answer.status == 200 else None
        if tokens is None and _is_spent(answer):
            raise NeedsRelink(RELINK)
        if tokens is None:
            raise self._explain(answer, credentials.refresh_token)
        return replace(
            credentials,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or credentials.refresh_token,
            expires_at=tokens.expires_at,
        )

    async def revoke(self, *tokens: str) -> None:
        """Take tokens back, each by itself. One that is gone already is fine.

        Raises TryLater and Rejected for the first that X did not take back, once all were tried.
        """
        failure: NetworkError | None = None
        for token in filter(None, tokens):
            try:
                await self._revoke(token)
            except NetworkError as error:
                failure = failure or error
        if failure:
            raise failure

    async def _revoke(self, token: str) -> None:
        try:
            answer = await self._send("revoke", {"token": token})
        except OutcomeUnknown:
            raise TryLater(UNREADY, scope="host") from None
        if answer.status not in (200, 204) and not _is_spent(answer):
            raise self._explain_harmless(answer, token)

    async def _send(self, name: str, form: Mapping[str, str]) -> Answer:
        """Send a form, with the client's secret or else its name."""
        client_id, secret = self.registration.client_id, self.registration.client_secret
        headers: dict[str, str] = {}
        if secret:
            packed = b64encode(f"{client_id}:{secret}".encode()).decode()
            headers["Authorization"] = f"Basic {packed}"
        else:
            form = {**form, "client_id": client_id}
        return await self.http.request(
            "POST",
            f"{self.server.url}/2/oauth2/{name}",
            headers=headers,
            form=form,
            deadline_seconds=self.deadline_seconds,
        )

    def _explain_harmless(self, answer: Answer, *secrets: str) -> NetworkError:
        """Say what a refusal means where nothing is lost by asking again."""
        trouble = self._explain(answer, *secrets)
        is_unclear = isinstance(trouble, OutcomeUnknown)
        return TryLater(UNREADY, scope="host") if is_unclear else trouble

    def _explain(self, answer: Answer, *secrets: str) -> NetworkError:
        """Say what a refusal means for the account, or for the whole site."""
        name, _ = read_error(answer)
        reason = read_reason(answer, self.registration.client_secret, *secrets)
        if answer.status == 401 or name in ("unauthorized_client", "invalid_client"):
            return TryLater(_SITE_UNKNOWN, scope="network", reason=reason)
        trouble = explain_refusal(answer, secret="")
        if isinstance(trouble, TryLater):
            return trouble
        if 400 <= answer.status < 500 and answer.status != 408:
            return Rejected(_GRANT_REFUSED, reason=reason)
        return OutcomeUnknown(_UNCLEAR)


def _is_spent(answer: Answer) -> bool:
    """Whether X says that a code or a token is none, or no longer."""
    name, words = read_error(answer)
    is_invalid = name == "invalid_request" and _SPENT.search(words) is not None
    return answer.status == 400 and (name == "invalid_grant" or is_invalid)
