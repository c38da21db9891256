"""What every adapter must tell of posts that stand."""

from __future__ import annotations

from dataclasses import astuple

from networks.base import Numbers
from networks.http import Http
from tests.networks.casting import TEXT, Cast, Told, where_posts_are_counted


def test_numbers_of_a_new_post_are_nothing_yet_or_unknown(cast: Cast) -> None:
    async def work(http: Http) -> tuple[list[str], Told]:
        linked = await cast.link(http)
        remote_ids = await cast.publish(http, linked, TEXT, f"{TEXT} bis")
        return remote_ids, await cast.count(http, linked, remote_ids)

    remote_ids, told = cast.run(work)
    assert list(told) == (remote_ids if cast.kind.counts else [])
    for numbers in told.values():
        assert numbers is not None
        assert set(astuple(numbers)) - {None} == {0}


@where_posts_are_counted
def test_post_that_is_gone_is_told_from_one_that_stands(cast: Cast) -> None:
    async def work(http: Http) -> tuple[list[str], Told]:
        linked = await cast.link(http)
        gone = await cast.publish(http, linked, TEXT)
        cast.remove_posts()
        standing = await cast.publish(http, linked, f"{TEXT} bis")
        return [*gone, *standing], await cast.count(http, linked, [*gone, *standing])

    (gone, standing), told = cast.run(work)
    assert told[gone] is None
    assert isinstance(told[standing], Numbers)
