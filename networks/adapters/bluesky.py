"""Bluesky, on any server of the AT protocol.

A post is one ``putRecord`` under a key of our own (``networks.atproto_records``), with
``swapRecord: null``: only create. Nothing there: it is written. The same record there: nothing
happens and the answer is the same, so that a repeat is harmless. Another record there: refused
(``InvalidSwap``), never overwritten; as only this post can have taken that key, what is there is
then its receipt. So there can be no second post, whatever is sent again, by whom and when.

Tokens last an hour at most and are bound to a DPoP key. ``publish`` answers a token that has run
out with ``TryLater(token_expired=True)``: refresh, then send again. The old access token is dead as
soon as there is a new one: load it again after a refresh. A refresh token is good once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from networks.atproto import (
    Directory,
    Identity,
    NoSuchAccount,
    find_issuer,
    is_did,
    is_handle,
    read_name,
)
from networks.atproto_clients import Client, covers_posting
from networks.atproto_profiles import Profiles
from networks.atproto_records import COLLECTION, build_record, build_uri, make_rkey
from networks.atproto_servers import read_server
from networks.atproto_sessions import Sessions
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
from networks.errors import (
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.facets import utf8_length
from networks.oauth import read_error
from networks.reading import NO_ANSWER, read_object, read_text
from networks.text import grapheme_length
from networks.xrpc import explain_refusal, explain_status

if TYPE_CHECKING:
    from networks.http import Answer, Http

MAX_GRAPHEMES = 300
MAX_BYTES = 3000

_OTHER_ACCOUNT = gettext_noop(
    "You authorised another account than %(handle)s. Nothing was stored. Please start again."
)
_NOT_ITS_SERVER = gettext_noop("%(host)s may not speak for this account. Nothing was stored.")
_NOT_ENOUGH = gettext_noop(
    "You did not allow posting, so nothing was stored. You can start again whenever you like."
)
_MOVED = gettext_noop("“%(handle)s” does not live on %(host)s. Please start again.")
_TAKEN_AND_HIDDEN = gettext_noop(
    "%(host)s says that this post was there already, but does not show it."
)
_UNCLEAR = gettext_noop("%(host)s gave no clear answer, so it is not known what it did.")
_NOT_LOOKED = gettext_noop("%(host)s does not show at the moment whether the post is there.")


PACE = Allowance(count=2500, seconds=300)


class Bluesky:
    """The network of ``app.bsky``, by ``networks.base.Network``.

    ``site_url`` is our own origin. ``plc_url``, ``resolver_url`` and ``appview_url`` are services
    that the operator trusts; without an AppView follower counts are unknown. Where they are not
    public https, the guard has to let them through: ``allowed_hosts`` are the same exact
    ``host:port`` pairs as the ``Http``'s. ``client_key`` makes the site a confidential client
    (``networks.atproto_clients``). ``web_url`` is where people read posts.

    Raises ValueError for a client key that is none.
    """

    name = "bluesky"
    label = "Bluesky"
    code = "B"
    address_label = gettext_noop("Your handle")
    address_example = "sam.bsky.social"
    deadline_seconds = 10.0
    can_look_up = True

    def __init__(
        self,
        *,
        mode: Mode,
        site_url: str,
        plc_url: str = "https://plc.directory",
        resolver_url: str = "https://public.api.bsky.app",
        appview_url: str = "",
        client_key: str = "",
        web_url: str = "https://bsky.app",
        allowed_hosts: frozenset[str] = frozenset(),
        pace: Allowance = PACE,
    ) -> None:
        self.mode = mode
        self._pace = pace
        self._web_url = web_url.rstrip("/")
        self._allowed_hosts = allowed_hosts
        self._directory = Directory(
            plc_url=plc_url.rstrip("/"),
            resolver_url=resolver_url.rstrip("/"),
            allowed_hosts=allowed_hosts,
        )
        self._profiles = Profiles(
            directory=self._directory,
            appview_url=appview_url.rstrip("/"),
            web_url=self._web_url,
        )
        self._client = Client(site_url=site_url, client_key=client_key)
        self._sessions = Sessions(network=self.name, client=self._client)

    def client_metadata(self, redirect_uri: str) -> dict[str, Any]:
        """Give what the page ``/oauth/bluesky/client-metadata.json`` of this site has to say."""
        return self._client.describe(redirect_uri=redirect_uri)

    def jwks(self) -> dict[str, Any]:
        """Give what the page ``/oauth/bluesky/jwks.json`` of this site has to say."""
        return self._client.describe_keys()

    async def find_server(self, http: Http, address: str) -> tuple[Server, str]:
        """Find the server of an account: by its handle, DID or profile page; or a server itself.

        Gives the handle with it, or the DID when the handle is not confirmed; "" for a server.
        Raises Rejected, TryLater.
        """
        name = read_name(address, allowed_hosts=self._allowed_hosts)
        if name.startswith(("https://", "http://")):
            return await read_server(http, name, network=self.name), ""
        try:
            identity = await self._directory.find_identity(http, name)
        except NoSuchAccount:
            with suppress(NetworkError):  # neither? Then it was meant for a handle, and is wrong
                return await read_server(http, f"https://{name}", network=self.name), ""
            raise
        server = await read_server(http, identity.pds_url, network=self.name)
        return server, identity.handle or identity.did

    async def register(self, http: Http, server: Server, *, redirect_uri: str) -> Registration:
        """Give the name under which servers know us; nothing is sent, they read our page.

        Raises Rejected on a site to which no server would come back (plain http).
        """
        return Registration(client_id=self._client.make_id(redirect_uri=redirect_uri))

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
        """Push the request and give the page; ``account_hint`` is what ``find_server`` gave.

        The client's name is made anew, for a site may have moved since it was registered. Raises
        Rejected, TryLater.
        """
        did = account_hint if is_did(account_hint) else ""
        if is_handle(account_hint):
            identity = await self._directory.find_identity(http, account_hint)
            if identity.pds_url != server.url:
                raise Rejected(_MOVED, handle=account_hint, host=server.host)
            did = identity.did
        return await self._sessions.begin(
            http,
            server,
            redirect_uri=redirect_uri,
            state=state,
            login_hint=account_hint if did else "",
            did=did,
        )

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
        """Trade the browser's answer for credentials, and make sure whose they are.

        The account must be the one that was asked for, and its own document must name a server
        that this authorization server speaks for: anybody can run one that says it is you. What
        is refused here is taken back at the server, as far as it can be. Raises Rejected, TryLater.
        """
        credentials, scope = await self._sessions.finish(
            http, server, redirect_uri=redirect_uri, memo=memo, answer=answer
        )
        try:
            if memo["did"] and credentials.account_id != memo["did"]:
                raise Rejected(_OTHER_ACCOUNT, handle=memo["hint"])
            if not covers_posting(scope):
                raise Rejected(_NOT_ENOUGH)
            identity = await self._confirm(http, server, credentials)
            profile = await self._profiles.read(http, identity)
        except NetworkError:
            with suppress(NetworkError):  # it runs out by itself, too
                await self._sessions.revoke(http, server, registration, credentials)
            raise
        extra = {**credentials.extra, "pds_url": identity.pds_url}
        return replace(credentials, extra=extra), profile

    async def _confirm(self, http: Http, server: Server, credentials: Credentials) -> Identity:
        """Give the account's identity, if this authorization server may speak for it."""
        did = credentials.account_id
        if not is_did(did):
            raise Rejected(_NOT_ITS_SERVER, host=server.host)
        identity = await self._directory.read_identity(http, did)
        if identity.pds_url != server.url:
            issuer = await find_issuer(http, identity.pds_url)
            if issuer != credentials.extra["issuer"]:
                raise Rejected(_NOT_ITS_SERVER, host=server.host)
        return identity

    async def read_profile(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        """Read name, followers and age of the account anew, and whether it may post.

        Raises NeedsRelink, TryLater (with 0 seconds when the token has run out), and Rejected for
        an account that is taken down, suspended or deactivated.
        """
        home = _find_home(server, credentials)
        host = urlsplit(home).netloc
        url = f"{home}/xrpc/com.atproto.server.getSession"
        try:
            answer = await self._sessions.prove(credentials).send(
                http, "GET", url, deadline_seconds=self.deadline_seconds
            )
        except OutcomeUnknown:
            raise TryLater(NO_ANSWER, scope="host", host=host) from None
        if answer.status != 200:
            trouble = self._explain(answer, credentials, host=host)
            if isinstance(trouble, OutcomeUnknown):
                raise TryLater(NO_ANSWER, scope="host", host=host)
            raise trouble
        status = explain_status(read_text(read_object(answer) or {}, "status"), host=host)
        if status:
            raise status
        identity = await self._directory.read_identity(http, credentials.account_id)
        return await self._profiles.read(http, identity)

    async def publish(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Receipt:
        """Write the post under its key, if nothing is there. Raises all four errors."""
        give_up_at = time.monotonic() + self.deadline_seconds
        did, rkey = credentials.account_id, make_rkey(post)
        home = _find_home(server, credentials)
        host = urlsplit(home).netloc
        answer = await self._sessions.prove(credentials).send(
            http,
            "POST",
            f"{home}/xrpc/com.atproto.repo.putRecord",
            json={
                "repo": did,
                "collection": COLLECTION,
                "rkey": rkey,
                "swapRecord": None,
                "record": build_record(post),
            },
            deadline_seconds=self.deadline_seconds,
        )
        if answer.status == 200:
            return self._read_receipt(answer, did=did, rkey=rkey, host=host)
        if read_error(answer)[0] == "InvalidSwap":
            left = max(give_up_at - time.monotonic(), 0.1)
            try:
                standing = await self._look(http, home, did=did, rkey=rkey, deadline_seconds=left)
            except TryLater:
                raise OutcomeUnknown(_NOT_LOOKED, host=host) from None
            if standing is None:
                raise Rejected(_TAKEN_AND_HIDDEN, host=host)
            return standing
        raise self._explain(answer, credentials, host=host)

    async def find(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Sequence[Receipt]:
        """Look under the post's key, whatever words are there now. Needs no authorisation.

        Empty means: not there. A deactivated account's server cannot tell: OutcomeUnknown.
        """
        receipt = await self._look(
            http,
            _find_home(server, credentials),
            did=credentials.account_id,
            rkey=make_rkey(post),
            deadline_seconds=self.deadline_seconds,
        )
        return [] if receipt is None else [receipt]

    async def refresh(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> Credentials:
        """Give new tokens for old ones, which are dead from then on; one at a time per account.

        Raises NeedsRelink when the session is over, OutcomeUnknown when the refresh token may be
        spent (the session is lost then, too), TryLater and Rejected when it is not spent.
        """
        return await self._sessions.refresh(http, server, registration, credentials)

    async def revoke(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> None:
        """End the session at its server. Raises TryLater, Rejected or NeedsRelink (no key)."""
        await self._sessions.revoke(http, server, registration, credentials)

    def measure(self, server: Server | None, text: str) -> Length:
        """Count graphemes (300), or bytes of UTF-8 (3,000) where those are further over."""
        graphemes, size = grapheme_length(text), utf8_length(text)
        over = max(graphemes - MAX_GRAPHEMES, 0)
        if max(size - MAX_BYTES, 0) > over:
            return Length(used=size, limit=MAX_BYTES, over=size - MAX_BYTES)
        return Length(used=graphemes, limit=MAX_GRAPHEMES, over=over)

    def honours_keys(self, server: Server) -> bool:
        """Always: the record's key is part of the protocol."""
        return True

    def absence_proves(self, server: Server, *, seconds_since_first_attempt: float) -> bool:
        """Always: a late first request and its repeat would meet under the same key."""
        return True

    def allowances(self, server: Server) -> Sequence[Allowance]:
        """Give a server's 3,000 requests in 5 minutes per address, less a sixth.

        The rest is for what is not paced: nonces asked for again, look-ups, refreshes
        (https://docs.bsky.app/docs/advanced-guides/rate-limits). An account's own limit, 2,500
        posts in an hour, is never met here. ``BLUESKY_PACE`` sets another pace.
        """
        return (self._pace,)

    async def _look(
        self, http: Http, home: str, *, did: str, rkey: str, deadline_seconds: float
    ) -> Receipt | None:
        """Read one record; None when the account's server says that it is not there."""
        host = urlsplit(home).netloc
        answer = await http.request(
            "GET",
            f"{home}/xrpc/com.atproto.repo.getRecord",
            params={"repo": did, "collection": COLLECTION, "rkey": rkey},
            deadline_seconds=deadline_seconds,
        )
        if answer.status == 200:
            return self._read_receipt(answer, did=did, rkey=rkey, host=host)
        if answer.status in (400, 404) and read_error(answer)[0] == "RecordNotFound":
            return None
        if answer.status == 429:
            raise explain_refusal(answer, host=host)
        raise OutcomeUnknown(_NOT_LOOKED, host=host)

    def _read_receipt(self, answer: Answer, *, did: str, rkey: str, host: str) -> Receipt:
        """Take an answer for proof only if it names the record that was meant."""
        content = read_object(answer) or {}
        uri = build_uri(did, rkey)
        if content.get("uri") != uri or not read_text(content, "cid"):
            raise OutcomeUnknown(_UNCLEAR, host=host)
        return Receipt(remote_id=uri, url=f"{self._web_url}/profile/{did}/post/{rkey}")

    def _explain(self, answer: Answer, credentials: Credentials, *, host: str) -> NetworkError:
        expires_at = credentials.expires_at
        return explain_refusal(
            answer,
            host=host,
            can_refresh=bool(credentials.refresh_token),
            has_run_out=expires_at is not None and expires_at <= datetime.now(UTC),
        )


def _find_home(server: Server, credentials: Credentials) -> str:
    """Give the origin of the server where the account lives, known since it was linked."""
    return credentials.extra.get("pds_url") or server.url
