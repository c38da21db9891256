"""People who stop launches and let them go on at once, and against the moment: PostgreSQL."""

import pytest
from django.db import transaction

from campaigns.clock import database_now
from campaigns.models import CampaignState
from launches import holding, stopping
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import Delivery, Launch, LaunchState
from launches.pauses import Standstill
from launches.planning import arm_launches, create_launches
from tests.launches.test_races import bring_forward
from tests.racing import hold_open, meet, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def armed(crowd):
    """A launch whose moment has come, not decided yet: four deliveries."""
    campaign, _ = crowd(4, launch_in=20)
    create_launches(database_now())
    arm_launches(database_now())
    bring_forward(campaign)
    return Launch.objects.get()


@pytest.fixture
def firing(armed):
    return ignite(armed.pk)


def read():
    return Launch.objects.select_related("campaign").get()


def pause(reason):
    return lambda: stopping.pause(reason=reason)


def test_two_operators_who_pause_at_once_make_one_pause():
    assert meet(pause("The first."), pause("The second.")) == (True, False)
    assert Standstill.objects.get().reason == "The first."
    stopping.resume()
    assert sorted(together(*[pause("All.")] * 4)) == [False, False, False, True]


def test_two_operators_who_resume_at_once_end_it_once():
    stopping.pause(reason="A reason.")
    assert sorted(together(*[stopping.resume] * 4)) == [False, False, False, True]
    assert not stopping.is_paused()


def test_who_pauses_while_another_one_resumes_is_not_told_of_a_pause_that_is_over():
    stopping.pause(reason="The first.")
    assert meet(stopping.resume, pause("The second.")) == (True, True)
    assert Standstill.objects.get().reason == "The second."


def test_who_resumes_while_another_one_pauses_ends_no_pause_that_they_have_not_seen():
    with hold_open(pause("A reason.")):
        assert stopping.resume() is False
    assert stopping.is_paused()


def test_a_pause_that_meets_the_ignition_lets_it_decide_and_nothing_leave(armed):
    with hold_open(lambda: ignite(armed.pk)) as worker:
        assert stopping.pause(reason="A reason.")  # it waits for nobody
    assert worker.finish().state == LaunchState.FIRING
    assert claim(armed.pk, most=10).claims == []
    assert Delivery.objects.tally()["planned"] == 4


def test_an_ignition_under_a_pause_that_is_just_being_ended_goes_on_after_it(armed):
    stopping.pause(reason="A reason.")
    with hold_open(stopping.resume):
        assert ignite(armed.pk).state == LaunchState.FIRING
        assert claim(armed.pk, most=10).claims == []  # it is not over yet
    assert len(claim(armed.pk, most=10).claims) == 4


def test_two_people_who_hold_at_once_hold_once(firing):
    hold = lambda: holding.hold(firing)  # noqa: E731
    assert meet(hold, hold) == (True, False)
    assert sorted(together(*[lambda: holding.resume(firing)] * 4)) == [False, False, False, True]
    assert read().state == LaunchState.FIRING


def test_who_holds_while_another_one_resumes_has_it_held(firing):
    holding.hold(firing)
    assert meet(lambda: holding.resume(firing), lambda: holding.hold(firing)) == (True, True)
    assert read().state == LaunchState.HELD


def test_who_resumes_while_another_one_holds_is_told_that_nothing_was_held(firing):
    with hold_open(lambda: holding.hold(firing)):
        assert holding.resume(firing) is False
    assert (read().state, claim(firing.pk, most=10).claims) == (LaunchState.HELD, [])


def test_a_hold_that_meets_a_cancellation_holds_nothing(firing):
    cancel, hold = lambda: holding.cancel(firing), lambda: holding.hold(firing)
    assert meet(cancel, hold) == (True, False)
    assert read().state == LaunchState.CANCELLED


def test_a_resume_that_meets_a_cancellation_resumes_nothing(firing):
    holding.hold(firing)
    cancel, resume = lambda: holding.cancel(firing), lambda: holding.resume(firing)
    assert meet(cancel, resume) == (True, False)
    assert (read().state, claim(firing.pk, most=10).claims) == (LaunchState.CANCELLED, [])


def test_a_cancellation_that_meets_a_hold_or_a_resume_ends_the_launch_all_the_same(firing):
    assert meet(lambda: holding.hold(firing), lambda: holding.cancel(firing)) == (True, True)
    assert read().state == LaunchState.CANCELLED
    assert Delivery.objects.tally()["not_sent"] == 4


def test_two_people_who_cancel_at_once_cancel_once(firing):
    assert sorted(together(*[lambda: holding.cancel(firing)] * 4)) == [False, False, False, True]
    assert Delivery.objects.tally()["not_sent"] == 4


def test_an_ignition_that_meets_a_cancellation_decides_nothing(armed):
    cancelled, decided = meet(lambda: holding.cancel(armed), lambda: ignite(armed.pk))
    assert cancelled
    assert (decided.state, decided.decided_at) == (LaunchState.CANCELLED, None)
    assert read().campaign.state == CampaignState.CANCELLED
    assert Delivery.objects.tally()["not_sent"] == 4


def test_a_cancellation_that_meets_the_ignition_ends_what_it_began(armed):
    decided, cancelled = meet(lambda: ignite(armed.pk), lambda: holding.cancel(armed))
    assert decided.state == LaunchState.FIRING
    assert cancelled
    assert read().state == LaunchState.CANCELLED
    assert read().campaign.state == CampaignState.LAUNCHED
    assert claim(armed.pk, most=10).claims == []
    assert Delivery.objects.tally()["not_sent"] == 4


def test_a_hold_that_meets_the_ignition_stops_what_it_began(armed):
    assert holding.hold(armed) is False  # there is nothing to stop yet
    decided, held = meet(lambda: ignite(armed.pk), lambda: holding.hold(armed))
    assert (decided.state, held) == (LaunchState.FIRING, True)
    assert read().state == LaunchState.HELD
    assert claim(armed.pk, most=10).claims == []


def test_a_cancellation_that_meets_a_claim_leaves_what_was_claimed_to_its_worker(firing):
    claimed, cancelled = meet(lambda: claim(firing.pk, most=2), lambda: holding.cancel(firing))
    assert cancelled
    assert len(claimed.claims) == 2
    tally = Delivery.objects.tally()
    assert (tally["claimed"], tally["not_sent"]) == (2, 2)


def test_a_claim_that_meets_a_cancellation_takes_nothing(firing):
    with hold_open(lambda: holding.cancel(firing)):
        assert claim(firing.pk, most=10).claims == []
    assert Delivery.objects.tally()["not_sent"] == 4


def test_a_claim_under_way_when_all_launches_are_paused_is_the_last(firing):
    def claim_some():
        with transaction.atomic():
            return claim(firing.pk, most=1)

    with hold_open(claim_some) as worker:
        assert stopping.pause(reason="A reason.")
        assert claim(firing.pk, most=10).claims == []
    assert len(worker.finish().claims) == 1
