"""The broker and the cache: emptied, killed, silent, and every message five times."""

import contextlib

import pytest
from django.db import connection
from post_office.models import STATUS, Email

from launches.models import Attempt, Delivery, Launch
from supporters.models import Pledge
from tests.faults.conftest import is_over, on_postgres, wait_for_end
from tests.faults.keeping import assert_kept
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
RETURN_SECONDS = 10


@pytest.fixture
def paced(simulator, gather, hurry):
    """Starts a launch that takes some seconds: ``paced(BROKER_URL=…)``, with receipts to write."""

    def start(number=60, **environment):
        campaign = gather(number, launch_in=6)
        Pledge.objects.update(receipt_email="voice@example.org")
        product = hurry(MASTODON_PACE="5/1", **environment)
        for name in ("worker", "worker", "beat"):
            product.start(name)
        return campaign, product

    return start


def wait_for_posts(simulator, number):
    wait_until(lambda: simulator.summarise()["posts"] >= number, what="posts", every=0.05)


def are_mails_out():
    mails = Email.objects.all()
    return mails.exists() and not mails.exclude(status=STATUS.sent).exists()


def test_an_emptied_broker_loses_nothing(paced, simulator, request):
    """FLUSHALL in the middle of a launch: messages, pace and all. On files: every file of it."""
    if on_postgres():
        valkey = request.getfixturevalue("valkey")
        campaign, product = paced(BROKER_URL=f"{valkey.url}/0", CACHE_URL=f"{valkey.url}/1")

        def empty():
            valkey.ask("FLUSHALL")
    else:
        campaign, product = paced()

        def empty():
            for path in (product.folder / "broker" / "messages").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()

    wait_for_posts(simulator, 5)
    while not is_over(campaign):
        empty()
        sent = simulator.summarise()["posts"]
        wait_until(
            lambda known=sent: simulator.summarise()["posts"] >= known + 10 or is_over(campaign),
            what="further posts",
        )
    assert assert_kept(product, simulator, number=60).sent == 60
    wait_until(are_mails_out, what="the receipts")


@pytest.mark.faults
@pytest.mark.parametrize("away_seconds", [5, 60])
def test_a_broker_that_was_away_is_made_up_for_within_seconds_of_its_return(
    paced, simulator, valkey, away_seconds
):
    """Killed before the moment, so that nobody is at work when it comes."""
    campaign, product = paced(number=20, BROKER_URL=f"{valkey.url}/0", CACHE_URL=f"{valkey.url}/1")
    product.start("web")
    product.wait_ready()
    valkey.kill()
    wait_until(lambda: product.get("/readyz")[0] == 503, what="/readyz red")
    with contextlib.suppress(AssertionError):
        wait_until(lambda: False, what="its return", seconds=away_seconds)
    valkey.start()
    wait_until(
        lambda: is_over(campaign) and are_mails_out(),
        what="launch and mails",
        seconds=RETURN_SECONDS,
    )
    product.wait_ready()
    assert assert_kept(product, simulator, number=20).sent == 20


@pytest.mark.faults
def test_a_broker_that_takes_connections_and_answers_nobody_stops_no_launch_under_way(
    paced, simulator, valkey
):
    """Frozen, not dead: the pace has a server to wait for, and must not wait for ever.

    It waits for longer than the hurried leases of these tests last, so some are looked up.
    """
    campaign, product = paced(BROKER_URL=f"{valkey.url}/0", CACHE_URL=f"{valkey.url}/1")
    wait_for_posts(simulator, 5)
    valkey.freeze()
    with contextlib.suppress(AssertionError):
        wait_until(lambda: is_over(campaign), what="the launch's end", seconds=15)
    valkey.thaw()
    wait_for_end(campaign, product=product)
    ledger = assert_kept(product, simulator, number=60, states=("sent", "unconfirmed"))
    assert ledger.sent >= 45


@pytest.mark.faults
def test_every_message_five_times_and_out_of_order_is_one_send(paced, simulator):
    campaign, product = paced(SEND_MESSAGES_TIMES="5")
    wait_for_end(campaign, product=product)
    assert Launch.objects.count() == 1
    assert assert_kept(product, simulator, number=60).sent == 60
    assert not Attempt.objects.exclude(outcome="sent").exists()
    assert len(simulator.list_requests()) == Delivery.objects.count() == 60
    wait_until(are_mails_out, what="the receipts")
    assert Email.objects.filter(to="voice@example.org").count() == 60
    assert connection.is_usable()
