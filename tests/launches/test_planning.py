"""Making launches and arming them."""

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches.models import Delivery, Launch, LaunchState
from launches.planning import arm_launches, create_launches
from supporters.models import LinkedAccount, Pledge
from supporters.pledging import withdraw
from tests.making import link_mastodon, make_campaign, make_pledge

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_ticks_create_one_launch(olive):
    make_campaign(olive, launch_in=20)
    now = database_now()
    create_launches(now)
    create_launches(now)
    assert Launch.objects.count() == 1


def test_a_far_moment_makes_no_launch_yet(olive):
    make_campaign(olive, launch_in=3600)
    create_launches(database_now())
    assert not Launch.objects.exists()


@pytest.mark.parametrize("state", ["draft", "in_review", "cancelled", "launched"])
def test_only_a_campaign_in_public_gets_a_launch(olive, state):
    make_campaign(olive, launch_in=10, state=state)
    create_launches(database_now())
    assert not Launch.objects.exists()


def test_arming_twice_adds_only_the_late_ones(crowd, networks, sam):
    campaign, _ = crowd(3, launch_in=20)
    now = database_now()
    create_launches(now)
    assert arm_launches(now) == 3
    assert arm_launches(now) == 0
    make_pledge(campaign, link_mastodon(networks, sam, "late"))
    assert arm_launches(now) == 1
    assert Delivery.objects.count() == 4
    assert Launch.objects.get().state == LaunchState.ARMED


def test_who_pledged_first_is_first_in_line(crowd):
    campaign, pledges = crowd(3, launch_in=20)
    type(pledges[0]).objects.filter(pk=pledges[0].pk).update(is_shown=True)  # kept elsewhere now
    create_launches(database_now())
    arm_launches(database_now())
    line = Launch.objects.get().deliveries.order_by("pk").values_list("pledge", flat=True)
    assert list(line) == [pledge.pk for pledge in pledges]


def test_nothing_is_armed_earlier_than_half_a_minute_before(crowd):
    crowd(2, launch_in=50)
    now = database_now()
    create_launches(now)
    assert arm_launches(now) == 0
    assert arm_launches(now + timedelta(seconds=21)) == 2


def test_a_withdrawn_pledge_is_not_armed(crowd):
    _, pledges = crowd(2, launch_in=20)
    withdraw(pledges[0], person=pledges[0].person)
    now = database_now()
    create_launches(now)
    assert arm_launches(now) == 1


def test_an_account_unlinked_and_linked_again_has_one_delivery(crowd, networks):
    """Armed, then withdrawn, then lent again by the same account: the new pledge is the one."""
    campaign, pledges = crowd(1, launch_in=20)
    now = database_now()
    create_launches(now)
    arm_launches(now)
    old = pledges[0]
    withdraw(old, person=old.person)
    LinkedAccount.objects.filter(pk=old.account_id).update(state="unlinked", sealed_credentials="")
    again = link_mastodon(networks, old.person, "voice0")
    new = make_pledge(campaign, again)
    assert new.fingerprint == old.fingerprint
    arm_launches(now)
    assert Delivery.objects.get().pledge == new


def test_a_campaign_whose_moment_moved_is_not_armed_for_the_old_one(crowd):
    campaign, _ = crowd(1, launch_in=20)
    now = database_now()
    create_launches(now)
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_at=now + timedelta(hours=2), latest_at=now + timedelta(hours=3)
    )
    assert arm_launches(now) == 0


def test_a_second_real_launch_is_refused_by_the_database(olive):
    from django.db import IntegrityError

    campaign = make_campaign(olive)
    facts = {"campaign": campaign, "launch_at": campaign.launch_at, "latest_at": campaign.latest_at}
    Launch.objects.create(**facts)
    with pytest.raises(IntegrityError):
        Launch.objects.create(**facts)


def test_pledges_of_other_campaigns_stay_out(crowd, olive, networks, sam):
    crowd(1, launch_in=20)
    other = make_campaign(olive, launch_in=9999, slug="other", state=CampaignState.SCHEDULED)
    make_pledge(other, link_mastodon(networks, sam, "sam"))
    now = database_now()
    create_launches(now)
    arm_launches(now)
    assert Delivery.objects.count() == 1
    assert Pledge.objects.count() == 2


def test_a_suspended_campaign_is_not_armed(crowd):
    campaign, _ = crowd(1, launch_in=20)
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.SUSPENDED)
    now = database_now()
    create_launches(now)
    assert arm_launches(now) == 0
    assert Launch.objects.get().state == LaunchState.SCHEDULED
