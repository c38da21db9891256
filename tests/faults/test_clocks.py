"""Machines whose clock is wrong, and nights on which clocks are put back or forward."""

from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time

import pytest

from campaigns.models import Campaign
from campaigns.moments import read_moment
from launches.models import Delivery, Launch, LaunchState
from launches.pauses import Heartbeat
from supporters.models import Pledge
from tests.faults.conftest import on_postgres, wait_for_end
from tests.faults.keeping import assert_kept
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
HOUR = 3600
NUMBER = 20
LEAD_SECONDS = 8


def read_first_post(simulator):
    """When the first one came, by the simulator's clock, which is right."""
    return min(datetime.fromisoformat(post["at"]) for post in simulator.list_posts())


@pytest.mark.postgres
@pytest.mark.parametrize("shifts", [(HOUR,), (-HOUR,), (HOUR, 0), (-HOUR, HOUR)])
def test_workers_whose_clock_is_wrong_fire_by_the_databases(product, simulator, gather, shifts):
    campaign = gather(NUMBER, launch_in=LEAD_SECONDS)
    for seconds in shifts:
        product.start("worker", CLOCK_SHIFT_SECONDS=str(seconds))
    product.start("beat")
    wait_for_end(campaign, product=product)
    assert assert_kept(product, simulator, number=NUMBER).sent == NUMBER
    late = read_first_post(simulator) - campaign.launch_at
    assert timedelta(0) <= late < timedelta(seconds=3)
    lags = [delivery.lag_ms for delivery in Delivery.objects.select_related("launch")]
    assert all(0 <= lag < 10_000 for lag in lags)
    assert Launch.objects.count() == 1


@pytest.mark.postgres
def test_a_beat_whose_clock_is_ahead_fires_nothing_early(product, simulator, gather):
    campaign = gather(NUMBER, launch_in=LEAD_SECONDS)
    product.start("worker")
    product.start("beat", CLOCK_SHIFT_SECONDS=str(HOUR))
    wait_for_end(campaign, product=product)
    assert assert_kept(product, simulator, number=NUMBER).sent == NUMBER
    assert read_first_post(simulator) >= campaign.launch_at


NIGHTS = {
    "shown twice, the first": (date(2026, 10, 25), clock_time(2, 30), 0),
    "shown twice, the second": (date(2026, 10, 25), clock_time(2, 30), 1),
    "just after the gap": (date(2027, 3, 28), clock_time(3, 0), None),
}


@pytest.mark.skipif(on_postgres(), reason="PostgreSQL's clock is the machine's: it is not shifted")
@pytest.mark.parametrize("night", NIGHTS)
def test_a_launch_in_a_night_of_two_times_fires_once_at_its_instant(
    product, simulator, gather, night
):
    """On one machine whose clock says that it is that night."""
    day, at, fold = NIGHTS[night]
    before = datetime.combine(day, clock_time(0), tzinfo=UTC) - timedelta(days=3)
    moment = read_moment(day, at, zone="Europe/Paris", now=before, fold=fold)
    campaign = gather(NUMBER)
    plan_for(campaign, moment)
    shift = moment - timedelta(seconds=LEAD_SECONDS) - datetime.now(UTC)
    for name in ("worker", "beat"):
        product.start(name, CLOCK_SHIFT_SECONDS=str(shift.total_seconds()))
    wait_for_end(campaign, product=product)
    assert assert_kept(product, simulator, number=NUMBER).sent == NUMBER
    late = read_first_post(simulator) + shift - moment
    assert timedelta(0) <= late < timedelta(seconds=3)
    launch = Launch.objects.get()
    assert (launch.state, launch.launch_at) == (LaunchState.FINISHED, moment)
    # Whoever looks an hour later, when clocks show that time again, finds nothing to do.
    requests = len(simulator.list_requests())
    product.stop()
    later = str(shift.total_seconds() + HOUR)
    for name in ("worker", "beat"):
        product.start(name, CLOCK_SHIFT_SECONDS=later)
    an_hour_on = moment + timedelta(hours=1)
    wait_until(
        lambda: Heartbeat.objects.filter(beat_at__gte=an_hour_on).exists(), what="a later tick"
    )
    product.stop()
    assert len(simulator.list_requests()) == requests
    assert Launch.objects.count() == 1


def plan_for(campaign, moment):
    """The approved moment, as everybody who pledged has agreed to it."""
    latest_at = moment + timedelta(minutes=45)
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_at=moment, latest_at=latest_at, first_launch_at=moment
    )
    Pledge.objects.update(agreed_launch_at=moment, agreed_latest_at=latest_at)
    campaign.refresh_from_db()
