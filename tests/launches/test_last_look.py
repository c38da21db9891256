"""The last look before a request that posts: what may not start is not sent, and is given back."""

import asyncio

import pytest

from campaigns.clock import database_now
from launches import holding
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import Launch
from launches.moment import read_moment
from launches.planning import create_launches
from launches.sending import Desk, carry_out
from launches.watching import DatabaseThread, HoldFlag
from networks import registry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firing(crowd):
    """A launch that fires, with one delivery."""
    crowd(1, launch_in=-0.01)
    create_launches(database_now())
    return ignite(Launch.objects.get().pk)


def carry(held, *, may_start):
    """Carry a claim out with this answer to the last look."""

    moment = read_moment()

    async def answer(_claim):
        return may_start

    async def go():
        async with registry.open_http() as http:
            desk = Desk(
                network=registry.get(held.network), http=http, now=moment.now, may_start=answer
            )
            return await carry_out(desk, held, held.credentials)

    return asyncio.run(go())


@pytest.mark.parametrize("look_first", [False, True])
def test_what_may_not_start_is_not_sent_also_after_a_look(firing, networks, look_first):
    Launch.objects.update(look_first=look_first)
    held = claim(firing.pk, most=1).claims[0]
    assert held.looks is look_first
    assert carry(held, may_start=False) is None
    assert networks.list_requests() == []
    assert carry(held, may_start=True).state == "sent"


def test_the_hold_flag_says_what_the_database_says(firing):
    def read():
        async def go():
            async with DatabaseThread("flag") as database:
                flag = HoldFlag(firing.pk, database)
                watch = asyncio.create_task(flag.watch())
                try:
                    return await flag.lets_send()
                finally:
                    watch.cancel()
                    await asyncio.gather(watch, return_exceptions=True)

        return asyncio.run(go())

    assert read() is True
    holding.hold(firing)
    assert read() is False
    holding.resume(firing)
    assert read() is True
    holding.cancel(firing)
    assert read() is False
