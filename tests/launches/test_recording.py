"""Writing down what came of claims: one that the database refuses keeps no other waiting."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError

from campaigns.clock import database_now
from launches.claiming import claim
from launches.delivering import Run
from launches.grounds import Ground
from launches.igniting import ignite
from launches.models import Attempt, Delivery, DeliveryState, Launch
from launches.planning import create_launches
from launches.recording import Result, record
from launches.sweeping import expire_leases
from launches.watching import DatabaseThread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held(crowd):
    """Three claims of a launch that fires."""
    crowd(3, launch_in=-0.01)
    create_launches(database_now())
    return claim(ignite(Launch.objects.get().pk).pk, most=3).claims


def sent(held, remote_id):
    return Result(
        delivery_id=held.delivery_id,
        attempt=held.attempt,
        state=DeliveryState.SENT,
        outcome="sent",
        started_at=database_now(),
        ended_at=database_now(),
        remote_id=remote_id,
    )


def flush(results):
    """What a worker does every 100 ms; gives what it keeps for the next time."""
    run = Run(Launch.objects.get().pk, stopping=lambda: False)

    async def go():
        async with DatabaseThread("ledger") as run.database:
            run.results = list(results)
            await run._flush()

    asyncio.run(go())
    return run.results


def test_a_result_that_the_database_refuses_holds_up_no_other(held, caplog):
    first, odd, last = held
    # Nothing is left of this id once it is cleaned, and what was sent has an id: a constraint.
    assert flush([sent(first, "7"), sent(odd, "\0"), sent(last, "9")]) == []
    said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    caplog.clear()
    assert f"delivery {odd.delivery_id} could not be recorded" in said
    states = dict(Delivery.objects.values_list("pk", "state"))
    assert states.pop(odd.delivery_id) == DeliveryState.CLAIMED
    assert set(states.values()) == {DeliveryState.SENT}
    assert set(Attempt.objects.values_list("delivery_id", flat=True)) == set(states)


@pytest.mark.parametrize("away", [OperationalError, InterfaceError])
def test_results_are_kept_while_the_database_or_its_connection_is_away(
    held, monkeypatch, caplog, away
):
    def fail(_ground, _results):
        raise away("the connection is closed")

    results = [sent(held[0], "7"), sent(held[1], "8")]
    with monkeypatch.context() as patch:
        patch.setattr(Ground, "record", fail)
        assert flush(results) == results
    caplog.clear()
    assert flush(results) == []
    assert Delivery.objects.filter(state=DeliveryState.SENT).count() == 2


def test_what_could_not_be_recorded_is_looked_up_once_its_claim_runs_out(held, caplog, settings):
    flush([sent(held[0], "7"), sent(held[1], "\0"), sent(held[2], "9")])
    caplog.clear()
    over = held[1].lease_until + timedelta(seconds=settings.DEADLINE_SECONDS + 1)
    assert expire_leases(over) == 1
    assert Delivery.objects.get(pk=held[1].delivery_id).state == DeliveryState.UNKNOWN


def test_of_a_delivery_that_is_not_there_no_attempt_is_kept(held):
    stray = dataclasses.replace(sent(held[0], "7"), delivery_id=held[-1].delivery_id + 1)
    assert record([stray, sent(held[1], "8")]) == 1
    assert Attempt.objects.get().delivery_id == held[1].delivery_id
