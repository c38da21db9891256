"""The simulator's part in the contract suite, and what only it can do: faults, changes, crowds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from networks.adapters.bluesky import Bluesky
from networks.adapters.facebook import Facebook
from networks.adapters.linkedin import LinkedIn
from networks.adapters.mastodon import Mastodon
from networks.adapters.threads import Threads
from networks.adapters.x import X
from networks.base import Consent, Mode, Network
from networks.http import Http
from tests.networks.casting import REDIRECT_URI, SITE_URL, Cast, Kind, Run, Standing, where
from tests.simulated import Simulator

SIMULATED = (
    Kind(name="mastodon", has_servers=True, keeps_keys=True, deletes=True),
    Kind(name="mastodon-4.2", has_servers=True, keeps_keys=True, deletes=True),
    Kind(name="gotosocial", has_servers=True, deletes=True),
    Kind(
        name="bluesky",
        has_servers=True,
        keeps_keys=True,
        renews=True,
        counts_for_anybody=True,
        deletes=True,
    ),
    Kind(
        name="linkedin",
        shows_posts=False,
        shows_followers=False,
        shows_age=False,
        counts=False,
        deletes=True,
        tells_what_is_gone=False,
    ),
    Kind(name="x", traces=True, renews=True, deletes=True, tells_what_is_gone=False),
    Kind(name="facebook", shows_age=False, deletes=True),
    Kind(
        name="threads",
        shows_age=False,
        renews=True,
        can_revoke=False,
        deletes=True,
        tells_whose_a_post_is=False,
    ),
)
where_servers_are_many = where(has_servers=True)

FOLLOWERS = 4242
OPENED_AT = "2020-05-01T00:00:00Z"
APPS: dict[str, type[Facebook | LinkedIn | Threads | X]] = {
    "facebook": Facebook,
    "linkedin": LinkedIn,
    "threads": Threads,
    "x": X,
}


@dataclass(kw_only=True)
class SimulatedCast(Cast):
    """Sam at a simulated server, which does whatever a test wants."""

    simulator: Simulator
    run_with_http: Run
    handle: str
    name: str = "sam"

    @property
    def instances(self) -> list[dict[str, Any]]:
        """The servers of this network, the one of this cast first."""
        mine = self.simulator.get_instance(self.kind.name)
        others = [
            each
            for each in self.simulator.instances
            if each["network"] == mine["network"] and each is not mine
        ]
        return [mine, *others]

    def run(self, work: Callable[[Http], Awaitable[Any]]) -> Any:
        return self.run_with_http(work)

    def agree(self, consent: Consent, *, decision: str = "allow") -> dict[str, str]:
        return self.agree_as(self.name, consent, decision=decision)

    def agree_as(self, name: str, consent: Consent, *, decision: str = "allow") -> dict[str, str]:
        """Press the button as somebody who has an account there."""
        back, answer = self.simulator.give_consent(consent.url, account=name, decision=decision)
        assert back == REDIRECT_URI
        return answer

    def list_posts(self) -> Sequence[Standing]:
        posts = self.simulator.list_posts()
        assert {post["account"] for post in posts} <= {self.handle}
        return [Standing(text=post["text"], remote_id=post["id"]) for post in posts]

    def remove_posts(self) -> None:
        self.simulator.reset(accounts=False)

    def close_account(self) -> None:
        self.change_account(state="deactivated")

    def change_account(self, **facts: Any) -> None:
        """Change what the network has of Sam's account."""
        instance = self.instances[0]["instance"]
        self.simulator.open_accounts(instance=instance, names=["sam"], **facts)

    def open_beside(self, name: str) -> SimulatedCast:
        """Somebody else with an account on the same server."""
        instance = self.instances[0]["instance"]
        [account] = self.simulator.open_accounts(instance=instance, names=[name])
        handle = account["handle"]
        address = write_address(self.network, handle)
        return replace(self, name=name, handle=handle, account_id=account["id"], address=address)

    def open_elsewhere(self, name: str) -> str:
        """Open somebody's account on another server, where there are several; gives its address."""
        instance = [*self.instances, *self.instances][1]["instance"]
        [account] = self.simulator.open_accounts(instance=instance, names=[name])
        return write_address(self.network, account["handle"])

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """Give servers little time meanwhile; more where a first request does not post yet.

        What comes before a fault and after it keeps the whole: a busy machine is none.
        """
        whole = self.network.deadline_seconds
        first = 0.7 if self.network.name == "bluesky" else 0.4 if self.network.prepares else 0
        self.network.deadline_seconds = 0.6 + first
        try:
            yield
        finally:
            self.network.deadline_seconds = whole


def write_address(network: Network, handle: str) -> str:
    """What a person types who has this handle."""
    return handle if network.name == "bluesky" else f"@{handle}"


def build_network(instance: dict[str, Any], *, hosts: frozenset[str]) -> Network:
    """The adapter as the product builds it for a simulated server."""
    name = instance["network"]
    if name == "mastodon":
        return Mastodon(mode=Mode.AUTOMATIC, website=SITE_URL)
    if name == "bluesky":
        return Bluesky(
            mode=Mode.AUTOMATIC,
            site_url=SITE_URL,
            plc_url=instance["plc_url"],
            resolver_url=instance["resolver_url"],
            appview_url=instance["appview_url"],
            allowed_hosts=hosts,
        )
    asked_for: dict[str, Any] = {"deletes": True} if name == "threads" else {}
    return APPS[name](
        mode=Mode.AUTOMATIC,
        client_id=f"simulated-{name}",
        client_secret=f"simulated-{name}-secret",
        api_url=instance["url"],
        consent_url=instance["url"],
        **asked_for,
    )


def open_cast(
    simulator: Simulator, run: Run, *, kind: Kind, network: Network | None = None
) -> SimulatedCast:
    """Sam with a new account, spoken to by the usual adapter or another one."""
    instance = simulator.get_instance(kind.name)
    [account] = simulator.open_accounts(
        instance=instance["instance"], names=["sam"], followers=FOLLOWERS, created_at=OPENED_AT
    )
    network = network or build_network(instance, hosts=simulator.hosts)
    return SimulatedCast(
        network=network,
        kind=kind,
        url=instance["url"],
        hosts=simulator.hosts,
        account_id=account["id"],
        handle=account["handle"],
        address=write_address(network, account["handle"]),
        followers=FOLLOWERS,
        opened_at=datetime.fromisoformat(OPENED_AT),
        simulator=simulator,
        run_with_http=run,
    )


@pytest.fixture(name="cast")
def make_cast(
    request: pytest.FixtureRequest, simulator: Simulator, run: Run
) -> Iterator[SimulatedCast]:
    """Sam with an account of 4,242 followers, opened on 1 May 2020."""
    yield open_cast(simulator, run, kind=request.param)
    simulator.clear_faults()
