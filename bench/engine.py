"""(c) Ours: the whole engine on one database, as a process of its own that prints JSON.

``python -m bench.engine PORT POSTS WORKERS [CANARY]``, with TEST_DATABASE_URL and TEST_REDIS_URL in
the environment (without them: SQLite and the file broker). ``seconds`` is arming plus the time from
the moment to the last recorded result; ``first`` and ``last`` are requests at the sink, in seconds
after the moment; ``peak`` is the most memory of a worker in MB.
"""

import json
import os
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

LEAD_SECONDS = 8  # for workers to start and to settle


def ask(port):
    """What the sink has seen since the last question."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/seen", timeout=10) as answer:
        return json.load(answer)


def read_peak(pid):
    """The most memory that a process had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measure(port, *, posts, workers, canary):
    """Launch once; gives the facts above."""
    from django.db import connection
    from django.db.models import Max

    from bench.rows import make_rows, set_moment
    from campaigns.clock import database_now
    from launches.models import Delivery, Launch
    from launches.planning import arm_launches, create_launches
    from launches.results import find_launch, summarise
    from tests.processes import Product, wait_until

    campaign = make_rows(port, posts=posts)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as it is where people come one after the other
    product = Product(
        tempfile.mkdtemp(prefix="crowdspeak-bench-"),
        hosts=[f"127.0.0.1:{port}"],
        MASTODON_PACE=f"{posts * 10}/1",
        CANARY="on" if canary else "off",
        LOG_LEVEL="WARNING",
    )
    try:
        # Before the workers: in a real launch they are there for long when it is armed.
        launch_at = set_moment(campaign, seconds=LEAD_SECONDS + posts / 20_000)
        create_launches(database_now())
        began = time.perf_counter()
        armed = arm_launches(database_now())
        arming = time.perf_counter() - began
        assert armed == posts, armed
        running = [product.start("worker") for _ in range(workers)]
        product.start("beat")

        def is_over():
            launch = find_launch(campaign)
            return launch is not None and launch.is_over

        wait_until(is_over, what="the launch's end", seconds=120 + posts / 100, every=0.5)
        seen = ask(port)
        peak = max(read_peak(process.pid) for process in running)
    finally:
        product.stop()
    summary = summarise(campaign)
    assert summary.sent == seen["posts"] == posts, f"{summary.tally} {seen}\n{product.read_logs()}"
    assert Launch.objects.get().launch_at == launch_at
    recorded = Delivery.objects.aggregate(last=Max("answered_at"))["last"]
    return {
        "arming": arming,
        "seconds": arming + (recorded - launch_at).total_seconds(),
        "first": seen["first"] - launch_at.timestamp(),
        "last": seen["last"] - launch_at.timestamp(),
        "peak": peak,
    }


def main():
    """Make the tables, measure, print."""
    port, posts, workers = (int(argument) for argument in sys.argv[1:4])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    facts = measure(port, posts=posts, workers=workers, canary="canary" in sys.argv[4:])
    connections.close_all()
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
