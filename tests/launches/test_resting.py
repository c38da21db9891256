"""Limits learnt from answers: whoever has nothing left to give is left alone until then."""

import asyncio
import json
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from campaigns.clock import database_now
from launches import breaking, resting
from launches.claiming import claim
from launches.delivering import Run, deliver
from launches.igniting import ignite
from launches.models import Delivery, Launch
from launches.moment import Moment, read_moment
from launches.pauses import HostPause
from launches.planning import create_launches
from launches.sending import note_error
from launches.watching import DatabaseThread
from networks.errors import TryLater
from supporters.models import KnownServer
from tests.launches.crowding import lend_many
from tests.making import make_campaign

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "a.example"
FREE = 5  # posts until nothing remains
REST_SECONDS = 2


class Limited(ThreadingHTTPServer):
    """Takes posts, counts them by address as GoToSocial does, and refuses what is too many."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answering)
        self.lock = threading.Lock()
        self.posts = self.refused = 0
        self.shut_until = 0.0
        self.host = f"127.0.0.1:{self.server_port}"

    def take(self):
        """Status and headers of the next answer."""
        with self.lock:
            if time.time() < self.shut_until:
                self.refused += 1
                return 429, {"X-RateLimit-Remaining": "0"}
            self.posts += 1
            left = FREE - self.posts if self.posts <= FREE else 999
            if not left:
                self.shut_until = int(time.time()) + REST_SECONDS
        reset = str(int(self.shut_until)) if not left else str(int(time.time()) + 300)
        return 200, {"X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": reset}


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers = self.server.take()
        number = str(self.server.posts)
        url = f"http://{self.server.host}/@a/{number}"
        body = json.dumps({"id": number, "uri": url, "url": url, "content": ""}).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def limited():
    server = Limited()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def firing(settings, olive):
    """A launch with so many posts for a server, which is of that software."""

    def make(host, number, *, software="gotosocial"):
        settings.NETWORK_EXCEPTIONS = [host]
        campaign = make_campaign(olive, launch_in=-0.01)
        lend_many(campaign, host, number, version="0.20.0")
        KnownServer.objects.update(facts={"software": software})
        create_launches(database_now())
        return ignite(Launch.objects.get().pk)

    return make


def test_a_server_that_says_with_a_post_that_nothing_remains_is_left_alone_until_its_reset(
    firing, limited, monkeypatch, settings
):
    monkeypatch.setattr("launches.delivering.IN_HAND", 4)
    monkeypatch.setattr("launches.delivering.LINGER_SECONDS", REST_SECONDS + 1)
    launch = firing(limited.host, 20)
    deliver(launch.pk)
    assert Delivery.objects.tally()["sent"] == 20
    assert limited.posts == 20
    assert limited.refused <= 2  # what was under way already
    pause = HostPause.objects.get()
    assert (pause.host, pause.silences) == (limited.host, 0)
    assert breaking.list_open() == []


def test_what_a_server_says_of_one_account_keeps_no_other_waiting(firing, limited, monkeypatch):
    monkeypatch.setattr("launches.delivering.IN_HAND", 4)
    launch = firing(limited.host, 20, software="mastodon")
    deliver(launch.pk)
    assert not HostPause.objects.exists()
    assert limited.refused > 2


def test_while_a_host_rests_no_worker_claims_anything_for_it(firing):
    launch = firing(HOST, 3)
    now = database_now()
    resting.rest(HOST, now=now, until=now + timedelta(minutes=1))
    assert not claim(launch.pk, most=10).claims
    HostPause.objects.update(until=now)
    assert len(claim(launch.pk, most=10).claims) == 3  # all at once: it need not be asked first


def test_a_rest_becomes_longer_and_never_shorter(db):
    now = database_now()
    for seconds, lasts in ((10, 10), (5, 10), (20, 20)):
        resting.rest(HOST, now=now, until=now + timedelta(seconds=seconds))
        row = HostPause.objects.get()
        assert (row.since, row.until) == (now, now + timedelta(seconds=lasts))
    later = now + timedelta(seconds=60)
    resting.rest(HOST, now=later, until=later + timedelta(seconds=5))
    row = HostPause.objects.get()
    assert (row.since, row.until) == (later, later + timedelta(seconds=5))


def test_a_host_that_does_not_answer_stays_given_up_whatever_it_asks_for(db):
    now = database_now()
    breaking.give_up(HOST, now=now, probed=False)
    resting.rest(HOST, now=now, until=now + timedelta(minutes=10))
    (given_up,) = breaking.list_open()
    assert given_up.until == now + timedelta(seconds=breaking.PAUSE_SECONDS)


@pytest.mark.parametrize(("asked", "lasts"), [(60, 60), (2, breaking.PAUSE_SECONDS)])
def test_a_host_that_asked_for_longer_before_is_not_asked_again_sooner(db, asked, lasts):
    now = database_now()
    resting.rest(HOST, now=now, until=now + timedelta(seconds=asked))
    breaking.give_up(HOST, now=now, probed=False)
    (given_up,) = breaking.list_open()
    assert (given_up.since, given_up.until) == (now, now + timedelta(seconds=lasts))


def test_a_refusal_that_asks_everybody_to_wait_is_told_to_all_workers(firing, limited):
    """Bluesky says 429 of the address we come from."""
    launch = firing(limited.host, 2)
    held = claim(launch.pk, most=1).claims[0]
    run = Run(launch.pk, stopping=lambda: False)
    now = database_now()
    for error, rests in (
        (TryLater("busy", after_seconds=30, scope="account"), []),
        (TryLater("unreachable", scope="host"), []),
        (TryLater("busy", after_seconds=30, scope="host"), [limited.host]),
    ):
        run._heed(held, note_error(now, held, now, error))
        assert run.hosts.list_resting(now) == rests


def test_a_worker_claims_nothing_for_a_resting_host_before_the_others_are_told(firing):
    launch = firing(HOST, 2)
    run = Run(launch.pk, stopping=lambda: False)

    async def claim_some():
        async with DatabaseThread("ledger") as run.database:
            return await run._claim(10)

    run.hosts.rest(HOST, 60, now=database_now())
    run.moment = read_moment()
    assert not asyncio.run(claim_some())
    run.moment = Moment(run.moment.database_seconds + 61, run.moment.machine_seconds)
    assert len(asyncio.run(claim_some())) == 2
