"""The decision at the moment: counted once, kept for good."""

from datetime import timedelta

import pytest
from post_office.models import Email

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches.igniting import ignite
from launches.models import Delivery, Launch, LaunchState
from launches.planning import arm_launches, create_launches
from launches.receipts import tell_organisers
from supporters.models import Pledge
from supporters.pledging import withdraw

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def due(crowd):
    """A campaign with so many pledges whose moment has just come, and its launch."""

    def make(number, **facts):
        campaign, pledges = crowd(number, launch_in=5, **facts)
        now = database_now()
        create_launches(now)
        arm_launches(now)
        at = now - timedelta(seconds=0.01)
        latest = at + timedelta(minutes=45)
        Campaign.objects.filter(pk=campaign.pk).update(
            launch_at=at, latest_at=latest, first_launch_at=at
        )
        Launch.objects.update(launch_at=at, latest_at=latest)
        return campaign, pledges, Launch.objects.get()

    return make


def test_ignition_is_decided_once(due):
    _, _, launch = due(2)
    first = ignite(launch.pk)
    second = ignite(launch.pk)
    assert first.state == second.state == LaunchState.FIRING
    assert first.decided_at == second.decided_at


def test_ignition_before_the_moment_does_nothing(crowd):
    crowd(1, launch_in=20)
    create_launches(database_now())
    assert ignite(Launch.objects.get().pk).state == LaunchState.SCHEDULED


def test_the_campaign_is_launched_with_the_launch(due):
    campaign, _, launch = due(1)
    ignite(launch.pk)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.LAUNCHED


def test_one_person_with_three_accounts_is_one_toward_the_threshold(due):
    campaign, pledges, launch = due(3, threshold=2)
    Pledge.objects.update(person=pledges[0].person)
    assert ignite(launch.pk).state == LaunchState.MISSED
    launch.refresh_from_db()
    assert (launch.people, launch.pledges) == (1, 3)


@pytest.mark.parametrize(
    ("number", "state"), [(2, LaunchState.MISSED), (3, LaunchState.FIRING), (4, LaunchState.FIRING)]
)
def test_the_threshold_is_reached_exactly_at_it(due, number, state):
    _, _, launch = due(number, threshold=3)
    assert ignite(launch.pk).state == state


def test_who_withdrew_before_the_moment_is_not_counted(due):
    _, pledges, launch = due(3, threshold=3)
    withdraw(pledges[0], person=pledges[0].person)
    assert ignite(launch.pk).state == LaunchState.MISSED
    assert Delivery.objects.count() == 2


def test_who_pledged_after_the_arming_is_counted(due, networks, sam):
    from tests.making import link_mastodon, make_pledge

    campaign, _, launch = due(2, threshold=3)
    make_pledge(campaign, link_mastodon(networks, sam, "late"))
    fired = ignite(launch.pk)
    assert (fired.state, fired.people, fired.pledges) == (LaunchState.FIRING, 3, 3)


def test_a_cancelled_campaign_does_not_ignite(due):
    campaign, _, launch = due(1)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.CANCELLED)
    assert ignite(launch.pk).state == LaunchState.CANCELLED
    assert Delivery.objects.get().sentence


def test_a_moved_moment_takes_the_launch_along(due):
    campaign, _, launch = due(1)
    later = database_now() + timedelta(hours=1)
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_at=later, latest_at=later + timedelta(minutes=45)
    )
    moved = ignite(launch.pk)
    assert (moved.state, moved.launch_at) == (LaunchState.SCHEDULED, later)


def test_a_suspended_campaign_waits_and_is_missed_after_its_latest_time(due):
    campaign, _, launch = due(1)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.SUSPENDED)
    assert ignite(launch.pk).state == LaunchState.ARMED
    past = database_now() - timedelta(minutes=1)
    earlier = past - timedelta(minutes=45)
    Campaign.objects.filter(pk=campaign.pk).update(launch_at=earlier, latest_at=past)
    Launch.objects.update(launch_at=earlier, latest_at=past)
    assert ignite(launch.pk).state == LaunchState.MISSED
    assert Delivery.objects.get().sentence


def test_a_launch_that_was_missed_without_a_goal_says_why(due, client):
    campaign, _, launch = due(1)
    at = database_now() - timedelta(hours=2)
    Campaign.objects.filter(pk=campaign.pk).update(
        state=CampaignState.SUSPENDED, launch_at=at, latest_at=at + timedelta(minutes=45)
    )
    Launch.objects.update(launch_at=at, latest_at=at + timedelta(minutes=45))
    ignite(launch.pk)
    tell_organisers(limit=5)
    why = "The campaign was suspended, so nothing was posted."
    page = client.get(f"/campaigns/{campaign.slug}/launch/").content.decode()
    mail = Email.objects.get(subject__startswith="Not launched")
    assert why in page
    assert why in mail.message
    assert why in mail.html_message
    assert "None" not in page + mail.message + mail.html_message
