"""Workers that meet at a host's pause: they give it up, end it, ask again, are asked to wait."""

import asyncio
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from yarl import URL

from campaigns.clock import database_now
from launches import breaking, resting
from launches.minding import Hosts
from launches.pauses import HostPause
from networks.base import Server
from networks.http import Answer
from tests.racing import Actor, hold_open, meet, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

HOST, OTHER = "a.example", "b.example"
SECOND = timedelta(seconds=1)


def give_up(*, probed=False, host=HOST):
    """As a worker that has just heard so many failures."""
    return lambda: breaking.give_up(host, now=database_now(), probed=probed)


def rest(seconds):
    """As a worker that was just asked to wait for so long."""

    def do():
        now = database_now()
        resting.rest(HOST, now=now, until=now + timedelta(seconds=seconds))

    return do


def ask_again(*hosts):
    """As a claim does: which of these hosts are this worker's to ask."""

    def do():
        with transaction.atomic():
            return [breaking.take_probe(host, now=database_now()) for host in hosts]

    return do


def read():
    """How often in a row it was given up, and for how many seconds more it is left alone."""
    row = HostPause.objects.get(pk=HOST)
    return row.silences, (row.until - database_now()).total_seconds()


@pytest.fixture
def due(db):
    """Two hosts that were given up, and that are to be asked again now."""
    for host in (HOST, OTHER):
        give_up(host=host)()
    HostPause.objects.update(until=database_now() - SECOND)


def test_two_workers_that_give_a_host_up_at_once_begin_one_pause():
    assert meet(give_up(), give_up()) == (None, None)
    silences, seconds = read()
    assert silences == 1
    assert 0 < seconds <= breaking.PAUSE_SECONDS


def test_many_that_give_up_at_once_a_host_that_is_due_count_as_one(due):
    assert together(*[give_up()] * 4) == [None] * 4
    silences, seconds = read()
    assert silences == 2
    assert breaking.PAUSE_SECONDS < seconds <= 2 * breaking.PAUSE_SECONDS


def test_an_answer_that_meets_a_longer_pause_ends_it(due):
    assert meet(give_up(probed=True), lambda: breaking.take_back([HOST])) == (None, None)
    assert not HostPause.objects.filter(pk=HOST).exists()


def test_a_failure_that_meets_the_end_of_a_pause_begins_with_the_shortest(due):
    for _ in range(3):
        give_up(probed=True)()
    assert meet(lambda: breaking.take_back([HOST]), give_up(probed=True)) == (None, None)
    silences, seconds = read()
    assert silences == 1
    assert 0 < seconds <= breaking.PAUSE_SECONDS


def test_of_many_workers_one_asks_a_host_again(due):
    assert sorted(together(*[ask_again(HOST)] * 4)) == [[False], [False], [False], [True]]


def test_two_claims_that_ask_the_same_hosts_again_do_not_wait_for_each_other(due):
    with hold_open(ask_again(HOST)) as first:
        assert Actor(ask_again(OTHER, HOST)).finish() == [True, False]
    assert first.finish() == [True]


def test_who_would_ask_again_does_not_wait_for_who_gives_it_up(due):
    with hold_open(give_up(probed=True)):
        assert Actor(ask_again(HOST)).finish() == [False]
    assert read()[0] == 2


def test_a_wait_that_a_host_asked_for_outlasts_its_being_given_up():
    meet(rest(600), give_up())
    silences, seconds = read()
    assert silences == 1
    assert 590 < seconds <= 600


def test_a_host_that_is_given_up_is_asked_again_by_the_breaker_alone():
    meet(give_up(), rest(600))
    silences, seconds = read()
    assert silences == 1
    assert seconds <= breaking.PAUSE_SECONDS


def test_a_wait_that_meets_the_end_of_a_silence_is_kept(due):
    assert meet(lambda: breaking.take_back([HOST]), rest(60)) == (None, None)
    silences, seconds = read()
    assert silences == 0
    assert 50 < seconds <= 60


def test_the_longest_of_waits_that_come_at_once_stands():
    together(*[rest(seconds) for seconds in (10, 60, 20, 30)])
    assert 50 < read()[1] <= 60
    meet(rest(90), rest(20))
    assert 80 < read()[1] <= 90


def test_two_workers_that_ask_for_nothing_any_more_leave_no_row(due):
    together(*[lambda: breaking.take_back([HOST, OTHER])] * 3)
    assert not HostPause.objects.exists()


def test_an_operator_who_ends_a_pause_meets_who_lengthens_it(due):
    meet(give_up(probed=True), lambda: HostPause.objects.filter(pk=HOST).delete())
    assert not HostPause.objects.filter(pk=HOST).exists()


def test_who_answers_again_and_asks_to_wait_is_left_alone_by_all(due, settings):
    """One answer ends the silence and begins the wait, in this order."""
    now = database_now()
    server = Server(
        network="mastodon", host=HOST, url="https://a.example", facts={"software": "gotosocial"}
    )
    lease_until = now + timedelta(seconds=settings.LEASE_SECONDS)
    claim = SimpleNamespace(network="mastodon", server=server, lease_until=lease_until)
    reset = str(int(time.time()) + 60)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    hosts = Hosts()
    hosts.learn([HOST], now=now)
    hosts.hear(claim, lambda: now, Answer(429, headers, b"", URL("https://a.example")))

    async def run(act):
        return await asyncio.to_thread(lambda: Actor(act).finish())

    asyncio.run(hosts.write_down(run))
    silences, seconds = read()
    assert silences == 0
    assert 50 < seconds <= 60
