"""X, by version 2 of its API (https://docs.x.com/x-api/introduction), through tweepy.

X takes no key with a post, so that nothing tells a repeat from a second post but its own refusal
of the same words (403), which it gives for a while and does not promise. So:

- an uncertain outcome is looked up among the account's posts, by its exact words; found: it is out;
- not found proves nothing (``absence_proves``), and it is never sent again by itself;
- refused as a duplicate, this request posted nothing, but an earlier one may have. ``publish``
  looks: words that stand since the post's earliest moment are the post, and their receipt is given;
  words from before are the owner's own, which X does not take twice (Rejected); words that X does
  not show leave the outcome unknown, as nobody knows whose they are.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, urlsplit

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
from networks.oauth import build_authorization_url, derive_challenge, make_verifier, read_code
from networks.permalinks import is_post_at
from networks.reading import read_object
from networks.text import weighted_length
from networks.waiting import read_spent
from networks.x_client import Client
from networks.x_posts import POSTS_AT_ONCE, Posts, read_receipt
from networks.x_profiles import read_owner
from networks.x_refusals import DUPLICATE, DUPLICATE_UNSEEN, UNCLEAR, is_duplicate
from networks.x_tokens import TokenDesk

MAX_CHARACTERS = 280  # also for accounts that may write more: X cuts what their readers see
# POST /2/tweets, for all accounts of one app (https://docs.x.com/x-api/fundamentals/rate-limits).
PACE = Allowance(count=10_000, seconds=86_400)
# X names no limit for a moment; so many at once has never been more than a server takes.
BURST = Allowance(count=1000, seconds=10)
# How long a refresh token lasts unused, X does not document; six months is what others report.
RENEW_UNUSED_AFTER = timedelta(days=30)

_NO_POSTING = gettext_noop(
    "X did not give the right to post for more than two hours. Please start again."
)
_OTHER_ACCOUNT = gettext_noop("X knows another account by now. Please link it again.")

POST_PATH = re.compile(r"/(?:\w+|i/web|i)/status/\d+")


class X:
    """The network X, by ``networks.base.Network``.

    The operator registered this site as an app there: ``client_secret`` is empty for a public
    client. ``api_url`` and ``consent_url`` are origins; the latter is also where people read posts.
    """

    name = "x"
    label = "X"
    composer_label = label
    code = "X"
    address_label = ""
    address_example = ""
    scopes: tuple[str, ...] = ("tweet.read", "tweet.write", "users.read", "offline.access")
    registers = False
    deadline_seconds = 10.0
    can_look_up = True
    can_delete = True
    prepares = False
    tells_numbers = True
    numbers_are_public = False
    renew_before: timedelta | None = None
    renew_unused_after: timedelta | None = RENEW_UNUSED_AFTER
    numbers_at_once = POSTS_AT_ONCE

    def __init__(
        self,
        *,
        mode: Mode,
        client_id: str,
        client_secret: str,
        api_url: str = "https://api.x.com",
        consent_url: str = "https://x.com",
        pace: Allowance = PACE,
    ) -> None:
        self.mode = mode
        self._registration = Registration(client_id=client_id, client_secret=client_secret)
        self._api_url = api_url.rstrip("/")
        self._web_url = consent_url.rstrip("/")
        self._pace = pace

    async def find_server(self, http: Http, address: str) -> tuple[Server, str]:
        """Give the one server there is; nothing is asked, and nothing has to be typed."""
        host = urlsplit(self._api_url).netloc
        return Server(network=self.name, host=host, url=self._api_url), ""

    async def register(self, http: Http, server: Server, *, redirect_uri: str) -> Registration:
        """Give what the operator got in X's developer console."""
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
        """Give the address of X's page, with PKCE (S256)."""
        verifier = make_verifier()
        parameters = {
            "response_type": "code",
            "client_id": registration.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self.scopes),
            "state": state,
            "code_challenge": derive_challenge(verifier),
            "code_challenge_method": "S256",
        }
        page = f"{self._web_url}/i/oauth2/authorize"
        return Consent(
            url=build_authorization_url(page, parameters=parameters),
            memo={"state": state, "verifier": verifier},
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
        """Trade the code, which lives for 30 seconds, for tokens, and read whose they are."""
        code = read_code(
            answer,
            state=memo.get("state", ""),
            issuer=self._web_url,
            host=self.label,
            needs_issuer=False,
        )
        desk = self._open_desk(http, server, registration)
        tokens = await desk.trade(
            code, verifier=memo.get("verifier", ""), redirect_uri=redirect_uri
        )
        credentials = Credentials(
            network=self.name,
            account_id="",
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=tokens.expires_at,
        )
        try:
            granted = set(tokens.scope.split()) or set(self.scopes)
            if "tweet.write" not in granted or not tokens.refresh_token:
                raise Rejected(_NO_POSTING)
            profile = await self._read_owner(http, server, credentials)
        except NetworkError as error:
            with suppress(NetworkError):  # what is not stored should not stay valid either
                await self.revoke(http, server, registration, credentials)
            if isinstance(error, NeedsRelink):
                raise Rejected(error.sentence, **error.facts) from None
            raise
        return [(replace(credentials, account_id=profile.account_id), profile)]

    async def read_profile(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        """Read the account anew. Raises NeedsRelink when the token no longer leads to it."""
        profile = await self._read_owner(http, server, credentials)
        if profile.account_id != credentials.account_id:
            raise NeedsRelink(_OTHER_ACCOUNT)
        return profile

    async def prepare(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> str:
        """Give nothing: a post is made and posted in one."""
        return ""

    async def publish(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Receipt:
        """Send the post once; where X says that its words stand already, look whose they are."""
        give_up_at = time.monotonic() + self.deadline_seconds
        client = self._open_client(http, server, credentials)
        answer = await client.call("create_tweet", text=post.text, user_auth=False)
        if is_duplicate(answer):
            left = max(give_up_at - time.monotonic(), 0.1)
            return await self._find_standing(client, post, within_seconds=left)
        if answer.status not in (200, 201):
            raise client.explain(answer)
        told = (read_object(answer) or {}).get("data")
        receipt = read_receipt(told, web_url=self._web_url) if isinstance(told, dict) else None
        if receipt is None:
            raise OutcomeUnknown(UNCLEAR)
        return receipt

    async def find(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Sequence[Receipt]:
        """Look through the account's posts since the post's earliest moment, for its words."""
        return await self._show(http, server, credentials).find(post)

    async def delete(
        self, http: Http, server: Server, credentials: Credentials, remote_id: str
    ) -> bool:
        """Delete a post; the scope that posts covers it."""
        return await self._show(http, server, credentials).delete(remote_id)

    async def read_numbers(
        self, http: Http, server: Server, credentials: Credentials, remote_ids: Sequence[str]
    ) -> Mapping[str, Numbers | None]:
        """Read likes, reposts, replies, quotes and views of posts, all at once."""
        return await self._show(http, server, credentials).count(remote_ids)

    async def refresh(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> Credentials:
        """Give new tokens for old ones, which are dead from then on; one at a time per account.

        Raises NeedsRelink when the authorisation is over, OutcomeUnknown when the refresh token may
        be spent, TryLater and Rejected when it is not.
        """
        return await self._open_desk(http, server, registration).refresh(credentials)

    async def revoke(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> None:
        """Take both tokens back: X does not say that one of them ends the other."""
        desk = self._open_desk(http, server, registration)
        await desk.revoke(credentials.refresh_token, credentials.access_token)

    def compose(self, text: str, *, link: str, server: Server | None = None) -> Composition:
        """Give X's page for a new post, with the text, which has its link in it."""
        page = f"{self._web_url}/intent/tweet?text={quote(text, safe='')}"
        return Composition(url=page, is_whole=True)

    def measure(self, server: Server | None, text: str) -> Length:
        """Count as X does: 23 for a link, 2 for an emoji and for scripts that take more room."""
        used = weighted_length(text)
        return Length(used=used, limit=MAX_CHARACTERS, over=max(0, used - MAX_CHARACTERS))

    def is_post_address(self, server: Server, url: str) -> bool:
        """See ``networks.permalinks``."""
        return is_post_at(
            url, origins=(self._web_url, "https://x.com", "https://twitter.com"), path=POST_PATH
        )

    def honours_keys(self, server: Server) -> bool:
        """X knows no keys."""
        return False

    def absence_proves(
        self, server: Server, *, post: Post, seconds_since_first_attempt: float
    ) -> bool:
        """Never. A post may show up later than X took it, and a request may still be under way.

        That X refuses the same words twice is no promise either: not for how long, and not for
        two requests at once. It is evidence only once it is given (see ``publish``).
        """
        return False

    def allowances(self, server: Server) -> Sequence[Allowance]:
        """Give what the site may post in a day, for all accounts together, and in a moment.

        An account's own limit, 100 posts in 15 minutes, is never met here. ``X_PACE`` sets another
        day's worth, for who has agreed on more with X.
        """
        return (self._pace, BURST)

    def deletion_allowances(self, server: Server) -> Sequence[Allowance]:
        """Give what is deleted in a moment: X counts 50 deletions in 15 minutes, but by account."""
        return (BURST,)

    def read_rest(self, server: Server, headers: Mapping[str, str]) -> float | None:
        """By what all accounts together may post in a day; the other limits are an account's."""
        return read_spent(
            headers,
            remaining="x-app-limit-24hour-remaining",
            reset="x-app-limit-24hour-reset",
        )

    async def _find_standing(self, client: Client, post: Post, *, within_seconds: float) -> Receipt:
        """Give the post whose words X says stand already. Raises Rejected, OutcomeUnknown."""
        posts = Posts(client=client, web_url=self._web_url)
        try:
            async with asyncio.timeout(within_seconds):
                found = await posts.find(post)
                was_said_before = not found and await posts.was_said_before(post)
        except (NetworkError, TimeoutError):
            raise OutcomeUnknown(DUPLICATE_UNSEEN) from None
        if found:
            return found[0]
        raise Rejected(DUPLICATE) if was_said_before else OutcomeUnknown(DUPLICATE_UNSEEN)

    async def _read_owner(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        client = self._open_client(http, server, credentials)
        return await read_owner(client, web_url=self._web_url)

    def _show(self, http: Http, server: Server, credentials: Credentials) -> Posts:
        client = self._open_client(http, server, credentials)
        return Posts(client=client, web_url=self._web_url)

    def _open_client(self, http: Http, server: Server, credentials: Credentials) -> Client:
        return Client(
            http=http,
            api_url=server.url,
            credentials=credentials,
            deadline_seconds=self.deadline_seconds,
        )

    def _open_desk(self, http: Http, server: Server, registration: Registration) -> TokenDesk:
        return TokenDesk(
            http=http,
            server=server,
            registration=registration,
            deadline_seconds=self.deadline_seconds,
        )
