"""``make bench``: how fast a launch is, beside the fastest that this machine could send.

(a) **limit**: a bare aiohttp client on uvloop that sends the same requests, as many in flight.
(b) **naive**: what most would write, one Celery task for each post.
(c) **ours**: the whole engine, two Celery workers and beat on PostgreSQL and Valkey, with claims,
vault, adapter, pace and records.

All go to the same sink in the same run, so that the ratios say something on a noisy machine; the
limit is taken before and after, and the better one counts. BENCH_POSTS (10000) is from the
environment; BENCH_ONLY names parts of it to run (limit, fast, naive, canary, large, sqlite, room,
pages). ``room`` is (d): a launch while the site is served to nobody, and one while 2,000 watch the
launch room, in turn; the better one of each counts. ``pages`` is what ``bench.pages`` measures, of
a campaign with BENCH_SUPPORTERS (5000). The table is followed by one ``name=value`` a line;
what each has to reach is in docs/launch-engine.md and docs/speed.md.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

from bench.engine import ask
from bench.limit import measure_limit
from bench.naive import measure_naive
from tests.servers import run_postgres, run_valkey

ROOT = Path(__file__).resolve().parent.parent
POSTS = int(os.environ.get("BENCH_POSTS", "10000"))
PARTS = os.environ.get("BENCH_ONLY", "limit fast naive canary large sqlite room pages").split()
NAIVE_POSTS = 500
WORKERS = 2
WATCHERS = int(os.environ.get("BENCH_WATCHERS", "2000"))
ROOM_TURNS = 2
SUPPORTERS = int(os.environ.get("BENCH_SUPPORTERS", "5000"))
PLEDGES = 1500
BESIDE = {"room", "pages"}  # parts that need no limit to be compared with
LATENCY_MS = 150
IN_FLIGHT = 1000
FAST_IN_FLIGHT = 128


@contextlib.contextmanager
def run_sink(latency_ms):
    """The sink, as a process; gives its port."""
    command = [sys.executable, "-m", "bench.sink", str(latency_ms)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


class Bench:
    """The servers of one run, and what was measured."""

    def __init__(self, database, redis):
        self.database = database
        self.redis = redis
        self.names = count(1)
        self.rows = []
        self.values = {}

    def limit(self, port, *, in_flight):
        """Seconds of the bare client."""
        seconds = measure_limit(port, posts=POSTS, in_flight=in_flight)
        ask(port)
        return seconds

    def ours(self, port, *arguments, posts=POSTS, workers=WORKERS, sqlite=False):
        """What the engine takes, on a database of its own."""
        told = [str(port), str(posts), str(workers), *arguments]
        return self.run("bench.engine", *told, sqlite=sqlite)

    def run(self, module, *arguments, sqlite=False):
        """What one of our processes says, on a database of its own."""
        environment = dict(os.environ)
        if not sqlite:
            environment["TEST_DATABASE_URL"] = self._make_database()
            environment["TEST_REDIS_URL"] = self.redis
        with tempfile.TemporaryDirectory() as folder:
            environment["VAR_DIR"] = folder
            done = subprocess.run(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        return json.loads(done.stdout.splitlines()[-1])

    def _make_database(self):
        import psycopg

        name = f"bench_{next(self.names)}"
        folder = self.database.partition("@/")[2].rpartition("/")[0]
        with psycopg.connect(
            host=folder, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.database.rpartition("/")[0] + f"/{name}"

    def note(self, what, posts, seconds, remark=""):
        """A row of the table, on the screen at once since the whole takes minutes."""
        row = f"  {what:<34}{posts:>7,} posts {seconds:7.2f} s {posts / seconds:8,.0f}/s  {remark}"
        print(row, flush=True)


def compare(bench, port, *, in_flight, what):
    """The limit before and after ours; gives the better limit's seconds, and ours."""
    before = bench.limit(port, in_flight=in_flight)
    ours = bench.ours(port)
    limit = min(before, bench.limit(port, in_flight=in_flight))
    bench.note(f"limit, {what}", POSTS, limit)
    bench.note(
        f"ours, {what}", POSTS, ours["seconds"], f"first after {ours['first'] * 1000:.0f} ms"
    )
    return limit, ours


def watch_room(bench, port):
    """A launch with nobody in its room and with a crowd in it, in turn."""
    alone, watched = [], []
    for _ in range(ROOM_TURNS):
        alone.append(bench.ours(port, "web"))
        bench.note("ours, beside an idle site", POSTS, alone[-1]["seconds"])
        watched.append(bench.ours(port, f"watchers={WATCHERS}"))
        told = watched[-1]["watched"]
        answers = sum(told.get(status, 0) for status in ("200", "304"))
        bench.note(
            f"ours, {WATCHERS:,} watching",
            POSTS,
            watched[-1]["seconds"],
            f"{answers / told['seconds']:,.0f} answers/s, {told['queries']} queries"
            f" in {told['seconds']:.0f} s, 99th percentile {told['slowest_hundredth_ms']:.0f} ms,"
            f" {told.get('slow', 0)} left out, {told.get('lost', 0)} lost",
        )
    best = min(watched, key=lambda each: each["seconds"])
    bench.values["room_vs_alone"] = best["seconds"] / min(each["seconds"] for each in alone)
    bench.values["room_queries_per_s"] = max(
        each["watched"]["queries"] / each["watched"]["seconds"] for each in watched
    )


def read_pages(bench):
    """A campaign's page beside a bare view, and people who pledge."""
    told = bench.run("bench.pages", str(SUPPORTERS), str(PLEDGES))
    turns = " ".join(f"{ratio:.2f}" for ratio in told["ratios"])
    print(
        f"  a campaign's page, {SUPPORTERS:,} supporters: {told['page']:,.0f}/s, a bare view"
        f" {told['bare']:,.0f}/s, behind our middleware {told['inside']:,.0f}/s; in turns {turns};"
        f" half within {told['page_ms']:.1f} ms, 99 % within"
        f" {told['page_slowest_hundredth_ms']:.0f} ms, {told['page_bytes']:,} bytes\n"
        f"  {PLEDGES:,} pledges by {told['clicks']:,} clicks: {told['pledges_per_s']:,.0f}/s,"
        " none lost, none double",
        flush=True,
    )
    for name in ("page_vs_bare", "page_vs_inside", "pledges_per_s"):
        bench.values[name] = told[name]


def run(bench):
    """All parts that were asked for."""
    values = bench.values
    if "pages" in PARTS:
        read_pages(bench)
    if "room" in PARTS:
        with run_sink(LATENCY_MS) as port:
            watch_room(bench, port)
    if BESIDE.issuperset(PARTS):
        return
    with run_sink(LATENCY_MS) as port:
        limit, ours = compare(bench, port, in_flight=IN_FLIGHT, what=f"{LATENCY_MS} ms")
        values["launch_vs_limit"] = limit / ours["seconds"]
        values["first_lag_ms"] = ours["first"] * 1000
        values["last_lag_s"] = ours["last"]
        values["last_lag_vs_limit"] = ours["last"] / limit
        if "naive" in PARTS:
            naive = measure_naive(
                port, posts=NAIVE_POSTS, broker=f"{bench.redis}/5", ask=lambda: ask(port)
            )
            bench.note("naive", NAIVE_POSTS, naive)
            values["launch_vs_naive"] = (POSTS / ours["seconds"]) / (NAIVE_POSTS / naive)
        if "canary" in PARTS:
            canary = bench.ours(port, "canary")
            bench.note("ours, with the canary on", POSTS, canary["seconds"])
        if "sqlite" in PARTS:
            alone = bench.ours(port, sqlite=True, workers=1)
            bench.note("ours, on SQLite, one worker", POSTS, alone["seconds"])
            values["sqlite_vs_postgres"] = ours["seconds"] / alone["seconds"]
        if "large" in PARTS:
            large = bench.ours(port, posts=10 * POSTS)
            bench.note("ours, ten times as many", 10 * POSTS, large["seconds"])
            values["growth"] = 10 * ours["seconds"] / large["seconds"]
            values["memory_mb"] = large["peak"] - ours["peak"]
            values["arm_100k_s"] = large["arming"]
    if "fast" in PARTS:
        with run_sink(0) as port:
            limit, ours = compare(bench, port, in_flight=FAST_IN_FLIGHT, what="0 ms")
            values["launch_vs_limit_fast"] = limit / ours["seconds"]


def main():
    """Start the servers, measure, print."""
    os.chdir(ROOT)
    print(f"{WORKERS} workers, PostgreSQL and Valkey on the same machine\n", flush=True)
    with run_postgres(is_safe=True) as database, run_valkey() as redis:
        bench = Bench(database, redis)
        run(bench)
    print()
    for name, value in bench.values.items():
        print(f"{name}={value:.3f}")


if __name__ == "__main__":
    main()
