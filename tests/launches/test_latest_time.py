"""How late a post may leave is part of what its supporter agreed to."""

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import Delivery, DeliveryState, Launch
from launches.planning import create_launches
from launches.sweeping import NO_PROOF, TOO_LATE
from supporters.mails import tell_of_changes
from supporters.models import Pledge

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def late(crowd):
    """A firing launch five minutes late, whose organiser prolonged it after the pledges."""
    campaign, _ = crowd(2, launch_in=-300)
    Campaign.objects.update(latest_at=campaign.launch_at + timedelta(hours=10))
    create_launches(database_now())
    return ignite(Launch.objects.get().pk)


def agree_to(pledge, seconds):
    Pledge.objects.filter(pk=pledge.pk).update(
        agreed_latest_at=pledge.agreed_launch_at + timedelta(seconds=seconds)
    )


def test_what_was_agreed_for_less_is_not_sent_and_says_so(late):
    first, second = Pledge.objects.order_by("pk")
    agree_to(first, 299)
    (claimed,) = claim(late.pk, most=5).claims
    assert claimed.pledge_id == second.pk
    assert claimed.latest_at == second.agreed_latest_at
    ended = Delivery.objects.get(pledge=first)
    assert (ended.state, ended.reason) == (DeliveryState.NOT_SENT, TOO_LATE)


def test_what_may_have_arrived_ends_without_proof_instead(late):
    for pledge in Pledge.objects.all():
        agree_to(pledge, 299)
    Delivery.objects.update(is_uncertain=True)
    assert not claim(late.pk, most=5).claims
    assert set(Delivery.objects.values_list("state", "reason")) == {("unconfirmed", NO_PROOF)}


def test_the_time_that_was_agreed_to_moves_along_with_the_moment(crowd):
    campaign, (pledge,) = crowd(1, launch_in=3600)
    agree_to(pledge, 60)
    moved_to = campaign.launch_at + timedelta(days=1)
    Campaign.objects.update(launch_at=moved_to, latest_at=moved_to + timedelta(hours=2))
    assert tell_of_changes() == 1
    pledge.refresh_from_db()
    assert pledge.agreed_latest_at == moved_to + timedelta(seconds=60)
    assert tell_of_changes() == 0


def test_a_longer_time_changes_nothing_for_who_pledged_before(crowd):
    campaign, (pledge,) = crowd(1, launch_in=3600)
    Campaign.objects.update(latest_at=campaign.latest_at + timedelta(hours=2))
    assert tell_of_changes() == 0
    agreed = pledge.agreed_latest_at
    assert (
        pledge.leaves_until(launch_at=campaign.launch_at, latest_at=agreed + timedelta(hours=2))
        == agreed
    )
    assert pledge.leaves_until(
        launch_at=campaign.launch_at, latest_at=agreed - timedelta(minutes=1)
    ) == agreed - timedelta(minutes=1)
