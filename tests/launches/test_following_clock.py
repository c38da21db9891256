"""The database's clock is followed during a launch: every claim reads it anew."""

import time

import pytest

from campaigns.clock import database_now
from launches import delivering
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import Delivery, Launch
from launches.planning import create_launches

pytestmark = pytest.mark.django_db(transaction=True)

APART_SECONDS = 600


@pytest.mark.parametrize("seconds", [APART_SECONDS, -APART_SECONDS])
def test_a_clock_that_is_stepped_between_two_claims_is_followed(
    crowd, networks, monkeypatch, seconds
):
    """Seen from here, the machine's own counter and the database's clock come apart."""
    crowd(3, launch_in=-0.01)
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    monkeypatch.setattr(delivering, "FIRST_BATCH", 1)
    counter, asked = time.clock_gettime, []

    def step_after_first_claim():
        """A worker asks whether to stop before it waits for the moment, and before each claim."""
        asked.append(None)
        if len(asked) == 3:
            monkeypatch.setattr(time, "clock_gettime", lambda clock: counter(clock) + seconds)
        return len(asked) > 100  # what is given back again and again would never end

    deliver(launch.pk, stopping=step_after_first_claim)
    _, *later = Delivery.objects.order_by("pk")
    assert [delivery.state for delivery in later] == ["sent", "sent"]
    for delivery in later:
        apart = (database_now() - delivery.answered_at).total_seconds()
        assert abs(apart) < APART_SECONDS / 10
