"""Workers that judge the canary at once, while somebody holds, resumes or cancels: PostgreSQL."""

from datetime import timedelta

import pytest
from post_office.models import Email

from campaigns.clock import database_now
from launches import canary, holding
from launches.canary import Verdict
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import Delivery, DeliveryState, Launch, LaunchState
from launches.planning import create_launches
from tests.racing import hold_open, meet, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

NUMBER = 20
SIZE = canary.LEAST


@pytest.fixture
def firing(crowd, rae, monkeypatch):
    """A launch whose canary was claimed, with what became of it: gives it as a worker read it."""
    monkeypatch.setattr(canary, "PLEDGES_LEAST", NUMBER)

    def make(*, failed):
        crowd(NUMBER, launch_in=-0.01)
        create_launches(database_now())
        launch = ignite(Launch.objects.get().pk)
        assert len(claim(launch.pk, most=NUMBER).claims) == SIZE
        state = DeliveryState.FAILED if failed else DeliveryState.WAITING
        later = database_now() + timedelta(minutes=1)
        Delivery.objects.filter(is_canary=True).update(state=state, due_at=later)
        Launch.objects.update(canary_until=database_now() - timedelta(seconds=0.01))
        return Launch.objects.select_related("campaign").get()

    return make


def look(launch):
    """As each worker's next claim does, from the row that it has read before."""
    return lambda: canary.look(launch, now=database_now())


def count_mails():
    """How many wrote that it was held: to the operator, and to the organiser."""
    mails = [mail.to[0] for mail in Email.objects.all()]
    return mails.count("rae@example.org"), mails.count("olive@example.org")


def test_two_workers_that_find_it_bad_hold_once_and_tell_once(firing):
    launch = firing(failed=True)
    assert meet(look(launch), look(launch)) == (Verdict.HELD, Verdict.HELD)
    assert Launch.objects.get().state == LaunchState.HELD
    assert count_mails() == (1, 1)


def test_many_claims_at_once_hold_once_and_take_nothing(firing):
    launch = firing(failed=True)
    rounds = together(*[lambda: claim(launch.pk, most=NUMBER)] * 5)
    assert [each.claims for each in rounds] == [[]] * 5
    assert Launch.objects.get().state == LaunchState.HELD
    assert count_mails() == (1, 1)
    assert Delivery.objects.tally()["planned"] == NUMBER - SIZE


def test_many_claims_at_once_let_the_others_go_once(firing):
    launch = firing(failed=False)
    rounds = together(*[lambda: claim(launch.pk, most=6).claims] * 5)
    taken = [held.delivery_id for claims in rounds for held in claims]
    assert len(taken) == len(set(taken)) == NUMBER - SIZE
    assert Launch.objects.get().canary_until is None


def test_a_worker_that_finds_it_good_while_another_holds_it_lets_nothing_go(firing):
    """Two read different posts' ends: the one whose transaction is first decides."""
    launch = firing(failed=True)
    with hold_open(lambda: Delivery.objects.filter(is_canary=True).update(state="waiting")):
        assert look(launch)() == Verdict.HELD
        held = Launch.objects.get()
    assert held.state == LaunchState.HELD
    assert look(launch)() == Verdict.HELD  # all is well by now, and it has read the old row
    assert claim(launch.pk, most=NUMBER).claims == []


def test_a_worker_that_finds_it_good_meets_the_hold_of_another(firing, monkeypatch):
    launch = firing(failed=True)
    good = canary.Outcomes(total=SIZE, sent=SIZE, failed=0, open=0)
    bad = canary.read_outcomes(launch)
    said = iter([bad, good])
    monkeypatch.setattr(canary, "read_outcomes", lambda _: next(said))
    assert meet(look(launch), look(launch)) == (Verdict.HELD, Verdict.HELD)
    assert Launch.objects.get().state == LaunchState.HELD
    assert count_mails() == (1, 1)


def test_a_worker_that_finds_it_bad_meets_one_that_let_the_others_go(firing, monkeypatch):
    launch = firing(failed=False)
    good = canary.read_outcomes(launch)
    bad = canary.Outcomes(total=SIZE, sent=0, failed=SIZE, open=0)
    said = iter([good, bad])
    monkeypatch.setattr(canary, "read_outcomes", lambda _: next(said))
    assert meet(look(launch), look(launch))[0] == Verdict.PASSED
    assert Launch.objects.get().state == LaunchState.FIRING
    assert count_mails() == (0, 0)


def test_who_resumes_while_another_worker_decides_is_not_overruled(firing):
    launch = firing(failed=True)
    assert look(launch)() == Verdict.HELD
    with hold_open(lambda: holding.resume(launch)):
        assert look(launch)() == Verdict.HELD  # this once it takes nothing
    assert Launch.objects.get().state == LaunchState.FIRING
    assert count_mails() == (1, 1)
    assert len(claim(launch.pk, most=NUMBER).claims) == NUMBER - SIZE


def test_a_resume_that_comes_while_the_hold_is_written_resumes_nothing(firing):
    launch = firing(failed=True)
    with hold_open(look(launch)):
        assert holding.resume(launch) is False
    assert Launch.objects.get().state == LaunchState.HELD
    assert holding.resume(launch)
    assert count_mails() == (1, 1)


def test_a_hold_by_hand_that_meets_the_verdict_is_told_of_as_the_verdict(firing):
    launch = firing(failed=True)
    assert meet(look(launch), lambda: holding.hold(launch)) == (Verdict.HELD, False)
    assert Launch.objects.get().held_why == canary.TOO_MANY_FAILED
    assert count_mails() == (1, 1)


def test_a_verdict_that_meets_a_hold_by_hand_is_given_once_somebody_resumes(firing):
    launch = firing(failed=True)
    assert meet(lambda: holding.hold(launch), look(launch)) == (True, Verdict.HELD)
    assert (Launch.objects.get().held_why, count_mails()) == ("", (0, 0))
    assert holding.resume(launch)
    assert claim(launch.pk, most=NUMBER).claims == []
    assert Launch.objects.get().held_why == canary.TOO_MANY_FAILED
    assert count_mails() == (1, 1)


def test_a_verdict_that_meets_a_cancellation_holds_and_tells_nothing(firing):
    launch = firing(failed=True)
    assert meet(lambda: holding.cancel(launch), look(launch))[0] is True
    assert Launch.objects.get().state == LaunchState.CANCELLED
    assert count_mails() == (0, 0)
    assert claim(launch.pk, most=NUMBER).claims == []


def test_nothing_is_let_go_by_who_meets_a_cancellation(firing):
    launch = firing(failed=False)
    assert meet(lambda: holding.cancel(launch), look(launch)) == (True, Verdict.HELD)
    assert Launch.objects.get().state == LaunchState.CANCELLED
