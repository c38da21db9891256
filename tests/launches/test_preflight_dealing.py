"""Who is checked next: rounds that begin early, hosts in turn, the pace. Nobody is asked here."""

from datetime import timedelta

import pytest

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import dealing, rounds
from launches.dealing import take_due
from launches.igniting import ignite
from launches.looking import find_wait
from launches.models import Launch
from launches.pauses import Heartbeat, Installation, NetworkPause
from launches.planning import create_launches
from launches.preflight import WAIT_MOST_SECONDS, wake_checker
from launches.rounds import find_rounds
from launches.ticking import tick
from networks.errors import TryLater
from supporters.models import KnownServer, LinkedAccount
from supporters.proving import let_rest, put_off
from tests.making import make_campaign, make_pledge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unhurried(settings, monkeypatch):
    """A pace that no test meets unless it sets its own, and windows of each test's own."""
    set_pace(settings, "100000/60")
    monkeypatch.setattr(dealing, "HOST_LEAST", 1000)
    monkeypatch.setattr(dealing, "HOST_MOST", 1000)


def set_pace(settings, pace):
    settings.NETWORKS = {
        **settings.NETWORKS,
        "mastodon": {"mode": "automatic", "pace": pace},
        "bluesky": {**settings.NETWORKS["bluesky"], "pace": pace},
    }


def lend(campaign, number, *, host="m.example", network="mastodon", unseen_days=30, **facts):
    """So many accounts of a host, linked and last let in so long ago; gives the pledges."""
    known, _ = KnownServer.objects.get_or_create(
        network=network, host=host, defaults={"url": f"https://{host}"}
    )
    seen_at = database_now() - timedelta(days=unseen_days)
    made = []
    for index in range(LinkedAccount.objects.count(), LinkedAccount.objects.count() + number):
        account = LinkedAccount.objects.create(
            person=User.objects.create_user(name=f"Voice {index}"),
            network=network,
            known_server=known,
            account_id=str(index),
            fingerprint=f"{index:064d}",
            handle=f"@voice{index}@{host}",
            linked_at=seen_at,
            checked_at=seen_at,
            **facts,
        )
        made.append(make_pledge(campaign, account))
    return made


def taken():
    """Who would be checked now, by account."""
    return [check.account.pk for check, _ in take_due()]


def settle():
    """All that were taken are checked, and all is well."""
    LinkedAccount.objects.exclude(busy_until=None).update(
        busy_until=None, checked_at=database_now()
    )


def test_account_of_several_campaigns_is_checked_once_for_the_longest_of_them(olive):
    first = make_campaign(olive, launch_in=3500)
    second = make_campaign(olive, slug="sea", launch_in=3590)
    (pledge,) = lend(first, 1)
    make_pledge(second, pledge.account)
    ((check, _),) = take_due()
    assert check.wanted.needed_until == second.latest_at
    assert taken() == []


def test_nobody_is_checked_while_another_launch_posts_from_their_account(olive):
    """A day before tomorrow's launch is the very moment of today's, and a refresh ends the token
    that a post is just being sent with."""
    today = make_campaign(olive, launch_in=40)
    tomorrow = make_campaign(olive, slug="sea", launch_in=86_000)
    (pledge,) = lend(today, 1)
    make_pledge(tomorrow, pledge.account)
    assert taken() == []
    pass_moment(today)
    create_launches(database_now())
    assert taken() == []
    launch = ignite(Launch.objects.get().pk)
    assert taken() == []
    launch.deliveries.update(state="sent", remote_id="1")
    assert taken() == [pledge.account_id]


def test_post_that_waits_for_long_keeps_its_account_from_no_check(olive):
    today = make_campaign(olive, launch_in=-0.1)
    tomorrow = make_campaign(olive, slug="sea", launch_in=86_000)
    (pledge,) = lend(today, 1)
    make_pledge(tomorrow, pledge.account)
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    launch.deliveries.update(state="waiting")
    assert taken() == []
    Launch.objects.update(launch_at=database_now() - timedelta(minutes=6))
    assert taken() == [pledge.account_id]


def pass_moment(campaign):
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_at=database_now() - timedelta(milliseconds=1)
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda pledge: type(pledge).objects.update(state="withdrawn"),
        lambda _: LinkedAccount.objects.update(state="needs_relink"),
        lambda _: User.objects.update(is_active=False),
        lambda _: Campaign.objects.update(state="suspended"),
        lambda _: Campaign.objects.update(state="cancelled"),
        lambda _: KnownServer.objects.update(rests_until=database_now() + timedelta(minutes=1)),
        lambda _: LinkedAccount.objects.update(busy_until=database_now() + timedelta(minutes=1)),
        lambda _: Installation.objects.update_or_create(
            pk=1,
            defaults={"site_url": "https://other", "instance_id": "2", "fingerprint_check": ""},
        ),
        lambda _: NetworkPause.objects.create(
            network="mastodon", until=database_now() + timedelta(minutes=1), reason="No credits."
        ),
    ],
    ids=[
        *("withdrawn", "to renew", "shut out", "suspended", "cancelled", "resting", "busy"),
        *("a copy", "paused"),
    ],
)
def test_nobody_is_asked_about_what_is_not_to_be_posted(olive, change):
    (pledge,) = lend(make_campaign(olive, launch_in=3600), 1)
    change(pledge)
    assert taken() == []


def test_account_that_was_refused_in_a_round_is_asked_in_the_next_one(olive):
    lend(make_campaign(olive, launch_in=3500), 1)
    LinkedAccount.objects.update(refused_at=database_now())
    assert taken() == []
    LinkedAccount.objects.update(refused_at=database_now() - timedelta(days=1))
    assert len(taken()) == 1


@pytest.mark.parametrize(("launch_in", "number"), [(59, 0), (90, 1), (71.9 * 3600, 1)])
def test_nothing_is_begun_in_the_last_minute(olive, launch_in, number):
    lend(make_campaign(olive, launch_in=launch_in), 1)
    assert len(taken()) == number


def test_host_rests_alone_or_its_network_with_it(olive):
    campaign = make_campaign(olive, launch_in=3500)
    for host in ("one.example", "two.example"):
        lend(campaign, 1, host=host)
    lend(campaign, 1, host="sky.example", network="bluesky")
    checks = [check for check, _ in take_due() if check.account.network == "mastodon"]
    until = database_now() + timedelta(minutes=1)
    for whole_network, resting in ((False, 1), (True, 2)):
        let_rest(checks[0], whole_network=whole_network, until=until)
        assert KnownServer.objects.filter(rests_until=until).count() == resting


def test_network_that_is_off_is_not_asked(olive, settings):
    lend(make_campaign(olive, launch_in=3600), 1)
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "off"}}
    assert taken() == []


def test_round_is_spread_over_its_time(olive, monkeypatch):
    monkeypatch.setattr(dealing, "HOST_LEAST", 1)
    campaign = make_campaign(olive, launch_in=600)  # five minutes, thirty looks
    lend(campaign, 55)
    looks = []
    while len(looks) < 3:
        looks.append(len(taken()))
        settle()
    assert looks == [2, 2, 2]
    # Half of the time is over, and most are still waiting: faster from now on.
    Campaign.objects.update(launch_at=database_now() + timedelta(seconds=450))
    assert len(taken()) == 4


def test_small_crowd_is_through_at_once(olive, monkeypatch):
    monkeypatch.setattr(dealing, "HOST_LEAST", 20)
    lend(make_campaign(olive, launch_in=71.9 * 3600), 20)
    assert len(taken()) == 20


def test_hosts_are_dealt_in_turn(olive, monkeypatch):
    monkeypatch.setattr(dealing, "BATCH", 4)
    campaign = make_campaign(olive, launch_in=3500)
    lend(campaign, 5, host="big.example")
    lend(campaign, 2, host="small.example")
    hosts = [check.known_server.host for check, _ in take_due()]
    assert sorted(hosts) == ["big.example"] * 2 + ["small.example"] * 2


def test_the_nearest_launch_comes_first(olive, monkeypatch):
    monkeypatch.setattr(dealing, "BATCH", 2)
    lend(make_campaign(olive, slug="far", launch_in=70 * 3600), 2, host="a.example")
    near = lend(make_campaign(olive, slug="near", launch_in=500), 2, host="b.example")
    assert sorted(taken()) == sorted(pledge.account_id for pledge in near)


def test_those_unseen_longest_come_first(olive, monkeypatch):
    monkeypatch.setattr(dealing, "BATCH", 1)
    campaign = make_campaign(olive, launch_in=3500)
    lend(campaign, 1, unseen_days=2)
    (old,) = lend(campaign, 1, unseen_days=20)
    assert taken() == [old.account_id]


def test_host_is_asked_within_its_pace_and_not_all_of_it(olive, settings):
    set_pace(settings, "10/61")
    campaign = make_campaign(olive, launch_in=3500)
    lend(campaign, 15, host="paced.example")
    assert len(taken()) == 8  # four in five; the rest is for whoever is to post
    settle()
    assert taken() == []


def test_hosts_of_one_network_are_asked_together_no_more_than_one_of_them(olive, settings):
    set_pace(settings, "10/62")
    campaign = make_campaign(olive, launch_in=3500)
    for host in ("p1.example", "p2.example", "p3.example"):
        lend(campaign, 5, host=host)
    assert len(taken()) == 8


def test_launch_that_is_near_has_most_of_the_pace(olive, settings):
    set_pace(settings, "10/63")
    campaign = make_campaign(olive, launch_in=3500)
    lend(campaign, 15, host="near.example")
    lend(make_campaign(olive, slug="now", launch_in=240), 1, host="now.example", unseen_days=0)
    assert len(taken()) == 2


def test_launch_under_way_has_most_of_the_pace(olive, settings):
    set_pace(settings, "10/64")
    lend(make_campaign(olive, slug="now", launch_in=-0.01), 1, host="now.example")
    create_launches(database_now())
    assert ignite(Launch.objects.get().pk).state == "firing"
    lend(make_campaign(olive, launch_in=3500), 15, host="other.example")
    assert len(taken()) == 2


def test_allowance_for_a_day_is_for_posts_alone(olive, settings):
    set_pace(settings, "3/86400")
    lend(make_campaign(olive, launch_in=3500), 5, host="daily.example")
    assert len(taken()) == 5


def test_refresh_and_reading_are_two_requests(olive, settings):
    set_pace(settings, "10/65")
    ends_at = database_now() + timedelta(hours=1)
    lend(make_campaign(olive, launch_in=71 * 3600), 15, host="two.example", expires_at=ends_at)
    assert len(taken()) == 4


def began(campaign, *, minutes_before):
    """Which round its accounts are in, so long before the launch, and when that begun."""
    (begun,) = find_rounds(campaign.launch_at - timedelta(minutes=minutes_before))
    return begun.milestone.before, (campaign.launch_at - begun.since).total_seconds() / 60


def test_round_of_a_crowd_begins_earlier_by_what_is_missing(olive, settings):
    set_pace(settings, "10/60")  # eight a minute
    campaign = make_campaign(olive, launch_in=3600)
    lend(campaign, 40)  # five minutes: they just fit
    assert began(campaign, minutes_before=10.1)[0] == timedelta(hours=1)
    assert began(campaign, minutes_before=9.9) == (timedelta(minutes=10), 10)
    lend(campaign, 80, host="other.example")  # fifteen: ten are missing
    assert began(campaign, minutes_before=20.1)[0] == timedelta(hours=1)
    assert began(campaign, minutes_before=19.9) == (timedelta(minutes=10), 20)
    assert began(campaign, minutes_before=5) == (timedelta(minutes=10), 20)


def test_crowd_on_one_host_takes_as_long_as_we_take_of_one_host(olive, monkeypatch):
    monkeypatch.setattr(rounds, "HOST_MOST", 1)  # one in ten seconds
    campaign = make_campaign(olive, launch_in=3600)
    lend(campaign, 36)  # six minutes
    assert began(campaign, minutes_before=10.9) == (timedelta(minutes=10), 11)
    lend(campaign, 24, host="other.example")
    assert began(campaign, minutes_before=10.9) == (timedelta(minutes=10), 11)


def test_no_round_begins_before_the_one_before_it(olive, settings):
    set_pace(settings, "1/60")
    campaign = make_campaign(olive, launch_in=3600)
    lend(campaign, 100)
    assert began(campaign, minutes_before=61) == (timedelta(hours=1), 120)
    assert began(campaign, minutes_before=59.9) == (timedelta(minutes=10), 60)


@pytest.mark.parametrize(
    ("asked", "lasted_minutes", "left_minutes", "waits"),
    [
        (None, 0, 600, 30),
        (None, 4, 600, 120),
        (None, 300, 600, 900),
        (None, 300, 8, 120),
        (600, 4, 600, 600),
        (600, 4, 8, 600),
    ],
)
def test_network_in_trouble_is_asked_ever_less_and_never_sooner_than_it_said(
    asked, lasted_minutes, left_minutes, waits
):
    wait = find_wait(
        TryLater("Later.", after_seconds=asked),
        seconds_lasted=60 * lasted_minutes,
        seconds_left=60 * left_minutes,
        most_seconds=WAIT_MOST_SECONDS,
    )
    assert wait == pytest.approx(waits)


def test_result_of_a_lease_that_ran_out_is_not_written_down(olive):
    lend(make_campaign(olive, launch_in=3500), 1)
    ((check, _),) = take_due()
    later = database_now() + timedelta(minutes=9)
    LinkedAccount.objects.update(busy_until=later)
    put_off(check, until=None)
    assert LinkedAccount.objects.get().busy_until == later


def test_checker_is_woken_every_ten_seconds_while_a_launch_is_coming(olive):
    now, woken = database_now(), []
    wake_checker(now, lambda: woken.append(now))
    assert not woken
    lend(make_campaign(olive, launch_in=3600), 1)
    for _ in range(3):
        wake_checker(now, lambda: woken.append(now))
    wake_checker(now + timedelta(seconds=9), lambda: woken.append(now))
    assert len(woken) == 1
    wake_checker(now + timedelta(seconds=10), lambda: woken.append(now))
    assert len(woken) == 2


def test_tick_has_somebody_look(olive):
    woken = []
    lend(make_campaign(olive, launch_in=3600), 1)
    tick(woken.append, check=lambda: woken.append("check"))
    assert woken == ["check"]
    assert Heartbeat.objects.filter(name="preflight").exists()
