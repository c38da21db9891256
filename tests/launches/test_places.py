"""Places: how much one worker has in hand, and that a slow host leaves room for the others."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from accounts.models import User
from campaigns.clock import database_now
from launches import delivering, holding
from launches.claiming import claim
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import Delivery, Launch
from launches.planning import create_launches
from launches.rooming import Room
from networks import registry
from tests.making import link_mastodon, make_pledge
from tests.processes import wait_until
from tests.racing import Actor

pytestmark = pytest.mark.django_db(transaction=True)

PLACES = 4  # of which one host alone may have half
ANSWER_MS = 1500  # far more than the half second within which a hold stops everything


@pytest.fixture
def slow(networks, monkeypatch, settings):
    """A slow host, and few places."""
    monkeypatch.setattr(delivering, "IN_HAND", PLACES)
    settings.LEASE_SECONDS = 60  # what is given back is so for the hold, not for a lease that ends
    host = name_host(networks.get_instance("mastodon"))
    networks.set_faults({"instance": host, "latency_ms": ANSWER_MS})
    return host


def name_host(instance):
    return urlsplit(instance["url"]).netloc


def starts(networks, host):
    """When the requests to post reached this host."""
    return [
        datetime.fromisoformat(request["at"])
        for request in networks.list_requests()
        if request["instance"] == host
    ]


def test_a_hold_stops_what_has_no_place_yet(crowd, slow, networks):
    crowd(8, launch_in=-0.01)
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    worker = Actor(lambda: deliver(launch.pk))
    wait_until(networks.list_requests, what="the first request", seconds=10, every=0.02)
    assert holding.hold(launch)
    assert worker.finish() is None
    launch.refresh_from_db()
    begun = starts(networks, slow)
    assert 0 < len(begun) < 8
    assert max(begun) < launch.held_at + timedelta(seconds=0.5)
    tally = Delivery.objects.tally()
    assert (tally["sent"], tally["planned"]) == (len(begun), 8 - len(begun))

    networks.clear_faults()
    holding.resume(launch)
    deliver(launch.pk)
    assert Delivery.objects.tally()["sent"] == 8
    assert networks.summarise() == {"posts": 8, "accounts": 8, "duplicates": 0}


def test_a_slow_host_takes_no_places_from_another(crowd, slow, networks):
    campaign, _ = crowd(PLACES + 1, launch_in=-0.01)
    other = networks.get_instance("gotosocial")
    for index in range(PLACES + 1):
        person = User.objects.create_user(name=f"other {index}")
        make_pledge(campaign, link_mastodon(networks, person, f"other{index}", instance=other))
    create_launches(database_now())
    deliver(ignite(Launch.objects.get().pk).pk)
    assert len(starts(networks, slow)) == len(starts(networks, name_host(other))) == PLACES + 1
    assert max(starts(networks, name_host(other))) < max(starts(networks, slow))


def test_of_each_host_as_many_are_claimed_as_there_is_room_for(crowd, networks):
    campaign, _ = crowd(5, launch_in=-0.01)
    other = networks.get_instance("gotosocial")
    person = User.objects.create_user(name="other")
    make_pledge(campaign, link_mastodon(networks, person, "other", instance=other))
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    host = name_host(networks.get_instance("mastodon"))
    claimed = claim(launch.pk, most=6, room={host: 2, name_host(other): 9}.__getitem__)
    assert sorted(held.server.host for held in claimed.claims) == sorted(
        [host, host, name_host(other)]
    )
    assert not claimed.exhausted  # the pace would have let them
    assert Delivery.objects.tally()["planned"] == 3


def make_room(most, *, trusts=lambda _host: True):
    return Room(most, trusts=trusts)


def fill(room, host):
    """Take all that there is for a host; gives how many."""
    number = room.left_for(host)
    for _ in range(number):
        room.take(host)
    return number


def test_a_host_may_have_half_of_what_the_others_leave():
    room = make_room(1000)
    assert [fill(room, host) for host in ("slow", "slower", "slowest")] == [500, 250, 125]
    assert (room.left, room.left_for("quick")) == (125, 62)
    assert room.list_full(1) == ["slow", "slower", "slowest"]


def test_however_many_hosts_are_slow_there_is_a_place_for_another():
    room = make_room(64)
    for number in range(20):
        fill(room, f"slow {number}")
    assert room.left == room.left_for("quick") == 0  # but that many hosts do not answer at all
    room.give_back("slow 0")
    assert room.left_for("quick") == 1


def test_a_host_that_was_not_heard_of_yet_may_have_an_eighth():
    heard = set()
    room = make_room(1000, trusts=heard.__contains__)
    assert fill(room, "new") == 125
    assert fill(room, "new") == 0
    heard.add("new")
    assert fill(room, "new") == 375


def test_a_host_is_left_alone_until_enough_places_are_free():
    room = make_room(8)
    for _ in range(3):
        room.take("one")
    assert room.list_full(2) == ["one"]
    assert not room.list_full(1)
    for _ in range(3):
        room.give_back("one")
    assert not room.list_full(8)


def test_whoever_has_a_place_has_a_connection_too():
    http = registry.open_http(connections=delivering.IN_HAND)
    assert http._connections == delivering.IN_HAND
