"""Two presses at once, and a press that meets proof or the end of its launch: on PostgreSQL."""

import pytest

from campaigns.clock import database_now
from launches import vouching
from launches.claiming import claim
from launches.models import Attempt, Delivery, DeliveryState, Launch, LaunchState
from launches.recording import Result, record
from launches.sweeping import finish_launches
from launches.vouching import VouchRefused
from tests.launches.test_vouching import unproved  # noqa: F401  (a fixture)
from tests.racing import hold_open, meet, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def press(delivery):
    """Its owner presses "send it" on the page that they were shown."""
    vouching.send_anyway(delivery, person=delivery.pledge.person, seen_attempt=delivery.attempt)


def prove(delivery):
    """Somebody has found the post."""
    now = database_now()
    return record(
        [
            Result(
                delivery_id=delivery.pk,
                attempt=delivery.attempt,
                state=DeliveryState.SENT,
                outcome="found",
                started_at=now,
                ended_at=now,
                remote_id="7",
            )
        ]
    )


def test_many_presses_at_once_let_it_go_once(unproved):  # noqa: F811
    outcomes = together(*[lambda: press(unproved)] * 6)
    assert outcomes.count(None) == 1
    assert all(isinstance(each, VouchRefused) for each in outcomes if each is not None)
    assert Attempt.objects.filter(outcome="released").count() == 1
    rounds = together(*[lambda: claim(unproved.launch_id, most=5).claims] * 4)
    assert sum(len(claims) for claims in rounds) == 1


def test_a_press_that_meets_late_proof_sends_nothing(unproved):  # noqa: F811
    proved, refused = meet(lambda: prove(unproved), lambda: press(unproved))
    assert proved == 1
    assert isinstance(refused, VouchRefused)
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert not claim(unproved.launch_id, most=5).claims


def test_late_proof_that_meets_a_press_ends_it(unproved):  # noqa: F811
    pressed, proved = meet(lambda: press(unproved), lambda: prove(unproved))
    assert (pressed, proved) == (None, 1)
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert not claim(unproved.launch_id, most=5).claims


def test_both_words_at_once_are_one(unproved):  # noqa: F811
    person = unproved.pledge.person
    outcomes = together(
        lambda: press(unproved), lambda: vouching.say_there(unproved, person=person)
    )
    assert outcomes.count(None) == 1
    kept = Delivery.objects.get()
    assert (kept.state == DeliveryState.WAITING) == (kept.owner_said_at is None)


def test_a_launch_that_is_just_being_finished_is_taken_up_again(unproved):  # noqa: F811
    Launch.objects.update(state=LaunchState.FIRING, finished_at=None)
    finished, pressed = meet(lambda: finish_launches(database_now()), lambda: press(unproved))
    assert (finished, pressed) == (1, None)
    assert Launch.objects.get().state == LaunchState.FIRING


def test_a_launch_is_not_finished_over_a_press(unproved):  # noqa: F811
    Launch.objects.update(state=LaunchState.FIRING, finished_at=None)
    with hold_open(lambda: press(unproved)):
        assert finish_launches(database_now()) == 0
    assert finish_launches(database_now()) == 0
    assert Launch.objects.get().state == LaunchState.FIRING
