"""Whose numbers are read next: rounds, hosts in turn, the pace. Nobody is asked here."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.clock import database_now
from launches import harvesting
from launches.afterwards import find_rounds
from launches.harvesting import take_posts
from launches.measuring import find_until, give_up, put_off, wake_reader
from launches.models import Delivery, Launch
from launches.pauses import Heartbeat, Installation, NetworkPause
from launches.readings import Reading
from launches.ticking import tick
from networks.errors import OutcomeUnknown, TryLater
from supporters.models import KnownServer
from tests.launches.sounding import make_launch, read_one, send
from tests.making import make_campaign, make_pledge

pytestmark = pytest.mark.django_db

HOUR, DAY, WEEK = 3600, 86_400, 7 * 86_400


@pytest.fixture(autouse=True)
def unhurried(settings, monkeypatch):
    """A pace that no test meets unless it sets its own, and windows of each test's own."""
    set_pace(settings, "100000/71")
    monkeypatch.setattr(harvesting, "HOST_LEAST", 1000)
    monkeypatch.setattr(harvesting, "HOST_MOST", 1000)


def set_pace(settings, pace):
    settings.NETWORKS = {
        **settings.NETWORKS,
        "mastodon": {"mode": "automatic", "pace": pace},
        "bluesky": {**settings.NETWORKS["bluesky"], "pace": pace},
    }


def taken():
    """The posts that would be asked for now, one number for each request."""
    return [len(held.due) for held in take_posts()]


def settle():
    """All that were taken are read."""
    Reading.objects.exclude(lease_until=None).update(lease_until=None, read_at=database_now())


@pytest.mark.parametrize(
    ("ago", "begun"),
    [
        (HOUR - 1, None),
        (HOUR, HOUR),
        (DAY - 1, HOUR),
        (DAY, DAY),
        (2 * DAY - 1, DAY),
        (2 * DAY, None),
        (WEEK - 1, None),
        (WEEK, WEEK),
        (WEEK + DAY - 1, WEEK),
        (WEEK + DAY, None),
    ],
)
def test_round_lasts_until_the_next_one_or_a_day(olive, ago, begun):
    launch = make_launch(olive, ago=0)
    found = find_rounds(launch.launch_at + timedelta(seconds=ago))
    assert [each.after_seconds for each in found] == ([begun] if begun else [])


def test_operator_says_when_numbers_are_read_or_that_they_never_are(olive, settings):
    launch = make_launch(olive, ago=0)
    now = launch.launch_at + timedelta(seconds=HOUR)
    settings.NUMBERS_AFTER = (timedelta(seconds=20), timedelta(minutes=59))
    assert [each.after_seconds for each in find_rounds(now)] == [59 * 60]
    settings.NUMBERS_AFTER = ()
    assert find_rounds(now) == []


@pytest.mark.parametrize("state", ["scheduled", "armed", "missed"])
def test_launch_without_posts_has_no_rounds(olive, state):
    launch = make_launch(olive, ago=HOUR)
    Launch.objects.update(state=state)
    assert find_rounds(launch.launch_at + timedelta(seconds=HOUR)) == []


def test_rehearsal_is_not_read(olive):
    make_launch(olive, ago=HOUR)
    Launch.objects.update(kind="rehearsal")
    assert find_rounds(database_now()) == []


@pytest.mark.parametrize("state", ["firing", "held", "finished", "cancelled"])
def test_sent_posts_alone_are_read(olive, state):
    launch = make_launch(olive, ago=HOUR, state=state)
    send(launch, 2)
    for other in ("failed", "unconfirmed", "waiting"):
        send(launch, 1, state=other)
    assert taken() == [1, 1]
    assert Reading.objects.count() == 2
    settle()
    assert taken() == []


def test_post_that_its_network_will_not_tell_of_is_left_until_the_next_round(olive):
    launch = make_launch(olive, ago=HOUR)
    send(launch, 1)
    (held,) = take_posts()
    give_up(held)
    assert taken() == []
    assert Reading.objects.get().lease_until == launch.launch_at + timedelta(seconds=DAY)
    Launch.objects.update(launch_at=database_now() - timedelta(seconds=DAY))
    assert taken() == [1]


def test_lease_that_ran_out_is_not_given_back_by_who_held_it(olive):
    send(make_launch(olive, ago=HOUR), 1)
    (held,) = take_posts()
    later = database_now() + timedelta(minutes=9)
    Reading.objects.update(lease_until=later)
    put_off(held, held.due, until=None)
    assert Reading.objects.get().lease_until == later


def test_post_that_was_found_late_is_read_too(olive):
    launch = make_launch(olive, ago=HOUR)
    send(launch, 1)
    assert taken() == [1]
    settle()
    send(launch, 1)
    assert taken() == [1]


def test_post_that_is_gone_is_in_no_later_round(olive):
    launch = make_launch(olive, ago=DAY)
    gone, standing = send(launch, 2)
    read_one(gone, after=HOUR, is_gone=True)
    read_one(standing, after=HOUR, likes=1)
    assert taken() == [1]
    assert not gone.readings.filter(after_seconds=DAY).exists()


@pytest.mark.parametrize(
    "facts",
    [
        {"likes": 1, "read_at": None},
        {"is_gone": True, "read_at": None},
        {"is_gone": True, "likes": 0},
    ],
)
def test_reading_that_contradicts_itself_is_refused(olive, facts):
    (delivery,) = send(make_launch(olive, ago=HOUR), 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        read_one(delivery, after=HOUR, **facts)


def test_post_has_one_reading_in_a_round(olive):
    (delivery,) = send(make_launch(olive, ago=HOUR), 1)
    read_one(delivery, after=HOUR)
    with pytest.raises(IntegrityError), transaction.atomic():
        read_one(delivery, after=HOUR)


def test_nothing_is_taken_on_a_copy_of_the_database(olive):
    send(make_launch(olive, ago=HOUR), 1)
    assert taken() == [1]
    Reading.objects.update(lease_until=None)
    Installation.objects.update(site_url="https://elsewhere.example")
    assert taken() == []


def test_network_that_is_off_or_paused_is_not_asked(olive, settings):
    send(make_launch(olive, ago=HOUR), 1)
    until = database_now() + timedelta(minutes=1)
    NetworkPause.objects.create(network="mastodon", until=until, reason="No credits are left.")
    assert taken() == []
    NetworkPause.objects.all().delete()
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "off"}}
    assert taken() == []


def test_network_without_numbers_is_not_asked(olive, settings):
    send(make_launch(olive, ago=HOUR), 1, network="bluesky")
    settings.NETWORKS["bluesky"] = {**settings.NETWORKS["bluesky"], "appview_url": ""}
    settings.NETWORKS = dict(settings.NETWORKS)
    assert taken() == []


def test_host_that_rests_is_left_alone(olive):
    launch = make_launch(olive, ago=HOUR)
    send(launch, 1, host="one.example")
    send(launch, 1, host="two.example")
    until = database_now() + timedelta(minutes=1)
    KnownServer.objects.filter(host="one.example").update(rests_until=until)
    assert taken() == [1]


def test_public_numbers_are_asked_for_25_at_once_whatever_the_host(olive):
    launch = make_launch(olive, ago=HOUR)
    send(launch, 20, network="bluesky", host="one.example")
    send(launch, 10, network="bluesky", host="two.example")
    assert taken() == [25, 5]


def test_who_was_left_out_of_an_answer_is_asked_for_by_itself(olive):
    launch = make_launch(olive, ago=HOUR)
    deliveries = send(launch, 4, network="bluesky")
    for delivery in deliveries[:2]:
        read_one(delivery, after=HOUR, read_at=None, was_left_out=True)
    assert sorted(taken()) == [1, 1, 2]


def test_round_is_spread_over_its_time(olive, monkeypatch):
    monkeypatch.setattr(harvesting, "HOST_LEAST", 1)
    launch = make_launch(olive, ago=HOUR)  # through in 15 minutes, ninety looks
    send(launch, 170)
    looks = []
    while len(looks) < 3:
        looks.append(len(taken()))
        settle()
    assert looks == [2, 2, 2]


def test_small_crowd_is_through_at_once(olive, monkeypatch):
    monkeypatch.setattr(harvesting, "HOST_LEAST", 20)
    send(make_launch(olive, ago=DAY), 20)
    assert len(taken()) == 20


def test_hosts_are_dealt_in_turn(olive, monkeypatch):
    monkeypatch.setattr(harvesting, "BATCH", 4)
    launch = make_launch(olive, ago=HOUR)
    send(launch, 5, host="big.example")
    send(launch, 2, host="small.example")
    hosts = [held.host[1] for held in take_posts()]
    assert sorted(hosts) == ["big.example"] * 2 + ["small.example"] * 2


def test_first_round_comes_first(olive, monkeypatch):
    monkeypatch.setattr(harvesting, "BATCH", 2)
    send(make_launch(olive, slug="old", ago=WEEK), 2)
    new = send(make_launch(olive, slug="new", ago=HOUR), 2)
    ids = {due.reading_id for held in take_posts() for due in held.due}
    assert set(Reading.objects.filter(pk__in=ids).values_list("delivery", flat=True)) == {
        delivery.pk for delivery in new
    }


def test_network_is_asked_a_fifth_of_what_it_lets_us_at_most(olive, settings):
    set_pace(settings, "50/72")
    launch = make_launch(olive, ago=HOUR)
    for host in ("p1.example", "p2.example", "p3.example"):
        send(launch, 8, host=host)
    assert len(taken()) == 10
    assert taken() == []


def test_launch_that_is_near_has_nearly_all_of_the_pace(olive, settings):
    set_pace(settings, "100/73")
    launch = make_launch(olive, ago=HOUR)
    deliveries = send(launch, 15, host="near.example")
    coming = make_campaign(olive, slug="coming", launch_in=240)
    make_pledge(coming, deliveries[0].pledge.account)
    assert len(taken()) == 5


def test_allowance_for_a_day_is_for_posts_alone(olive, settings):
    set_pace(settings, "3/86400")
    send(make_launch(olive, ago=HOUR), 5, host="daily.example")
    assert len(taken()) == 5


def test_token_to_be_renewed_is_a_request_more(olive, settings):
    set_pace(settings, "50/74")
    ends_at = database_now() + timedelta(minutes=1)
    launch = make_launch(olive, ago=HOUR)
    send(launch, 15, host="tokens.example", expires_at=ends_at)
    assert len(taken()) == 5


@pytest.mark.parametrize(
    ("error", "lasted_minutes", "left_minutes", "waits"),
    [
        (TryLater("Later."), 0, 600, 30),
        (TryLater("Later."), 60, 600, 1800),
        (TryLater("Later."), 60 * 24, 60 * 96, 6 * 3600),
        (TryLater("Later.", after_seconds=600), 4, 600, 600),
        (OutcomeUnknown("Nonsense."), 4, 600, 120),
        (TryLater("Later."), 60, 8, 120),
    ],
)
def test_network_in_trouble_is_asked_ever_less(olive, error, lasted_minutes, left_minutes, waits):
    send(make_launch(olive, ago=HOUR), 1)
    (held,) = take_posts()
    lasted, left = timedelta(minutes=lasted_minutes), timedelta(minutes=left_minutes)
    now = held.due[0].round.begins_at + lasted
    due = [replace(each, round=replace(each.round, until=now + left)) for each in held.due]
    assert (find_until(due, error, now=now) - now).total_seconds() == pytest.approx(waits)


def test_reader_is_woken_every_ten_seconds_while_a_round_is_under_way(olive):
    now, woken = database_now(), []
    make_launch(olive, ago=HOUR - 60)
    wake_reader(now, lambda: woken.append(now))
    assert not woken
    make_launch(olive, slug="older", ago=HOUR + 60)
    for _ in range(3):
        wake_reader(now, lambda: woken.append(now))
    wake_reader(now + timedelta(seconds=9), lambda: woken.append(now))
    assert len(woken) == 1
    wake_reader(now + timedelta(seconds=10), lambda: woken.append(now))
    assert len(woken) == 2


def test_tick_has_somebody_look(olive):
    woken = []
    send(make_launch(olive, ago=HOUR), 1)
    Launch.objects.update(told_at=database_now())
    Delivery.objects.update(receipt_queued_at=database_now())
    tick(woken.append, read=lambda: woken.append("read"))
    assert woken == ["read"]
    assert Heartbeat.objects.filter(name="numbers").exists()
