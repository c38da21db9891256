"""X's adapter and the simulated X, together."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from networks.adapters.x import X
from networks.base import Credentials, Mode, Numbers, Post, Server
from networks.errors import NeedsRelink, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.casting import Run, check_sentence, fail_of, write_post
from tests.networks.simulating import SIMULATED, open_cast
from tests.simulated import Simulator


def build(simulator: Simulator, client_id: str = "simulated-x", secret: str = "") -> X:
    url = simulator.get_instance("x")["url"]
    return X(
        mode=Mode.AUTOMATIC,
        client_id=client_id,
        client_secret=secret,
        api_url=url,
        consent_url=url,
    )


def seed(simulator: Simulator, **order: Any) -> Credentials:
    given = simulator.issue_tokens(network="x", account="sam", **order)
    return Credentials(
        network="x",
        account_id=given["id"],
        access_token=given["access_token"],
        refresh_token=given["refresh_token"],
        expires_at=datetime.now(UTC) + timedelta(seconds=given["expires_in"]),
    )


@pytest.fixture(name="server")
def find_server(simulator: Simulator, run: Run) -> Server:
    network = build(simulator)
    return run(lambda http: network.find_server(http, ""))[0]


def test_public_client_links_posts_and_renews(simulator: Simulator, run: Run) -> None:
    network = build(simulator, "simulated-x-public")
    kind = next(kind for kind in SIMULATED if kind.name == "x")
    cast = open_cast(simulator, run, kind=kind, network=network)

    async def work(http: Http) -> None:
        linked = await cast.link(http)
        assert linked.profile.handle == "@sam"
        renewed = await network.refresh(
            http, linked.server, linked.registration, linked.credentials
        )
        await network.publish(http, linked.server, renewed, write_post())
        with pytest.raises(NeedsRelink):
            await network.publish(http, linked.server, linked.credentials, write_post())
        with pytest.raises(NeedsRelink):
            await network.refresh(http, linked.server, linked.registration, linked.credentials)

    run(work)
    assert cast.is_there() == 1


@pytest.mark.parametrize("trouble", ["penniless", "suspended"])
def test_site_in_trouble_makes_the_whole_network_wait(
    simulator: Simulator, run: Run, server: Server, trouble: str
) -> None:
    network = build(simulator)
    credentials = seed(simulator, client_id=f"simulated-x-{trouble}")
    for work in (
        lambda http: network.publish(http, server, credentials, write_post()),
        lambda http: network.find(http, server, credentials, write_post()),
        lambda http: network.read_profile(http, server, credentials),
        lambda http: network.read_numbers(http, server, credentials, ["1"]),
    ):
        error = fail_of(lambda work=work: run(work))
        assert isinstance(error, TryLater)
        assert error.scope == "network"
        check_sentence(error, credentials.access_token)


def test_lost_answer_ends_as_one_post_even_if_it_is_sent_again(
    simulator: Simulator, run: Run, server: Server
) -> None:
    network, credentials, post = build(simulator), seed(simulator), write_post()

    async def work(http: Http) -> Any:
        simulator.set_faults({"cut": 1, "endpoints": "publish"})
        with pytest.raises(OutcomeUnknown):
            await network.publish(http, server, credentials, post)
        simulator.clear_faults()
        again = await network.publish(http, server, credentials, post)
        return again, await network.find(http, server, credentials, post)

    again, found = run(work)
    [standing] = simulator.list_posts()
    assert again.remote_id == standing["id"]
    assert found == [again]


def test_words_that_their_owner_posted_before_the_launch_are_not_the_post(
    simulator: Simulator, run: Run, server: Server
) -> None:
    network, credentials, own = build(simulator), seed(simulator), write_post()
    planned_at = own.planned_at + timedelta(minutes=5)
    post = Post(text=own.text, language="fr", planned_at=planned_at, key="b" * 32)

    async def work(http: Http) -> None:
        await network.publish(http, server, credentials, own)
        assert await network.find(http, server, credentials, post) == []
        await network.publish(http, server, credentials, post)

    assert isinstance(fail_of(lambda: run(work)), Rejected)
    assert len(simulator.list_posts()) == 1


def test_look_after_a_duplicate_ends_by_the_posts_own_deadline(
    simulator: Simulator, run: Run, server: Server
) -> None:
    network, credentials, post = build(simulator), seed(simulator), write_post()
    network.deadline_seconds = 1.5

    async def work(http: Http) -> float:
        await network.publish(http, server, credentials, post)
        simulator.set_faults(
            {"slow_before": 1, "slow_ms": 1000, "endpoints": "publish"},
            {"latency_ms": 9000, "endpoints": "find"},
        )
        started_at = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            await network.publish(http, server, credentials, post)
        return time.monotonic() - started_at

    took = run(work)
    simulator.clear_faults()
    assert 1 < took < 2.3


@pytest.mark.parametrize(
    "text",
    [
        "Sans schéma : voix.example.org/été, puis example.com.",
        "日本語https://voix.example.org/é。 &amp; <b>",
        "$ABC @rae@elsewhere.example #été 👨‍👩‍👧 https://a.example/?q=(1)&r=2#x!",
        "http://a.example http://a.example HTTP://B.example/C",
    ],
)
def test_words_of_all_kinds_are_found_again(
    simulator: Simulator, run: Run, server: Server, text: str
) -> None:
    network, credentials, post = build(simulator), seed(simulator), write_post(text)

    async def work(http: Http) -> Any:
        receipt = await network.publish(http, server, credentials, post)
        return receipt, await network.find(http, server, credentials, post)

    receipt, found = run(work)
    assert found == [receipt]


def test_numbers_grow_and_end_with_the_post(simulator: Simulator, run: Run, server: Server) -> None:
    network, credentials = build(simulator), seed(simulator)
    simulator.open_accounts(network="x", names=["sam"], followers=100_000)
    simulator.change_settings(post_age_seconds=3600)

    async def work(http: Http) -> Any:
        receipt = await network.publish(http, server, credentials, write_post())
        ids = [receipt.remote_id, "99"]
        return ids, await network.read_numbers(http, server, credentials, ids)

    ids, numbers = run(work)
    counted = numbers[ids[0]]
    assert isinstance(counted, Numbers)
    assert min(counted.likes, counted.reposts, counted.replies, counted.quotes) > 0
    assert counted.impressions > counted.likes
    assert numbers["99"] is None
