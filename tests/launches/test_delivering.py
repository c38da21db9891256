"""A launch end to end inside one process, against real HTTP."""

import time

import pytest

from campaigns.clock import database_now
from launches import claiming, delivering, igniting
from launches.claiming import claim
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import Attempt, Delivery, DeliveryState, Launch, LaunchState
from launches.planning import create_launches
from launches.results import summarise
from supporters.models import LinkedAccount, Pledge

pytestmark = pytest.mark.django_db(transaction=True)


def tally(campaign):
    return {state: number for state, number in summarise(campaign).tally.items() if number}


def test_every_account_says_it_once(crowd, launch_now, networks):
    campaign, _ = crowd(5, launch_in=0.3)
    launch = launch_now(campaign)
    assert launch.state == LaunchState.FINISHED
    assert tally(campaign) == {"sent": 5}
    posts = networks.list_posts()
    assert len({post["account"] for post in posts}) == 5
    assert networks.summarise() == {"posts": 5, "accounts": 5, "duplicates": 0}
    assert {post["text"] for post in posts} == {campaign.approved.text}


def test_nothing_leaves_before_the_moment(crowd, launch_now, networks):
    campaign, _ = crowd(3, launch_in=0.8)
    launch_now(campaign)
    assert all(post["at"] >= campaign.launch_at.isoformat()[:23] for post in networks.list_posts())
    first = Delivery.objects.order_by("answered_at").first()
    lag = first.answered_at - campaign.launch_at
    assert first.lag_ms == round(lag.total_seconds() * 1000) >= 0


def test_a_database_that_takes_its_time_ends_nobodys_part(crowd, networks, monkeypatch):
    monkeypatch.setattr(delivering, "IN_HAND", 4)
    monkeypatch.setattr(delivering, "LINGER_SECONDS", 0.05)

    def claim_slowly(*arguments, **facts):
        time.sleep(0.1)
        return claim(*arguments, **facts)

    monkeypatch.setattr(claiming, "claim", claim_slowly)
    networks.set_faults({"latency_ms": 150})  # in hand when it asks, and answered meanwhile
    crowd(12, launch_in=-0.01)
    create_launches(database_now())
    deliver(ignite(Launch.objects.get().pk).pk)
    assert networks.summarise() == {"posts": 12, "accounts": 12, "duplicates": 0}


def test_a_worker_whose_warm_up_ends_after_the_moment_keeps_nothing_back(
    crowd, networks, monkeypatch
):
    campaign, _ = crowd(3, launch_in=0.5)
    warm_up = igniting.warm_up

    def warm_up_late(launch_id):
        time.sleep(max(0, (campaign.launch_at - database_now()).total_seconds()))
        warm_up(launch_id)

    monkeypatch.setattr(igniting, "warm_up", warm_up_late)
    create_launches(database_now())
    deliver(Launch.objects.get().pk)
    assert list(Attempt.objects.values_list("number", "outcome")) == 3 * [(1, "sent")]
    assert networks.summarise() == {"posts": 3, "accounts": 3, "duplicates": 0}


def test_a_receipt_has_the_network_s_own_proof(crowd, launch_now, networks):
    campaign, _ = crowd(1, launch_in=0.1)
    launch_now(campaign)
    delivery = Delivery.objects.get()
    post = networks.list_posts()[0]
    assert (delivery.remote_id, delivery.permalink) == (str(post["id"]), post["url"])
    assert Attempt.objects.get().outcome == "sent"


def test_an_uncertain_outcome_is_looked_up_and_not_sent_again(crowd, launch_now, networks):
    campaign, _ = crowd(4, launch_in=0.1)
    networks.set_faults({"500_after": 1.0, "times": 4})
    launch_now(campaign)
    assert tally(campaign) == {"sent": 4}
    assert networks.summarise()["posts"] == 4
    assert len(networks.list_requests()) == 4


def test_what_was_refused_before_it_was_taken_is_sent_after_a_look(crowd, launch_now, networks):
    campaign, _ = crowd(2, launch_in=0.1)
    networks.set_faults({"500_before": 1.0, "times": 2})
    launch_now(campaign)
    assert tally(campaign) == {"sent": 2}
    assert networks.summarise() == {"posts": 2, "accounts": 2, "duplicates": 0}


def test_a_server_without_keys_gives_no_proof_and_is_not_asked_twice(crowd, launch_now, networks):
    campaign, _ = crowd(2, kind="gotosocial", launch_in=0.1)
    networks.set_faults({"500_before": 1.0, "times": 2})
    launch_now(campaign)
    assert tally(campaign) == {"unconfirmed": 2}
    assert networks.summarise()["posts"] == 0
    assert len(networks.list_requests()) == 2


def test_a_server_without_keys_that_took_it_is_believed_when_it_shows_it(
    crowd, launch_now, networks
):
    campaign, _ = crowd(2, kind="gotosocial", launch_in=0.1)
    networks.set_faults({"cut": 1.0, "times": 2})
    launch_now(campaign)
    assert tally(campaign) == {"sent": 2}
    assert networks.summarise() == {"posts": 2, "accounts": 2, "duplicates": 0}


def test_an_html_answer_is_not_called_sent(crowd, launch_now, networks):
    campaign, _ = crowd(1, launch_in=0.1)
    networks.set_faults({"html": 1.0, "times": 1})
    launch_now(campaign)
    assert Attempt.objects.order_by("number").first().outcome == "unknown"
    assert tally(campaign) == {"sent": 1}
    assert networks.summarise()["posts"] == 1


def test_a_busy_server_is_asked_again_when_it_says(crowd, launch_now, networks):
    campaign, _ = crowd(2, launch_in=0.1)
    networks.set_faults({"429": 1.0, "times": 2, "retry_after": 1})
    launch_now(campaign)
    assert tally(campaign) == {"sent": 2}
    assert networks.summarise()["duplicates"] == 0


def test_a_revoked_token_fails_and_the_account_is_to_be_linked_again(crowd, launch_now, networks):
    campaign, _ = crowd(2, launch_in=0.1)
    networks.revoke(network="mastodon", account="voice0")
    launch_now(campaign)
    assert tally(campaign) == {"sent": 1, "failed": 1}
    failed = Delivery.objects.get(state=DeliveryState.FAILED)
    assert failed.sentence
    states = dict(LinkedAccount.objects.values_list("handle", "state"))
    assert sorted(states.values()) == ["linked", "needs_relink"]


def test_under_the_threshold_nothing_leaves(crowd, launch_now, networks):
    campaign, _ = crowd(2, launch_in=0.1, threshold=3)
    launch = launch_now(campaign)
    assert launch.state == LaunchState.MISSED
    assert (launch.people, launch.pledges) == (2, 2)
    assert tally(campaign) == {"not_sent": 2}
    assert networks.summarise()["posts"] == 0
    assert set(Pledge.objects.values_list("state", flat=True)) == {"live"}


def test_at_the_threshold_it_goes_out(crowd, launch_now, networks):
    campaign, _ = crowd(3, launch_in=0.1, threshold=3)
    launch_now(campaign)
    assert networks.summarise()["posts"] == 3


def test_without_pledges_a_launch_finishes_empty(crowd, launch_now):
    campaign, _ = crowd(0, launch_in=0.1)
    launch = launch_now(campaign)
    assert launch.state == LaunchState.FINISHED
    assert summarise(campaign).as_json()["tally"]["sent"] == 0


def test_a_person_shut_out_is_not_spoken_for(crowd, launch_now, networks):
    campaign, pledges = crowd(2, launch_in=0.1)
    pledges[0].person.is_active = False
    pledges[0].person.save()
    launch_now(campaign)
    assert tally(campaign) == {"sent": 1, "not_sent": 1}


def test_the_words_of_the_pledge_are_posted_and_no_others(crowd, launch_now, networks):
    campaign, pledges = crowd(1, launch_in=0.1)
    Pledge.objects.filter(pk=pledges[0].pk).update(text="My own words. https://example.org/river")
    launch_now(campaign)
    assert networks.list_posts()[0]["text"] == "My own words. https://example.org/river"


def test_a_token_key_that_is_gone_fails_with_plain_words(
    crowd, launch_now, networks, settings, caplog
):
    from cryptography.fernet import Fernet

    campaign, _ = crowd(1, launch_in=0.1)
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    launch_now(campaign)
    caplog.clear()
    assert "key" in Delivery.objects.get().sentence
    assert tally(campaign) == {"failed": 1}


def test_rotated_keys_all_decrypt(crowd, launch_now, networks, settings):
    from cryptography.fernet import Fernet

    campaign, _ = crowd(1, launch_in=0.1)
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_KEYS]
    launch_now(campaign)
    assert tally(campaign) == {"sent": 1}


def test_a_postponed_launch_keeps_the_keys_of_its_first_moment(crowd, launch_now, networks):
    from datetime import timedelta

    from campaigns.models import Campaign
    from launches.keys import delivery_key

    campaign, pledges = crowd(1, launch_in=0.2)
    first = campaign.launch_at - timedelta(days=14)
    Campaign.objects.filter(pk=campaign.pk).update(first_launch_at=first)
    launch_now(campaign)
    key = delivery_key(campaign=campaign.uid, fingerprint=pledges[0].fingerprint, planned_at=first)
    assert networks.list_requests()[0]["key"] == key
