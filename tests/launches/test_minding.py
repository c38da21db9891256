"""What a worker makes of what it hears of the hosts that it sends to."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from launches import breaking
from launches.minding import Hosts
from networks.base import Server
from networks.errors import OutcomeUnknown, Rejected, TryLater
from networks.http import Answer

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
CUT = OutcomeUnknown("cut")
UNREACHABLE = TryLater("unreachable", scope="host")


@pytest.fixture
def hosts(settings):
    settings.LEASE_SECONDS = 40
    return Hosts()


def hold(host, *, at=NOW):
    """A claim of a post for that host, taken at a time."""
    return SimpleNamespace(
        network="mastodon",
        server=Server(network="mastodon", host=host, url=f"https://{host}"),
        lease_until=at + timedelta(seconds=40),
    )


def answer(status):
    return Answer(status, CIMultiDictProxy(CIMultiDict()), b"", URL("https://a.example/"))


def hear(hosts, host, *outcomes, at=NOW):
    for outcome in outcomes:
        hosts.hear(hold(host, at=at), lambda: NOW, outcome)


def list_given_up(hosts):
    return set(hosts._given_up)


def test_a_host_is_trusted_from_an_answer_to_a_failure(hosts):
    assert not hosts.answers("a.example")
    hear(hosts, "a.example", answer(404))
    assert hosts.answers("a.example")
    hear(hosts, "a.example", CUT)
    assert not hosts.answers("a.example")


@pytest.mark.parametrize("failure", [CUT, UNREACHABLE, answer(502)])
def test_so_many_failures_in_a_row_give_a_host_up(hosts, failure):
    hear(hosts, "a.example", *[failure] * (breaking.FAILURES - 1))
    assert not list_given_up(hosts)
    hear(hosts, "a.example", failure)
    assert list_given_up(hosts) == {"a.example"}
    assert not hosts.may_begin(hold("a.example", at=NOW - timedelta(seconds=1)), now=NOW)
    assert hosts.may_begin(hold("b.example", at=NOW - timedelta(seconds=1)), now=NOW)


@pytest.mark.parametrize("sign", [answer(200), answer(404), answer(429)])
def test_any_answer_of_its_own_between_them_begins_the_count_anew(hosts, sign):
    failures = [CUT] * (breaking.FAILURES - 1)
    hear(hosts, "a.example", *failures, sign, *failures)
    assert not list_given_up(hosts)


def test_what_is_wrong_with_a_post_is_no_failure_of_its_host(hosts):
    hear(hosts, "a.example", *[Rejected("not allowed")] * 20)
    assert not list_given_up(hosts)


def test_what_was_under_way_when_a_host_was_given_up_makes_no_second_pause(hosts):
    earlier = NOW - timedelta(seconds=1)
    hear(hosts, "a.example", *[CUT] * breaking.FAILURES, at=earlier)
    hosts._given_up.clear()  # written down
    hear(hosts, "a.example", *[CUT] * 50, at=earlier)
    assert not list_given_up(hosts)
    hear(hosts, "a.example", CUT, at=NOW + timedelta(seconds=6))  # asked again, in vain
    assert hosts._given_up["a.example"].probed


def test_a_host_that_another_worker_gave_up_is_left_alone_until_it_is_taken_back(hosts):
    mine = hold("a.example", at=NOW - timedelta(seconds=1))
    hosts.learn({"a.example"}, now=NOW)
    assert not hosts.may_begin(mine, now=NOW)
    assert hosts.may_begin(hold("a.example", at=NOW), now=NOW)  # the one that asks it again
    hosts.learn(set(), now=NOW)
    assert hosts.may_begin(mine, now=NOW)


def test_what_is_in_hand_for_a_host_that_rests_does_not_begin_until_it_is_over(hosts):
    hosts.rest("a.example", 10, now=NOW)
    hosts.rest("a.example", 5, now=NOW)
    held = hold("a.example")
    assert not hosts.may_begin(held, now=NOW + timedelta(seconds=9))
    assert hosts.may_begin(hold("b.example"), now=NOW)
    assert hosts.list_resting(NOW + timedelta(seconds=9)) == ["a.example"]
    assert hosts.may_begin(held, now=NOW + timedelta(seconds=10))
    assert hosts.list_resting(NOW + timedelta(seconds=10)) == []
