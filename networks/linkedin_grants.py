"""By which authorisation this site posts for a member: LinkedIn's OAuth 2.0, without PKCE.

By https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow,
…/programmatic-refresh-tokens and …/token-introspection.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from networks.base import Credentials, Profile, Registration
from networks.errors import NeedsRelink, OutcomeUnknown, Rejected, TryLater, gettext_noop
from networks.http import Answer, Http
from networks.linkedin_answers import (
    RELINK,
    explain_limit,
    explain_renewal,
    explain_token,
    read_member,
    read_reason,
)
from networks.oauth import OAUTH_SECONDS, Tokens, read_tokens
from networks.reading import read, read_object, read_text

SETTLING_TRIES = 3

_SPEAKS_NOT = gettext_noop("LinkedIn did not answer as it should. Please try again later.")
_UNREADY = gettext_noop("LinkedIn has trouble at the moment. Please try again in a few minutes.")
_REFUSED = gettext_noop("LinkedIn refused the authorisation: “%(reason)s”. Please start again.")
_NO_POSTING = gettext_noop("LinkedIn did not give the right to post. Please start again.")
_OTHER_ACCOUNT = gettext_noop("LinkedIn knows another account by now. Please link it again.")
_NOT_REVOKED = gettext_noop(
    "LinkedIn did not take the authorisation back. You can end it yourself: open %(url)s and "
    "remove this site."
)


@dataclass(frozen=True, kw_only=True)
class Grants:
    """What is asked at LinkedIn's own site, ``web_url``.

    ``settling_seconds`` is how long is waited for a token that was just made to be known.
    """

    web_url: str
    settling_seconds: float

    async def trade(
        self, http: Http, registration: Registration, *, code: str, redirect_uri: str
    ) -> Tokens:
        """Trade a code for tokens that may post. Raises Rejected, TryLater."""
        answer = await self._ask(
            http,
            "accessToken",
            registration,
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
        )
        if answer.status != 200:
            raise Rejected(_REFUSED, reason=read_reason(answer, code, registration.client_secret))
        tokens = read_tokens(answer)
        if tokens is None:
            raise Rejected(_SPEAKS_NOT)
        # Documented with spaces between, it comes with commas.
        if tokens.scope and "w_member_social" not in re.split(r"[\s,]+", tokens.scope):
            raise Rejected(_NO_POSTING)
        return tokens

    async def meet(self, http: Http, api_url: str, access_token: str) -> Profile:
        """Read whose token it is that was just given. Raises Rejected, TryLater.

        For some seconds LinkedIn may say that it was revoked: not all of its servers know it yet.
        """
        answer = await _ask_member(http, api_url, access_token)
        for _ in range(SETTLING_TRIES):
            if answer.status != 401:
                break
            await asyncio.sleep(self.settling_seconds)
            answer = await _ask_member(http, api_url, access_token)
        if answer.status in (401, 403):
            raise Rejected(_REFUSED, reason=read_reason(answer, access_token))
        return _read_member(answer)

    async def meet_again(self, http: Http, api_url: str, credentials: Credentials) -> Profile:
        """Read whose token it is by now. Raises NeedsRelink when it is nobody's, TryLater."""
        answer = await _ask_member(http, api_url, credentials.access_token)
        if answer.status == 401:
            raise explain_token(answer, credentials)
        if answer.status == 403:
            raise NeedsRelink(RELINK)
        profile = _read_member(answer)
        if profile.account_id != credentials.account_id:
            raise NeedsRelink(_OTHER_ACCOUNT)
        return profile

    async def renew(self, http: Http, registration: Registration, *, refresh_token: str) -> Tokens:
        """Give new tokens. Raises NeedsRelink, Rejected, TryLater; the old token is not spent."""
        answer = await self._ask(
            http,
            "accessToken",
            registration,
            grant_type="refresh_token",
            refresh_token=refresh_token,
        )
        tokens = read_tokens(answer) if answer.status == 200 else None
        if tokens is None:
            raise explain_renewal(answer, registration.client_secret, refresh_token)
        return tokens

    async def take_back(
        self, http: Http, registration: Registration, credentials: Credentials
    ) -> None:
        """Try to end the authorisation, and believe it only when LinkedIn says that it is over.

        No documentation names ``revoke``, but ``introspectToken`` is documented. Raises Rejected,
        with what its owner can do, where the token is not known to be dead; TryLater.
        """
        for token in filter(None, (credentials.refresh_token, credentials.access_token)):
            await self._ask(http, "revoke", registration, token=token)
        answer = await self._ask(
            http, "introspectToken", registration, token=credentials.access_token
        )
        content = (read_object(answer) if answer.status == 200 else None) or {}
        # That it is not "active" may only mean that it is another app's.
        if read_text(content, "status") not in ("revoked", "expired"):
            url = f"{self.web_url}/mypreferences/d/data-sharing-for-permitted-services"
            raise Rejected(_NOT_REVOKED, url=url)

    async def _ask(
        self, http: Http, endpoint: str, registration: Registration, **form: str
    ) -> Answer:
        """Ask what posts nothing, so that its unknown outcome is no more than a delay.

        Raises TryLater, also for a 429 and a 5xx.
        """
        ours = {"client_id": registration.client_id, "client_secret": registration.client_secret}
        try:
            answer = await http.request(
                "POST",
                f"{self.web_url}/oauth/v2/{endpoint}",
                form=form | ours,
                deadline_seconds=OAUTH_SECONDS,
            )
        except OutcomeUnknown:
            raise TryLater(_UNREADY, scope="host") from None
        if answer.status == 429:
            raise explain_limit(answer)
        if answer.status >= 500:
            raise TryLater(_UNREADY, scope="host")
        return answer


async def _ask_member(http: Http, api_url: str, access_token: str) -> Answer:
    headers = {"Authorization": f"Bearer {access_token}"}
    return await read(http, f"{api_url}/v2/userinfo", headers=headers)


def _read_member(answer: Answer) -> Profile:
    profile = read_member(answer)
    if profile is None:
        raise TryLater(_SPEAKS_NOT, scope="host")
    return profile
