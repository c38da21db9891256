"""The last look before a request that posts: what may not start is not sent, and is given back."""

import asyncio

import pytest

from campaigns.clock import database_now
from launches import holding
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import Delivery, Launch
from launches.moment import read_moment
from launches.planning import create_launches
from launches.preparing import keep
from launches.sending import Desk, carry_out
from launches.watching import DatabaseThread, HoldFlag
from networks import registry
from supporters.tokens import run_in_thread
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent, switch_on

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firing(crowd):
    """A launch that fires, with one delivery."""
    crowd(1, launch_in=-0.01)
    create_launches(database_now())
    return ignite(Launch.objects.get().pk)


def carry(held, *may_start, keeps=True):
    """Carry a claim out with these answers to the last looks before its requests."""

    moment = read_moment()
    answers = list(may_start)

    async def answer(_claim):
        return answers.pop(0)

    async def note(claim, prepared):
        return keeps and await run_in_thread(
            lambda: keep(claim.delivery_id, attempt=claim.attempt, prepared=prepared)
        )

    async def go():
        async with registry.open_http() as http:
            desk = Desk(
                network=registry.get(held.network),
                http=http,
                now=moment.now,
                keep=note,
                may_start=answer,
            )
            return await carry_out(desk, held, held.credentials)

    return asyncio.run(go())


@pytest.mark.parametrize("look_first", [False, True])
def test_what_may_not_start_is_not_sent_also_after_a_look(firing, networks, look_first):
    Launch.objects.update(look_first=look_first)
    held = claim(firing.pk, most=1).claims[0]
    assert held.looks is look_first
    assert carry(held, False) is None
    assert networks.list_requests() == []
    assert carry(held, True).state == "sent"


@pytest.fixture
def claim_on(settings, simulator, olive, sam):
    """Claims the one delivery of a launch on a network, whose servers we have not met yet."""

    def do(kind):
        switch_on(settings, simulator)
        campaign = make_campaign(olive, launch_in=-0.01)
        make_pledge(campaign, link_by_consent(simulator, sam, "sam", kind=kind))
        create_launches(database_now())
        launch = ignite(Launch.objects.get().pk)
        return claim(launch.pk, most=1).claims[0]

    return do


@pytest.mark.parametrize("kind", ["bluesky", "threads"])
def test_second_request_of_a_post_does_not_start_after_a_hold(claim_on, simulator, kind):
    """Bluesky wants another nonce first, Threads a container: then comes the one that posts."""
    held = claim_on(kind)
    assert carry(held, True, False) is None
    assert "accepted" not in [request["outcome"] for request in simulator.list_requests()]
    assert simulator.summarise()["posts"] == 0
    # Given back and taken anew, it goes out.
    result = carry(held, True, True)
    assert result.state == "sent"
    assert simulator.summarise() == {"posts": 1, "accounts": 1, "duplicates": 0}


def test_what_was_made_ready_is_kept_before_it_is_published(claim_on, simulator):
    held = claim_on("threads")
    assert carry(held, True, True, keeps=False).state == "waiting"
    assert simulator.summarise()["posts"] == 0
    assert Delivery.objects.get().prepared == ""
    assert carry(held, True, False) is None
    assert Delivery.objects.get().prepared
    assert simulator.summarise()["posts"] == 0


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
