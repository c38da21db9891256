"""PostgreSQL restarted and killed, SQLite locked and out of space, in the middle of a launch."""

import resource
import sqlite3
import time

import psutil
import pytest
from django.db import connection

from launches.models import Delivery, DeliveryState, Launch, LaunchState
from tests.conftest import make_person
from tests.faults.conftest import make_gatherer, on_postgres, wait_for_end
from tests.faults.keeping import assert_kept
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
on_sqlite = pytest.mark.skipif(on_postgres(), reason="SQLite's own troubles")
NUMBER = 60
FULL_BYTES = 20_000  # room for a message between processes, not for the database


@pytest.fixture
def start(hurry):
    """Starts everything on the database of the moment, in a launch that takes some seconds."""

    def do(gather, launch_in=7, **environment):
        campaign = gather(NUMBER, launch_in=launch_in)
        product = hurry(MASTODON_PACE="5/1", **environment)
        for name in ("web", "worker", "worker", "beat"):
            product.start(name)
        return campaign, product

    return do


def wait_for_posts(simulator, number=10):
    wait_until(lambda: simulator.summarise()["posts"] >= number, what="posts", every=0.05)


@pytest.mark.postgres
@pytest.mark.parametrize("way", ["stop", pytest.param("kill", marks=pytest.mark.faults)])
def test_a_restarted_postgresql_is_resumed_without_anybody_s_help(postgres, simulator, start, way):
    gather = make_gatherer(simulator, make_person("olive@example.org", "Olive"))
    campaign, product = start(gather)
    product.wait_ready()
    wait_for_posts(simulator)
    connection.close()
    getattr(postgres, way)()
    wait_until(lambda: product.get("/readyz")[0] == 503, what="/readyz red")
    assert product.get("/livez")[0] == 200
    posts = simulator.summarise()["posts"]
    postgres.start()
    wait_for_end(campaign, product=product)
    assert posts < NUMBER, "it came back too late to prove anything"
    product.wait_ready()
    ledger = assert_kept(product, simulator, number=NUMBER, states=("sent", "unconfirmed"))
    assert ledger.sent >= NUMBER * 3 // 4


@pytest.mark.faults
@pytest.mark.postgres
def test_a_postgresql_that_is_away_at_the_moment_delays_and_loses_nothing(
    postgres, simulator, start
):
    gather = make_gatherer(simulator, make_person("olive@example.org", "Olive"))
    campaign, product = start(gather, launch_in=20)
    wait_until(
        lambda: Launch.objects.filter(state=LaunchState.ARMED).exists(), what="arming", every=0.05
    )
    connection.close()
    postgres.kill()
    moment = campaign.launch_at.timestamp()
    wait_until(lambda: time.time() > moment + 2, what="the moment")
    assert simulator.list_requests() == []
    postgres.start()
    wait_for_end(campaign, product=product)
    assert assert_kept(product, simulator, number=NUMBER).sent == NUMBER


@pytest.fixture
def lock():
    """Holds SQLite's write lock: ``lock()`` takes it, and gives what lets it go."""
    held = []

    def take():
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=20)
        other.execute("BEGIN IMMEDIATE")
        held.append(other)
        return other.close

    yield take
    for other in held:
        other.close()


@on_sqlite
@pytest.mark.faults
def test_a_locked_sqlite_holds_everything_up_and_loses_nothing(simulator, start, gather, lock):
    """For longer than anybody waits for it, in the middle and again at once after."""
    campaign, product = start(gather, SQLITE_TIMEOUT_SECONDS="1")
    wait_for_posts(simulator)
    for _ in range(2):
        let_go = lock()
        before = count_words(product, "database is locked")
        wait_until(
            lambda known=before: count_words(product, "database is locked") > known + 2,
            what="its words in the logs",
        )
        settled = simulator.summarise()["posts"]
        let_go()
        wait_until(
            lambda known=settled: simulator.summarise()["posts"] > known, what="further posts"
        )
    wait_for_end(campaign, product=product)
    ledger = assert_kept(product, simulator, number=NUMBER, states=("sent", "unconfirmed"))
    assert ledger.sent >= NUMBER * 3 // 4


@on_sqlite
@pytest.mark.faults
@pytest.mark.parametrize("when", ["before the moment", "in the middle"])
def test_a_full_disk_stops_the_launch_and_room_lets_it_go_on(simulator, start, gather, when):
    """No process may write a file any longer than it is: what a full disk does to a database."""
    campaign, product = start(gather, launch_in=15, SQLITE_TIMEOUT_SECONDS="1")
    if when == "in the middle":
        wait_for_posts(simulator)
    else:
        product.wait_ready()
    set_room(product, FULL_BYTES)
    wait_until(lambda: count_words(product, "disk I/O error"), what="its words in the logs")
    wait_until(
        lambda: time.time() > campaign.launch_at.timestamp() + 4,
        what="some seconds after the moment",
    )
    posts = simulator.summarise()["posts"]
    assert posts < NUMBER, "it was full too late to prove anything"
    states = Launch.objects.values_list("state", flat=True)
    assert set(states) <= {LaunchState.SCHEDULED, LaunchState.ARMED, LaunchState.FIRING}
    assert Delivery.objects.count() in (0, NUMBER)
    set_room(product, resource.RLIM_INFINITY)
    wait_for_end(campaign, product=product)
    ledger = assert_kept(product, simulator, number=NUMBER, states=("sent", "unconfirmed"))
    assert ledger.sent >= NUMBER * 3 // 4
    assert not Delivery.objects.filter(state=DeliveryState.NOT_SENT).exists()


def set_room(product, most_bytes):
    """How long a file may be that the product's processes write."""
    for process in product.processes:
        whole = psutil.Process(process.pid)
        for each in (whole, *whole.children(recursive=True)):
            each.rlimit(psutil.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))


def count_words(product, words):
    """How often the processes wrote that."""
    return sum(path.read_text().count(words) for path in product.folder.glob("*.log"))
