"""Hold, resume, cancel, and who may."""

import pytest

from campaigns.clock import database_now
from launches import holding
from launches.claiming import claim, give_back
from launches.igniting import ignite
from launches.models import Delivery, DeliveryState, Launch, LaunchState
from launches.planning import create_launches
from launches.results import summarise
from supporters.models import Pledge
from supporters.pledging import PledgeRefused, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firing(crowd):
    """A launch that fires, with so many deliveries, none claimed yet."""

    def make(number, **facts):
        campaign, pledges = crowd(number, launch_in=-0.01, **facts)
        create_launches(database_now())
        launch = ignite(Launch.objects.get().pk)
        assert launch.state == LaunchState.FIRING
        return launch, pledges

    return make


def test_a_held_launch_gives_nothing_to_claim(firing):
    launch, _ = firing(3)
    assert holding.hold(launch, why="Something is wrong")
    assert not claim(launch.pk, most=10).claims
    assert holding.resume(launch)
    assert len(claim(launch.pk, most=10).claims) == 3


def test_holding_twice_is_harmless(firing):
    launch, _ = firing(1)
    assert holding.hold(launch)
    assert not holding.hold(launch)
    assert holding.resume(launch)
    assert not holding.resume(launch)


def test_cancelling_leaves_what_was_not_begun_unsent(firing, step):
    launch, _ = firing(4)
    claimed = claim(launch.pk, most=1).claims
    assert holding.cancel(launch)
    assert not holding.cancel(launch)
    assert not claim(launch.pk, most=10).claims
    tally = Delivery.objects.tally()
    assert (tally["claimed"], tally["not_sent"]) == (1, 3)
    assert len(claimed) == 1


def test_cancelling_before_the_moment_cancels_the_campaign(crowd):
    campaign, _ = crowd(1, launch_in=20)
    create_launches(database_now())
    assert holding.cancel(Launch.objects.get())
    campaign.refresh_from_db()
    assert campaign.state == "cancelled"
    assert summarise(campaign).state == "cancelled"


def test_a_claim_given_back_can_be_withdrawn_again(firing):
    launch, pledges = firing(1)
    claims = claim(launch.pk, most=1).claims
    with pytest.raises(PledgeRefused):
        withdraw(pledges[0], person=pledges[0].person)
    give_back(claims)
    assert withdraw(pledges[0], person=pledges[0].person)
    assert not claim(launch.pk, most=1).claims
    assert Delivery.objects.get().state == DeliveryState.WITHDRAWN


def test_a_claim_is_given_back_only_by_its_own_attempt(firing):
    launch, _ = firing(1)
    stale = claim(launch.pk, most=1).claims
    give_back(stale)
    fresh = claim(launch.pk, most=1).claims
    give_back(stale)
    assert Delivery.objects.get().state == DeliveryState.CLAIMED
    assert fresh[0].attempt == stale[0].attempt + 1


def test_withdrawn_pledge_is_not_sent(firing, networks, launch_now):
    launch, pledges = firing(2)
    withdraw(pledges[1], person=pledges[1].person)
    launch_now(launch.campaign)
    assert networks.summarise()["posts"] == 1
    tally = summarise(launch.campaign).tally
    assert (tally["sent"], tally["withdrawn"]) == (1, 1)
    assert summarise(launch.campaign).pledges == 2


def test_a_called_pledge_has_its_words_frozen_at_the_claim(firing):
    launch, pledges = firing(1)
    Pledge.objects.update(text="As agreed at last.")
    claims = claim(launch.pk, most=1).claims
    assert claims[0].post.text == "As agreed at last."
    assert Delivery.objects.get().text == "As agreed at last."


def test_staff_without_a_second_factor_control_no_launch(firing, client, rae):
    launch, _ = firing(1)
    client.force_login(rae)
    assert client.post(f"/campaigns/{launch.campaign.slug}/launch/hold/").status_code == 403


@pytest.mark.parametrize("action", ["hold", "resume", "cancel"])
def test_only_organiser_and_admins_control_a_launch(
    firing, client, sam, olive, rae, settings, action
):
    launch, _ = firing(1)
    url = f"/campaigns/{launch.campaign.slug}/launch/{action}/"
    assert client.post(url).status_code == 302
    assert "/account/login" in client.post(url)["Location"]
    client.force_login(sam)
    assert client.post(url).status_code == 403
    assert client.get(url).status_code == 405
    settings.STAFF_NEEDS_MFA = False
    for person in (olive, rae):
        client.force_login(person)
        assert client.post(url)["Location"] == f"/campaigns/{launch.campaign.slug}/launch/"


def test_the_organiser_holds_from_the_launch_room(firing, client, olive):
    launch, _ = firing(1)
    client.force_login(olive)
    page = client.post(f"/campaigns/{launch.campaign.slug}/launch/hold/", follow=True)
    assert "held" in page.content.decode()
    launch.refresh_from_db()
    assert launch.state == LaunchState.HELD
