"""Trouble while a recall deletes: what is tried again, what rests, what is given up."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from campaigns.clock import database_now
from launches import pausing, stopping
from launches.breaking import give_up, list_open
from launches.deleting import Outcome, delete_posts, judge, record
from launches.models import Delivery
from launches.pauses import HostPause, NetworkPause
from launches.recalling import recall
from launches.recalls import Deletion, DeletionState
from launches.taking_down import take_deletions
from networks.base import Allowance
from networks.errors import OutcomeUnknown, Rejected, TryLater
from tests.launches.elapsing import let_pass
from tests.launches.recalled import count_states, lend, list_standing
from tests.launches.test_recalling import (  # noqa: F401  (fixtures)
    count_requests,
    networks,
    say,
    tend,
    watch_deletions,
)
from tests.making import make_campaign

pytestmark = pytest.mark.django_db(transaction=True)

DAY = 86_400


@pytest.fixture
def recalled(say, olive):  # noqa: F811
    """A launch that was recalled a moment ago, nothing of it deleted yet."""

    def do(*kinds):
        launch = say(*kinds)
        assert recall(launch, by=olive)
        return launch

    return do


def host_of(network="mastodon"):
    return Delivery.objects.filter(network=network).earliest("pk").host


@pytest.mark.parametrize("fault", ["500_after", "cut", "html_after"])
def test_deletion_without_a_clear_answer_is_asked_for_again_and_is_ours(recalled, networks, fault):  # noqa: F811
    recalled("mastodon")
    watch_deletions(networks, **{fault: 1, "times": 1})
    delete_posts()
    line = Deletion.objects.get()
    assert (line.state, line.is_uncertain, line.ended_at) == ("waiting", True, None)
    let_pass(seconds=40)
    delete_posts()
    assert count_states() == {"deleted": 1}
    assert list_standing(networks) == []


def test_worker_that_dies_between_request_and_record_leaves_it_to_another_one(
    recalled,
    networks,  # noqa: F811
    monkeypatch,
):
    recalled("mastodon", "gotosocial")
    with monkeypatch.context() as died:
        died.setattr("launches.deleting.record", lambda *_: None)  # it never came to that
        assert delete_posts() == 2
    assert list_standing(networks) == []
    assert count_states() == {"claimed": 2}
    assert delete_posts() == 0
    let_pass(seconds=7)  # the lease is over
    assert delete_posts() == 2
    assert count_states() == {"deleted": 2}


def test_worker_that_comes_back_overwrites_nothing(recalled):
    recalled("mastodon")
    (stale,) = take_deletions()
    let_pass(seconds=7)
    (fresh,) = take_deletions()
    assert fresh.attempt == stale.attempt + 1
    assert not record(stale, Outcome(state=DeletionState.REFUSED, reason="Too late."))
    assert count_states() == {"claimed": 1}
    assert record(fresh, Outcome(state=DeletionState.DELETED))
    assert not record(fresh, Outcome(state=DeletionState.REFUSED, reason="Twice."))
    assert count_states() == {"deleted": 1}


def test_who_asks_us_to_wait_is_not_asked_before(recalled, networks):  # noqa: F811
    recalled("mastodon")
    watch_deletions(networks, **{"429": 1, "retry_after": 500})
    delete_posts()
    networks.clear_faults()
    let_pass(seconds=480)
    assert delete_posts() == 0
    let_pass(seconds=30)
    assert delete_posts() == 1
    assert count_states() == {"deleted": 1}


def test_trouble_of_one_host_keeps_no_other_waiting(recalled, networks, monkeypatch):  # noqa: F811
    recalled("mastodon", "mastodon", "gotosocial", "mastodon-4.2")
    monkeypatch.setattr("launches.taking_down.BATCH", 1)
    networks.set_faults({"endpoints": "delete", "instance": host_of(), "500_before": 1})
    assert delete_posts() == 3  # of the host in trouble one was asked for, and the other rests
    assert count_states(delivery__host=host_of()) == {"waiting": 2}
    assert count_states() == {"waiting": 2, "deleted": 2}
    assert not HostPause.objects.exists()  # no launch waits for it


def test_waits_grow_and_end_after_a_day(recalled, networks, monkeypatch):  # noqa: F811
    recalled("mastodon")
    (held,) = take_deletions()
    now = database_now()
    waits = []
    for tries in range(1, 20):
        vars(held)["tries"] = tries
        outcome = judge(held, OutcomeUnknown("Who knows."), now=now)
        waits.append((outcome.due_at - now).total_seconds())
    assert 1.5 <= waits[0] <= 2.5
    assert 2700 <= waits[-1] <= 4500
    assert judge(held, TryLater("Not now.", after_seconds=90), now=now).due_at >= now + timedelta(
        seconds=90
    )


def test_what_could_not_be_deleted_in_a_day_is_given_up_with_a_reason(recalled, networks):  # noqa: F811
    launch = recalled("mastodon")
    watch_deletions(networks, **{"500_before": 1})
    delete_posts()
    let_pass(seconds=DAY + 60)
    delete_posts()
    line = Deletion.objects.get()
    assert (line.state, line.due_at) == (DeletionState.GIVEN_UP, None)
    assert "within a day" in line.sentence
    tend(launch)
    line.refresh_from_db()
    assert line.told_at is not None
    assert not line.recall.is_open


def test_refusal_ends_it_with_the_networks_reason(recalled):
    recalled("mastodon")
    (held,) = take_deletions()
    error = Rejected("%(host)s says no: “%(reason)s”.", host="a.example", reason="nul\0")
    assert record(held, judge(held, error, now=database_now()))
    line = Deletion.objects.get()
    assert (line.state, line.sentence) == (DeletionState.REFUSED, "a.example says no: “nul”.")


def test_paused_network_is_left_alone(recalled):
    recalled("mastodon")
    until = database_now() + timedelta(minutes=5)
    NetworkPause.objects.create(network="mastodon", until=until, reason="No credits.")
    assert delete_posts() == 0
    assert count_states() == {"waiting": 1}
    let_pass(minutes=6)
    delete_posts()
    assert count_states() == {"deleted": 1}


def test_host_that_asked_for_rest_is_left_alone(recalled, networks):  # noqa: F811
    recalled("mastodon")
    now = database_now()
    HostPause.objects.create(host=host_of(), since=now, until=now + timedelta(minutes=5))
    assert delete_posts() == 0
    HostPause.objects.update(until=now)
    assert delete_posts() == 1


def test_host_that_was_silent_is_asked_once_and_goes_on_when_it_answers(recalled, networks):  # noqa: F811
    recalled("mastodon", "mastodon", "mastodon")
    give_up(host_of(), now=database_now() - timedelta(minutes=1), probed=False)
    watch_deletions(networks, **{"500_before": 1, "times": 1})
    assert delete_posts() == 1
    assert count_requests(networks) == 1
    (silent,) = list_open()
    assert silent.until > database_now()
    assert delete_posts() == 0
    HostPause.objects.update(until=database_now())
    Deletion.objects.update(due_at=database_now())
    assert delete_posts() == 3
    assert not list_open()
    assert count_states() == {"deleted": 3}


def test_whole_network_that_fails_rests_and_no_launch_waits_for_it(recalled, monkeypatch):
    recalled("mastodon", "gotosocial")
    monkeypatch.setattr("launches.taking_down.BATCH", 1)
    (held,) = take_deletions()
    error = TryLater("No credits.", scope="network")
    assert record(held, judge(held, error, now=database_now()))
    assert not pausing.list_paused(database_now())
    soonest = min(Deletion.objects.values_list("due_at", flat=True))
    assert soonest >= database_now() + timedelta(minutes=14)
    assert delete_posts() == 0


def test_pace_of_its_own_is_kept(recalled, networks, monkeypatch):  # noqa: F811
    recalled("mastodon", "mastodon", "mastodon")
    monkeypatch.setattr(
        "networks.adapters.mastodon.Mastodon.deletion_allowances",
        lambda *_: (Allowance(count=2, seconds=60),),
    )
    assert delete_posts() == 2
    assert count_states() == {"deleted": 2, "waiting": 1}


def test_nothing_is_deleted_where_a_launch_is_about_to_begin(recalled, networks, olive):  # noqa: F811
    recalled("mastodon", "gotosocial")
    campaign = make_campaign(olive, launch_in=50, slug="sea")
    lend(networks, campaign, "mastodon", prefix="sea")
    delete_posts()
    assert count_states(delivery__host=host_of()) == {"waiting": 1}
    assert count_states() == {"waiting": 1, "deleted": 1}
    campaign.pledges.update(state="withdrawn")
    delete_posts()
    assert count_states() == {"deleted": 2}


def test_pause_of_all_launches_does_not_keep_posts_from_being_deleted(recalled, networks):  # noqa: F811
    recalled("mastodon")
    stopping.pause(reason="Something is wrong.")
    delete_posts()
    assert count_states() == {"deleted": 1}


def test_worker_that_stops_begins_nothing_and_gives_its_claims_back(recalled, networks):  # noqa: F811
    recalled("mastodon")
    watch_deletions(networks)
    stops = iter([False, True, True, True])
    delete_posts(stopping=lambda: next(stops, True))
    assert count_requests(networks) == 0
    line = Deletion.objects.get()
    assert (line.state, line.tries) == (DeletionState.WAITING, 0)
    assert delete_posts() == 1


def test_missing_key_leaves_posts_there_and_says_so(recalled, networks, settings, caplog):  # noqa: F811
    recalled("mastodon")
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    delete_posts()
    assert "the vault does not open" in caplog.text
    assert count_states() == {"waiting": 1}
    assert len(list_standing(networks)) == 1
    caplog.clear()
