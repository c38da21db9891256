"""A host that does not answer is left alone by all workers, and asked again by one claim."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from campaigns.clock import database_now
from launches import breaking, delivering
from launches.claiming import claim
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import Attempt, Delivery, Launch
from launches.pauses import HostPause
from launches.planning import create_launches
from tests.launches.crowding import lend_many
from tests.processes import free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dead(settings, networks):
    """A host on which nothing listens."""
    host = f"127.0.0.1:{free_port()}"
    settings.NETWORK_EXCEPTIONS = [*networks.hosts, host]
    return host


@pytest.fixture
def firing(crowd, dead):
    """A launch with so many posts for the dead host, before so many for one that answers."""

    def make(number, *, well=0):
        campaign, _ = crowd(0, launch_in=-0.01)
        lend_many(campaign, dead, number)
        if well:
            add_voices(crowd, campaign, well)
        create_launches(database_now())
        return ignite(Launch.objects.get().pk)

    return make


def add_voices(crowd, campaign, number):
    """Accounts on the simulator, lent to this campaign too."""
    _, pledges = crowd(number, slug="other", launch_in=9999)
    for pledge in pledges:
        pledge.campaign = campaign
        pledge.save()


def end_pause(host):
    HostPause.objects.filter(pk=host).update(until=database_now() - timedelta(seconds=0.01))


def tally():
    return {state: number for state, number in Delivery.objects.tally().items() if number}


def test_a_dead_host_is_given_up_and_costs_the_others_nothing(firing, dead, networks, monkeypatch):
    monkeypatch.setattr(delivering, "IN_HAND", 80)  # ten at a time for who was not heard of yet
    launch = firing(60, well=20)
    deliver(launch.pk)
    (given_up,) = breaking.list_open()
    assert given_up.host == dead
    assert given_up.until > database_now()
    assert networks.summarise() == {"posts": 20, "accounts": 20, "duplicates": 0}
    # What was in hand when it was given up is as if it had never been claimed.
    tried = Attempt.objects.exclude(outcome="sent").count()
    assert breaking.FAILURES <= tried < 60
    assert tally() == {"sent": 20, "waiting": tried, "planned": 60 - tried}
    assert not Delivery.objects.filter(state="planned").exclude(tries=0).exists()


def test_while_a_host_is_given_up_no_worker_claims_anything_for_it(firing, dead):
    launch = firing(3)
    breaking.give_up(dead, now=database_now(), probed=False)
    claimed = claim(launch.pk, most=10)
    assert not claimed.claims
    assert claimed.paused.silent == {dead}
    assert tally() == {"planned": 3}


def test_one_claim_at_a_time_asks_a_host_again_that_was_given_up(firing, dead):
    launch = firing(3)
    breaking.give_up(dead, now=database_now(), probed=False)
    end_pause(dead)
    assert len(claim(launch.pk, most=10).claims) == 1
    assert not claim(launch.pk, most=10).claims
    end_pause(dead)  # that one was never heard of again
    assert len(claim(launch.pk, most=10).claims) == 1


def test_a_host_that_fails_again_is_left_alone_for_longer_each_time(dead):
    now = database_now()
    pauses = []
    for turn in range(7):
        breaking.give_up(dead, now=now, probed=turn > 0)
        pauses.append((HostPause.objects.get().until - now).total_seconds())
    assert pauses == [5, 10, 20, 40, 80, 120, 120]
    assert HostPause.objects.get().since == now


def test_several_workers_that_give_a_host_up_at_once_begin_one_pause(dead):
    now = database_now()
    breaking.give_up(dead, now=now, probed=False)
    breaking.give_up(dead, now=now + timedelta(seconds=1), probed=False)
    row = HostPause.objects.get()
    assert (row.silences, row.until) == (1, now + timedelta(seconds=5))


def test_a_worker_that_probes_in_vain_begins_the_next_pause(firing, dead):
    launch = firing(20)
    breaking.give_up(dead, now=database_now(), probed=False)
    end_pause(dead)
    deliver(launch.pk)
    assert HostPause.objects.get().silences == 2
    assert HostPause.objects.get().until > database_now() + timedelta(seconds=8)
    assert Attempt.objects.count() == 1


def test_a_host_that_answers_again_is_taken_back_and_everything_goes_out(crowd, networks):
    crowd(30, launch_in=-0.01)
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    host = urlsplit(networks.get_instance("mastodon")["url"]).netloc
    breaking.give_up(host, now=database_now(), probed=False)
    end_pause(host)
    deliver(launch.pk)
    assert breaking.list_open() == []
    assert networks.summarise() == {"posts": 30, "accounts": 30, "duplicates": 0}


def test_a_server_in_trouble_is_given_up_and_what_may_have_arrived_is_looked_up_later(
    crowd, networks, monkeypatch
):
    monkeypatch.setattr(delivering, "IN_HAND", 20)
    networks.set_faults({"500_after": 1.0})
    crowd(40, launch_in=-0.01)
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    deliver(launch.pk)
    assert len(breaking.list_open()) == 1
    counts = tally()
    assert breaking.FAILURES <= counts["unknown"] < 40
    Delivery.objects.filter(state="unknown").update(due_at=None)
    assert not claim(launch.pk, most=10).claims  # nor is it looked up while it is left alone
    networks.clear_faults()
    end_pause(breaking.list_open()[0].host)
    deliver(launch.pk)
    assert tally() == {"sent": 40}
    assert networks.summarise() == {"posts": 40, "accounts": 40, "duplicates": 0}


def test_refusals_of_single_posts_give_nobody_up(crowd, networks):
    networks.set_faults({"revoked": 1.0})
    crowd(12, launch_in=-0.01)
    create_launches(database_now())
    deliver(ignite(Launch.objects.get().pk).pk)
    assert breaking.list_open() == []


def test_a_pause_that_is_long_over_is_forgotten(dead, step):
    breaking.give_up(dead, now=database_now(), probed=False)
    step()
    assert HostPause.objects.exists()
    HostPause.objects.update(until=database_now() - timedelta(hours=1, seconds=1))
    step()
    assert not HostPause.objects.exists()


def test_the_launch_room_names_silent_servers_to_the_organiser_alone(
    firing, dead, client, olive, sam
):
    launch = firing(3)
    url = f"/campaigns/{launch.campaign.slug}/launch/"
    assert "does not answer" not in client.get(url).content.decode()
    breaking.give_up(dead, now=database_now(), probed=False)
    breaking.give_up("other.example", now=database_now(), probed=False)  # nothing waits for it
    client.force_login(sam)
    page = client.get(url).content.decode()
    assert "A server does not answer" in page
    assert dead not in page
    client.force_login(olive)
    page = client.get(url).content.decode()
    assert f"{dead} does not answer; 3 posts wait for it." in page
    assert "other.example" not in page


def test_an_operator_ends_a_pause_in_the_admin_and_nobody_else_does(
    dead, client, rae, sam, settings
):
    breaking.give_up("silent.example", now=database_now(), probed=False)
    url = "/admin/launches/hostpause/silent.example/delete/"
    client.force_login(rae)
    assert client.post(url, {"post": "yes"}).status_code in (302, 403)  # no second factor
    client.force_login(sam)
    client.post(url, {"post": "yes"})
    assert HostPause.objects.exists()
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    client.post(url, {"post": "yes"})
    assert not HostPause.objects.exists()
