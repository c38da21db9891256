"""A network that is dead: it takes what is sent and answers nobody, while the others go on."""

import pytest

from launches.models import Delivery, DeliveryState
from tests.faults.conftest import wait_for_end
from tests.faults.keeping import assert_kept
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ON_TIME_MS = 15_000  # of a machine that others use too; the dead network hangs for far longer


@pytest.mark.faults
def test_a_dead_network_delays_none_of_the_others(product, simulator, gather):
    """Two hundred posts on a server that hangs; when it is back, each is looked up."""
    number, dead = 260, simulator.get_instance("mastodon-4.2")["instance"]
    campaign = gather(
        number, kinds=("mastodon-4.2",) * 10 + ("mastodon", "mastodon", "gotosocial"), launch_in=10
    )
    simulator.set_faults({"instance": dead, "endpoints": "all", "slow_before": 1, "slow_ms": 6000})
    for name in ("worker", "worker", "beat"):
        product.start(name)
    others = Delivery.objects.exclude(host=dead)
    wait_until(
        lambda: others.exists() and not others.exclude(state=DeliveryState.SENT).exists(),
        what="the others' posts",
    )
    lags = sorted(delivery.lag_ms for delivery in others.select_related("launch"))
    assert len(lags) == 60
    assert lags[-1] - lags[0] < ON_TIME_MS
    assert Delivery.objects.filter(host=dead).exclude(state=DeliveryState.SENT).count() == 200
    simulator.clear_faults()
    wait_for_end(campaign, product=product)
    assert assert_kept(product, simulator, number=number).sent == number
