"""Which launches a tick wakes workers for, and in which order."""

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from launches.models import Delivery, Launch, LaunchState
from launches.ticking import find_work
from supporters.models import KnownServer, LinkedAccount
from tests.making import make_campaign, make_pledge

pytestmark = pytest.mark.django_db

UNDECIDED = (LaunchState.SCHEDULED, LaunchState.ARMED)


@pytest.fixture
def now():
    return database_now()


@pytest.fixture
def launch(olive, now):
    """Makes a launch in any state, so many seconds from now, with deliveries in these states."""

    def make(state, at, *deliveries, **facts):
        campaign = make_campaign(olive, slug=f"river-{Launch.objects.count()}", launch_in=at)
        decided = {} if state in UNDECIDED else {"decided_at": now, "people": 1, "pledges": 1}
        made = Launch.objects.create(
            campaign=campaign,
            state=state,
            launch_at=campaign.launch_at,
            latest_at=campaign.latest_at,
            **decided,
        )
        for number, delivery in enumerate(deliveries):
            plan(made, mark=f"{number:064}", state=delivery, **facts)
        return made.pk

    return make


def plan(launch, *, mark, state, due_in=None, erased=False):
    """A delivery that is due so many seconds from now; ``erased``: its pledge is gone."""
    server, _ = KnownServer.objects.get_or_create(network="mastodon", host="a.example")
    account, _ = LinkedAccount.objects.get_or_create(
        person=launch.campaign.organiser,
        network="mastodon",
        known_server=server,
        account_id=mark,
        fingerprint=mark,
    )
    now = database_now()
    return Delivery.objects.create(
        launch=launch,
        pledge=None if erased else make_pledge(launch.campaign, account),
        account_fingerprint=mark,
        network="mastodon",
        host="a.example",
        state=state,
        due_at=None if due_in is None else now + timedelta(seconds=due_in),
        lease_until=now + timedelta(seconds=20) if state == "claimed" else None,
        remote_id="7" if state == "sent" else "",
    )


def test_undecided_launches_come_first_then_the_earliest_moment(launch, now):
    late = launch(LaunchState.FIRING, -300, "planned")
    armed = launch(LaunchState.ARMED, 20, "planned")
    over = launch(LaunchState.FINISHED, -900, "unknown")
    early = launch(LaunchState.FIRING, -600, "planned")
    scheduled = launch(LaunchState.SCHEDULED, 10)
    assert find_work(now) == [scheduled, armed, over, early, late]


@pytest.mark.parametrize("state", UNDECIDED)
def test_an_undecided_launch_is_named_when_its_moment_is_near(launch, now, state):
    far, near, past = launch(state, 40), launch(state, 25), launch(state, -5)
    assert find_work(now) == [past, near]
    assert find_work(now + timedelta(seconds=15)) == [past, near, far]


@pytest.mark.parametrize(
    ("delivery", "facts", "named"),
    [
        ("planned", {}, True),
        ("waiting", {}, True),
        ("waiting", {"due_in": -1}, True),
        ("waiting", {"due_in": 5}, False),
        ("unknown", {}, True),
        ("unknown", {"due_in": -1}, True),
        ("unknown", {"due_in": 5}, False),
        ("unknown", {"erased": True}, False),
        ("claimed", {}, False),
        ("sent", {}, False),
    ],
)
def test_a_launch_that_fires_is_named_when_something_is_due(launch, now, delivery, facts, named):
    firing = launch(LaunchState.FIRING, -60, delivery, **facts)
    assert find_work(now) == [firing] * named


def test_what_waits_is_named_once_it_is_due(launch, now):
    firing = launch(LaunchState.FIRING, -60, "waiting", "sent", due_in=5)
    assert find_work(now) == []
    assert find_work(now + timedelta(seconds=6)) == [firing]


@pytest.mark.parametrize("state", ["held", "finished", "missed", "cancelled"])
def test_a_launch_that_does_not_fire_is_named_for_lookups_only(launch, now, state):
    launch(state, -60, "planned", "waiting")
    lookups = launch(state, -60, "unknown")
    assert find_work(now) == [lookups]


def test_a_launch_with_much_to_do_is_named_once(launch, now):
    firing = launch(LaunchState.FIRING, -60, "planned", "planned", "waiting", "unknown")
    assert find_work(now) == [firing]
