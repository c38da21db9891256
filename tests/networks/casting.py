"""What the contract suite plays with: Sam, with an account at one server of some kind.

The suite (``test_contract_*.py``) knows a ``Cast`` and its ``Kind``, not who is behind them: the
simulator (``simulating.py``), or the real servers of ``tests/real``. Whoever plays names the kinds
in ``pytest_generate_tests`` and gives the fixture ``cast`` for each. What takes more than an
ordinary network lets people do asks for a ``SimulatedCast``, and lies in modules of its own.
"""

from __future__ import annotations

import traceback
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import pytest

from networks.base import (
    Consent,
    Credentials,
    Network,
    Numbers,
    Post,
    Profile,
    Receipt,
    Registration,
    Server,
)
from networks.errors import NetworkError, Rejected, TryLater
from networks.http import Http

Run = Callable[[Callable[[Http], Awaitable[Any]]], Any]
Told = Mapping[str, Numbers | None]

SITE_URL = "http://127.0.0.1:8000"
REDIRECT_URI = f"{SITE_URL}/link/back"
TEXT = "Nous sommes là ✊🏽 & <nous> restons.\n\nhttps://voix.example.org/p?a=1&b=%C3%A9 #climat"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of server, and in what it differs from the others. All of it is the network's doing.

    ``lax_about`` names the tests of the suite that it would fail by not being strict, each with the
    reason; they are not run against it.
    """

    name: str
    shows_posts: bool = True  # what was posted can be looked up
    shows_followers: bool = True
    shows_age: bool = True  # when an account was opened
    counts: bool = True  # tells what people did with a post
    counts_for_anybody: bool = False  # and of posts of others as well
    deletes: bool = False  # takes a post away again
    tells_what_is_gone: bool = True  # says of a post that is to be deleted that there is none
    tells_whose_a_post_is: bool = True  # else somebody else's is as good as none
    keeps_keys: bool = False  # a repeated key makes no second post
    traces: bool = False  # refuses the same words again, and the adapter finds the post with them
    has_servers: bool = False  # accounts live on many servers
    renews: bool = False  # an authorisation can be renewed without its owner
    can_revoke: bool = True  # takes an authorisation back from us; else only its owner can
    lax_about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Linked:
    """Sam's account, linked."""

    server: Server
    registration: Registration
    credentials: Credentials
    profile: Profile
    secrets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A post as it stands on the network, read past the adapter.

    ``remote_id`` is the network's own id, which a receipt's may be longer than.
    """

    text: str
    remote_id: str


@dataclass(kw_only=True)
class Cast(ABC):
    """One network, one of its servers, and Sam who has an account there.

    ``url`` is the server's origin, ``hosts`` every ``host:port`` that the adapter has to reach.
    ``account_id``, ``followers`` and ``opened_at`` are Sam's account as the network has it, told or
    not; ``address`` is what Sam types.
    """

    network: Network
    kind: Kind
    url: str
    hosts: frozenset[str]
    account_id: str
    address: str
    followers: int
    opened_at: datetime

    @abstractmethod
    def run(self, work: Callable[[Http], Awaitable[Any]]) -> Any:
        """Run a coroutine function with an ``Http`` that may reach the network, and no other."""

    @abstractmethod
    def agree(self, consent: Consent, *, decision: str = "allow") -> dict[str, str]:
        """Press the button, "allow" or "deny"; gives the browser's answer."""

    @abstractmethod
    def list_posts(self) -> Sequence[Standing]:
        """Every post of Sam's that stands."""

    @abstractmethod
    def remove_posts(self) -> None:
        """Sam deletes every post, at the network."""

    @abstractmethod
    def close_account(self) -> None:
        """Sam's account is closed to its owner."""

    def is_there(self) -> int:
        """How many posts of Sam's stand on the network."""
        return len(self.list_posts())

    async def begin(
        self, http: Http, *, address: str = "", state: str = "state-1"
    ) -> tuple[Server, Registration, Consent]:
        """Go as far as the network's authorisation page, for Sam or whoever has the address."""
        server, hint = await self.network.find_server(http, address or self.address)
        registration = await self.network.register(http, server, redirect_uri=REDIRECT_URI)
        consent = await self.network.ask_consent(
            http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            state=state,
            account_hint=hint,
        )
        return server, registration, consent

    async def link(self, http: Http) -> Linked:
        """Link Sam's account."""
        server, registration, consent = await self.begin(http)
        ((credentials, profile),) = await self.network.accept_consent(
            http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            memo=consent.memo,
            answer=self.agree(consent),
        )
        memo = tuple(value for key, value in consent.memo.items() if key == "verifier")
        kept = (credentials.access_token, credentials.refresh_token, registration.client_secret)
        secrets = tuple(value for value in (*kept, *memo) if value)
        return Linked(server, registration, credentials, profile, secrets)

    async def publish(self, http: Http, linked: Linked, *texts: str) -> list[str]:
        """Publish as the product does, what can be made ready first; gives the posts' ids."""
        remote_ids = []
        for text in texts:
            post = write_post(text, key=f"{crc32(text.encode()):032x}")
            at = (http, linked.server, linked.credentials)
            post = replace(post, prepared=await self.network.prepare(*at, post))
            remote_ids.append((await self.network.publish(*at, post)).remote_id)
        return remote_ids

    async def publish_with_refresh(self, http: Http, linked: Linked, post: Post) -> None:
        """Publish as the product does: refresh once where the network says that it takes that."""
        with suppress(TryLater):
            await self.network.publish(http, linked.server, linked.credentials, post)
            return
        fresh = await self.network.refresh(
            http, linked.server, linked.registration, linked.credentials
        )
        await self.network.publish(http, linked.server, fresh, post)

    async def count(self, http: Http, linked: Linked, remote_ids: Sequence[str]) -> Told:
        """Read numbers as the product does, never more at once than the network gives."""
        told: dict[str, Numbers | None] = {}
        most = self.network.numbers_at_once
        for start in range(0, len(remote_ids), most):
            some = remote_ids[start : start + most]
            told |= await self.network.read_numbers(http, linked.server, linked.credentials, some)
        return told

    async def delete(self, http: Http, linked: Linked, remote_id: str) -> bool:
        """Take a post of the account away, by the id of its receipt."""
        return await self.network.delete(http, linked.server, linked.credentials, remote_id)

    async def look(self, http: Http, linked: Linked, post: Post) -> Sequence[Receipt] | None:
        """Look the post up; None where the network lets nobody, and the adapter says so."""
        if self.network.can_look_up:
            return await self.network.find(http, linked.server, linked.credentials, post)
        with pytest.raises(Rejected):
            await self.network.find(http, linked.server, linked.credentials, post)
        return None


def where(**facts: bool) -> pytest.MarkDecorator:
    """Run a test of the suite only for kinds of which these facts are true."""
    return pytest.mark.where(**facts)


where_posts_are_shown = where(shows_posts=True)
where_posts_are_counted = where(counts=True)
where_posts_are_deleted = where(deletes=True)


def give_parts(metafunc: pytest.Metafunc, kinds: Sequence[Kind]) -> None:
    """Give a test that asks for a ``cast`` one of every kind that it is written for."""
    if "cast" not in metafunc.fixturenames:
        return
    marks = metafunc.definition.iter_markers("where")
    facts = [fact for mark in marks for fact in mark.kwargs.items()]
    chosen = [
        kind
        for kind in kinds
        if metafunc.function.__name__ not in kind.lax_about
        and all(getattr(kind, name) == value for name, value in facts)
    ]
    metafunc.parametrize("cast", chosen, ids=[kind.name for kind in chosen], indirect=True)


def write_post(text: str = TEXT, *, key: str = "0123456789abcdef0123456789abcdef") -> Post:
    return Post(text=text, language="fr", planned_at=datetime.now(UTC), key=key)


def fail_of(work: Callable[[], Any]) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        work()
    return caught.value


def check_sentence(error: NetworkError, *secrets: str) -> None:
    """It reads as a sentence, and it tells no secret, not even to who looks inside."""
    assert " " in str(error)
    assert "%(" not in str(error)
    inside = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    context = error.__context__
    while context is not None:
        inside += repr(context) + repr(vars(context))
        context = context.__context__
    assert not [secret for secret in secrets if secret in inside]
