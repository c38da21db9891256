"""What every adapter must say once an authorisation, an account or a server is gone."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from networks.base import Credentials, Server
from networks.errors import NeedsRelink, Rejected, TryLater
from networks.http import Http
from tests.networks.casting import (
    Cast,
    Linked,
    check_sentence,
    fail_of,
    write_post,
)


def test_account_that_was_closed_to_its_owner_posts_nothing(cast: Cast) -> None:
    async def work(http: Http) -> Linked:
        linked = await cast.link(http)
        cast.close_account()
        with pytest.raises((NeedsRelink, Rejected)):
            await cast.network.publish(http, linked.server, linked.credentials, write_post())
        return linked

    cast.run(work)
    assert cast.is_there() == 0


def test_renewed_authorisation_posts_and_one_that_cannot_be_still_does(cast: Cast) -> None:
    async def work(http: Http) -> bool:
        linked = await cast.link(http)
        credentials, is_renewed = linked.credentials, False
        with suppress(NeedsRelink):
            credentials = await cast.network.refresh(
                http, linked.server, linked.registration, linked.credentials
            )
            is_renewed = True
        assert credentials.account_id == cast.account_id
        await cast.network.publish(http, linked.server, credentials, write_post())
        return is_renewed

    assert cast.run(work) == cast.kind.renews
    assert cast.is_there() == 1


def test_revoked_authorisation_posts_no_more(cast: Cast) -> None:
    async def work(http: Http) -> None:
        linked = await cast.link(http)
        await cast.network.revoke(http, linked.server, linked.registration, linked.credentials)
        await cast.publish_with_refresh(http, linked, write_post())

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, NeedsRelink if cast.kind.can_revoke else Rejected)
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
        host=urlsplit(move_away(linked.server.url)).netloc,
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
        hosts = cast.hosts | {urlsplit(gone.url).netloc}
        async with Http(user_agent="tests", allowed_hosts=hosts) as http:
            await cast.network.publish(http, gone, credentials, write_post())

    error = fail_of(lambda: cast.run(lambda _: publish()))
    assert isinstance(error, TryLater)
    assert error.scope == "host"
    check_sentence(error, *linked.secrets)
