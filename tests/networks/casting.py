"""Sam, with an account at one simulated server of each kind."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from networks.adapters.bluesky import Bluesky
from networks.adapters.facebook import Facebook
from networks.adapters.linkedin import LinkedIn
from networks.adapters.mastodon import Mastodon
from networks.adapters.threads import Threads
from networks.adapters.x import X
from networks.base import (
    Consent,
    Credentials,
    Mode,
    Network,
    Post,
    Profile,
    Receipt,
    Registration,
    Server,
)
from networks.errors import NetworkError, Rejected
from networks.http import Http
from tests.simulated import Simulator

Run = Callable[[Callable[[Http], Awaitable[Any]]], Any]

SITE_URL = "http://127.0.0.1:8000"
REDIRECT_URI = f"{SITE_URL}/link/back"
TEXT = "Nous sommes là ✊🏽 & <nous> restons.\n\nhttps://voix.example.org/p?a=1&b=%C3%A9 #climat"


@dataclass(frozen=True)
class Linked:
    """Sam's account, linked."""

    server: Server
    registration: Registration
    credentials: Credentials
    profile: Profile
    secrets: tuple[str, ...]


@dataclass
class Cast:
    """One network, one of its servers, and Sam who has an account there.

    ``tells`` is what the network tells of an account, of ``followers`` and ``created_at``.
    """

    network: Network
    simulator: Simulator
    kind: str
    run: Run
    account: str = "sam"
    facts: dict[str, Any] = field(default_factory=dict)
    tells: frozenset[str] = frozenset({"followers", "created_at"})

    def hurry(self) -> None:
        """Give servers little time; more where a first request does not post yet."""
        first = 0.7 if self.network.name == "bluesky" else 0.4 if self.network.prepares else 0
        self.network.deadline_seconds = 0.6 + first

    @property
    def instances(self) -> list[dict[str, Any]]:
        """The servers of this network, the one of this cast first."""
        mine = self.simulator.get_instance(self.kind)
        others = [
            each
            for each in self.simulator.instances
            if each["network"] == mine["network"] and each is not mine
        ]
        return [mine, *others]

    async def begin(
        self, http: Http, *, account: dict[str, Any] | None = None, state: str = "state-1"
    ) -> tuple[Server, Registration, Consent]:
        """Go as far as the network's authorisation page."""
        handle = (account or self.facts)["handle"]
        address = handle if self.network.name == "bluesky" else f"@{handle}"
        server, hint = await self.network.find_server(http, address)
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

    def agree(self, consent: Consent, *, decision: str = "allow") -> dict[str, str]:
        """Press the button; gives the browser's answer."""
        back, answer = self.simulator.give_consent(
            consent.url, account=self.account, decision=decision
        )
        assert back == REDIRECT_URI
        return answer

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

    async def look(self, http: Http, linked: Linked, post: Post) -> Sequence[Receipt] | None:
        """Look the post up; None where the network lets nobody, and the adapter says so."""
        if self.network.can_look_up:
            return await self.network.find(http, linked.server, linked.credentials, post)
        with pytest.raises(Rejected):
            await self.network.find(http, linked.server, linked.credentials, post)
        return None

    def is_there(self) -> int:
        """How many posts of Sam's stand on the network."""
        return len(self.simulator.list_posts(account=self.facts["handle"]))


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


KINDS = (
    "mastodon",
    "mastodon-4.2",
    "gotosocial",
    "bluesky",
    "linkedin",
    "x",
    "facebook",
    "threads",
)
KEYED = ("mastodon", "mastodon-4.2", "bluesky")  # a repeated key makes no second post there
TRACED = ("x",)  # refuses the same words again, and the adapter finds the post that has them
UNREVOKED = ("threads",)  # takes no authorisation back from us: only its owner can remove it
TOLD = {
    "facebook": frozenset({"followers"}),
    "linkedin": frozenset[str](),
    "threads": frozenset({"followers"}),
}  # what is told of an account, where it is not all


BLIND = ("linkedin",)  # shows nobody what was posted
OPEN = ("mastodon", "mastodon-4.2", "gotosocial", "bluesky")  # has more than one server


def only(*kinds: str) -> pytest.MarkDecorator:
    """Run a test of the suite for some of the networks alone."""
    return pytest.mark.parametrize("cast", kinds, indirect=True)


where_posts_are_shown = only(*(kind for kind in KINDS if kind not in BLIND))
where_nobody_can_look = only(*BLIND)
where_servers_are_many = only(*OPEN)


@pytest.fixture(params=KINDS, name="cast")
def make_cast(request: pytest.FixtureRequest, simulator: Simulator, run: Run) -> Iterator[Cast]:
    """Sam with an account of 4,242 followers, opened on 1 May 2020."""
    instance = simulator.get_instance(request.param)
    network: Network
    if instance["network"] == "bluesky":
        network = Bluesky(
            mode=Mode.AUTOMATIC,
            site_url=SITE_URL,
            plc_url=instance["plc_url"],
            resolver_url=instance["resolver_url"],
            appview_url=instance["appview_url"],
            allowed_hosts=simulator.hosts,
        )
    elif instance["network"] == "facebook":
        network = Facebook(
            mode=Mode.AUTOMATIC,
            client_id="simulated-facebook",
            client_secret="simulated-facebook-secret",
            api_url=instance["url"],
            consent_url=instance["url"],
        )
    elif instance["network"] == "linkedin":
        network = LinkedIn(
            mode=Mode.AUTOMATIC,
            client_id="simulated-linkedin",
            client_secret="simulated-linkedin-secret",
            api_url=instance["url"],
            consent_url=instance["url"],
        )
    elif instance["network"] == "threads":
        network = Threads(
            mode=Mode.AUTOMATIC,
            client_id="simulated-threads",
            client_secret="simulated-threads-secret",
            api_url=instance["url"],
            consent_url=instance["url"],
        )
    elif instance["network"] == "x":
        network = X(
            mode=Mode.AUTOMATIC,
            client_id="simulated-x",
            client_secret="simulated-x-secret",
            api_url=instance["url"],
            consent_url=instance["url"],
        )
    else:
        network = Mastodon(mode=Mode.AUTOMATIC, website=SITE_URL)
    cast = Cast(network=network, simulator=simulator, kind=request.param, run=run)
    cast.tells = TOLD.get(request.param, cast.tells)
    cast.facts = simulator.open_accounts(
        instance=instance["instance"],
        names=["sam"],
        followers=4242,
        created_at="2020-05-01T00:00:00Z",
    )[0]
    yield cast
    simulator.clear_faults()
