"""What every adapter must do with a post: before, while and after it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from networks.base import Post, Receipt
from networks.errors import NetworkError, OutcomeUnknown, Rejected
from networks.http import Http
from tests.networks.casting import (
    TEXT,
    Cast,
    Linked,
    check_sentence,
    where_posts_are_shown,
    write_post,
)


def test_post_arrives_as_written_and_its_receipt_leads_to_it(cast: Cast) -> None:
    async def work(http: Http) -> Any:
        linked = await cast.link(http)
        return await cast.network.publish(http, linked.server, linked.credentials, write_post())

    receipt = cast.run(work)
    [post] = cast.list_posts()
    assert post.text == TEXT
    assert post.remote_id in receipt.remote_id
    assert receipt.url.startswith(("https://", "http://"))


def test_what_is_made_ready_is_seen_by_nobody(cast: Cast) -> None:
    async def work(http: Http) -> set[bool]:
        linked = await cast.link(http)
        prepared = [
            await cast.network.prepare(http, linked.server, linked.credentials, write_post())
            for _ in range(2)
        ]
        return {bool(each) for each in prepared}

    assert cast.run(work) == {cast.network.prepares}
    assert cast.is_there() == 0


def test_same_post_twice_is_one_post_where_keys_are_honoured(cast: Cast) -> None:
    async def work(http: Http) -> tuple[bool, bool, list[str]]:
        linked = await cast.link(http)
        post = write_post()
        receipts = [await cast.network.publish(http, linked.server, linked.credentials, post)]
        with suppress(Rejected, OutcomeUnknown):  # some take the same words only once
            receipts += [await cast.network.publish(http, linked.server, linked.credentials, post)]
        honours = cast.network.honours_keys(linked.server)
        proves = cast.network.absence_proves(
            linked.server,
            post=replace(post, prepared="something"),
            seconds_since_first_attempt=60,
        )
        return honours, proves, [receipt.remote_id for receipt in receipts]

    honours_keys, absence_proves, remote_ids = cast.run(work)
    assert honours_keys == absence_proves == cast.kind.keeps_keys
    is_one = honours_keys or cast.kind.traces
    assert cast.is_there() == len({*remote_ids}) == (1 if is_one else len(remote_ids))


@where_posts_are_shown
def test_find_gives_exactly_the_post_that_was_sent(cast: Cast) -> None:
    async def work(http: Http) -> tuple[Any, Any]:
        linked = await cast.link(http)
        for number in range(3):
            other = write_post(f"{TEXT} {number}", key=f"{number}" * 32)
            await cast.network.publish(http, linked.server, linked.credentials, other)
        post = write_post()
        receipt = await cast.network.publish(http, linked.server, linked.credentials, post)
        found = await cast.network.find(http, linked.server, linked.credentials, post)
        return receipt, found

    receipt, found = cast.run(work)
    assert [each.remote_id for each in found] == [receipt.remote_id]
    assert [each.url for each in found] == [receipt.url]


@where_posts_are_shown
def test_find_gives_nothing_where_nothing_is(cast: Cast) -> None:
    async def work(http: Http) -> Any:
        linked = await cast.link(http)
        other = write_post("Something else", key="f" * 32)
        await cast.network.publish(http, linked.server, linked.credentials, other)
        return await cast.network.find(http, linked.server, linked.credentials, write_post())

    assert list(cast.run(work)) == []


def test_looking_up_is_promised_only_where_posts_are_shown(cast: Cast) -> None:
    async def work(http: Http) -> tuple[Linked, Sequence[Receipt] | NetworkError]:
        linked = await cast.link(http)
        try:
            found = await cast.network.find(http, linked.server, linked.credentials, write_post())
        except NetworkError as error:
            return linked, error
        return linked, found

    assert cast.network.can_look_up == cast.kind.shows_posts
    linked, found = cast.run(work)
    if cast.kind.shows_posts:
        assert found == []
        return
    assert isinstance(found, Rejected)
    check_sentence(found, *linked.secrets)
    assert not cast.network.absence_proves(
        linked.server, post=write_post(), seconds_since_first_attempt=0
    )


def test_text_at_the_limit_is_taken_and_one_more_is_refused(cast: Cast) -> None:
    async def work(http: Http) -> tuple[Any, NetworkError]:
        linked = await cast.link(http)
        limit = cast.network.measure(linked.server, "").limit
        longest = "é" * limit
        length = cast.network.measure(linked.server, longest)
        over = cast.network.measure(linked.server, longest + "é")
        assert (length.used, length.over) == (limit, 0)
        assert (over.used, over.over) == (limit + 1, 1)
        await cast.network.publish(
            http, linked.server, linked.credentials, write_post(longest, key="a" * 32)
        )
        with pytest.raises(NetworkError) as caught:
            await cast.network.publish(
                http, linked.server, linked.credentials, write_post(longest + "é", key="b" * 32)
            )
        return linked, caught.value

    linked, error = cast.run(work)
    assert isinstance(error, Rejected)
    check_sentence(error, *linked.secrets)
    assert cast.is_there() == 1


@where_posts_are_shown
def test_old_moment_is_searched_back_to(cast: Cast) -> None:
    async def work(http: Http) -> Any:
        linked = await cast.link(http)
        post = Post(
            text=TEXT,
            language="fr",
            planned_at=datetime.now(UTC) - timedelta(hours=3),
            key="c" * 32,
        )
        await cast.network.publish(http, linked.server, linked.credentials, post)
        for number in range(60):
            other = write_post(f"Autre {number}", key=f"{number:032x}")
            await cast.network.publish(http, linked.server, linked.credentials, other)
        return await cast.network.find(http, linked.server, linked.credentials, post)

    assert len(cast.run(work)) == 1
