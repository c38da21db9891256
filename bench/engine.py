"""(c) Ours: the whole engine on one database, as a process of its own that prints JSON.

``python -m bench.engine PORT POSTS WORKERS [canary] [web] [watchers=N]``, with TEST_DATABASE_URL
and TEST_REDIS_URL in the environment (without them: SQLite and the file broker). ``seconds`` is
arming plus the time from the moment to the last recorded result; ``first`` and ``last`` are
requests at the sink, in seconds after the moment; ``peak`` is the most memory of a worker in MB.
With ``web`` the site is served as well, and with ``watchers=N`` so many watch the launch room;
``watched`` is what they got (``bench.watchers``), with the queries that the web process made.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.processes import Product, wait_until

ROOT = Path(__file__).resolve().parent.parent
LEAD_SECONDS = 8  # for workers to start and to settle
WATCHED_SECONDS = 12  # for the site to start, and for its watchers to come


def ask(port):
    """What the sink has seen since the last question."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/seen", timeout=10) as answer:
        return json.load(answer)


def read_peak(pid):
    """The most memory that a process had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextlib.contextmanager
def serve(product, *, slug, watchers):
    """The site, and so many who watch a launch there; the dict is filled at the end."""
    watched = {}
    if watchers is None:
        yield watched
        return
    queries = Path(product.folder) / "queries"
    counted = {"DJANGO_SETTINGS_MODULE": "bench.counted", "QUERIES_FILE": str(queries)}
    product.start("web", **counted)
    wait_until(lambda: is_up(product), what="the site", seconds=60)
    if not watchers:
        yield watched
        return
    command = [sys.executable, "-m", "bench.watchers", str(product.port), slug, str(watchers)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().strip() == "watching"
        before = queries.stat().st_size if queries.exists() else 0
        yield watched
        process.terminate()
        watched.update(json.loads(process.stdout.readline()))
        watched["queries"] = queries.stat().st_size - before
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def is_up(product):
    """Whether the site answers."""
    try:
        return product.get("/livez")[0] == 200
    except OSError:
        return False


def measure(port, *, posts, workers, watchers=None):
    """Launch once; gives the facts above."""
    from django.db import connection
    from django.db.models import Max

    from bench.rows import make_rows, set_moment
    from campaigns.clock import database_now
    from launches.models import Delivery, Launch
    from launches.planning import arm_launches, create_launches
    from launches.results import find_launch, summarise

    campaign = make_rows(port, posts=posts)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as it is where people come one after the other
    product = Product(
        tempfile.mkdtemp(prefix="crowdspeak-bench-"),
        hosts=[f"127.0.0.1:{port}"],
        MASTODON_PACE=f"{posts * 10}/1",
        LOG_LEVEL="WARNING",
    )
    seconds = LEAD_SECONDS + posts / 20_000 + (0 if watchers is None else WATCHED_SECONDS)
    try:
        # Before the workers: in a real launch they are there for long when it is armed.
        launch_at = set_moment(campaign, seconds=seconds)
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

        with serve(product, slug=campaign.slug, watchers=watchers) as watched:
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
        "watched": watched,
    }


def main():
    """Make the tables, measure, print."""
    port, posts, workers = (int(argument) for argument in sys.argv[1:4])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    # Of this process too: it arms the launch, and there the canary is chosen.
    os.environ["CANARY"] = "on" if "canary" in sys.argv[4:] else "off"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    more = sys.argv[4:]
    crowd = next((word for word in more if word.startswith("watchers=")), None)
    watchers = int(crowd.partition("=")[2]) if crowd else 0 if "web" in more else None
    facts = measure(port, posts=posts, workers=workers, watchers=watchers)
    connections.close_all()
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
