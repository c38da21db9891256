"""A backup restored, a database cloned, the machine off across the moment: real copies, restarted.

Whatever the copy does not know was posted is looked up before anything is sent.
"""

import contextlib
import shutil
import sqlite3
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from campaigns.clock import database_now
from launches.installation import FOREIGN
from launches.models import Attempt, Delivery, Launch, LaunchState
from launches.results import find_launch
from tests.faults.conftest import on_postgres, wait_for_end
from tests.faults.keeping import assert_kept
from tests.launches.elapsing import let_pass
from tests.processes import kill, wait_until
from tests.servers import find_program

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = ("mastodon", "mastodon-4.2")  # where absence can be proved
NUMBER = 40


@contextlib.contextmanager
def clone_database():
    """A copy of the database on the same server, for a while; gives its DATABASE_URL."""
    facts = connection.settings_dict
    name, host, user = (facts[key] for key in ("NAME", "HOST", "USER"))
    connection.close()
    with psycopg.connect(host=host, user=user, dbname="postgres", autocommit=True) as other:
        other.execute(f'CREATE DATABASE clone TEMPLATE "{name}"')
        try:
            yield f"postgres://{user}@/{host}/clone"
        finally:
            other.execute("DROP DATABASE clone WITH (FORCE)")


class Copies:
    """Backups of the database under test, by the tools of its own kind."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def take(self):
        """A backup of this very moment, while everything runs."""
        if not on_postgres():
            source = sqlite3.connect(connection.settings_dict["NAME"], timeout=20)
            with sqlite3.connect(self.folder / "backup.sqlite3") as copy:
                source.backup(copy)
            copy.close()
            source.close()
            return
        command = ["-Fc", "-f", str(self.folder / "backup"), connection.settings_dict["NAME"]]
        self._run("pg_dump", *command)

    def restore(self):
        """Put the backup in the database's place; nobody may be connected."""
        connection.close()
        if not on_postgres():
            name = Path(connection.settings_dict["NAME"])
            for ending in ("-wal", "-shm"):
                name.with_name(name.name + ending).unlink(missing_ok=True)
            shutil.copyfile(self.folder / "backup.sqlite3", name)
            return
        name = connection.settings_dict["NAME"]
        self._run("pg_restore", "--clean", "--if-exists", "-d", name, str(self.folder / "backup"))

    def _run(self, program, *arguments):
        host = connection.settings_dict["HOST"]
        command = [find_program(program), "-h", host, "-U", "postgres", *arguments]
        subprocess.run(command, check=True)


@pytest.fixture
def copies(tmp_path):
    return Copies(tmp_path)


@pytest.fixture
def launched(gather, product):
    """Starts a launch with some seconds before it and some to go on; gives campaign and fleet."""
    product.environment["MASTODON_PACE"] = "5/1"

    def start():
        campaign = gather(NUMBER, kinds=KINDS, launch_in=8)
        return campaign, start_all(product)

    return start


def start_all(product):
    return [product.start(name) for name in ("worker", "beat")]


def wait_for_posts(simulator, number):
    wait_until(lambda: simulator.summarise()["posts"] >= number, what="posts", every=0.05)


def wait_for_hold(campaign, product):
    """Until it says that it is held, or that nothing is done at all."""

    def is_refused():
        launch = find_launch(campaign)
        return launch is None or launch.is_over or launch.held_why == FOREIGN or is_unlit(launch)

    def is_unlit(launch):
        moment_passed = database_now() > launch.launch_at
        return moment_passed and launch.state in (LaunchState.SCHEDULED, LaunchState.ARMED)

    wait_until(is_refused, what="the hold")


def adopt(product):
    """As its operator does, who is first told what to make sure of."""
    refused = product.manage("adopt", check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "switched off" in refused.stderr
    adopted = product.manage("adopt", "--yes", capture_output=True, text=True)
    assert "Adopted" in adopted.stdout


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("before", marks=pytest.mark.faults),
        "in the middle",
        pytest.param("after", marks=pytest.mark.faults),
    ],
)
def test_a_restored_backup_sends_nothing_until_it_is_adopted_and_then_looks_first(
    launched, copies, product, simulator, when
):
    """The launch went on after the backup: what it posted since is not posted again."""
    campaign, fleet = launched()
    if when == "before":
        wait_until(Launch.objects.exists, what="the launch", every=0.05)
    elif when == "in the middle":
        wait_for_posts(simulator, 5)
    else:
        wait_for_end(campaign, product=product)
    copies.take()
    note = product.folder / "last_tick"
    known = note.read_text()
    wait_until(lambda: note.read_text() > known, what="a later tick")
    wait_for_posts(simulator, 20)
    if when != "in the middle":
        wait_for_end(campaign, product=product)
    for process in fleet:
        kill(process)
    copies.restore()
    posts = simulator.summarise()["posts"]
    requests = len(simulator.list_requests())
    start_all(product)
    wait_for_hold(campaign, product)
    assert simulator.summarise()["posts"] == posts
    assert len(simulator.list_requests()) == requests
    adopt(product)
    wait_for_end(campaign, product=product)
    assert assert_kept(product, simulator, number=NUMBER).sent == NUMBER
    if when != "after":
        assert Launch.objects.get().look_first
        assert Attempt.objects.filter(outcome="found").exists()


@pytest.mark.faults
@pytest.mark.postgres
def test_a_clone_on_a_second_host_posts_nothing_beside_the_first(
    launched, product, hurry, simulator
):
    """CREATE DATABASE … TEMPLATE, with the keys and another address; both run at once."""
    campaign, fleet = launched()
    wait_until(Launch.objects.exists, what="the launch", every=0.05)
    for process in fleet:
        kill(process)
    with clone_database() as url:
        clone = hurry(DATABASE_URL=url, SITE_URL="http://127.0.0.1:9999", INSTANCE_ID="another")
        clone.environment["BROKER_URL"] = clone.environment["BROKER_URL"].replace("/3", "/5")
        start_all(clone)
        start_all(product)
        wait_for_end(campaign, product=product)
        assert assert_kept(product, simulator, number=NUMBER).sent == NUMBER
        assert len(simulator.list_requests()) == NUMBER
        assert "held" not in Launch.objects.values_list("state", flat=True)
        clone.stop()


@pytest.mark.faults
@pytest.mark.parametrize("when", ["before the moment", "in the middle"])
def test_a_machine_that_was_off_across_the_moment_looks_first_and_says_how_late_it_is(
    launched, product, simulator, settings, when
):
    settings.LAST_TICK_FILE = product.folder / "last_tick"
    campaign, fleet = launched()
    if when == "before the moment":
        wait_until(lambda: Delivery.objects.count() == NUMBER, what="the deliveries", every=0.05)
    else:
        wait_for_posts(simulator, 5)
    for process in fleet:
        kill(process)
    sent = simulator.summarise()["posts"]
    let_pass(minutes=10)
    start_all(product)
    product.start("web")
    wait_for_end(campaign, product=product)
    assert assert_kept(product, simulator, number=NUMBER).sent == NUMBER
    assert Launch.objects.get().look_first
    assert Attempt.objects.filter(outcome="found").count() >= (1 if sent else 0)
    product.wait_ready()
    assert product.read_results(campaign.slug)["last_lag_ms"] > 9 * 60 * 1000


@pytest.mark.faults
def test_a_machine_that_was_off_until_after_the_latest_time_sends_nothing_and_says_so(
    launched, product, simulator, settings
):
    settings.LAST_TICK_FILE = product.folder / "last_tick"
    campaign, fleet = launched()
    wait_until(lambda: Delivery.objects.count() == NUMBER, what="the deliveries", every=0.05)
    for process in fleet:
        kill(process)
    let_pass(minutes=50)
    start_all(product)
    product.start("web")
    wait_for_end(campaign, product=product)
    ledger = assert_kept(product, simulator, number=NUMBER, states=("not_sent",))
    assert ledger.not_sent == NUMBER
    assert simulator.list_requests() == []
    assert all("latest time" in each.sentence for each in Delivery.objects.all())
    product.wait_ready()
    assert product.read_results(campaign.slug)["tally"]["not_sent"] == NUMBER
