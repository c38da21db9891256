"""A campaign with pledged accounts on the simulator, and the scheduler stepped by hand."""

import time
from datetime import timedelta

import pytest

from accounts.models import User
from campaigns.clock import database_now
from launches.delivering import deliver
from launches.models import Attempt, Delivery, Launch
from launches.pauses import Heartbeat
from launches.ticking import tick
from supporters.models import Pledge
from tests.making import link_mastodon, make_campaign, make_pledge
from tests.pages.showcasing import decide, lend

SHOWN_MOST = 40
OUTCOMES = ["sent", "sent", "failed", "planned", "waiting", "unknown"]


@pytest.fixture
def networks(settings, simulator):
    """The product lets its adapters reach the simulator, and nothing else on this machine."""
    settings.NETWORK_EXCEPTIONS = simulator.hosts
    return simulator


@pytest.fixture
def crowd(networks, olive):
    """Makes a campaign with so many pledged accounts: ``crowd(5, launch_in=0.2)``."""

    def make(number, *, kind="mastodon", prefix="voice", **facts):
        campaign = make_campaign(olive, **facts)
        pledges = []
        for index in range(number):
            person = User.objects.create_user(name=f"{prefix} {index}")
            account = link_mastodon(networks, person, f"{prefix}{index}", kind=kind)
            pledges.append(make_pledge(campaign, account))
        return campaign, pledges

    return make


@pytest.fixture
def under_way(olive):
    """Gives a launch in that state, with one delivery for each outcome."""

    def make(state="firing", outcomes=OUTCOMES, **facts):
        campaign = make_campaign(olive, launch_in=-20, **facts)
        pledges = [lend(campaign, name=f"Voice {number}") for number in range(len(outcomes))]
        Pledge.objects.update(is_shown=True)
        launch = decide(campaign, state, pledges=pledges, outcomes=outcomes)
        Delivery.objects.filter(state="sent").update(permalink="https://m.example/1")
        return launch

    return make


@pytest.fixture
def step():
    """One tick of the scheduler; gives the launches it woke workers for."""

    def do():
        woken = []
        tick(woken.append)
        return woken

    return do


@pytest.fixture
def fall_silent(step, settings):
    """The scheduler has ticked once, and stood still for so many minutes since."""

    def do(minutes):
        if not Heartbeat.objects.exists():
            step()
        last = database_now() - timedelta(minutes=minutes)
        Heartbeat.objects.update(beat_at=last)
        settings.LAST_TICK_FILE.write_text(last.isoformat())

    return do


@pytest.fixture
def launch_now(step):
    """Tick, and work as a worker would, until the launch is over; gives the launch."""

    def do(campaign, *, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for launch_id in step():
                deliver(launch_id)
            launch = Launch.objects.filter(campaign=campaign).first()
            step()
            if launch is not None:
                launch.refresh_from_db()
                if launch.is_over:
                    return launch
        raise AssertionError(f"the launch did not end: {launch}")

    return do


@pytest.fixture(autouse=True)
def brisk(monkeypatch, settings):
    """Workers that do not linger and leases that are soon over, so that a test need not wait.

    A request still has its whole deadline at the adapter: what is short is how long is waited.
    """
    monkeypatch.setattr("launches.delivering.LINGER_SECONDS", 0.3)
    settings.LEASE_SECONDS = 2
    settings.DEADLINE_SECONDS = 0.5


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Workers and ticks log no error that a test does not expect (it then clears ``caplog``)."""
    yield
    errors = [record for record in caplog.get_records("call") if record.levelname == "ERROR"]
    assert not [record.getMessage() for record in errors if record.name.startswith("launches")]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that failed tells what the ledger and the networks say, since a race comes rarely."""
    report = yield
    networks = getattr(item, "funcargs", {}).get("networks")
    if call.when == "call" and report.failed and networks is not None:
        lines = [
            *(f"attempt {each}" for each in Attempt.objects.order_by("pk").values()),
            *(f"delivery {each}" for each in Delivery.objects.order_by("pk").values()),
            *(f"request {each}" for each in networks.list_requests()),
            *(f"post {each}" for each in networks.list_posts()),
        ]
        report.sections.append(("the ledger and the networks", "\n".join(lines[:SHOWN_MOST])))
    return report
