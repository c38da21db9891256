"""What every network is to the rest of the product: one protocol and the values it speaks in.

Adapters hold no state and no session: an open ``Http`` is handed to whatever goes out. What differs
between networks is a fact on the adapter, so that nobody outside has to ask which one it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from networks.http import Http


class Mode(StrEnum):
    """How posts reach a network: by us, by the supporter's own hand, or not at all."""

    AUTOMATIC = "automatic"
    ASSISTED = "assisted"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class Server:
    """One host on which a network's accounts live, and what it told about itself.

    ``host`` is ``name`` or ``name:port``, lower case, IDNA-encoded: pace and trouble are counted by
    it. ``url`` is its origin. ``version`` is the server's own words. ``facts`` is JSON that only
    the adapter reads (endpoints, limits).
    """

    network: str
    host: str
    url: str
    version: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Registration:
    """Our app's name and password at one server; the secret is empty where clients are public."""

    client_id: str
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Consent:
    """Where to send the supporter's browser, and what must be remembered until it comes back.

    ``memo`` is secret (PKCE verifier, DPoP key): it is kept sealed on our side, never in the page.
    """

    url: str
    memo: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What posting as one account takes. Secret: never logged, stored only by the vault.

    ``account_id`` is what never changes about the account (DID, numeric id). ``expires_at`` is when
    the access token ends, None when it does not. ``extra`` is JSON for the adapter alone.
    ``grant`` names the authorisation where one covers several accounts: revoking it for one of
    them ends it for all. Empty where each account has its own.
    """

    network: str
    account_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    grant: str = ""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What the network tells about an account. None is *unknown*, never 0."""

    account_id: str
    handle: str
    display_name: str = ""
    url: str = ""
    avatar_url: str = ""
    followers: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Post:
    """One post, exact and repeatable: the same delivery always makes the same ``Post``.

    ``planned_at`` is the first approved moment (UTC) and never moves; ``key`` (32 hex digits) is a
    pure function of campaign, account and that moment. Adapters derive from the two what their
    network wants as a key. ``moved_to`` is the moment of the launch when it is another one.
    ``prepared`` is what ``prepare`` gave for it, empty when nothing was made ready. Where a network
    ``prepares``, it is kept before anything is made public, so that it can be looked up by it.
    """

    text: str
    language: str
    planned_at: datetime
    key: str
    moved_to: datetime | None = None
    prepared: str = ""

    @property
    def dated_at(self) -> datetime:
        """The moment that the post itself bears, where a network lets us say: the launch's."""
        return self.moved_to or self.planned_at

    @property
    def sought_from(self) -> datetime:
        """The earliest moment at which it can have been posted."""
        return min(self.planned_at, self.dated_at)


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Proof that a post exists: the network's own id for it, and where people can read it."""

    remote_id: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long a text is as the network counts it; ``over`` is by how much too long (0: fits)."""

    used: int
    limit: int
    over: int


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """At most ``count`` requests in any ``seconds``, per host."""

    count: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What people did with a post, as the network tells it. None is *unknown*, never 0."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    quotes: int | None = None
    impressions: int | None = None


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a network tells by itself of somebody who removed us there, or wants to be erased.

    It names one account, or one authorisation (``Credentials.grant``) and with it all accounts
    that live by it. ``issued_at`` is when it was written, None where it does not say.
    """

    network: str
    account_id: str = ""
    grant: str = ""
    issued_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Composition:
    """The network's own page for writing a post. ``is_whole``: the text is filled in already.

    Otherwise the page takes a link alone, and its reader has to paste the words.
    """

    url: str
    is_whole: bool


class Network(Protocol):
    """One place where words go. Coroutines raise only the errors of ``networks.errors``."""

    name: str  # stable key: "mastodon"
    label: str  # what people call it: "Mastodon"
    composer_label: str  # and what, where they post by their own hand (``composers``)
    code: str  # one or two letters for its chip: "M"
    mode: Mode
    address_label: str  # what we ask for: "Your server", "Your handle"; "" when there is one server
    address_example: str  # "mastodon.social"
    scopes: tuple[str, ...]  # what leave is asked for, in the network's words
    registers: bool  # whether ``register`` asks the server; otherwise the operator did, by hand
    deadline_seconds: float  # for one publish request, from first byte to answer
    can_look_up: bool  # whether ``find`` can tell what was posted; without, it raises Rejected
    can_delete: bool  # whether ``delete`` can take a post away; without, it raises Rejected
    prepares: bool  # whether part of a post is made before its moment
    tells_numbers: bool  # whether ``read_numbers`` can tell anything; without, it gives nothing
    numbers_are_public: bool  # it needs no token, and may ask about posts of several accounts
    renew_before: timedelta | None  # its tokens are to be renewed so long before their end
    renew_unused_after: timedelta | None  # an authorisation nobody used for so long may end
    numbers_at_once: int  # how many posts one ``read_numbers`` may ask about

    async def find_server(self, http: Http, address: str) -> tuple[Server, str]:
        """Turn what a person typed into a server, and the account's name there ("" if not said).

        Raises Rejected with what to correct, TryLater when the server cannot be reached.
        """

    async def register(self, http: Http, server: Server, *, redirect_uri: str) -> Registration:
        """Make our app known to the server. Called once per server; the answer is kept."""

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
        """Prepare the network's own authorisation page."""

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
        """Trade the browser's answer for credentials, and read whose they are.

        Gives every account that the consent covers, one at least. Raises Rejected when the
        supporter said no, the answer comes from another server, or the network refuses it.
        """

    async def read_profile(self, http: Http, server: Server, credentials: Credentials) -> Profile:
        """Read name, followers and age of the account anew."""

    async def prepare(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> str:
        """Make ready what nobody sees yet, before the moment; gives what ``publish`` needs of it.

        Empty where there is nothing to make ready. Doing it twice, or never, posts nothing.
        """

    async def publish(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Receipt:
        """Send the post once. Never retries by itself what may have been carried out.

        What has to be prepared and was not is made first. Raises TryLater with
        ``prepared_is_gone`` where the network does not know any more what was made ready.
        """

    async def find(
        self, http: Http, server: Server, credentials: Credentials, post: Post
    ) -> Sequence[Receipt]:
        """Every post of the account that is this one. Empty means: looked, and it is not there.

        Raises OutcomeUnknown or TryLater when it could not look.
        """

    async def delete(
        self, http: Http, server: Server, credentials: Credentials, remote_id: str
    ) -> bool:
        """Take away one of the account's own posts, by the id of its ``Receipt``.

        True: it was there, and is not any more. False: it was not there (or not any more). Doing it
        twice is harmless, so an uncertain outcome is simply tried again. Raises NeedsRelink (the
        authorisation is over), Rejected (this authorisation, account or network does not let us;
        it says why), TryLater, OutcomeUnknown.
        """

    async def read_numbers(
        self, http: Http, server: Server, credentials: Credentials, remote_ids: Sequence[str]
    ) -> Mapping[str, Numbers | None]:
        """What became of an account's posts, at most ``numbers_at_once`` of them.

        None says that the post is gone; an id that is missing could not be read this time. Where
        numbers are public the posts may be of other accounts too, and the token be an old one;
        that a post is gone is told of the account's own alone.
        """

    async def refresh(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> Credentials:
        """New tokens for old. The old refresh token may be spent even when this raises."""

    async def revoke(
        self, http: Http, server: Server, registration: Registration, credentials: Credentials
    ) -> None:
        """Tell the network to forget the authorisation. Raises when it could not be told."""

    def compose(self, text: str, *, link: str, server: Server | None = None) -> Composition:
        """Where the supporter's own hand posts the text, whose link is ``link`` ("" for none)."""

    def measure(self, server: Server | None, text: str) -> Length:
        """How long the text is by this server's rules (the network's usual ones without one)."""

    def is_post_address(self, server: Server, url: str) -> bool:
        """Whether a post of an account on this server can be read there; not whose, nor which."""

    def honours_keys(self, server: Server) -> bool:
        """Whether a second request with the same key is known to be harmless on this server."""

    def absence_proves(
        self, server: Server, *, post: Post, seconds_since_first_attempt: float
    ) -> bool:
        """Whether, having looked and found nothing, sending again cannot make a second post.

        ``post`` is as it was when it was sent: what was prepared for it had been kept before.
        """

    def allowances(self, server: Server) -> Sequence[Allowance]:
        """What this host lets one sender do; the pace keeps to all of them."""

    def deletion_allowances(self, server: Server) -> Sequence[Allowance]:
        """What this host lets one sender delete; a recall keeps to all of them.

        Apart from the pace of posts. What an account alone may delete is not among them: a launch
        has one post of each.
        """

    def read_rest(self, server: Server, headers: Mapping[str, str]) -> float | None:
        """Seconds for which this host takes nothing more from us, as any of its answers may say.

        Also one to a post that it took. Capped, by ``waiting``. None where it says nothing of that,
        or speaks of this one account: what is everybody's alone keeps everybody waiting.
        """
