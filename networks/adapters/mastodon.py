"""Mastodon, and every server that speaks its API (https://docs.joinmastodon.org/methods/).

What servers differ in is found out by ``networks.recognising`` and kept in ``Server.facts``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from networks.addresses import clean_host
from networks.base import (
    Allowance,
    Consent,
    Credentials,
    Length,
    Mode,
    Post,
    Profile,
    Receipt,
    Registration,
    Server,
)
from networks.comparing import is_same_text
from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.http import Answer, Http, NotJson
from networks.interpreting import (
    BUSY,
    DISABLED,
    RELINK,
    UNCLEAR,
    explain_refusal,
    read_account,
    read_id,
    read_moment,
    read_reason,
    read_receipt,
    read_skew,
)
from networks.oauth import (
    build_authorization_url,
    derive_challenge,
    make_verifier,
    read_code,
    read_tokens,
)
from networks.reading import read, read_object, read_text
from networks.recognising import USUAL_CHARACTERS, USUAL_PER_URL, find_home, is_keyed
from networks.text import mastodon_length
from networks.waiting import read_wait

PAGE_SIZE, MOST_PAGES, PAGE_BYTES = 40, 10, 4_000_000
CLOCK_SECONDS = 60
# Mastodon forgets a key after an hour; what is left is for clocks and slow answers.
KEY_SECONDS = 50 * 60

_SPEAKS_NOT = gettext_noop("%(host)s did not answer as a Mastodon server does.")
_UNREADY = gettext_noop("%(host)s has trouble at the moment. Please try again in a few minutes.")
_APP_REFUSED = gettext_noop("%(host)s does not let this site in: “%(reason)s”.")
_GRANT_REFUSED = gettext_noop(
    "%(host)s refused the authorisation: “%(reason)s”. Please start again."
)
_NO_POSTING = gettext_noop("%(host)s did not give the right to post. Please start again.")
_WRONG_MEMO = gettext_noop(
    "The answer came from another server than the one you were sent to. Nothing was stored."
)
_OTHER_ACCOUNT = gettext_noop("%(host)s knows another account by now. Please link it again.")
_CANNOT_LOOK = gettext_noop("%(host)s does not show the account's posts, so nobody could look.")
_TOO_MANY = gettext_noop("The account on %(host)s has posted too much since to look through.")
_NOT_REVOKED = gettext_noop("%(host)s did not take the authorisation back: “%(reason)s”.")


PACE = Allowance(count=1000, seconds=10)


class Mastodon:
    """One adapter for all servers; see ``networks.base.Network``."""

    name = "mastodon"
    label = "Mastodon"
    code = "M"
    address_label = gettext_noop("Your server")
    address_example = "mastodon.social"
    deadline_seconds = 10.0
    can_look_up = True

    def __init__(
        self,
        *,
        mode: Mode,
        website: str,
        app_name: str = "CrowdSpeak",
        pace: Allowance = PACE,
    ) -> None:
        self.mode = mode
        self._pace = pace
        self._website = website
        self._app_name = app_name

    async def find_server(self, http: Http, address: str) -> tuple[Server, str]:
        """Turn a server's name, a profile's address or ``@name@server`` into its server."""
        host = clean_host(address, allowed_hosts=http.allowed_hosts)
        named = re.search(r"(?:^|/)@([A-Za-z0-9_.-]+)", address.strip())
        return await find_home(http, host), named[1] if named else ""

    async def register(self, http: Http, server: Server, *, redirect_uri: str) -> Registration:
        """Make our app known: ``POST /api/v1/apps``, which is allowed 5 times per 10 minutes."""
        answer = await self._ask(
            http,
            server,
            f"{server.url}/api/v1/apps",
            form={
                "client_name": self._app_name,
                "redirect_uris": redirect_uri,
                "scopes": str(server.facts["scopes"]),
                "website": self._website,
            },
        )
        if answer.status >= 400:
            raise Rejected(_APP_REFUSED, host=server.host, reason=read_reason(answer))
        content = read_object(answer) or {}
        client_id, secret = read_text(content, "client_id"), read_text(content, "client_secret")
        if not client_id or not secret:
            raise Rejected(_SPEAKS_NOT, host=server.host)
        return Registration(client_id=client_id, client_secret=secret)

    async def ask_consent(
        self,
        http: Http,
        server: Server,
        registration: Registration,
        *,
        redirect_uri: str,
        state: str,
        account_hint: str = "",
    ) -> Consent:
        """Give the address of the server's own page; PKCE (S256) where the server offers it."""
        memo = {"state": state, "host": server.host}
        parameters = {
            "response_type": "code",
            "client_id": registration.client_id,
            "redirect_uri": redirect_uri,
            "scope": str(server.facts["scopes"]),
            "state": state,
        }
        if server.facts.get("pkce"):
            memo["verifier"] = make_verifier()
            parameters["code_challenge"] = derive_challenge(memo["verifier"])
            parameters["code_challenge_method"] = "S256"
        address = str(server.facts["authorize_url"])
        return Consent(url=build_authorization_url(address, parameters=parameters), memo=memo)

    async def accept_consent(
        self,
        http: Http,
        server: Server,
        registration: Registration,
        *,
        redirect_uri: str,
        memo: Mapping[str, str],
        answer: Mapping[str, str],
    ) -> tuple[Credentials, Profile]:
        """Trade the code for a token, which does not expire, and read whose it is."""
        if memo.get("host") != server.host:
            raise Rejected(_WRONG_MEMO)
        issuer, named = str(server.facts["issuer"]), answer.get("iss", "")
        code = read_code(
            answer,
            state=memo.get("state", ""),
            issuer=named if named.rstrip("/") == issuer.rstrip("/") else issuer,
            host=server.host,
            needs_issuer=bool(server.facts.get("names_issuer")),
        )
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": registration.client_id,
            "client_secret": registration.client_secret,
            "redirect_uri": redirect_uri,
            "scope": str(server.facts["scopes"]),
        }
        if memo.get("verifier"):
            form["code_verifier"] = memo["verifier"]
        given = await self._ask(http, server, str(server.facts["token_url"]), form=form)
        if given.status != 200:
            reason = read_reason(given, code, registration.client_secret, memo.get("verifier", ""))
            raise Rejected(_GRANT_REFUSED, host=server.host, reason=reason)
        tokens = read_tokens(given)
        if tokens is None:
            raise Rejected(_SPEAKS_NOT, host=server.host)
        credentials = Credentials(
            network=self.name,
            account_id="",
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=tokens.expires_at,
        )
        try:
            if tokens.scope and not {"write", "write:statuses"} & set(tokens.scope.split()):
                raise Rejected(_NO_POSTING, host=server.host)
            profile = await self._read_account(http, server, tokens.access_token)
        except NetworkError as error:
            with suppress(NetworkError):  # what is not stored should not stay valid either
                await self.revoke(http, server, registration, credentials)
            if isinstance(error, NeedsRelink):
                raise Rejected(error.sentence, **error.facts) from None
            raise
        return replace(credentials, account_id=profile.account_id), profile

    async def read_profile(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        """Read the account anew. Raises NeedsRelink when the token no longer leads to it."""
        profile = await self._read_account(http, server, credentials.access_token)
        if profile.account_id != credentials.account_id:
            raise NeedsRelink(_OTHER_ACCOUNT, host=server.host)
        return profile

    async def publish(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Receipt:
        """Send the post once, under its key (which servers that know none ignore)."""
        answer = await http.request(
            "POST",
            f"{server.url}/api/v1/statuses",
            headers=_authorise(credentials.access_token) | {"Idempotency-Key": post.key},
            json={"status": post.text, "visibility": "public", "language": post.language},
            deadline_seconds=self.deadline_seconds,
        )
        if answer.status not in (200, 201):
            raise explain_refusal(answer, host=server.host, secret=credentials.access_token)
        receipt = read_receipt(read_object(answer) or {})
        if receipt is None:
            raise OutcomeUnknown(UNCLEAR, host=server.host)
        return receipt

    async def find(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Sequence[Receipt]:
        """Look through the account's posts, newest first, back to the planned moment."""
        found: dict[str, Receipt] = {}
        params = {"limit": str(PAGE_SIZE), "exclude_reblogs": "true"}
        for _ in range(MOST_PAGES):
            statuses, skew, is_owner = await self._read_page(http, server, credentials, params)
            # A server whose clock is behind dates its posts too early; one that is ahead, too late.
            since = post.sought_from + min(skew, timedelta()) - timedelta(seconds=CLOCK_SECONDS)
            moments = [read_moment(status.get("created_at")) for status in statuses]
            for status, moment in zip(statuses, moments, strict=True):
                is_old = moment is not None and moment < since
                receipt = None if is_old else _match(status, post.text)
                if receipt:
                    found[receipt.remote_id] = receipt
            if not statuses or (moments[-1] is not None and moments[-1] < since):
                if not found and not is_owner:
                    raise OutcomeUnknown(_CANNOT_LOOK, host=server.host)
                return list(found.values())
            last_id = read_id(statuses[-1])
            if last_id == params.get("max_id", ""):
                break  # it gives the same page again and again
            params["max_id"] = last_id
        if found:
            return list(found.values())
        raise OutcomeUnknown(_TOO_MANY, host=server.host)

    async def refresh(
        self,
        http: Http,
        server: Server,
        registration: Registration,
        credentials: Credentials,
    ) -> Credentials:
        """Mastodon's tokens last until they are revoked; then only their owner can give another."""
        raise NeedsRelink(RELINK, host=server.host)

    async def revoke(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> None:
        """Take the token back: ``POST /oauth/revoke``. One that is gone already is fine."""
        answer = await self._ask(
            http,
            server,
            str(server.facts["revoke_url"]),
            form={
                "token": credentials.access_token,
                "client_id": registration.client_id,
                "client_secret": registration.client_secret,
            },
        )
        if answer.status not in (200, 204):
            secrets = (credentials.access_token, registration.client_secret)
            reason = read_reason(answer, *secrets)
            raise Rejected(_NOT_REVOKED, host=server.host, reason=reason)

    def measure(self, server: Server | None, text: str) -> Length:
        """Count as the server does: graphemes, links at a fixed price, mentions by their name."""
        facts = server.facts if server else {}
        limit = int(facts.get("max_characters", USUAL_CHARACTERS))
        per_url = int(facts.get("reserved_per_url", USUAL_PER_URL))
        used = mastodon_length(text, reserved_per_url=per_url)
        return Length(used=used, limit=limit, over=max(0, used - limit))

    def honours_keys(self, server: Server) -> bool:
        """Mastodon proper and its close forks do; of the others it is not known."""
        return is_keyed(server.version, software=str(server.facts.get("software", "")))

    def absence_proves(self, server: Server, *, seconds_since_first_attempt: float) -> bool:
        """Absence is proof while the server still remembers the key of the first attempt."""
        return self.honours_keys(server) and seconds_since_first_attempt < KEY_SECONDS

    def allowances(self, server: Server) -> Sequence[Allowance]:
        """Mastodon counts 300 requests per 5 minutes and token, none per sender with a token.

        What is left is courtesy: a server answers some hundred posts a second, and its other users
        want to be served as well. ``MASTODON_PACE`` sets another one.
        """
        return (self._pace,)

    async def _ask(
        self, http: Http, server: Server, url: str, *, form: Mapping[str, str]
    ) -> Answer:
        """Send what posts nothing, so that its unknown outcome is no more than a delay."""
        try:
            answer = await http.request(
                "POST", url, form=form, deadline_seconds=self.deadline_seconds
            )
        except OutcomeUnknown:
            raise TryLater(_UNREADY, scope="host", host=server.host) from None
        if answer.status == 429:
            wait = read_wait(answer.headers)
            raise TryLater(BUSY, after_seconds=wait, scope="host", host=server.host)
        if answer.status >= 500:
            raise TryLater(_UNREADY, scope="host", host=server.host)
        return answer

    async def _read_account(self, http: Http, server: Server, access_token: str) -> Profile:
        answer = await read(
            http,
            f"{server.url}/api/v1/accounts/verify_credentials",
            headers=_authorise(access_token),
        )
        if answer.status == 401:
            raise NeedsRelink(RELINK, host=server.host)
        if answer.status == 403:
            reason = read_reason(answer, access_token)
            raise NeedsRelink(DISABLED, host=server.host, reason=reason)
        content = (read_object(answer) if answer.status == 200 else None) or {}
        profile = read_account(content, domain=str(server.facts.get("domain", server.host)))
        if profile is None:
            raise TryLater(_SPEAKS_NOT, scope="host", host=server.host)
        return profile

    async def _read_page(
        self, http: Http, server: Server, credentials: Credentials, params: Mapping[str, str]
    ) -> tuple[list[dict[str, Any]], timedelta, bool]:
        """Give a page of the account's posts, how far the server's clock is ahead, and whether they
        were read as their owner: to a stranger some servers show only a part.
        """
        account = quote(credentials.account_id, safe="")
        url = f"{server.url}/api/v1/accounts/{account}/statuses"
        for headers in (_authorise(credentials.access_token), None):
            answer = await http.request(
                "GET",
                url,
                params=params,
                headers=headers,
                deadline_seconds=self.deadline_seconds,
                max_bytes=PAGE_BYTES,
            )
            if answer.status not in (401, 403):
                break
        if answer.status == 429:
            raise TryLater(BUSY, after_seconds=read_wait(answer.headers), host=server.host)
        if answer.status >= 500:
            raise TryLater(_UNREADY, scope="host", host=server.host)
        try:
            content = answer.json() if answer.status == 200 else None
        except NotJson:
            content = None
        if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
            raise OutcomeUnknown(_CANNOT_LOOK, host=server.host)
        return content, read_skew(answer), headers is not None


def _authorise(access_token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token}"}


def _match(status: Mapping[str, Any], text: str) -> Receipt | None:
    is_same = not status.get("reblog") and is_same_text(read_text(status, "content"), text)
    return read_receipt(status) if is_same else None
