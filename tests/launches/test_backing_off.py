"""A network that asks for no wait, or for one that is over, is not asked again at once."""

from dataclasses import replace

import pytest

from campaigns.clock import database_now
from launches.claiming import claim
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import Attempt, Delivery, DeliveryState, Launch
from launches.planning import create_launches
from launches.sending import note_error, note_not_begun
from networks.errors import TryLater

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firing(crowd):
    """A launch that fires, with one delivery, which was tried twice already."""
    crowd(1, launch_in=-0.01)
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    Delivery.objects.update(tries=2, attempt=2)
    return launch


def wait_after(attempt, waiting):
    return (waiting.due_at - attempt.ended_at).total_seconds()


@pytest.mark.parametrize("retry_after", [0, -30])
@pytest.mark.parametrize("asked", ["publish", "find"])
def test_a_server_that_asks_for_no_wait_is_left_alone_for_a_while(
    firing, networks, asked, retry_after
):
    """``-30``: the reset that it names was half a minute ago."""
    Launch.objects.update(look_first=asked == "find")
    networks.set_faults({"endpoints": asked, "429": 1.0, "retry_after": retry_after, "times": 5})
    deliver(firing.pk)
    attempt = Attempt.objects.get()
    waiting = Delivery.objects.get()
    assert (attempt.outcome, waiting.state) == ("later", DeliveryState.WAITING)
    assert 3 <= wait_after(attempt, waiting) <= 5
    assert len(networks.list_requests()) == (1 if asked == "publish" else 0)


@pytest.mark.parametrize("note", [note_error, note_not_begun])
@pytest.mark.parametrize("asked", [None, 0.0])
@pytest.mark.parametrize(("tries", "seconds"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (99, 60)])
def test_the_wait_grows_with_every_try(firing, note, asked, tries, seconds):
    held = replace(claim(firing.pk, most=1).claims[0], tries=tries, attempt=tries)
    now = database_now()
    result = note(now, held, now, TryLater("Busy.", after_seconds=asked))
    assert 0.75 * seconds <= wait_after(result, result) <= 1.25 * seconds


@pytest.mark.parametrize("note", [note_error, note_not_begun])
def test_a_longer_wait_that_the_network_asks_for_is_kept_to(firing, note):
    held = claim(firing.pk, most=1).claims[0]
    now = database_now()
    result = note(now, held, now, TryLater("Busy.", after_seconds=300.0))
    assert wait_after(result, result) == 300


def test_what_is_only_looked_up_waits_as_well(firing, networks):
    Delivery.objects.update(state=DeliveryState.UNKNOWN, is_uncertain=True)
    networks.set_faults({"endpoints": "find", "429": 1.0, "retry_after": 0, "times": 5})
    deliver(firing.pk)
    attempt = Attempt.objects.get()
    unknown = Delivery.objects.get()
    assert unknown.state == DeliveryState.UNKNOWN
    assert 3 <= wait_after(attempt, unknown) <= 5
