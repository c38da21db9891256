"""What is made ready before it is published is known to whoever comes after a lost answer.

And it says what its owner agreed to in the end, and nothing that they agreed to before.
"""

import asyncio
from datetime import timedelta

import pytest
from django.conf import settings as site

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches.claiming import claim, give_back
from launches.erasing import erase_pledges
from launches.igniting import ignite
from launches.models import Delivery, DeliveryState, Launch
from launches.planning import arm_launches, create_launches
from launches.preparing import keep, prepare_some
from networks import registry
from supporters.models import Pledge
from supporters.pledging import withdraw
from supporters.rewording import change_words
from supporters.tokens import run_in_thread
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent, switch_on

pytestmark = pytest.mark.django_db(transaction=True)
ONCE = {"posts": 1, "accounts": 1, "duplicates": 0}


@pytest.fixture
def lent(settings, simulator, olive, sam):
    """Makes a campaign with Sam's account on Threads."""

    def make(**facts):
        switch_on(settings, simulator)
        campaign = make_campaign(olive, **facts)
        make_pledge(campaign, link_by_consent(simulator, sam, "sam", kind="threads"))
        return campaign

    return make


@pytest.fixture
def take(lent):
    """A launch that fires, and a worker that took its one delivery and was not heard of since."""

    def do():
        campaign = lent(launch_in=-0.01)
        create_launches(database_now())
        launch = ignite(Launch.objects.get().pk)
        return campaign, claim(launch.pk, most=1).claims[0]

    return do


def lose_worker():
    seconds = site.DEADLINE_SECONDS + 1
    Delivery.objects.update(lease_until=database_now() - timedelta(seconds=seconds))


@pytest.mark.parametrize("fault", ["cut", "500_after"])
def test_container_made_at_the_moment_is_known_when_the_answer_is_lost(
    simulator, lent, launch_now, fault
):
    campaign = lent(launch_in=0.3)
    simulator.set_faults({fault: 1, "times": 1})
    launch_now(campaign, seconds=40)
    delivery = Delivery.objects.get()
    assert delivery.state == DeliveryState.SENT
    assert delivery.prepared == simulator.list_requests()[-1]["key"]
    assert simulator.summarise() == ONCE


def test_container_that_nothing_came_of_is_never_published_a_second_time(
    simulator, lent, launch_now
):
    """It may be under way still, and what a second request would do is not documented."""
    campaign = lent(launch_in=0.3)
    simulator.set_faults({"cut_before": 1, "times": 1})
    launch_now(campaign, seconds=40)
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED
    assert simulator.summarise()["posts"] == 0


def test_worker_lost_before_anything_was_kept_has_published_nothing(simulator, take, launch_now):
    campaign, _ = take()
    lose_worker()
    launch_now(campaign)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.is_uncertain) == (DeliveryState.SENT, True)
    assert delivery.prepared
    assert simulator.summarise() == ONCE


def test_worker_lost_once_something_was_kept_may_have_published_it(simulator, take, launch_now):
    campaign, held = take()
    assert keep(held.delivery_id, attempt=held.attempt, prepared="4711")
    lose_worker()
    launch_now(campaign)
    assert Delivery.objects.get().state == DeliveryState.UNCONFIRMED
    assert simulator.summarise()["posts"] == 0


def test_container_that_is_gone_is_made_anew_and_the_post_is_sent_once(
    simulator, settings, lent, launch_now
):
    settings.LEASE_SECONDS = 20  # Threads is asked three times whether it knows it
    campaign = lent(launch_in=-0.01)
    create_launches(database_now())
    ignite(Launch.objects.get().pk)
    Delivery.objects.update(prepared="4711")
    launch_now(campaign)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries) == (DeliveryState.SENT, 2)
    assert delivery.prepared not in ("", "4711")
    assert simulator.summarise() == ONCE


def test_claim_that_is_over_keeps_nothing(take):
    _, held = take()
    Delivery.objects.update(attempt=held.attempt + 1)
    assert not keep(held.delivery_id, attempt=held.attempt, prepared="4711")
    assert Delivery.objects.get().prepared == ""


def test_nothing_is_kept_of_a_post_whose_owner_is_erased_meanwhile(take, launch_now, simulator):
    campaign, held = take()
    erase_pledges(pk=held.pledge_id)
    assert not keep(held.delivery_id, attempt=held.attempt, prepared="4711")
    assert Delivery.objects.get().prepared == ""
    give_back([held])
    launch_now(campaign)
    assert Delivery.objects.get().state == DeliveryState.WITHDRAWN
    assert simulator.summarise()["posts"] == 0


OTHERS = "Other words, agreed to since."


@pytest.fixture
def armed(lent):
    """A launch in twenty seconds, with one post that is to be made ready."""
    campaign = lent(launch_in=20)
    create_launches(database_now())
    arm_launches(database_now())
    return campaign


def make_ready(*, meanwhile=lambda: None):
    """Make it ready, as a worker does; ``meanwhile`` happens while the network is asked."""
    launch_id = Launch.objects.get().pk
    steps = iter([lambda: None, meanwhile])

    async def run(work):
        await run_in_thread(next(steps))
        return await run_in_thread(work)

    async def go():
        async with registry.open_http() as http:
            return await prepare_some(launch_id, http=http, run=run, seconds=5)

    assert asyncio.run(go()) == 1


def pledge_in_other_words(campaign):
    older = Pledge.objects.get()
    assert withdraw(older, person=older.person)
    make_pledge(campaign, older.account, text=OTHERS)
    arm_launches(database_now())


def move_moment(campaign, *, seconds):
    """To so many seconds from now, as an approval does."""
    moment = database_now() + timedelta(seconds=seconds)
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_at=moment, latest_at=moment + timedelta(minutes=45)
    )
    campaign.refresh_from_db()


def let_it_come(campaign):
    """The moment is there: as if the time until then had passed."""
    move_moment(campaign, seconds=0)
    Launch.objects.update(launch_at=campaign.launch_at, latest_at=campaign.latest_at)


def read_posts(simulator):
    return [post["text"] for post in simulator.list_posts()]


def test_pledge_that_is_taken_back_and_made_anew_is_posted_in_its_own_words(
    simulator, armed, launch_now
):
    make_ready()
    assert Delivery.objects.get().prepared
    pledge_in_other_words(armed)
    let_it_come(armed)
    launch_now(armed)
    assert read_posts(simulator) == [OTHERS]


def test_pledge_made_anew_while_the_older_was_made_ready_is_posted_in_its_own_words(
    simulator, armed, launch_now
):
    make_ready(meanwhile=lambda: pledge_in_other_words(armed))
    assert Delivery.objects.get().prepared == ""
    let_it_come(armed)
    launch_now(armed)
    assert read_posts(simulator) == [OTHERS]


def test_what_was_ready_for_a_moment_that_moved_is_made_ready_anew(simulator, armed, launch_now):
    make_ready()
    move_moment(armed, seconds=3600)
    assert ignite(Launch.objects.get().pk).launch_at == armed.launch_at
    pledge = Pledge.objects.get()
    change_words(pledge, person=pledge.person, text=OTHERS)
    move_moment(armed, seconds=20)
    ignite(Launch.objects.get().pk)
    arm_launches(database_now())
    make_ready()
    let_it_come(armed)
    launch_now(armed)
    assert read_posts(simulator) == [OTHERS]
