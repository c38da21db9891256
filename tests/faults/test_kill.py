"""A worker killed with -9 in the middle of a launch: real processes, real signals."""

import pytest

from accounts.models import User
from launches.models import Delivery, DeliveryState
from launches.results import find_launch
from tests.making import link_mastodon, make_campaign, make_pledge
from tests.processes import Product, kill, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = 120
KINDS = ["mastodon", "mastodon", "mastodon-4.2", "gotosocial"]


@pytest.fixture
def product(simulator, tmp_path):
    """Workers and beat of the product, on this test's database."""
    made = Product(tmp_path, hosts=simulator.hosts, LEASE_SECONDS="15")
    yield made
    made.stop()


def test_a_worker_killed_in_the_middle_posts_nothing_twice_and_loses_nothing(
    product, simulator, olive
):
    campaign = make_campaign(olive, launch_in=12)
    for index in range(NUMBER):
        person = User.objects.create_user(name=f"Voice {index}")
        kind = KINDS[index % len(KINDS)]
        make_pledge(campaign, link_mastodon(simulator, person, f"voice{index}", kind=kind))
    simulator.set_faults({"latency_ms": 400, "jitter_ms": 800, "seed": 1})
    worker = product.start("worker")
    product.start("beat")

    wait_until(lambda: len(simulator.list_requests()) >= 20, what="posting", every=0.02)
    kill(worker)
    kept = Delivery.objects.filter(state=DeliveryState.SENT).count()
    assert kept < NUMBER, "the worker was killed too late to prove anything"
    simulator.clear_faults()
    product.start("worker")

    def is_over():
        launch = find_launch(campaign)
        return launch is not None and launch.is_over

    wait_until(is_over, what="the launch's end", every=0.5)
    tally = {state: number for state, number in Delivery.objects.tally().items() if number}
    summary = simulator.summarise()
    assert summary["duplicates"] == 0
    assert sum(tally.values()) == NUMBER
    assert set(tally) <= {"sent", "unconfirmed"}, product.read_logs()
    assert tally["sent"] == summary["posts"] >= NUMBER * 3 // 4
