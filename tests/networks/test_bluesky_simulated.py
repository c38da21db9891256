"""Bluesky on the simulator: nonces, keys, refreshes and what then stands there."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from networks.adapters.bluesky import Bluesky
from networks.base import Credentials, Mode, Network, Numbers, Registration, Server
from networks.errors import NeedsRelink, OutcomeUnknown, TryLater
from networks.http import Http
from tests.networks.conftest import Run
from tests.networks.playing import GET, POST, SITE_URL, TEXT, fail_of
from tests.simulated import Simulator


@pytest.fixture
def network(simulator: Simulator) -> Network:
    instance = simulator.get_instance("bluesky")
    return Bluesky(
        mode=Mode.AUTOMATIC,
        site_url=SITE_URL,
        plc_url=instance["plc_url"],
        resolver_url=instance["resolver_url"],
        appview_url=instance["appview_url"],
        web_url=instance["appview_url"],
        allowed_hosts=simulator.hosts,
    )


async def seed(
    http: Http, network: Network, simulator: Simulator, **order: Any
) -> tuple[Server, Credentials]:
    """Give credentials as the simulator issues them, in the form that the adapter keeps."""
    given = simulator.issue_tokens(network="bluesky", account="sam", **order)
    server, _ = await network.find_server(http, given["handle"])
    credentials = Credentials(
        network="bluesky",
        account_id=given["did"],
        access_token=given["access_token"],
        refresh_token=given["refresh_token"],
        expires_at=datetime.now(UTC) + timedelta(seconds=given["expires_in"]),
        extra={
            "issuer": given["issuer"],
            "client_id": given["client_id"],
            "dpop_key": json.dumps(given["dpop_jwk"]),
            "pds_url": given["pds_url"],
        },
    )
    return server, credentials


def test_record_stands_on_the_server_as_it_was_built(
    network: Network, simulator: Simulator, run: Run
) -> None:
    async def work(http: Http) -> Any:
        server, credentials = await seed(http, network, simulator)
        receipt = await network.publish(http, server, credentials, POST)
        did, collection, rkey = receipt.remote_id.removeprefix("at://").split("/")
        answer = await http.request(
            "GET",
            f"{server.url}{GET}",
            params={"repo": did, "collection": collection, "rkey": rkey},
        )
        return receipt, answer.json()

    receipt, record = run(work)
    assert re.fullmatch(
        r"http://127\.0\.0\.1:\d+/profile/did:plc:[a-z2-7]{24}/post/\w{13}", receipt.url
    )
    assert record["uri"] == receipt.remote_id
    assert record["value"]["text"] == TEXT
    assert record["value"]["langs"] == ["fr"]
    assert record["value"]["createdAt"] == "2026-11-22T18:00:00.000Z"
    raw = TEXT.encode()
    covered = [
        raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        for facet in record["value"]["facets"]
    ]
    assert covered == ["https://example.org/é", "#été2026", "exemple.fr"]


def test_post_sent_many_times_at_once_is_one_post(
    network: Network, simulator: Simulator, run: Run
) -> None:
    async def work(http: Http) -> list[str]:
        server, credentials = await seed(http, network, simulator)
        sent = [network.publish(http, server, credentials, POST) for _ in range(20)]
        return [receipt.remote_id for receipt in await asyncio.gather(*sent)]

    assert len(set(run(work))) == 1
    assert simulator.summarise()["posts"] == 1


def test_post_with_other_words_under_its_key_changes_nothing(
    network: Network, simulator: Simulator, run: Run
) -> None:
    async def work(http: Http) -> tuple[str, str]:
        server, credentials = await seed(http, network, simulator)
        first = await network.publish(http, server, credentials, POST)
        other = replace(POST, text="Other words")
        second = await network.publish(http, server, credentials, other)
        return first.remote_id, second.remote_id

    first, second = run(work)
    assert first == second
    assert [post["text"] for post in simulator.list_posts()] == [TEXT]


def test_nonce_is_learnt_once_for_all_accounts(
    network: Network, simulator: Simulator, run: Run
) -> None:
    async def work(http: Http) -> None:
        for number in range(5):
            server, credentials = await seed(http, network, simulator)
            post = replace(POST, key=f"{number:032x}")
            await network.publish(http, server, credentials, post)

    run(work)
    outcomes = [request["outcome"] for request in simulator.list_requests()]
    assert outcomes == ["refused 401", *["accepted"] * 5]


def test_refresh_token_is_good_once_and_its_replay_ends_the_session(
    network: Network, simulator: Simulator, run: Run
) -> None:
    registration = Registration(client_id="unused")

    async def work(http: Http) -> Credentials:
        server, old = await seed(http, network, simulator)
        new = await network.refresh(http, server, registration, old)
        await network.publish(http, server, new, POST)
        with pytest.raises(NeedsRelink):
            await network.refresh(http, server, registration, old)
        with pytest.raises(NeedsRelink):
            await network.refresh(http, server, registration, new)
        return new

    assert run(work).refresh_token
    assert simulator.summarise()["posts"] == 1


def test_refresh_without_a_clear_answer_is_not_repeated(
    network: Network, simulator: Simulator, run: Run
) -> None:
    async def work(http: Http) -> None:
        server, credentials = await seed(http, network, simulator)
        registration = Registration(client_id="unused")
        # Learn the nonce, so that the fault meets the refresh itself.
        credentials = await network.refresh(http, server, registration, credentials)
        simulator.set_faults({"500_after": 1, "endpoints": "token", "times": 1})
        await network.refresh(http, server, registration, credentials)

    assert isinstance(fail_of(lambda: run(work)), OutcomeUnknown)


def test_token_that_ran_out_is_refreshed_and_then_posts(
    network: Network, simulator: Simulator, run: Run
) -> None:
    async def work(http: Http) -> None:
        server, credentials = await seed(http, network, simulator, expires_in=-1)
        with pytest.raises(TryLater) as caught:
            await network.publish(http, server, credentials, POST)
        assert (caught.value.after_seconds, caught.value.scope) == (0, "account")
        registration = Registration(client_id="unused")
        fresh = await network.refresh(http, server, registration, credentials)
        await network.publish(http, server, fresh, POST)

    run(work)
    assert simulator.summarise()["posts"] == 1


def test_numbers_are_those_that_the_appview_counts(
    network: Network, simulator: Simulator, run: Run
) -> None:
    async def work(http: Http) -> Numbers | None:
        server, credentials = await seed(http, network, simulator)
        simulator.open_accounts(network="bluesky", names=["sam"], followers=4242)
        post = replace(POST, text="Save the river")
        uri = (await network.publish(http, server, credentials, post)).remote_id
        simulator.change_settings(post_age_seconds=1800)
        return (await network.read_numbers(http, server, credentials, [uri]))[uri]

    assert run(work) == Numbers(likes=169, reposts=56, replies=28, quotes=14)
