"""A launch that is stepped by hand, for what spans all stages."""

import time

import pytest

from launches.delivering import deliver
from launches.models import Launch
from launches.ticking import tick
from tests.conftest import make_person
from tests.platforms import switch_on


@pytest.fixture
def networks(settings, simulator):
    """Every simulated network, reached as in production."""
    switch_on(settings, simulator)
    return simulator


@pytest.fixture
def xavier(networks):
    """Supports, under a name that nothing else here contains."""
    return make_person("xavier.q@example.org", "Xavier Quillfeather")


@pytest.fixture
def launch_now(monkeypatch, settings):
    """Tick, and work as a worker would, until the launch is over; gives the launch."""
    monkeypatch.setattr("launches.delivering.LINGER_SECONDS", 0.3)
    settings.LEASE_SECONDS = 2
    settings.DEADLINE_SECONDS = 0.5

    def do(campaign, *, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            woken = []
            tick(woken.append)
            for launch_id in woken:
                deliver(launch_id)
            launch = Launch.objects.filter(campaign=campaign).first()
            tick(woken.append)
            if launch is not None:
                launch.refresh_from_db()
                if launch.is_over:
                    return launch
        raise AssertionError(f"the launch did not end: {launch}")

    return do
