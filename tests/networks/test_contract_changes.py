"""What every adapter must make of what changes at its network, which only the simulator can do."""

from __future__ import annotations

from dataclasses import asdict, astuple

from networks.base import Numbers, Profile
from networks.errors import NeedsRelink
from networks.http import Http
from tests.networks.casting import TEXT, Told, fail_of, where, where_posts_are_counted, write_post
from tests.networks.simulating import SimulatedCast

# What the simulator counts of TEXT after half an hour (simulator.world.World.count_reactions).
YOUNG = Numbers(likes=188, reposts=62, replies=31, quotes=15, impressions=2121)


def test_profile_is_read_anew(cast: SimulatedCast) -> None:
    async def work(http: Http) -> Profile:
        linked = await cast.link(http)
        cast.change_account(followers=5000)
        return await cast.network.read_profile(http, linked.server, linked.credentials)

    assert cast.run(work).followers == (5000 if cast.kind.shows_followers else None)


def test_authorisation_taken_back_at_the_network_needs_its_owner(cast: SimulatedCast) -> None:
    async def work(http: Http) -> None:
        linked = await cast.link(http)
        cast.simulator.revoke(network=cast.network.name, account=cast.handle)
        await cast.publish_with_refresh(http, linked, write_post())

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, NeedsRelink)
    assert cast.is_there() == 0


@where_posts_are_counted
def test_numbers_of_every_post_are_known_and_only_grow(cast: SimulatedCast) -> None:
    async def work(http: Http) -> tuple[list[str], list[Told]]:
        linked = await cast.link(http)
        remote_ids = await cast.publish(http, linked, TEXT, f"{TEXT} bis")
        told = []
        for age_seconds in (0, 1800, 7 * 24 * 3600):
            cast.simulator.change_settings(post_age_seconds=age_seconds)
            told.append(await cast.count(http, linked, remote_ids))
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


@where(counts_for_anybody=True)
def test_public_numbers_are_told_to_anybody_but_not_who_is_gone(cast: SimulatedCast) -> None:
    """Of another account's posts, in the name of one that is not even let in any more."""
    kim = cast.open_beside("kim")

    async def work(http: Http) -> tuple[list[str], Told]:
        sams, kims = await cast.link(http), await kim.link(http)
        gone = await cast.publish(http, sams, TEXT)
        cast.simulator.reset(accounts=False)
        cast.simulator.change_settings(post_age_seconds=1800)
        remote_ids = [
            *gone,
            *await cast.publish(http, sams, f"{TEXT} bis"),
            *await kim.publish(http, kims, TEXT),
        ]
        cast.simulator.revoke(network=cast.network.name, account="kim")
        return remote_ids, await kim.count(http, kims, remote_ids)

    (gone, sams, kims), told = cast.run(work)
    assert gone not in told
    assert list_known(told[sams]) != list_known(told[kims])


def list_known(numbers: Numbers | None) -> list[int]:
    assert numbers is not None
    return [number for number in astuple(numbers) if number is not None]


def tells(numbers: Numbers | None, name: str) -> bool:
    return getattr(numbers, name) is not None
