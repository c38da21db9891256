"""A host that a launch has everybody leave alone is not asked by the work that can wait either."""

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from launches import breaking, dealing, preflight, resting
from launches.measuring import read_numbers
from launches.models import Delivery
from launches.pauses import HostPause
from launches.preflight import check_accounts
from launches.readings import Reading
from launches.sharing import ASKED_AGAIN_WITHIN
from supporters.models import LinkedAccount
from tests.launches.elapsing import come_near
from tests.launches.test_measuring import (  # noqa: F401  (fixtures)
    HOUR,
    count_requests,
    networks,
    say,
    watch,
)
from tests.launches.test_preflight import lend  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)


def find_host(networks, kind):  # noqa: F811
    return networks.get_instance(kind)["url"].split("//")[1]


@pytest.fixture(params=["rests", "silent"])
def pause(request):
    """A launch has a host left alone for so many seconds; gives the row."""

    def do(host, seconds=60.0):
        now = database_now()
        if request.param == "rests":
            resting.rest(host, now=now, until=now + timedelta(seconds=seconds))
        else:
            breaking.give_up(host, now=now, probed=False)
        HostPause.objects.update(until=now + timedelta(seconds=seconds))
        return HostPause.objects.values().get()

    return do


def test_checks_leave_it_alone_and_go_on_where_they_were_once_it_is_over(lend, networks, pause):  # noqa: F811
    come_near(lend("mastodon", "gotosocial"), minutes=10)
    row = pause(find_host(networks, "mastodon"))
    watch(networks, instance=find_host(networks, "mastodon"))
    assert check_accounts() == 1
    assert count_requests(networks) == 0
    assert HostPause.objects.values().get() == row
    HostPause.objects.update(until=database_now() - ASKED_AGAIN_WITHIN)
    assert check_accounts() == 1
    assert count_requests(networks) > 0


def test_a_check_whose_host_is_paused_before_its_turn_comes_is_not_begun(
    lend,  # noqa: F811
    networks,  # noqa: F811
    pause,
    monkeypatch,
):
    come_near(lend("mastodon"), minutes=10)

    def take_and_wait():
        taken = dealing.take_due()
        pause(find_host(networks, "mastodon"))
        return taken

    monkeypatch.setattr(preflight, "take_due", take_and_wait)
    monkeypatch.setattr("supporters.proving.refresh_facts", lambda _known: None)
    watch(networks)
    assert check_accounts() == 1
    assert count_requests(networks) == 0
    assert LinkedAccount.objects.get().busy_until is None  # it is taken again at once


def test_a_host_that_is_just_to_be_asked_again_is_the_launch_s(lend, networks):  # noqa: F811
    come_near(lend("mastodon"), minutes=10)
    host = find_host(networks, "mastodon")
    breaking.give_up(host, now=database_now(), probed=False)
    HostPause.objects.update(until=database_now() - timedelta(seconds=1))
    assert check_accounts() == 0
    assert breaking.read_paused(database_now()).to_probe == {host}
    HostPause.objects.update(silences=0)  # a host that rested is free as soon as it has
    assert check_accounts() == 1


@pytest.mark.parametrize("faults", [{}, {"500_before": 1.0}, {"429": 1.0, "retry_after": 900}])
def test_what_comes_of_a_check_neither_ends_nor_lengthens_a_launch_s_pause(lend, networks, faults):  # noqa: F811
    come_near(lend("mastodon"), minutes=10)
    breaking.give_up(find_host(networks, "mastodon"), now=database_now(), probed=False)
    HostPause.objects.update(until=database_now() - ASKED_AGAIN_WITHIN)
    row = HostPause.objects.values().get()
    watch(networks, **faults)
    assert check_accounts() == 1
    assert count_requests(networks) > 0
    assert HostPause.objects.values().get() == row


def test_numbers_of_its_posts_are_read_once_it_is_over(say, networks, pause):  # noqa: F811
    say("mastodon", "gotosocial", passed=HOUR)
    host = Delivery.objects.filter(pledge__account__handle__startswith="@river0").get().host
    row = pause(host)
    watch(networks, instance=host)
    assert read_numbers() == 1
    assert count_requests(networks) == 0
    assert not Reading.objects.filter(delivery__host=host).exclude(read_at=None).exists()
    assert HostPause.objects.values().get() == row
    HostPause.objects.update(until=database_now() - ASKED_AGAIN_WITHIN)
    watch(networks, instance=host, **{"500_before": 1.0})
    ended = HostPause.objects.values().get()
    assert read_numbers() == 1
    assert count_requests(networks) > 0
    assert HostPause.objects.values().get() == ended


def test_numbers_that_somebody_else_tells_are_read_all_the_same(say, networks, pause):  # noqa: F811
    say("bluesky", passed=HOUR)
    pause(Delivery.objects.get().host)
    assert read_numbers() == 1
    assert Reading.objects.get().read_at is not None
