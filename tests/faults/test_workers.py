"""Workers and beats that are killed, doubled and stopped: real processes, real signals."""

import signal

import pytest

from launches.models import Attempt, Delivery, DeliveryState, Launch, LaunchState
from tests.faults.conftest import wait_for_end
from tests.faults.dying import LINES
from tests.faults.keeping import assert_kept
from tests.faults.messages import connect
from tests.processes import end, freeze, kill, thaw, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SENDING = [line for line in LINES if "arming" not in line and "decision" not in line]
quick = "after the network accepted"


def wait_for_death(process):
    """Until it has killed itself."""
    wait_until(lambda: process.poll() is not None, what="the worker's end", every=0.05)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "line",
    [line if line == quick else pytest.param(line, marks=pytest.mark.faults) for line in SENDING],
)
def test_a_worker_that_dies_at_any_line_posts_nothing_twice(product, simulator, gather, line):
    """The worst line is quick: the network has the post, and nobody wrote it down."""
    campaign = gather(12, launch_in=5)
    product.start("beat")
    wait_for_death(product.start("worker", DIE_AT=line))
    assert Launch.objects.get(campaign=campaign).state == LaunchState.FIRING
    assert not Delivery.objects.filter(state=DeliveryState.SENT).exists()
    product.start("worker")
    wait_for_end(campaign, product=product)
    ledger = assert_kept(product, simulator, number=12, states=("sent", "unconfirmed"))
    # Where nothing had left, or the post is found, it is sent; only a server without keys that
    # shows nothing leaves a doubt: three of these twelve are on one.
    assert ledger.sent >= (12 if line == "before the claim" else 9)
    assert Attempt.objects.filter(outcome="expired").exists() == (line != "before the claim")


@pytest.mark.faults
@pytest.mark.parametrize("line", ["while arming", "before the decision is committed"])
def test_a_worker_that_dies_in_a_transaction_of_the_launch_leaves_nothing_of_it(
    product, simulator, gather, line
):
    campaign = gather(12, launch_in=6)
    product.start("beat")
    wait_for_death(product.start("worker", DIE_AT=line))
    launch = Launch.objects.get(campaign=campaign)
    if line == "while arming":
        assert launch.state == LaunchState.SCHEDULED
        assert not launch.deliveries.exists()
    assert launch.state in (LaunchState.SCHEDULED, LaunchState.ARMED)
    assert launch.decided_at is None
    product.start("worker")
    wait_for_end(campaign, product=product)
    assert assert_kept(product, simulator, number=12).sent == 12


@pytest.mark.faults
def test_a_worker_killed_in_the_middle_posts_nothing_twice_and_loses_nothing(
    product, simulator, gather
):
    number = 120
    campaign = gather(number, launch_in=6)
    simulator.set_faults({"latency_ms": 200, "jitter_ms": 400, "seed": 1})
    worker = product.start("worker")
    product.start("beat")
    wait_until(lambda: len(simulator.list_requests()) >= 20, what="posting", every=0.02)
    kill(worker)
    kept = Delivery.objects.filter(state=DeliveryState.SENT).count()
    assert kept < number, "the worker was killed too late to prove anything"
    simulator.clear_faults()
    product.start("worker")
    wait_for_end(campaign, product=product)
    ledger = assert_kept(product, simulator, number=number, states=("sent", "unconfirmed"))
    assert ledger.sent >= number * 3 // 4


@pytest.mark.faults
def test_a_worker_that_slept_through_its_lease_overwrites_nothing(product, simulator, gather):
    """The machine sleeps with posts in hand; another one takes over; then it wakes."""
    campaign = gather(24, launch_in=5)
    simulator.set_faults({"latency_ms": 400, "seed": 1})
    sleeper = product.start("worker")
    product.start("beat")
    wait_until(
        lambda: Delivery.objects.filter(state=DeliveryState.CLAIMED).exists(),
        what="claims",
        every=0.02,
    )
    freeze(sleeper)
    simulator.clear_faults()
    product.start("worker")
    wait_for_end(campaign, product=product)
    before = sorted(Delivery.objects.values_list("pk", "state", "remote_id"))
    thaw(sleeper)
    end(sleeper)
    sleeper.wait(timeout=60)
    assert_kept(product, simulator, number=24, states=("sent", "unconfirmed"))
    after = sorted(Delivery.objects.values_list("pk", "state", "remote_id"))
    # Proof that a post is there is the one thing that it may still bring.
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert all(state == "sent" for _, state, _ in changed)


@pytest.mark.faults
def test_four_workers_two_beats_and_fifty_doubled_ticks_make_one_launch(product, simulator, gather):
    campaign = gather(60, launch_in=12)
    for name in ("worker", "worker", "worker", "worker", "beat", "beat"):
        product.start(name)
    wait_until(Launch.objects.exists, what="the launch", every=0.2)
    with connect(product) as app:
        for _ in range(100):
            app.send_task("launches.tasks.tick", queue="tick")
    wait_for_end(campaign, product=product)
    assert Launch.objects.count() == 1
    assert assert_kept(product, simulator, number=60).sent == 60


def test_a_worker_that_is_asked_to_end_records_what_it_began_and_another_goes_on(
    product, simulator, gather
):
    """A rolling upgrade in the middle of a launch: nothing is uncertain after it."""
    campaign = gather(60, launch_in=6)
    product.environment["MASTODON_PACE"] = "10/1"
    simulator.set_faults({"latency_ms": 300, "jitter_ms": 300, "seed": 1})
    worker = product.start("worker")
    product.start("beat")
    wait_until(lambda: len(simulator.list_requests()) >= 10, what="posting", every=0.02)
    end(worker)
    worker.wait(timeout=30)
    assert worker.returncode == 0
    in_hand = Delivery.objects.filter(state=DeliveryState.CLAIMED)
    assert not in_hand.exists()
    assert simulator.summarise()["posts"] == Delivery.objects.filter(state="sent").count() < 60
    product.start("worker")
    wait_for_end(campaign, product=product)
    assert assert_kept(product, simulator, number=60).sent == 60
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {"sent"}
