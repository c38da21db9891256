"""Rehearsals carried out by real workers, which are killed, and overtaken by a real launch."""

from collections import Counter
from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches.rehearsals import Rehearsal, RehearsedPost
from launches.rehearsing import GAVE_WAY, ask
from launches.results import summarise
from supporters.models import Pledge
from tests.faults.conftest import LEASE_SECONDS, wait_for_end
from tests.processes import kill, wait_until

pytest_plugins = ["tests.launches.rehearsal_stage"]
pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = 60


@pytest.fixture
def theatre(hurry, stage_process, settings):
    """The product's processes with a simulator to rehearse on."""
    stage_process.reset()
    settings.REHEARSAL_URL = stage_process.url
    product = hurry(REHEARSAL_URL=stage_process.url)
    settings.SITE_URL = product.url  # who asks is of the same site: the database remembers which
    return product


def wait_for_state(rehearsal, *states, product, seconds=60):
    def has_come():
        rehearsal.refresh_from_db()
        return rehearsal.state in states

    try:
        wait_until(has_come, what=f"a rehearsal that is {states}", seconds=seconds, every=0.05)
    except AssertionError as error:
        tally = RehearsedPost.objects.filter(rehearsal=rehearsal).tally()
        raise AssertionError(f"{error}\n{tally}\n{product.read_logs()}") from None


def test_two_workers_share_a_rehearsal_and_one_may_be_killed(
    theatre, gather, olive, stage_process, simulator
):
    campaign = gather(NUMBER, launch_in=3600)
    rehearsal = ask(campaign, person=olive)
    first = theatre.start("worker")
    theatre.start("beat")
    wait_for_state(rehearsal, "running", product=theatre)
    stage_process.set_faults({"latency_ms": 300, "jitter_ms": 1500, "seed": 1})
    wait_until(lambda: len(stage_process.list_requests()) >= 10, what="posting", every=0.02)
    kill(first)
    stage_process.clear_faults()
    theatre.start("worker")
    wait_for_state(rehearsal, "finished", product=theatre, seconds=60 + 4 * LEASE_SECONDS)
    tally = RehearsedPost.objects.filter(rehearsal=rehearsal).tally()
    assert tally["sent"] + tally["unconfirmed"] == NUMBER
    made = Counter(post["account_id"] for post in stage_process.list_posts())
    assert max(made.values()) == 1
    assert simulator.list_posts() == []
    assert set(Pledge.objects.values_list("state", flat=True)) == {"live"}


def test_a_launch_that_comes_meanwhile_is_on_time(theatre, gather, olive, stage_process, simulator):
    campaign = gather(NUMBER, launch_in=3600)
    real = gather(20, prefix="real", slug="sea", launch_in=3600)
    rehearsal = ask(campaign, person=olive)
    theatre.start("worker")
    theatre.start("beat")
    wait_for_state(rehearsal, "running", product=theatre)
    stage_process.set_faults({"latency_ms": 3000})
    Campaign.objects.filter(pk=real.pk).update(launch_at=database_now() + timedelta(seconds=6))
    wait_for_end(real, product=theatre)
    rehearsal.refresh_from_db()
    assert (rehearsal.state, rehearsal.why) == ("stopped", GAVE_WAY)
    summary = summarise(real)
    assert summary.sent == 20
    assert summary.last_lag_ms is not None
    assert summary.last_lag_ms < 3000
    assert len(simulator.list_posts()) == 20
    assert not Rehearsal.objects.filter(on_stage=True).exists()
