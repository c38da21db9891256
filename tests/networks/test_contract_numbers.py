"""What every adapter must tell of posts that stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, astuple, replace
from zlib import crc32

import pytest

from networks.base import Numbers
from networks.errors import NetworkError, OutcomeUnknown, TryLater
from networks.http import Http
from tests.networks.casting import (
    TEXT,
    Cast,
    Linked,
    check_sentence,
    where_nobody_can_look,
    where_posts_are_shown,
    write_post,
)

# What the simulator counts of TEXT after half an hour (simulator.world.World.count_reactions).
YOUNG = Numbers(likes=188, reposts=62, replies=31, quotes=15, impressions=2121)
Told = Mapping[str, Numbers | None]


async def publish(cast: Cast, http: Http, linked: Linked, *texts: str) -> list[str]:
    """Publish as the product does, what can be made ready first; gives the posts' ids."""
    remote_ids = []
    for text in texts:
        post = write_post(text, key=f"{crc32(text.encode()):032x}")
        at = (http, linked.server, linked.credentials)
        post = replace(post, prepared=await cast.network.prepare(*at, post))
        remote_ids.append((await cast.network.publish(*at, post)).remote_id)
    return remote_ids


async def read(cast: Cast, http: Http, linked: Linked, remote_ids: list[str]) -> Told:
    """Read as the product does, never more at once than the network gives."""
    told: dict[str, Numbers | None] = {}
    most = cast.network.numbers_at_once
    for start in range(0, len(remote_ids), most):
        some = remote_ids[start : start + most]
        told |= await cast.network.read_numbers(http, linked.server, linked.credentials, some)
    return told


def list_known(numbers: Numbers | None) -> list[int]:
    assert numbers is not None
    return [number for number in astuple(numbers) if number is not None]


def tells(numbers: Numbers | None, name: str) -> bool:
    return getattr(numbers, name) is not None


@where_posts_are_shown
def test_numbers_of_every_post_are_known_and_only_grow(cast: Cast) -> None:
    async def work(http: Http) -> tuple[list[str], list[Told]]:
        linked = await cast.link(http)
        remote_ids = await publish(cast, http, linked, TEXT, f"{TEXT} bis")
        told = []
        for age_seconds in (0, 1800, 7 * 24 * 3600):
            cast.simulator.change_settings(post_age_seconds=age_seconds)
            told.append(await read(cast, http, linked, remote_ids))
        return remote_ids, told

    remote_ids, told = cast.run(work)
    assert all(set(each) == set(remote_ids) for each in told)
    for remote_id in remote_ids:
        new, young, old = (list_known(each[remote_id]) for each in told)
        assert not any(new)
        assert all(less < more for less, more in zip(young, old, strict=True))
    known = told[1][remote_ids[0]]
    assert list_known(known)
    assert known == Numbers(
        **{name: value for name, value in asdict(YOUNG).items() if tells(known, name)}
    )
    assert known != told[1][remote_ids[1]]


@where_posts_are_shown
def test_post_that_is_gone_is_told_from_one_that_stands(cast: Cast) -> None:
    async def work(http: Http) -> tuple[list[str], Told]:
        linked = await cast.link(http)
        gone = await publish(cast, http, linked, TEXT)
        cast.simulator.reset(accounts=False)
        standing = await publish(cast, http, linked, f"{TEXT} bis")
        return [*gone, *standing], await read(cast, http, linked, [*gone, *standing])

    (gone, standing), told = cast.run(work)
    assert told[gone] is None
    assert isinstance(told[standing], Numbers)


@where_nobody_can_look
def test_network_that_shows_no_posts_makes_no_numbers_up(cast: Cast) -> None:
    async def work(http: Http) -> Told:
        linked = await cast.link(http)
        return await read(cast, http, linked, await publish(cast, http, linked, TEXT))

    assert cast.run(work) == {}


@pytest.mark.parametrize(
    "fault", ["429", "500_before", "cut_before", "html", "broken_json_before", "endless"]
)
def test_fault_while_reading_numbers_makes_no_post_gone(cast: Cast, fault: str) -> None:
    cast.hurry()

    async def work(http: Http) -> tuple[Linked, Told, NetworkError | None]:
        linked = await cast.link(http)
        remote_ids = await publish(cast, http, linked, TEXT)
        cast.simulator.set_faults({fault: 1, "endpoints": "all"})
        try:
            return linked, await read(cast, http, linked, remote_ids), None
        except NetworkError as error:
            return linked, {}, error

    linked, told, error = cast.run(work)
    assert None not in told.values()
    if error is not None:
        assert isinstance(error, OutcomeUnknown | TryLater)
        check_sentence(error, *linked.secrets)
