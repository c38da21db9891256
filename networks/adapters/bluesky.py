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

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from networks.atproto import Directory, NoSuchAccount, is_did, is_handle, read_name
from networks.atproto_accounts import check_account, confirm_account
from networks.atproto_clients import SCOPE, Client, covers_posting
from networks.atproto_posts import POSTS_AT_ONCE, Posts
from networks.atproto_profiles import Profiles
from networks.atproto_records import make_rkey
from networks.atproto_servers import read_server
from networks.atproto_sessions import Sessions
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
from networks.errors import NetworkError, Rejected, gettext_noop
from networks.facets import utf8_length
from networks.permalinks import is_post_at
from networks.text import grapheme_length
from networks.xrpc import read_host_rest

if TYPE_CHECKING:
    from networks.http import Http

MAX_GRAPHEMES = 300
MAX_BYTES = 3000
# A confidential client's refresh token ends after three months without use, and each use gives one
# for the next three. A public client's session ends after two weeks, used or not (the constants of
# the reference server, @atproto/oauth-provider).
RENEW_UNUSED_AFTER = timedelta(days=30)

_OTHER_ACCOUNT = gettext_noop(
    "You authorised another account than %(handle)s. Nothing was stored. Please start again."
)
_NOT_ENOUGH = gettext_noop(
    "You did not allow posting, so nothing was stored. You can start again whenever you like."
)
_MOVED = gettext_noop("“%(handle)s” does not live on %(host)s. Please start again.")


PACE = Allowance(count=2500, seconds=300)

POST_PATH = re.compile(r"/profile/[^/]+/post/[\w.~:-]+")


class Bluesky:
    """The network of ``app.bsky``, by ``networks.base.Network``.

    ``site_url`` is our own origin. ``plc_url``, ``resolver_url`` and ``appview_url`` are services
    that the operator trusts; without an AppView followers and posts' numbers are unknown. Where
    they are not public https, the guard has to let them through: ``allowed_hosts`` are the same
    exact ``host:port`` pairs as the ``Http``'s. ``client_key`` makes the site a confidential client
    (``networks.atproto_clients``). ``web_url`` is where people read posts, and write them by hand.

    Raises ValueError for a client key that is none.
    """

    name = "bluesky"
    label = "Bluesky"
    composer_label = label
    code = "B"
    address_label = gettext_noop("Your handle")
    address_example = "sam.bsky.social"
    scopes = tuple(SCOPE.split())
    registers = True
    deadline_seconds = 10.0
    can_look_up = True
    can_delete = True
    prepares = False
    numbers_are_public = True
    renew_before: timedelta | None = None
    renew_unused_after: timedelta | None = RENEW_UNUSED_AFTER
    numbers_at_once = POSTS_AT_ONCE

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
        appview_url = appview_url.rstrip("/")
        self.tells_numbers = bool(appview_url)
        self._profiles = Profiles(
            directory=self._directory, appview_url=appview_url, web_url=self._web_url
        )
        self._posts = Posts(appview_url=appview_url, web_url=self._web_url)
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
    ) -> Sequence[tuple[Credentials, Profile]]:
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
            identity = await confirm_account(http, self._directory, server, credentials)
            profile = await self._profiles.read(http, identity)
        except NetworkError:
            with suppress(NetworkError):  # it runs out by itself, too
                await self._sessions.revoke(http, server, registration, credentials)
            raise
        extra = {**credentials.extra, "pds_url": identity.pds_url}
        return [(replace(credentials, extra=extra), profile)]

    async def read_profile(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        """Read name, followers and age of the account anew, and whether it may post.

        Raises NeedsRelink, TryLater (with 0 seconds when the token has run out), and Rejected for
        an account that is taken down, suspended or deactivated.
        """
        await check_account(
            http,
            self._sessions.prove(credentials),
            credentials,
            home=_find_home(server, credentials),
            deadline_seconds=self.deadline_seconds,
        )
        identity = await self._directory.read_identity(http, credentials.account_id)
        return await self._profiles.read(http, identity)

    async def prepare(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> str:
        """Give nothing: a record is made and posted in one."""
        return ""

    async def publish(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Receipt:
        """Write the post under its key, if nothing is there. Raises all four errors."""
        return await self._posts.write(
            http,
            self._sessions.prove(credentials),
            credentials,
            post,
            home=_find_home(server, credentials),
            deadline_seconds=self.deadline_seconds,
        )

    async def find(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Sequence[Receipt]:
        """Look under the post's key, whatever words are there now. Needs no authorisation.

        Empty means: not there. A deactivated account's server cannot tell: OutcomeUnknown.
        """
        receipt = await self._posts.look(
            http,
            did=credentials.account_id,
            rkey=make_rkey(post),
            home=_find_home(server, credentials),
            deadline_seconds=self.deadline_seconds,
        )
        return [] if receipt is None else [receipt]

    async def delete(
        self, http: Http, server: Server, credentials: Credentials, remote_id: str
    ) -> bool:
        """Delete the post's record, by its ``at://`` address. Raises all four errors."""
        return await self._posts.remove(
            http,
            self._sessions.prove(credentials),
            credentials,
            remote_id,
            home=_find_home(server, credentials),
            deadline_seconds=self.deadline_seconds,
        )

    async def read_numbers(
        self, http: Http, server: Server, credentials: Credentials, remote_ids: Sequence[str]
    ) -> Mapping[str, Numbers | None]:
        """Read likes, reposts, replies and quotes at the AppView; nothing without one.

        Needs no authorisation. Raises TryLater when the AppView does not answer.
        """
        return await self._posts.count(
            http,
            remote_ids,
            did=credentials.account_id,
            home=_find_home(server, credentials),
            deadline_seconds=self.deadline_seconds,
        )

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

    def compose(self, text: str, *, link: str, server: Server | None = None) -> Composition:
        """Give the app's page for a post, whatever server the account lives on.

        By https://docs.bsky.app/docs/advanced-guides/intent-links.
        """
        url = f"{self._web_url}/intent/compose?text={quote(text, safe='')}"
        return Composition(url=url, is_whole=True)

    def measure(self, server: Server | None, text: str) -> Length:
        """Count graphemes (300), or bytes of UTF-8 (3,000) where those are further over."""
        graphemes, size = grapheme_length(text), utf8_length(text)
        over = max(graphemes - MAX_GRAPHEMES, 0)
        if max(size - MAX_BYTES, 0) > over:
            return Length(used=size, limit=MAX_BYTES, over=size - MAX_BYTES)
        return Length(used=graphemes, limit=MAX_GRAPHEMES, over=over)

    def is_post_address(self, server: Server, url: str) -> bool:
        """See ``networks.permalinks``."""
        return is_post_at(url, origins=(self._web_url, "https://bsky.app"), path=POST_PATH)

    def honours_keys(self, server: Server) -> bool:
        """Always: the record's key is part of the protocol."""
        return True

    def absence_proves(
        self, server: Server, *, post: Post, seconds_since_first_attempt: float
    ) -> bool:
        """Always: a late first request and its repeat would meet under the same key."""
        return True

    def allowances(self, server: Server) -> Sequence[Allowance]:
        """Give a server's 3,000 requests in 5 minutes per address, less a sixth.

        The rest is for what is not paced: nonces asked for again, look-ups, refreshes
        (https://docs.bsky.app/docs/advanced-guides/rate-limits). An account's own limit, 2,500
        posts in an hour, is never met here. ``BLUESKY_PACE`` sets another pace.
        """
        return (self._pace,)

    def deletion_allowances(self, server: Server) -> Sequence[Allowance]:
        """Give half of the pace of posts, which a server counts together with it.

        So a launch that leaves meanwhile is in nobody's way but that of a very large one. An
        account's own limit, 5,000 deletions in an hour, is never met here.
        """
        return (Allowance(count=max(self._pace.count // 2, 1), seconds=self._pace.seconds),)

    def read_rest(self, server: Server, headers: Mapping[str, str]) -> float | None:
        """By ``RateLimit-*``, where they tell of the address that we come from."""
        return read_host_rest(headers)


def _find_home(server: Server, credentials: Credentials) -> str:
    """Give the origin of the server where the account lives, known since it was linked."""
    return credentials.extra.get("pds_url") or server.url
