"""Facebook Pages, by the Graph API (https://developers.facebook.com/docs/pages-api).

Nobody can post to a personal profile that way: one consent of a person covers the Pages that they
chose, and everybody else posts by hand, from the share dialog.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
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
from networks.errors import NeedsRelink, Rejected, TryLater, gettext_noop
from networks.facebook_consent import SPEAKS_NOT, list_pages, trade_code
from networks.facebook_errors import explain, is_missing
from networks.facebook_feed import POSTS_AT_ONCE, Feed
from networks.facebook_graph import Graph
from networks.facebook_pages import PROFILE_FIELDS
from networks.facebook_pages import read_profile as read_page
from networks.facebook_reading import ask, read
from networks.http import Http
from networks.interpreting import read_id
from networks.oauth import build_authorization_url, read_code
from networks.permalinks import is_post_at
from networks.signed_requests import read_signed_request
from networks.waiting import read_app_usage

# A Page's calls are counted against its own readers, 4,800 a day for each of them; none is counted
# per sender. What is left is courtesy.
PACE = Allowance(count=200, seconds=10)
MOST_CHARACTERS = 63_206

_WRONG_MEMO = gettext_noop(
    "The answer came from another server than the one you were sent to. Nothing was stored."
)
_OTHER_PAGE = gettext_noop("Facebook knows another Page by now. Please link it again.")
_RELINK = gettext_noop("The authorisation cannot be renewed by itself. Please link the Page again.")

POST_PATH = re.compile(
    r"/(?:permalink|story|photo)\.php|/[^/]+/(?:posts|photos|videos)/.+|/share/(?:p/)?\w+"
    r"|/\d+(?:_\d+)?"
)


class Facebook:
    """See ``networks.base.Network``. ``version`` is the Graph API's, like ``v25.0``."""

    name = "facebook"
    label = "Facebook Pages"
    composer_label = "Facebook"  # a profile, which only its owner's hand can post to
    code = "F"
    address_label = ""
    address_example = ""
    scopes: tuple[str, ...] = ("pages_show_list", "pages_read_engagement", "pages_manage_posts")
    registers = False
    deadline_seconds = 10.0
    can_look_up = True
    can_delete = True
    prepares = False
    tells_numbers = True
    numbers_are_public = False
    renew_before: timedelta | None = None
    renew_unused_after: timedelta | None = None
    numbers_at_once = POSTS_AT_ONCE

    def __init__(
        self,
        *,
        mode: Mode,
        client_id: str,
        client_secret: str,
        api_url: str = "https://graph.facebook.com",
        consent_url: str = "https://www.facebook.com",
        version: str = "v25.0",
        pace: Allowance = PACE,
    ) -> None:
        self.mode = mode
        self._registration = Registration(client_id=client_id, client_secret=client_secret)
        self._api_url = api_url.rstrip("/")
        self._consent_url = consent_url.rstrip("/")
        self._version = version
        self._pace = pace

    async def find_server(self, http: Http, address: str) -> tuple[Server, str]:
        """There is one server, whatever is typed."""
        host = urlsplit(self._api_url).netloc
        return Server(network=self.name, host=host, url=self._api_url), ""

    async def register(self, http: Http, server: Server, *, redirect_uri: str) -> Registration:
        """Give what the operator registered by hand."""
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
        """Give the address of the login dialog; what was once refused there is asked for again."""
        parameters = {
            "response_type": "code",
            "client_id": registration.client_id,
            "redirect_uri": redirect_uri,
            "scope": ",".join(self.scopes),
            "state": state,
            "auth_type": "rerequest",
        }
        dialog = f"{self._consent_url}/{self._version}/dialog/oauth"
        url = build_authorization_url(dialog, parameters=parameters)
        return Consent(url=url, memo={"state": state, "host": server.host})

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
        """Trade the code for a token of each Page on which the person may post.

        Nothing is taken back when this raises: that would end what they linked before as well.
        """
        if memo.get("host") != server.host:
            raise Rejected(_WRONG_MEMO)
        code = read_code(
            answer,
            state=memo.get("state", ""),
            issuer=server.url,
            host=self.label,
            needs_issuer=False,
        )
        graph = self._open(http, server, secret=registration.client_secret)
        try:
            person = await trade_code(
                graph, registration, code=code, redirect_uri=redirect_uri, scopes=self.scopes
            )
            listed = await list_pages(graph, person)
        except NeedsRelink as error:
            raise Rejected(error.sentence, **error.facts) from None
        return [
            (
                Credentials(
                    network=self.name,
                    account_id=profile.account_id,
                    access_token=token,
                    extra={"person": person.person_id},
                    grant=_name_grant(person.person_id),
                ),
                profile,
            )
            for token, profile in listed
        ]

    async def read_profile(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        """Read the Page anew. Raises NeedsRelink when the token no longer leads to it."""
        page_id = quote(credentials.account_id, safe="")
        content = await read(
            self._open(http, server),
            lambda api: api.get_object(page_id, fields=PROFILE_FIELDS),
            access_token=credentials.access_token,
        )
        profile = read_page(content)
        if profile is None:
            raise TryLater(SPEAKS_NOT, scope="host")
        if profile.account_id != credentials.account_id:
            raise NeedsRelink(_OTHER_PAGE)
        return profile

    async def prepare(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> str:
        """Nothing of a Page's post can be made before its moment."""
        return ""

    async def publish(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Receipt:
        """Send the words, once, and nothing else.

        Their link stays in the words: given apart, it becomes a card whose title and picture are
        what that site says at the moment, which nobody agreed to, and a site that is slow to
        answer makes the post fail.
        """
        page_id, token = quote(credentials.account_id, safe=""), credentials.access_token
        graph = self._open(http, server)
        reply = await graph.ask(
            lambda api: api.put_object(page_id, "feed", message=post.text), access_token=token
        )
        remote_id = read_id(reply.content) if reply.is_good else ""
        if not remote_id:
            raise explain(reply, may_be_done=True, secrets=(token, graph.secret))
        return Receipt(remote_id=remote_id, url=f"{self._consent_url}/{remote_id}")

    async def find(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Sequence[Receipt]:
        """Look for the exact words among what the Page itself posted since the planned moment."""
        return await self._read_feed(http, server, credentials).find(post)

    async def delete(
        self, http: Http, server: Server, credentials: Credentials, remote_id: str
    ) -> bool:
        """Delete a post of the Page; the permission to post covers it."""
        return await self._read_feed(http, server, credentials).delete(remote_id)

    async def read_numbers(
        self, http: Http, server: Server, credentials: Credentials, remote_ids: Sequence[str]
    ) -> Mapping[str, Numbers | None]:
        """Give what the Graph API counts: reactions of all kinds, shares, comments."""
        return await self._read_feed(http, server, credentials).count(remote_ids)

    async def refresh(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> Credentials:
        """A Page's token lasts until the authorisation ends; then only its owner can renew it."""
        raise NeedsRelink(_RELINK)

    async def revoke(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> None:
        """Take all of the person's permissions back: it ends what was linked for every Page.

        It is asked for in the app's own name, since the person's token ends after 60 days
        (https://developers.facebook.com/docs/graph-api/reference/user/permissions takes either).
        """
        graph = self._open(http, server, secret=registration.client_secret)
        token = f"{registration.client_id}|{registration.client_secret}"
        path = f"{self._version}/{quote(credentials.extra.get('person', ''), safe='')}/permissions"
        reply = await ask(
            graph, lambda api: api.request(path, args={}, method="DELETE"), access_token=token
        )
        if is_missing(reply.refusal) or (reply.is_good and reply.content.get("success") is True):
            return
        error = explain(reply, may_be_done=False, secrets=(token, graph.secret))
        if isinstance(error, NeedsRelink):
            raise Rejected(error.sentence, **error.facts)
        raise error

    def read_notice(self, form: Mapping[str, str]) -> Notice:
        """Read what Meta tells when a person removes this site, or wants to be erased.

        It names the person, by whose authorisation their Pages are linked. Raises Rejected for
        what Meta did not sign.
        """
        secret = self._registration.client_secret
        person, issued_at = read_signed_request(form, secret=secret, network=self.label)
        return Notice(network=self.name, grant=_name_grant(person), issued_at=issued_at)

    def compose(self, text: str, *, link: str, server: Server | None = None) -> Composition:
        """The share dialog takes a link and no words (it reads them from the linked page)."""
        if not link:
            return Composition(url=self._consent_url, is_whole=False)
        query = urlencode({"u": link})
        return Composition(url=f"{self._consent_url}/sharer/sharer.php?{query}", is_whole=False)

    def measure(self, server: Server | None, text: str) -> Length:
        """Count characters; what one is, Facebook does not say, and the limit is far away."""
        used = len(text)
        return Length(used=used, limit=MOST_CHARACTERS, over=max(0, used - MOST_CHARACTERS))

    def is_post_address(self, server: Server, url: str) -> bool:
        """See ``networks.permalinks``."""
        return is_post_at(
            url, origins=(self._consent_url, "https://www.facebook.com"), path=POST_PATH
        )

    def honours_keys(self, server: Server) -> bool:
        """The Graph API knows no keys; it only refuses what repeats the Page's last post."""
        return False

    def absence_proves(
        self, server: Server, *, post: Post, seconds_since_first_attempt: float
    ) -> bool:
        """What is posted may show up late, and without a key it could be posted again."""
        return False

    def allowances(self, server: Server) -> Sequence[Allowance]:
        """``FACEBOOK_PACE`` sets another one."""
        return (self._pace,)

    def deletion_allowances(self, server: Server) -> Sequence[Allowance]:
        """The same courtesy: what Facebook counts is each Page's own."""
        return (self._pace,)

    def read_rest(self, server: Server, headers: Mapping[str, str]) -> float | None:
        """By what our app has used up; a Page's own use is told elsewhere."""
        return read_app_usage(headers)

    def _open(self, http: Http, server: Server, *, secret: str = "") -> Graph:
        return Graph(
            http=http,
            url=server.url,
            version=self._version,
            secret=secret or self._registration.client_secret,
            deadline_seconds=self.deadline_seconds,
        )

    def _read_feed(self, http: Http, server: Server, credentials: Credentials) -> Feed:
        graph = self._open(http, server)
        return Feed(graph=graph, credentials=credentials, website=self._consent_url)


def _name_grant(person_id: str) -> str:
    """All Pages of a person live by one authorisation, known by their id at our app."""
    return f"person:{person_id}"
