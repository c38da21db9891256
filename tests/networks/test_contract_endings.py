"""What every adapter must say once an authorisation, an account or a server is gone."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from networks.base import Credentials, Post, Server
from networks.errors import NeedsRelink, Rejected, TryLater
from networks.http import Http
from tests.networks.casting import (
    UNREVOKED,
    Cast,
    Linked,
    check_sentence,
    fail_of,
    write_post,
)


async def publish_with_refresh(cast: Cast, http: Http, linked: Linked, post: Post) -> None:
    """Publish as the product does: refresh once where the network says that it takes that."""
    with suppress(TryLater):
        await cast.network.publish(http, linked.server, linked.credentials, post)
        return
    fresh = await cast.network.refresh(http, linked.server, linked.registration, linked.credentials)
    await cast.network.publish(http, linked.server, fresh, post)


def test_authorisation_taken_back_at_the_network_needs_its_owner(cast: Cast) -> None:
    async def work(http: Http) -> None:
        linked = await cast.link(http)
        cast.simulator.revoke(network=cast.network.name, account=cast.facts["handle"])
        await publish_with_refresh(cast, http, linked, write_post())

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, NeedsRelink)
    assert cast.is_there() == 0


def test_account_that_was_closed_to_its_owner_posts_nothing(cast: Cast) -> None:
    async def work(http: Http) -> Linked:
        linked = await cast.link(http)
        cast.simulator.open_accounts(
            instance=cast.instances[0]["instance"], names=["sam"], state="deactivated"
        )
        with pytest.raises((NeedsRelink, Rejected)):
            await cast.network.publish(http, linked.server, linked.credentials, write_post())
        return linked

    cast.run(work)
    assert cast.is_there() == 0


def test_revoked_authorisation_posts_no_more(cast: Cast) -> None:
    async def work(http: Http) -> None:
        linked = await cast.link(http)
        await cast.network.revoke(http, linked.server, linked.registration, linked.credentials)
        await publish_with_refresh(cast, http, linked, write_post())

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, Rejected if cast.kind in UNREVOKED else NeedsRelink)
    check_sentence(error)
    assert cast.is_there() == 0


def test_server_that_is_not_there_is_tried_later(cast: Cast) -> None:
    async def work(http: Http) -> Linked:
        return await cast.link(http)

    linked = cast.run(work)

    def move_away(value: Any) -> Any:
        gone = linked.server.url.rpartition(":")[0] + ":9"
        return value.replace(linked.server.url, gone) if isinstance(value, str) else value

    facts = {key: move_away(value) for key, value in linked.server.facts.items()}
    gone = Server(
        network=linked.server.network,
        host="127.0.0.1:9",
        url=move_away(linked.server.url),
        version=linked.server.version,
        facts=facts,
    )
    extra = {key: move_away(value) for key, value in linked.credentials.extra.items()}
    credentials = Credentials(
        network=linked.credentials.network,
        account_id=linked.credentials.account_id,
        access_token=linked.credentials.access_token,
        refresh_token=linked.credentials.refresh_token,
        expires_at=linked.credentials.expires_at,
        extra=extra,
    )

    async def publish() -> None:
        hosts = cast.simulator.hosts | {"127.0.0.1:9"}
        async with Http(user_agent="tests", allowed_hosts=hosts) as http:
            await cast.network.publish(http, gone, credentials, write_post())

    error = fail_of(lambda: asyncio.run(publish()))
    assert isinstance(error, TryLater)
    assert error.scope == "host"
    check_sentence(error, *linked.secrets)
