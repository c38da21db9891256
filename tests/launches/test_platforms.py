"""A launch over every network there is, and what only some of them do."""

from dataclasses import replace

import pytest
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from launches.claiming import claim
from launches.delivering import deliver
from launches.models import (
    Attempt,
    Delivery,
    DeliveryState,
    Launch,
    LaunchState,
)
from launches.pauses import NetworkPause
from launches.pausing import list_paused
from supporters import vault
from supporters.models import PledgeState
from tests.making import make_campaign, make_pledge
from tests.platforms import PLATFORMS, link_by_consent, switch_on

pytestmark = pytest.mark.django_db(transaction=True)
EVERYWHERE = ("mastodon", "gotosocial", "bluesky", *PLATFORMS)


@pytest.fixture
def lend(simulator, olive):
    """Makes a campaign with one account on each of these: ``lend("x", "threads", launch_in=1)``."""

    def make(*networks, **facts):
        campaign = make_campaign(olive, **facts)
        pledges = []
        for name in networks:
            person = User.objects.create_user(name=name)
            account = link_by_consent(simulator, person, f"{name}s", kind=name)
            pledges.append(make_pledge(campaign, account))
        return campaign, pledges

    return make


def test_every_network_gets_the_post_once(settings, simulator, lend, launch_now):
    switch_on(settings, simulator)
    campaign, pledges = lend(*PLATFORMS, "mastodon", "bluesky", launch_in=0.5)
    launch = launch_now(campaign)
    states = dict(Delivery.objects.values_list("network", "state"))
    assert states == dict.fromkeys((pledge.network for pledge in pledges), "sent")
    assert launch.state == LaunchState.FINISHED
    assert simulator.summarise() == {"posts": 6, "accounts": 6, "duplicates": 0}


@pytest.mark.parametrize("network", EVERYWHERE)
def test_an_answer_lost_after_the_post_was_accepted_never_makes_a_second(
    settings, simulator, lend, launch_now, network, caplog
):
    switch_on(settings, simulator)
    campaign, _ = lend(network, launch_in=0.3)
    simulator.set_faults({"cut": 1, "times": 1})
    launch_now(campaign, seconds=40)
    assert simulator.summarise() == {"posts": 1, "accounts": 1, "duplicates": 0}
    assert Delivery.objects.get().state in (DeliveryState.SENT, DeliveryState.UNCONFIRMED)
    caplog.clear()


def spend_everything(simulator, account):
    """Put a token of an app that has no credits left in the place of the account's."""
    token = simulator.issue_tokens(
        network="x", account=account.account_id, client_id="simulated-x-penniless"
    )
    mark = account.fingerprint
    credentials = vault.unseal_credentials(account.sealed_credentials, fingerprint=mark)
    poor = replace(credentials, access_token=token["access_token"])
    account.sealed_credentials = vault.seal_credentials(poor, fingerprint=mark)
    account.save(update_fields=["sealed_credentials"])


def test_a_network_that_failed_as_a_whole_is_paused_and_nobody_pays_for_it(
    settings, simulator, lend, step, rae
):
    switch_on(settings, simulator)
    campaign, (pledge, _) = lend("x", "mastodon", launch_in=-0.01)
    spend_everything(simulator, pledge.account)
    for launch_id in step():
        deliver(launch_id)
    held, sent = Delivery.objects.order_by("network")[::-1]
    assert (held.network, held.state, held.tries) == ("x", DeliveryState.PLANNED, 0)
    assert held.pledge.state == PledgeState.LIVE  # who withdraws now still can
    assert sent.state == DeliveryState.SENT
    assert not Attempt.objects.filter(delivery=held).exists()
    pause = NetworkPause.objects.get()
    assert pause.network == "x"
    assert "X" in pause.sentence
    (mail,) = Email.objects.filter(subject__contains="paused")
    assert mail.to == ["rae@example.org"]
    assert pause.sentence in mail.message
    launch = Launch.objects.get(campaign=campaign)
    assert not claim(launch.pk, most=5).claims


def test_a_pause_that_is_ended_lets_the_posts_go(settings, simulator, lend, step, launch_now):
    switch_on(settings, simulator)
    campaign, _ = lend("x", launch_in=-0.01)
    now = database_now()
    NetworkPause.objects.create(
        network="x", until=now.replace(year=now.year + 1), reason="X is out of credits."
    )
    for launch_id in step():
        deliver(launch_id)
    assert simulator.summarise()["posts"] == 0
    NetworkPause.objects.all().delete()
    assert list_paused(now) == []
    launch_now(campaign)
    assert simulator.summarise()["posts"] == 1


def test_what_can_be_made_before_the_moment_is_made_before(
    settings, simulator, lend, launch_now, monkeypatch
):
    monkeypatch.setattr("launches.delivering.PREPARE_UNTIL_SECONDS", 0.5)
    monkeypatch.setattr("launches.delivering.PREPARE_SPARE_SECONDS", 0.1)
    switch_on(settings, simulator)
    campaign, _ = lend("threads", "x", launch_in=2.5)
    launch_now(campaign)
    prepared = dict(Delivery.objects.values_list("network", "prepared"))
    assert prepared["threads"]
    assert not prepared["x"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    assert simulator.summarise() == {"posts": 2, "accounts": 2, "duplicates": 0}


def test_what_was_not_made_ready_in_time_is_made_at_the_moment(
    settings, simulator, lend, launch_now
):
    switch_on(settings, simulator)
    campaign, _ = lend("threads", launch_in=0.3)
    launch_now(campaign)
    delivery = Delivery.objects.get()
    assert delivery.state == "sent"
    assert delivery.prepared
