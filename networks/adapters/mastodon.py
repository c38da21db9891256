"""Mastodon, and every server that speaks its API (https://docs.joinmastodon.org/methods/).

What servers differ in is found out by ``networks.recognising`` and kept in ``Server.facts``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

from networks.addresses import clean_host
from networks.asking import SPEAKS_NOT, ask, authorise, read_owner
from networks.base import (
    Allowance,
    Composition,
    Consent,
    Credentials,
    Length,
    Mode,
    Numbers,
    Post,
    Profile,
    Receipt,
    Registration,
    Server,
)
from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    gettext_noop,
)
from networks.http import Http
from networks.interpreting import (
    RELINK,
    UNCLEAR,
    explain_refusal,
    read_reason,
    read_receipt,
)
from networks.oauth import (
    build_authorization_url,
    derive_challenge,
    make_verifier,
    read_code,
    read_tokens,
)
from networks.permalinks import is_post_at
from networks.reading import read_object, read_text
from networks.recognising import USUAL_CHARACTERS, USUAL_PER_URL, find_home, is_keyed
from networks.text import mastodon_length
from networks.timelines import STATUSES_AT_ONCE, Timeline
from networks.waiting import read_spent

SHARE_PAGE = "https://share.joinmastodon.org/#"
# Mastodon forgets a key after an hour; what is left is for clocks and slow answers.
KEY_SECONDS = 50 * 60

_APP_REFUSED = gettext_noop("%(host)s does not let this site in: “%(reason)s”.")
_GRANT_REFUSED = gettext_noop(
    "%(host)s refused the authorisation: “%(reason)s”. Please start again."
)
_NO_POSTING = gettext_noop("%(host)s did not give the right to post. Please start again.")
_WRONG_MEMO = gettext_noop(
    "The answer came from another server than the one you were sent to. Nothing was stored."
)
_OTHER_ACCOUNT = gettext_noop("%(host)s knows another account by now. Please link it again.")
_NOT_REVOKED = gettext_noop("%(host)s did not take the authorisation back: “%(reason)s”.")


PACE = Allowance(count=1000, seconds=10)

# Mastodon, GoToSocial and Takahē; Mastodon's ids; Pleroma and Akkoma; Pixelfed.
POST_PATH = re.compile(
    r"/@[^/]+/(?:statuses/|posts/)?\w+|/users/[^/]+/statuses/\w+"
    r"|/(?:notice|objects)/[\w-]+|/p/[^/]+/\d+"
)


class Mastodon:
    """One adapter for all servers; see ``networks.base.Network``.

    ``share_url`` is where people write posts by hand whose server is not known; it ends where
    ``text=`` follows.
    """

    name = "mastodon"
    label = "Mastodon"
    composer_label = label
    code = "M"
    address_label = gettext_noop("Your server")
    address_example = "mastodon.social"
    scopes: tuple[str, ...] = ("read:statuses", "write:statuses", "profile")
    registers = True
    deadline_seconds = 10.0
    can_look_up = True
    can_delete = True
    prepares = False
    tells_numbers = True
    numbers_are_public = False
    renew_before: timedelta | None = None
    renew_unused_after: timedelta | None = None
    numbers_at_once = STATUSES_AT_ONCE

    def __init__(
        self,
        *,
        mode: Mode,
        website: str,
        app_name: str = "CrowdSpeak",
        share_url: str = SHARE_PAGE,
        pace: Allowance = PACE,
    ) -> None:
        self.mode = mode
        self._share_url = share_url
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
        answer = await ask(
            http,
            server,
            f"{server.url}/api/v1/apps",
            form={
                "client_name": self._app_name,
                "redirect_uris": redirect_uri,
                "scopes": str(server.facts["scopes"]),
                "website": self._website,
            },
            deadline_seconds=self.deadline_seconds,
        )
        if answer.status >= 400:
            raise Rejected(_APP_REFUSED, host=server.host, reason=read_reason(answer))
        content = read_object(answer) or {}
        client_id, secret = read_text(content, "client_id"), read_text(content, "client_secret")
        if not client_id or not secret:
            raise Rejected(SPEAKS_NOT, host=server.host)
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
    ) -> Sequence[tuple[Credentials, Profile]]:
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
        given = await ask(
            http,
            server,
            str(server.facts["token_url"]),
            form=form,
            deadline_seconds=self.deadline_seconds,
        )
        if given.status != 200:
            reason = read_reason(given, code, registration.client_secret, memo.get("verifier", ""))
            raise Rejected(_GRANT_REFUSED, host=server.host, reason=reason)
        tokens = read_tokens(given)
        if tokens is None:
            raise Rejected(SPEAKS_NOT, host=server.host)
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
            profile = await read_owner(http, server, tokens.access_token)
        except NetworkError as error:
            with suppress(NetworkError):  # what is not stored should not stay valid either
                await self.revoke(http, server, registration, credentials)
            if isinstance(error, NeedsRelink):
                raise Rejected(error.sentence, **error.facts) from None
            raise
        return [(replace(credentials, account_id=profile.account_id), profile)]

    async def read_profile(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        """Read the account anew. Raises NeedsRelink when the token no longer leads to it."""
        profile = await read_owner(http, server, credentials.access_token)
        if profile.account_id != credentials.account_id:
            raise NeedsRelink(_OTHER_ACCOUNT, host=server.host)
        return profile

    async def prepare(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> str:
        """Give nothing: a status is made and posted in one."""
        return ""

    async def publish(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Receipt:
        """Send the post once, under its key (which servers that know none ignore)."""
        answer = await http.request(
            "POST",
            f"{server.url}/api/v1/statuses",
            headers=authorise(credentials.access_token) | {"Idempotency-Key": post.key},
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
        return await self._open_timeline(http, server, credentials).find(post)

    async def delete(
        self, http: Http, server: Server, credentials: Credentials, remote_id: str
    ) -> bool:
        """Take a status away; the scope that posts covers it."""
        return await self._open_timeline(http, server, credentials).delete(remote_id)

    async def read_numbers(
        self, http: Http, server: Server, credentials: Credentials, remote_ids: Sequence[str]
    ) -> Mapping[str, Numbers | None]:
        """Read favourites, boosts, replies and, from Mastodon 4.5 on, quotes of posts."""
        return await self._open_timeline(http, server, credentials).count(remote_ids)

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
        answer = await ask(
            http,
            server,
            str(server.facts["revoke_url"]),
            form={
                "token": credentials.access_token,
                "client_id": registration.client_id,
                "client_secret": registration.client_secret,
            },
            deadline_seconds=self.deadline_seconds,
        )
        if answer.status not in (200, 204):
            secrets = (credentials.access_token, registration.client_secret)
            reason = read_reason(answer, *secrets)
            raise Rejected(_NOT_REVOKED, host=server.host, reason=reason)

    def compose(self, text: str, *, link: str, server: Server | None = None) -> Composition:
        """Give the server's own share page, or Mastodon's, which asks for the server.

        The latter is for whoever is not known to be on Mastodon itself, too: others have no such
        page, or another (https://blog.joinmastodon.org/2026/03/a-new-share-button/). It keeps the
        text in the browser: what is behind a # is never sent.
        """
        page = f"{server.url}/share?" if server and self.honours_keys(server) else self._share_url
        return Composition(url=f"{page}text={quote(text, safe='')}", is_whole=True)

    def measure(self, server: Server | None, text: str) -> Length:
        """Count as Mastodon does: graphemes, links at a fixed price, mentions by their name.

        What only speaks its API may count everything in full, whatever it says of links, as
        GoToSocial (code points) and Pleroma do: then what is more counts.
        """
        facts = server.facts if server else {}
        limit = int(facts.get("max_characters", USUAL_CHARACTERS))
        per_url = int(facts.get("reserved_per_url", USUAL_PER_URL))
        used = mastodon_length(text, reserved_per_url=per_url)
        if server and not self.honours_keys(server):
            used = max(used, len(text))
        return Length(used=used, limit=limit, over=max(0, used - limit))

    def is_post_address(self, server: Server, url: str) -> bool:
        """See ``networks.permalinks``."""
        return is_post_at(url, origins=(server.url,), path=POST_PATH)

    def honours_keys(self, server: Server) -> bool:
        """Mastodon proper and its close forks do; of the others it is not known."""
        return is_keyed(server.version, software=str(server.facts.get("software", "")))

    def absence_proves(
        self, server: Server, *, post: Post, seconds_since_first_attempt: float
    ) -> bool:
        """Absence is proof while the server still remembers the key of the first attempt."""
        return self.honours_keys(server) and seconds_since_first_attempt < KEY_SECONDS

    def allowances(self, server: Server) -> Sequence[Allowance]:
        """Mastodon counts 300 requests per 5 minutes and token, none per sender with a token.

        What is left is courtesy: a server answers some hundred posts a second, and its other users
        want to be served as well. ``MASTODON_PACE`` sets another one.
        """
        return (self._pace,)

    def deletion_allowances(self, server: Server) -> Sequence[Allowance]:
        """The same courtesy: Mastodon counts 30 deletions in 30 minutes, but by account."""
        return (self._pace,)

    def read_rest(self, server: Server, headers: Mapping[str, str]) -> float | None:
        """Mastodon's ``X-RateLimit-*`` tell of the account. GoToSocial counts by address instead.

        https://docs.gotosocial.org/en/latest/api/ratelimiting/; of others it is not known.
        """
        if server.facts.get("software") != "gotosocial":
            return None
        return read_spent(headers, remaining="X-RateLimit-Remaining", reset="X-RateLimit-Reset")

    def _open_timeline(self, http: Http, server: Server, credentials: Credentials) -> Timeline:
        return Timeline(
            http=http,
            server=server,
            credentials=credentials,
            deadline_seconds=self.deadline_seconds,
        )
