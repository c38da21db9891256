"""What every adapter must do with a post that is to be taken away again."""

from __future__ import annotations

from typing import Any

import pytest

from networks.errors import NetworkError, Rejected
from networks.http import Answer, Http
from tests.networks.casting import (
    TEXT,
    Cast,
    Linked,
    check_sentence,
    where,
    where_posts_are_deleted,
    write_post,
)

# Of the ids of all networks none is like these; put into an address, they would lead elsewhere.
NO_IDS = [
    "",
    " ",
    ".",
    "..",
    "../accounts/1",
    "1/../2",
    "1/2",
    "1\\2",
    "%2e%2e%2f1",
    "1?id=2",
    "1#2",
    "1\n2",
    "١٢٣",
    "at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.like/3kznmn7xqxl22",
    "at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/..",
    "urn:li:person:abc",
    "urn:li:share:1,urn:li:share:2",
    "1" * 300,
]


@where_posts_are_deleted
def test_deletion_takes_away_that_post_and_no_other(cast: Cast) -> None:
    other = f"{TEXT} encore"

    async def work(http: Http) -> bool:
        linked = await cast.link(http)
        first, _ = await cast.publish(http, linked, TEXT, other)
        return await cast.delete(http, linked, first)

    assert cast.run(work) is True
    assert [post.text for post in cast.list_posts()] == [other]


@where_posts_are_deleted
@where(shows_posts=True)
def test_deleted_post_is_not_found_and_has_no_numbers(cast: Cast) -> None:
    async def work(http: Http) -> tuple[Any, Any]:
        linked = await cast.link(http)
        post = write_post()
        at = (http, linked.server, linked.credentials)
        remote_id = (await cast.network.publish(*at, post)).remote_id
        assert await cast.delete(http, linked, remote_id)
        return await cast.network.find(*at, post), await cast.count(http, linked, [remote_id])

    found, told = cast.run(work)
    assert list(found) == []
    assert not any(told.values())


@where_posts_are_deleted
def test_deleting_twice_is_harmless_and_says_that_nothing_was_there(cast: Cast) -> None:
    async def work(http: Http) -> list[bool]:
        linked = await cast.link(http)
        [remote_id] = await cast.publish(http, linked, TEXT)
        return [await cast.delete(http, linked, remote_id) for _ in range(3)]

    assert cast.run(work) == [True, *[not cast.kind.tells_what_is_gone] * 2]
    assert cast.is_there() == 0


@where_posts_are_deleted
def test_post_that_its_owner_deleted_at_the_network_is_gone(cast: Cast) -> None:
    async def work(http: Http) -> bool:
        linked = await cast.link(http)
        [remote_id] = await cast.publish(http, linked, TEXT)
        cast.remove_posts()
        return await cast.delete(http, linked, remote_id)

    assert cast.run(work) is not cast.kind.tells_what_is_gone


@where_posts_are_deleted
def test_what_is_no_id_of_a_post_is_refused_before_anything_is_sent(cast: Cast) -> None:
    asked: list[Answer | NetworkError] = []

    async def work(http: Http) -> tuple[Linked, list[NetworkError]]:
        linked = await cast.link(http)
        await cast.publish(http, linked, TEXT)
        errors = []
        for remote_id in NO_IDS:
            with pytest.raises(NetworkError) as caught:
                await cast.delete(http.heard_by(asked.append), linked, remote_id)
            errors.append(caught.value)
        return linked, errors

    linked, errors = cast.run(work)
    assert {type(error) for error in errors} == {Rejected}
    check_sentence(errors[0], *linked.secrets)
    assert asked == []
    assert cast.is_there() == 1


def test_deleting_is_promised_only_where_it_can_be_done_and_bounded_per_host(cast: Cast) -> None:
    linked = cast.run(cast.link)
    assert cast.network.can_delete == cast.kind.deletes
    allowances = cast.network.deletion_allowances(linked.server)
    assert bool(allowances) == cast.kind.deletes
    assert all(each.count > 0 and each.seconds > 0 for each in allowances)
