"""What is made ready before it is published is known to whoever comes after a lost answer."""

from datetime import timedelta

import pytest
from django.conf import settings as site

from campaigns.clock import database_now
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import Delivery, DeliveryState, Launch
from launches.planning import create_launches
from launches.preparing import keep
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
