"""``make bench``: how fast a launch is, beside the fastest that this machine could send.

(a) **limit**: a bare aiohttp client on uvloop that sends the same requests, as many in flight.
(b) **ours**: the whole engine, two Celery workers and beat on PostgreSQL and Valkey, with claims,
vault, adapter, pace and records; from the announced moment to the last recorded result.

Both go to the same sink in the same run, so that the ratio says something on a noisy machine.
BENCH_POSTS (2000) and BENCH_LATENCY_MS (150) are from the environment. The table is followed by one
``name=value`` a line.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POSTS = int(os.environ.get("BENCH_POSTS", "2000"))
LATENCY_MS = float(os.environ.get("BENCH_LATENCY_MS", "150"))
IN_FLIGHT = 1000
WORKERS = 2
LEAD_SECONDS = 15


def start_sink():
    """The sink and its port."""
    command = [sys.executable, "-m", "bench.sink", str(LATENCY_MS)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def measure_limit(port):
    """Seconds that a bare client takes."""
    import aiohttp
    import uvloop

    async def send():
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        async with aiohttp.ClientSession(connector=connector) as session:
            left = iter(range(POSTS))

            async def lane():
                for number in left:
                    async with session.post(
                        f"http://127.0.0.1:{port}/api/v1/statuses",
                        data={"status": f"Words {number}", "visibility": "public"},
                        headers={"Idempotency-Key": str(number), "Authorization": "Bearer x"},
                    ) as answer:
                        await answer.json()

            await asyncio.gather(*[lane() for _ in range(IN_FLIGHT)])

    began = time.perf_counter()
    uvloop.run(send())
    return time.perf_counter() - began


def make_rows(port):
    """A campaign with so many pledges, written in bulk; gives it."""
    from accounts.models import User
    from campaigns.clock import database_now
    from networks.base import Credentials
    from supporters import vault
    from supporters.models import KnownServer, LinkedAccount, Pledge
    from tests.making import make_campaign

    organiser = User.objects.create_user("olive@example.org", name="Olive")
    known = KnownServer.objects.create(
        network="mastodon",
        host=f"127.0.0.1:{port}",
        url=f"http://127.0.0.1:{port}",
        version="4.5.3",
    )
    people = User.objects.bulk_create(
        [User(name=f"Voice {number}", password="!") for number in range(POSTS)]
    )
    accounts = []
    for number, person in enumerate(people):
        mark = vault.fingerprint(network="mastodon", host=known.host, account_id=str(number))
        credentials = Credentials(
            network="mastodon", account_id=str(number), access_token=f"token-{number}"
        )
        accounts.append(
            LinkedAccount(
                person=person,
                network="mastodon",
                known_server=known,
                account_id=str(number),
                fingerprint=mark,
                handle=f"@voice{number}",
                sealed_credentials=vault.seal_credentials(credentials, fingerprint=mark),
            )
        )
    accounts = LinkedAccount.objects.bulk_create(accounts, batch_size=2000)
    campaign = make_campaign(organiser, launch_in=3600, slug="bench")
    Pledge.objects.bulk_create(
        [
            Pledge(
                campaign=campaign,
                person=account.person,
                account=account,
                fingerprint=account.fingerprint,
                network="mastodon",
                host=known.host,
                revision=campaign.approved,
                text=campaign.approved.text,
                language="en",
                agreed_launch_at=campaign.launch_at,
                agreed_latest_at=campaign.latest_at,
            )
            for account in accounts
        ],
        batch_size=2000,
    )
    launch_at = database_now() + timedelta(seconds=LEAD_SECONDS)
    type(campaign).objects.filter(pk=campaign.pk).update(
        launch_at=launch_at,
        latest_at=launch_at + timedelta(minutes=45),
        first_launch_at=launch_at,
    )
    return campaign


def measure_ours(port, folder):
    """What the engine's own ledger says of the launch."""
    from django.db.models import Max, Min

    from launches.models import Attempt, Delivery
    from launches.results import find_launch, summarise
    from tests.processes import Product, wait_until

    campaign = make_rows(port)
    product = Product(
        folder,
        hosts=[f"127.0.0.1:{port}"],
        MASTODON_PACE=f"{POSTS * 10}/1",
        LOG_LEVEL="WARNING",
    )
    try:
        for _ in range(WORKERS):
            product.start("worker")
        product.start("beat")

        def is_over():
            launch = find_launch(campaign)
            return launch is not None and launch.is_over

        wait_until(is_over, what="the launch's end", seconds=300, every=0.5)
    finally:
        product.stop()
    summary = summarise(campaign)
    assert summary.sent == POSTS, f"{summary.tally}\n{product.read_logs()}"
    started = Attempt.objects.aggregate(first=Min("started_at"))["first"]
    last = Delivery.objects.aggregate(last=Max("answered_at"))["last"]
    launch_at = find_launch(campaign).launch_at
    return (started - launch_at).total_seconds(), (last - launch_at).total_seconds()


def main():
    """Start everything, measure both, print."""
    os.chdir(ROOT)
    from tests.servers import run_postgres, run_valkey

    sink, port = start_sink()
    try:
        with (
            run_postgres(is_safe=True) as database,
            run_valkey() as redis,
            tempfile.TemporaryDirectory() as at,
        ):
            os.environ |= {
                "TEST_DATABASE_URL": database,
                "TEST_REDIS_URL": redis,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
            }
            import django

            django.setup()
            from django.core.management import call_command
            from django.db import connections

            call_command("migrate", verbosity=0)
            limit = measure_limit(port)
            first, last = measure_ours(port, at)
            connections.close_all()
    finally:
        sink.terminate()
        sink.wait()
    print(f"{POSTS} posts, {LATENCY_MS:.0f} ms latency, {WORKERS} workers\n")
    print(f"  limit  {POSTS / limit:8,.0f} posts/s   {limit:6.2f} s")
    print(f"  ours   {POSTS / last:8,.0f} posts/s   {last:6.2f} s")
    print(f"         first request after {first:.3f} s\n")
    print(f"launch_vs_limit={limit / last:.3f}")
    print(f"first_lag_ms={first * 1000:.0f}")
    print(f"last_lag_s={last:.2f}")


if __name__ == "__main__":
    main()
