"""Threads, by Meta's Threads API (https://developers.facebook.com/documentation/threads).

What makes it differ: a post is made ready before its moment (``networks.threads_posts``), a token
renews itself without another one, and nothing can be given back: only its owner can remove us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

from networks.base import (
    Allowance,
    Composition,
    Consent,
    Credentials,
    Length,
    Mode,
    Notice,
    Numbers,
    Post,
    Profile,
    Receipt,
    Registration,
    Server,
)
from networks.deleting import BY_HAND
from networks.errors import NeedsRelink, Rejected, gettext_noop
from networks.http import Http
from networks.oauth import build_authorization_url, read_code
from networks.permalinks import is_post_at
from networks.signed_requests import read_signed_request
from networks.text import threads_length
from networks.threads_calls import Calls
from networks.threads_errors import EXPIRED
from networks.threads_posts import Posts
from networks.threads_profiles import check_leave, read_owner
from networks.threads_tokens import Grant, exchange_code, lengthen_token, renew_token

MAX_CHARACTERS = 500
MAY_RENEW_AFTER = timedelta(hours=24)
# A token that has ended cannot be renewed any more: it is renewed at half of its 60 days.
RENEW_BEFORE = timedelta(days=30)
# Threads counts 48,000 calls a day at least for each account, and none for a site as a whole
# (https://developers.facebook.com/documentation/threads/overview). What is left is courtesy.
PACE = Allowance(count=500, seconds=10)
VERSION = "v1.0"
INSIGHTS, DELETING = "threads_manage_insights", "threads_delete"

_NOT_SET_UP = gettext_noop("This site is not set up for Threads.")
_WRONG_MEMO = gettext_noop(
    "The answer came from another server than the one you were sent to. Nothing was stored."
)
_OTHER_ACCOUNT = gettext_noop("Threads knows another account by now. Please link it again.")
_ONLY_YOU = gettext_noop(
    "Threads lets only you remove this site: on threads.com, go to Settings, Account, Website "
    "permissions."
)

POST_PATH = re.compile(r"/@[^/]+/post/[\w-]+")


class Threads:
    """One adapter and one server for all profiles; see ``networks.base.Network``.

    ``reads_insights`` asks leave for followers and numbers as well, which Meta has to approve for
    the site by itself; without, both are unknown. ``deletes`` asks for that of deleting posts, for
    which the same holds. ``settle_seconds``: see ``Posts``.
    """

    name = "threads"
    label = "Threads"
    composer_label = label
    code = "T"
    address_label = ""
    address_example = ""
    registers = False
    deadline_seconds = 10.0
    can_look_up = True
    prepares = True
    tells_numbers = True
    numbers_are_public = False
    renew_before: timedelta | None = RENEW_BEFORE
    renew_unused_after: timedelta | None = None
    numbers_at_once = 1

    def __init__(
        self,
        *,
        mode: Mode,
        client_id: str,
        client_secret: str,
        api_url: str = "https://graph.threads.net",
        consent_url: str = "https://www.threads.com",
        version: str = VERSION,
        reads_insights: bool = True,
        deletes: bool = False,
        settle_seconds: float = 1.0,
        pace: Allowance = PACE,
    ) -> None:
        self.mode = mode
        insights = (INSIGHTS,) if reads_insights else ()
        deleting = (DELETING,) if deletes else ()
        self.scopes: tuple[str, ...] = (
            "threads_basic",
            "threads_content_publish",
            *insights,
            *deleting,
        )
        self.can_delete = deletes
        self._registration = Registration(client_id=client_id, client_secret=client_secret)
        self._api_url = api_url.rstrip("/")
        self._web_url = consent_url.rstrip("/")
        self._version = version
        self._settle_seconds = settle_seconds
        self._pace = pace

    async def find_server(self, http: Http, address: str) -> tuple[Server, str]:
        """Give the one there is; nobody is asked."""
        host = urlsplit(self._api_url).netloc
        return Server(network=self.name, host=host, url=self._api_url), ""

    async def register(self, http: Http, server: Server, *, redirect_uri: str) -> Registration:
        """Give what the operator registered by hand. Raises Rejected when that was not done."""
        if not self._registration.client_id:
            raise Rejected(_NOT_SET_UP)
        return self._registration

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
        """Give the address of Threads' own window, which knows no PKCE."""
        parameters = {
            "response_type": "code",
            "client_id": registration.client_id,
            "redirect_uri": redirect_uri,
            "scope": ",".join(self.scopes),
            "state": state,
        }
        return Consent(
            url=build_authorization_url(f"{self._web_url}/oauth/authorize", parameters=parameters),
            memo={"state": state, "host": server.host},
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
        """Trade the code for a token of an hour, that for one of 60 days, and read whose it is."""
        if memo.get("host") != server.host:
            raise Rejected(_WRONG_MEMO)
        code = read_code(
            answer,
            state=memo.get("state", ""),
            issuer="",
            host=server.host,
            needs_issuer=False,
        ).removesuffix("#_")
        form = {
            "grant_type": "authorization_code",
            "client_id": registration.client_id,
            "client_secret": registration.client_secret,
            "redirect_uri": redirect_uri,
            "code": code,
        }
        short = await exchange_code(http, server, form=form)
        grant = await lengthen_token(http, server, short, secret=registration.client_secret)
        credentials = self._keep(grant, account_id="")
        try:
            profile = await self._read_owner(http, server, credentials)
            credentials = replace(credentials, account_id=profile.account_id)
            await check_leave(self._call(http, server, credentials))
        except NeedsRelink as error:
            raise Rejected(error.sentence, **error.facts) from None
        return [(credentials, profile)]

    async def read_profile(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        """Read the account anew. Raises NeedsRelink when the token no longer leads to it."""
        profile = await self._read_owner(http, server, credentials)
        if profile.account_id != credentials.account_id:
            raise NeedsRelink(_OTHER_ACCOUNT)
        return profile

    async def prepare(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> str:
        """Make the post's container, which nobody sees until it is published; gives its id."""
        posts = self._show(http, server, credentials)
        return await posts.prepare(post.text, deadline_seconds=self.deadline_seconds)

    async def publish(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Receipt:
        """Publish the container that is ready, or one that is made now. Raises all four errors."""
        posts = self._show(http, server, credentials)
        return await posts.publish(post, deadline_seconds=self.deadline_seconds)

    async def find(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Sequence[Receipt]:
        """Look through the account's posts, and at what became of the container."""
        return await self._show(http, server, credentials).find(post)

    async def delete(
        self, http: Http, server: Server, credentials: Credentials, remote_id: str
    ) -> bool:
        """Delete a post, with a leave that older links have not. Rejected where none is asked."""
        if not self.can_delete:
            raise Rejected(BY_HAND, host=self.label)
        posts = self._show(http, server, credentials)
        return await posts.delete(remote_id, deadline_seconds=self.deadline_seconds)

    async def read_numbers(
        self, http: Http, server: Server, credentials: Credentials, remote_ids: Sequence[str]
    ) -> Mapping[str, Numbers | None]:
        """Read views, likes, replies, reposts and quotes, where their owner allowed it."""
        return await self._show(http, server, credentials).count(remote_ids)

    async def refresh(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> Credentials:
        """Let the token renew itself, which it may from its second day to its last.

        On its first day, or when Threads has another reason not to, what is there is given back
        if it is still let in. Raises NeedsRelink when it is not, or has run out; TryLater.
        """
        now = datetime.now(UTC)
        if credentials.expires_at is not None and credentials.expires_at <= now:
            raise NeedsRelink(EXPIRED)
        if now - _read_birth(credentials) >= MAY_RENEW_AFTER:
            grant = await renew_token(http, server, credentials.access_token)
            if grant is not None:
                return self._keep(grant, account_id=credentials.account_id)
        await self._show(http, server, credentials).check()
        return credentials

    async def revoke(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> None:
        """Always raises Rejected, with where the owner can do it: Threads has no way for us."""
        raise Rejected(_ONLY_YOU)

    def read_notice(self, form: Mapping[str, str]) -> Notice:
        """Read what Meta tells when an account's owner removes this site, or wants to be erased.

        Raises Rejected for what Meta did not sign.
        """
        secret = self._registration.client_secret
        account_id, issued_at = read_signed_request(form, secret=secret, network=self.label)
        return Notice(network=self.name, account_id=account_id, issued_at=issued_at)

    def compose(self, text: str, *, link: str, server: Server | None = None) -> Composition:
        """Give Threads' own page (…/documentation/threads/threads-web-intents), text filled in."""
        query = {"text": text} | ({"url": link} if link and link not in text else {})
        address = f"{self._web_url}/intent/post?{urlencode(query, quote_via=quote)}"
        return Composition(url=address, is_whole=True)

    def measure(self, server: Server | None, text: str) -> Length:
        """Count as Threads does: an emoji as its bytes of UTF-8, everything else as one."""
        used = threads_length(text)
        return Length(used=used, limit=MAX_CHARACTERS, over=max(0, used - MAX_CHARACTERS))

    def is_post_address(self, server: Server, url: str) -> bool:
        """See ``networks.permalinks``."""
        return is_post_at(
            url,
            origins=(self._web_url, "https://www.threads.com", "https://www.threads.net"),
            path=POST_PATH,
        )

    def honours_keys(self, server: Server) -> bool:
        """Threads takes no key, and does not say what publishing a container twice does."""
        return False

    def absence_proves(
        self, server: Server, *, post: Post, seconds_since_first_attempt: float
    ) -> bool:
        """Whether nothing was ever made ready: what is published is a container, kept before.

        Of one that was, nothing is proved: that a new post is listed at once is promised nowhere,
        nor what publishing a container twice does.
        """
        return not post.prepared

    def allowances(self, server: Server) -> Sequence[Allowance]:
        """The pace of this host; each profile may post 250 times in 24 hours besides."""
        return (self._pace,)

    def deletion_allowances(self, server: Server) -> Sequence[Allowance]:
        """The same courtesy: each profile may delete 100 posts in a day, and a site any number."""
        return (self._pace,) if self.can_delete else ()

    def read_rest(self, server: Server, headers: Mapping[str, str]) -> float | None:
        """All limits that Threads documents are a profile's own."""
        return None

    def _keep(self, grant: Grant, *, account_id: str) -> Credentials:
        """Give what is to be stored. The token is its own refresh token."""
        return Credentials(
            network=self.name,
            account_id=account_id,
            access_token=grant.access_token,
            refresh_token=grant.access_token,
            expires_at=grant.expires_at,
            extra={"issued_at": datetime.now(UTC).isoformat(timespec="seconds")},
        )

    def _call(self, http: Http, server: Server, credentials: Credentials) -> Calls:
        return Calls(
            http=http,
            root=f"{server.url}/{self._version}",
            account_id=credentials.account_id,
            access_token=credentials.access_token,
        )

    async def _read_owner(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        calls = self._call(http, server, credentials)
        counts = INSIGHTS in self.scopes
        return await read_owner(calls, web_url=self._web_url, counts_followers=counts)

    def _show(self, http: Http, server: Server, credentials: Credentials) -> Posts:
        calls = self._call(http, server, credentials)
        return Posts(calls=calls, settle_seconds=self._settle_seconds)


def _read_birth(credentials: Credentials) -> datetime:
    """Give when the token was issued; long ago when nobody noted it."""
    try:
        return datetime.fromisoformat(credentials.extra.get("issued_at", ""))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
