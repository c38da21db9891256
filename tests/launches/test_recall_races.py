"""A recall that meets a resume, a press, an erasure or a second worker: on PostgreSQL."""

import pytest
from django.db import transaction

from crowdspeak import privacy
from launches import holding
from launches.deleting import Outcome, delete_posts, record
from launches.hindering import ERASED
from launches.keeping import KeepRefused, keep_post
from launches.models import Delivery, Launch, LaunchState
from launches.recalling import note_posts, recall
from launches.recalls import Deletion, DeletionState, Recall
from launches.taking_down import take_deletions
from launches.vouching import VouchRefused, send_anyway
from tests.launches.recalled import count_states, list_standing
from tests.launches.test_recalling import (  # noqa: F401  (fixtures)
    count_requests,
    networks,
    say,
    watch_deletions,
)
from tests.racing import hold_open, meet, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def recalled(say, olive):  # noqa: F811
    """A launch that was recalled a moment ago, nothing of it deleted yet."""

    def do(*kinds):
        launch = say(*kinds)
        assert recall(launch, by=olive)
        return launch

    return do


def hold(launch):
    Launch.objects.filter(pk=launch.pk).update(state=LaunchState.HELD, finished_at=None)


def test_a_resume_that_meets_a_recall_resumes_nothing(say, olive):  # noqa: F811
    launch = say("mastodon")
    hold(launch)
    recalled, resumed = meet(lambda: recall(launch, by=olive), lambda: holding.resume(launch))
    assert (recalled, resumed) == (True, False)
    launch.refresh_from_db()
    assert launch.state == LaunchState.CANCELLED


def test_a_recall_that_meets_a_resume_stops_it(say, olive):  # noqa: F811
    launch = say("mastodon")
    hold(launch)
    resumed, recalled = meet(lambda: holding.resume(launch), lambda: recall(launch, by=olive))
    assert (resumed, recalled) == (True, True)
    launch.refresh_from_db()
    assert launch.state == LaunchState.CANCELLED


def test_many_recalls_at_once_are_one(say, olive):  # noqa: F811
    launch = say("mastodon", "gotosocial")
    outcomes = together(*[lambda: recall(launch, by=olive)] * 5)
    assert sorted(outcomes) == [False, False, False, False, True]
    made = Recall.objects.get()
    together(*[lambda: note_posts(made, now=made.asked_at)] * 3)
    assert Deletion.objects.count() == 2


def test_an_owner_who_lets_a_post_go_while_it_is_recalled_sends_nothing(say, olive):  # noqa: F811
    launch = say("mastodon")
    Delivery.objects.update(state="unconfirmed", remote_id="", reason="Nobody knows.")
    delivery = Delivery.objects.get()

    def press():
        send_anyway(delivery, person=delivery.pledge.person, seen_attempt=delivery.attempt)

    recalled, refused = meet(lambda: recall(launch, by=olive), press)
    assert recalled
    assert isinstance(refused, VouchRefused)
    assert Delivery.objects.get().state == "unconfirmed"


def test_a_recall_stops_what_its_owner_let_go_a_moment_ago(say, olive, step):  # noqa: F811
    launch = say("mastodon")
    Delivery.objects.update(state="unconfirmed", remote_id="", reason="Nobody knows.")
    delivery = Delivery.objects.get()

    def press():
        send_anyway(delivery, person=delivery.pledge.person, seen_attempt=delivery.attempt)

    pressed, recalled = meet(press, lambda: recall(launch, by=olive))
    assert (pressed, recalled) == (None, True)
    launch.refresh_from_db()
    assert launch.state == LaunchState.CANCELLED
    step()
    assert Delivery.objects.get().state == "unconfirmed"


def test_two_workers_never_take_the_same(recalled):
    recalled("mastodon", "mastodon", "gotosocial", "mastodon-4.2")
    taken = [held for found in together(*[take_deletions] * 4) for held in found]
    assert len({held.deletion_id for held in taken}) == len(taken) == 4


def test_an_owner_who_meets_the_claim_is_too_late(recalled, networks):  # noqa: F811
    launch = recalled("mastodon")
    delivery = launch.deliveries.get()

    def claim():
        with transaction.atomic():
            return take_deletions()

    taken, refused = meet(claim, lambda: keep_post(delivery, person=delivery.pledge.person))
    assert len(taken) == 1
    assert isinstance(refused, KeepRefused)
    assert Delivery.objects.get().kept_at is None


def test_a_claim_that_meets_its_owner_takes_nothing(recalled, networks):  # noqa: F811
    launch = recalled("mastodon")
    delivery = launch.deliveries.get()
    with hold_open(lambda: keep_post(delivery, person=delivery.pledge.person)):
        assert take_deletions() == []
    assert delete_posts() == 0
    assert count_states() == {"kept": 1}
    assert list_standing(networks) == ["river0"]


def test_who_is_erased_before_the_claim_is_not_asked_for(recalled, networks):  # noqa: F811
    launch = recalled("mastodon", "mastodon")
    person = launch.deliveries.earliest("pk").pledge.person
    watch_deletions(networks)
    privacy.erase(person)
    assert delete_posts() == 1
    assert count_requests(networks) == 1
    erased = Deletion.objects.get(state=DeletionState.BY_HAND)
    assert (erased.remote_id, erased.reason) == ("", ERASED)


def test_who_is_erased_while_their_post_is_deleted_leaves_how_it_ended_alone(recalled, networks):  # noqa: F811
    launch = recalled("mastodon")
    (held,) = take_deletions()
    privacy.erase(launch.deliveries.get().pledge.person)
    line = Deletion.objects.get()
    assert (line.state, line.remote_id) == ("claimed", "")
    refused = Outcome(
        state=DeletionState.REFUSED,
        reason="%(host)s says no.",
        reason_facts={"host": "secret.example"},
    )
    assert record(held, refused)
    line.refresh_from_db()
    assert (line.state, line.reason, line.reason_facts) == ("refused", "", {})


def test_a_record_that_meets_an_erasure_is_blanked_by_it(recalled, networks):  # noqa: F811
    launch = recalled("mastodon")
    (held,) = take_deletions()
    person = launch.deliveries.get().pledge.person
    refused = Outcome(
        state=DeletionState.REFUSED,
        reason="%(host)s says no.",
        reason_facts={"host": "secret.example"},
    )
    recorded, erased = meet(lambda: record(held, refused), lambda: privacy.erase(person))
    assert recorded
    assert not isinstance(erased, Exception)
    line = Deletion.objects.get()
    assert (line.state, line.reason, line.reason_facts, line.remote_id) == ("refused", "", {}, "")


def test_a_word_that_was_given_just_before_a_recall_is_not_overtaken(say, olive):  # noqa: F811
    """There is no line yet that its owner could have ended: the delivery itself is locked."""
    launch = say("mastodon")
    delivery = launch.deliveries.get()
    with hold_open(lambda: keep_post(delivery, person=delivery.pledge.person)):
        assert recall(launch, by=olive)
        assert take_deletions() == []
    assert delete_posts() == 0
    assert count_states() == {"kept": 1}
