"""Ten thousand deliveries, of which one host is dead and one never answers: the others are on time.

Measured against the same launch without the two, in the same run, by the same engine in this very
process; the hosts that answer are a process of their own.
"""

import contextlib
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db.models import Max

from campaigns.clock import database_now
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import Delivery, Launch
from launches.pauses import HostPause
from launches.planning import create_launches
from tests.launches.crowding import lend_many
from tests.making import make_campaign
from tests.processes import WAIT_SECONDS, free_port, wait_until
from tests.racing import Actor

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.postgres,  # launches of that size are for it
]

ROOT = Path(__file__).resolve().parent.parent.parent
NUMBER = 10_000
TROUBLED = 1_000  # of them, on each of the two hosts
WELL_HOSTS = 4
LATENCY_MS = 50
AT_MOST = 1.5  # times as long as without them


@pytest.fixture
def well():
    """Hosts that take posts, as fast as they can."""
    with contextlib.ExitStack() as stack:
        hosts = []
        for _ in range(WELL_HOSTS):
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.sink", str(LATENCY_MS)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.terminate)
            hosts.append(f"127.0.0.1:{int(process.stdout.readline())}")
        yield hosts


@pytest.fixture
def mute():
    """A host that accepts connections and requests, and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def dead():
    """A host on which nothing listens."""
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def measure(settings, olive, well, dead, mute):
    """Launch to so many accounts on each host; gives the seconds until all but two are through."""
    settings.NETWORK_EXCEPTIONS = [*well, dead, mute]
    settings.CANARY = False  # it may take two seconds where somebody does not answer
    pace = {**settings.NETWORKS["mastodon"], "pace": f"{NUMBER * 10}/1"}
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": pace}

    def do(slug, numbers):
        campaign = make_campaign(olive, launch_in=-0.01, slug=slug)
        for host, number in numbers.items():
            lend_many(campaign, host, number)
        create_launches(database_now())
        launch = ignite(Launch.objects.latest("pk").pk)
        posts = Delivery.objects.filter(launch=launch, host__in=well)
        begun_at, stopping = database_now(), threading.Event()
        worker = Actor(lambda: deliver(launch.pk, stopping=stopping.is_set))
        wait_until(
            lambda: not posts.exclude(state="sent").exists(),
            what="the others' posts",
            seconds=300,
            every=0.5,
        )
        stopping.set()
        worker.join(WAIT_SECONDS)  # the last requests to the mute host have their deadline first
        assert worker.finish() is None
        last = posts.aggregate(last=Max("answered_at"))["last"]
        return (last - begun_at).total_seconds()

    return do


def test_one_host_dead_and_one_mute_keep_the_posts_of_the_others_no_longer(
    measure, well, dead, mute
):
    each = (NUMBER - 2 * TROUBLED) // WELL_HOSTS
    alone = measure("alone", dict.fromkeys(well, each))
    Launch.objects.update(state="finished")
    # Theirs come first, so that every claim meets them.
    beside = measure("beside", {dead: TROUBLED, mute: TROUBLED, **dict.fromkeys(well, each)})
    print(f"alone {alone:.2f} s, beside {beside:.2f} s, ratio {beside / alone:.2f}")
    assert beside < AT_MOST * alone
    assert {dead} <= set(HostPause.objects.values_list("host", flat=True))
    troubled = Delivery.objects.filter(host__in=[dead, mute])
    assert troubled.filter(state="sent").count() == 0
    # Hardly any of theirs was begun, and of those that were none is lost.
    assert troubled.filter(tries=0).count() > TROUBLED
    assert not troubled.filter(state="claimed").exists()
