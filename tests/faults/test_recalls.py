"""A recall whose workers are killed: real processes, real signals."""

import pytest

from launches.recalls import Deletion, Recall
from launches.results import find_launch
from tests.faults.conftest import wait_for_end
from tests.faults.keeping import assert_no_secret, read_secrets
from tests.processes import kill, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = 60


def count_standing(simulator, slug):
    """How many posts of a campaign stand on the wall."""
    link = f"https://example.org/{slug}"
    return sum(link in post["text"].split() for post in simulator.list_posts())


@pytest.mark.faults
def test_a_worker_killed_in_the_middle_of_a_recall_leaves_no_post_and_touches_no_other(
    product, simulator, gather
):
    campaign = gather(NUMBER, launch_in=8)
    other = gather(8, launch_in=8, slug="sea", prefix="wave")
    worker = product.start("worker")
    product.start("beat")
    wait_for_end(campaign, other, product=product)
    launch = find_launch(campaign)
    sent = launch.deliveries.tally()["sent"]
    assert sent == count_standing(simulator, "river") == NUMBER
    others = sorted(post["id"] for post in simulator.list_posts() if "/sea" in post["text"])

    simulator.set_faults({"endpoints": "delete", "latency_ms": 400, "jitter_ms": 400, "seed": 1})
    product.manage("recall_launch", "river", "--yes")
    wait_until(
        lambda: count_standing(simulator, "river") <= NUMBER - 15, what="deleting", every=0.02
    )
    kill(worker)
    in_hand = Deletion.objects.filter(state="claimed").count()
    assert in_hand > 0, "the worker was killed too late to prove anything"
    # Some were deleted and nobody wrote it down: that is what the next one has to find out.
    deleted = Deletion.objects.filter(state="deleted").count()
    assert deleted < NUMBER
    simulator.clear_faults()

    product.start("worker")
    wait_until(
        lambda: Recall.objects.exclude(finished_at=None).exists(),
        what="the recall's end",
        every=0.2,
    )
    lines = sorted(Deletion.objects.values_list("state", flat=True))
    assert lines == ["deleted"] * NUMBER, product.read_logs()
    assert count_standing(simulator, "river") == 0
    left = sorted(post["id"] for post in simulator.list_posts())
    assert left == others
    assert launch.deliveries.tally()["sent"] == NUMBER  # that they were posted stays true
    assert_no_secret(read_secrets(), product=product)
