"""Rehearsals under two real connections to PostgreSQL."""

import pytest

from launches import rehearsal_claims, rehearsing
from launches.rehearsal_runs import rehearse
from launches.rehearsals import Rehearsal, RehearsedPost
from launches.rehearsing import RehearsalRefused, ask
from launches.simulating import Stage
from supporters.models import Pledge
from supporters.pledging import withdraw
from tests.racing import hold_open, together

pytest_plugins = ["tests.launches.rehearsal_stage"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def prepared(crowd, stage, monkeypatch):
    """A rehearsal of eight posts that runs, and that nobody carries out yet."""
    campaign, _ = crowd(8)
    rehearsal = ask(campaign, person=campaign.organiser)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("launches.rehearsal_runs._take_part", lambda *_, **__: None)
        assert rehearse()
    rehearsal.refresh_from_db()
    return rehearsal


def test_of_two_who_ask_at_once_one_is_let_through(crowd, stage):
    campaign, _ = crowd(1)

    def ask_once():
        return ask(campaign, person=campaign.organiser)

    outcomes = together(ask_once, ask_once, ask_once)
    assert sum(isinstance(each, RehearsalRefused) for each in outcomes) == 2
    assert Rehearsal.objects.count() == 1


def test_two_workers_never_hold_the_same_post(prepared):
    found = Stage(**prepared.places)

    def claim():
        return rehearsal_claims.claim(prepared.pk, found, most=4).claims

    first, second = together(claim, claim)
    held = [each.delivery_id for each in (*first, *second)]
    assert len(held) == len(set(held)) > 0


def test_a_claim_passes_over_what_another_worker_is_just_claiming(prepared):
    found = Stage(**prepared.places)

    def claim():
        return rehearsal_claims.claim(prepared.pk, found, most=4).claims

    with hold_open(claim) as first:
        second = claim()
    assert not {each.delivery_id for each in first.finish()} & {each.delivery_id for each in second}
    assert len(second) == 4


def test_a_supporter_withdraws_while_their_words_are_rehearsed(prepared):
    """A rehearsal holds no pledge's row: the gate is moved as if there were none."""
    found = Stage(**prepared.places)
    pledge = Pledge.objects.order_by("pk").first()
    with hold_open(lambda: rehearsal_claims.claim(prepared.pk, found, most=8)):
        withdraw(pledge, person=pledge.person)
    pledge.refresh_from_db()
    assert pledge.state == "withdrawn"


def test_stopped_while_claims_are_recorded_both_come_to_an_end(prepared):
    from campaigns.clock import database_now
    from launches.sending import note_stray

    found = Stage(**prepared.places)
    claims = rehearsal_claims.claim(prepared.pk, found, most=8).claims
    now = database_now()
    results = [note_stray(now, each, now) for each in reversed(claims)]
    outcomes = together(
        lambda: rehearsal_claims.record(results),
        lambda: rehearsing.stop(prepared, why=rehearsing.BY_HAND),
    )
    assert outcomes == [None, True]
    assert set(RehearsedPost.objects.values_list("state", flat=True)) == {"unconfirmed"}
