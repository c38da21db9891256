"""LinkedIn, for members who post in their own name.

What a site of its own may do there (products "Sign In with LinkedIn using OpenID Connect" and
"Share on LinkedIn"): know who somebody is, and post for them. It may neither read a post back nor
see what became of it; both take permissions that are closed. So an uncertain post stays without
proof, and is never sent again. LinkedIn has no keys either: it only refuses, for some ten minutes,
what repeats the same words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

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
from networks.deleting import NO_POST_ID
from networks.errors import NeedsRelink, OutcomeUnknown, Rejected, gettext_noop
from networks.http import Http
from networks.linkedin_answers import (
    RELINK,
    UNCLEAR,
    explain_refusal,
    explain_undeleted,
    is_urn,
    make_permalink,
    read_posted,
    was_deleted,
)
from networks.linkedin_grants import Grants
from networks.oauth import build_authorization_url, read_code
from networks.permalinks import is_post_at
from networks.text import little_text

MAX_CHARACTERS = 3000
# Of "Share on LinkedIn", a day; one member's 150 are never met here.
APP_LIMIT = Allowance(count=100_000, seconds=86_400)
# No shorter limit is known; what is above it is answered with a 429, and nothing is lost.
PACE = Allowance(count=500, seconds=10)
VERSION = "202609"

_CANCELLED = ("user_cancelled_login", "user_cancelled_authorize")

_NOT_SET_UP = gettext_noop("This site is not set up for LinkedIn.")
_WRONG_MEMO = gettext_noop(
    "The answer came from another server than the one you were sent to. Nothing was stored."
)
_NOT_SHOWN = gettext_noop(
    "LinkedIn shows no site what its members have posted. Only you can see on your profile whether "
    "the post is there."
)

POST_PATH = re.compile(r"/feed/update/urn:li:[A-Za-z]+:\d+|/posts/[^/]+")


class LinkedIn:
    """One adapter and one server for all members; see ``networks.base.Network``.

    ``version`` is the month of LinkedIn's API that is spoken, as ``YYYYMM``; each is served for
    about a year. ``settling_seconds`` is how long a token that was just made may be unknown.
    """

    name = "linkedin"
    label = "LinkedIn"
    composer_label = label
    code = "L"
    address_label = ""
    address_example = ""
    scopes: tuple[str, ...] = ("openid", "profile", "w_member_social")
    registers = False
    deadline_seconds = 10.0
    can_look_up = False
    can_delete = True
    prepares = False
    tells_numbers = False
    numbers_are_public = False
    renew_before: timedelta | None = None
    renew_unused_after: timedelta | None = None
    numbers_at_once = 100

    def __init__(
        self,
        *,
        mode: Mode,
        client_id: str,
        client_secret: str,
        api_url: str = "https://api.linkedin.com",
        consent_url: str = "https://www.linkedin.com",
        version: str = VERSION,
        settling_seconds: float = 1.0,
        pace: Allowance = PACE,
    ) -> None:
        self.mode = mode
        self._registration = Registration(client_id=client_id, client_secret=client_secret)
        self._api_url = api_url.rstrip("/")
        self._web_url = consent_url.rstrip("/")
        self._version = version
        self._grants = Grants(web_url=self._web_url, settling_seconds=settling_seconds)
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
        """Give the address of LinkedIn's page. PKCE is for native apps alone, on request."""
        parameters = {
            "response_type": "code",
            "client_id": registration.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": " ".join(self.scopes),
        }
        address = f"{self._web_url}/oauth/v2/authorization"
        return Consent(
            url=build_authorization_url(address, parameters=parameters),
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
        """Trade the code for a token of 60 days, and read whose it is.

        What fails here is not taken back: a member has one authorisation for a site, by which an
        account that is linked already may live. The token is dropped, and ends by itself.
        """
        if memo.get("host") != server.host:
            raise Rejected(_WRONG_MEMO)
        if answer.get("error") in _CANCELLED:
            answer = {**answer, "error": "access_denied"}
        code = read_code(
            answer,
            state=memo.get("state", ""),
            issuer=f"{self._web_url}/oauth",
            host=self.label,
            needs_issuer=False,
        )
        tokens = await self._grants.trade(http, registration, code=code, redirect_uri=redirect_uri)
        profile = await self._grants.meet(http, server.url, tokens.access_token)
        credentials = Credentials(
            network=self.name,
            account_id=profile.account_id,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=tokens.expires_at,
            # What revoking one of a member's tokens does to the others is not documented.
            grant=profile.account_id,
        )
        return [(credentials, profile)]

    async def read_profile(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        """Read name and picture anew. Raises NeedsRelink when the token no longer leads there."""
        return await self._grants.meet_again(http, server.url, credentials)

    async def prepare(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> str:
        """Nothing can be made ready: LinkedIn takes only posts that are public at once."""
        return ""

    async def publish(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Receipt:
        """Send the post once. Raises all four errors.

        A refused duplicate is no receipt: the other post may be the member's own, or be deleted.
        """
        answer = await http.request(
            "POST",
            f"{server.url}/rest/posts",
            headers=self._make_headers(credentials),
            json={
                "author": f"urn:li:person:{credentials.account_id}",
                "commentary": little_text(post.text),
                "visibility": "PUBLIC",
                "distribution": {
                    "feedDistribution": "MAIN_FEED",
                    "targetEntities": [],
                    "thirdPartyDistributionChannels": [],
                },
                "lifecycleState": "PUBLISHED",
                "isReshareDisabledByAuthor": False,
            },
            deadline_seconds=self.deadline_seconds,
        )
        if answer.status != 201:
            raise explain_refusal(answer, credentials, version=self._version, web_url=self._web_url)
        urn = read_posted(answer)
        if not urn:
            raise OutcomeUnknown(UNCLEAR)
        return Receipt(remote_id=urn, url=make_permalink(urn, web_url=self._web_url))

    async def find(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Sequence[Receipt]:
        """Reading takes ``r_member_social``, which LinkedIn gives to nobody new: Rejected."""
        raise Rejected(_NOT_SHOWN)

    async def delete(
        self, http: Http, server: Server, credentials: Credentials, remote_id: str
    ) -> bool:
        """Delete a post by its URN; the permission to post covers it. Raises all four errors."""
        if not is_urn(remote_id):
            raise Rejected(NO_POST_ID, host=self.label)
        answer = await http.request(
            "DELETE",
            f"{server.url}/rest/posts",
            name=remote_id,
            headers=self._make_headers(credentials) | {"X-RestLi-Method": "DELETE"},
            deadline_seconds=self.deadline_seconds,
        )
        was_there = was_deleted(answer, remote_id)
        if was_there is None:
            raise explain_undeleted(
                answer, credentials, version=self._version, web_url=self._web_url
            )
        return was_there

    async def read_numbers(
        self, http: Http, server: Server, credentials: Credentials, remote_ids: Sequence[str]
    ) -> Mapping[str, Numbers | None]:
        """Unknown, all of them: ``r_member_postAnalytics`` is for vetted companies alone."""
        return {}

    async def refresh(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> Credentials:
        """Renew the token, where LinkedIn gave leave to; elsewhere only its owner can: NeedsRelink.

        A refresh token is good for a year from the consent, and may be used again meanwhile.
        """
        if not credentials.refresh_token:
            raise NeedsRelink(RELINK)
        tokens = await self._grants.renew(
            http, registration, refresh_token=credentials.refresh_token
        )
        return replace(
            credentials,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or credentials.refresh_token,
            expires_at=tokens.expires_at,
        )

    async def revoke(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> None:
        """End the authorisation. Raises Rejected when LinkedIn does not say that it is over."""
        await self._grants.take_back(http, registration, credentials)

    def compose(self, text: str, *, link: str, server: Server | None = None) -> Composition:
        """LinkedIn's page takes a link, never words; without a link, it is an empty one."""
        if link:
            query = urlencode({"url": link})
            return Composition(
                url=f"{self._web_url}/sharing/share-offsite/?{query}", is_whole=False
            )
        return Composition(url=f"{self._web_url}/feed/?shareActive=true", is_whole=False)

    def measure(self, server: Server | None, text: str) -> Length:
        """Count 3,000 characters.

        What one is, is not documented: counted as its servers' language does (UTF-16), an emoji is
        two or more, and what fits here fits by any other count of characters.
        """
        used = len(text.encode("utf-16-le", "surrogatepass")) // 2
        return Length(used=used, limit=MAX_CHARACTERS, over=max(0, used - MAX_CHARACTERS))

    def is_post_address(self, server: Server, url: str) -> bool:
        """See ``networks.permalinks``."""
        return is_post_at(url, origins=(self._web_url, "https://www.linkedin.com"), path=POST_PATH)

    def honours_keys(self, server: Server) -> bool:
        """There are none."""
        return False

    def absence_proves(
        self, server: Server, *, post: Post, seconds_since_first_attempt: float
    ) -> bool:
        """Nothing is seen, so that nothing is proved."""
        return False

    def allowances(self, server: Server) -> Sequence[Allowance]:
        """Give the pace (``LINKEDIN_PACE`` sets another one), and what the app may do in a day.

        https://learn.microsoft.com/linkedin/consumer/integrations/self-serve/share-on-linkedin
        """
        return (self._pace, APP_LIMIT)

    def deletion_allowances(self, server: Server) -> Sequence[Allowance]:
        """The same as for posts: whether a day's limit holds for both together is not said."""
        return (self._pace, APP_LIMIT)

    def read_rest(self, server: Server, headers: Mapping[str, str]) -> float | None:
        """LinkedIn documents no header that would tell."""
        return None

    def _make_headers(self, credentials: Credentials) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {credentials.access_token}",
            "LinkedIn-Version": self._version,
            "X-Restli-Protocol-Version": "2.0.0",
        }
