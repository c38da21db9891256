"""How late a post may leave is part of what its supporter agreed to."""

from datetime import timedelta

import pytest
from django.urls import reverse
from post_office.models import Email

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import Delivery, DeliveryState, Launch
from launches.planning import create_launches
from launches.results import summarise
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


def test_after_a_stop_the_rest_is_reported_as_not_sent_on_every_page_and_mail(
    crowd, fall_silent, launch_now, step, client, networks
):
    """The machine was off across the moment, and for one of two supporters until too late."""
    fall_silent(minutes=6)
    campaign, (first, second) = crowd(2, launch_in=-300)
    agree_to(first, 60)
    Pledge.objects.filter(pk=first.pk).update(receipt_email="first@example.org")
    launch_now(campaign)
    step()
    assert networks.summarise()["posts"] == 1
    assert Delivery.objects.get(pledge=second).state == DeliveryState.SENT
    (receipt,) = Email.objects.filter(to="first@example.org")
    (organiser,) = Email.objects.filter(to="olive@example.org", subject__startswith="Launched")
    for part in (receipt.message, receipt.html_message):
        assert TOO_LATE in part
    report = "1 post could not leave by the latest time"
    for part in (organiser.message, organiser.html_message):
        assert report in part
    for name in ("launch", "results", "campaign"):
        assert report in client.get(reverse(name, args=["river"])).content.decode()
    client.force_login(first.person)
    for name in ("my_pledges", "receipts"):
        assert TOO_LATE in client.get(reverse(name)).content.decode()


def test_a_launch_that_came_too_late_for_all_is_not_said_to_have_been_said(
    crowd, fall_silent, launch_now, client, networks
):
    fall_silent(minutes=90)
    campaign, _ = crowd(2, launch_in=-3600, latest_minutes=45)
    launch_now(campaign)
    assert networks.list_requests() == []
    summary = summarise(campaign)
    assert (summary.too_late, summary.said_nothing) == (2, True)
    for name in ("launch", "results", "campaign"):
        page = client.get(reverse(name, args=["river"])).content.decode()
        assert "It has been said" not in page
        assert "2 posts could not leave by the latest time" in page
