"""(b) What most would write: one Celery task for each post, ``requests``, a prefork pool of 8."""

import os
import subprocess
import sys
import time
from pathlib import Path

import requests
from celery import Celery

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = 8

app = Celery("naive", broker=os.environ.get("BENCH_BROKER", "memory://"))


@app.task(ignore_result=True)
def post(port, number):
    """One post."""
    requests.post(
        f"http://127.0.0.1:{port}/api/v1/statuses",
        data={"status": f"Words {number}", "visibility": "public"},
        headers={"Idempotency-Key": str(number), "Authorization": "Bearer x"},
        timeout=10,
    ).raise_for_status()


def measure_naive(port, *, posts, broker, ask):
    """Seconds from sending the first task to the last post; ``ask`` gives what the sink has seen.

    The pool has started and warmed up by a few posts before.
    """
    os.environ["BENCH_BROKER"] = app.conf.broker_url = broker
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "--quiet", "-A", "bench.naive", "worker"),
            *("--pool=prefork", f"--concurrency={PROCESSES}", "--loglevel=ERROR"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        cwd=ROOT,
    )
    try:
        _send(port, range(PROCESSES * 2), ask)
        ask()
        began = time.time()
        return _send(port, range(posts), ask) - began
    finally:
        worker.terminate()
        worker.wait()


def _send(port, numbers, ask):
    """Send a task for each, wait for all; gives when the last post came."""
    for number in numbers:
        post.delay(port, number)
    posts, last = 0, 0.0
    while posts < len(numbers):
        time.sleep(0.2)
        seen = ask()
        posts += seen["posts"]
        last = max(last, seen["last"])
    return last
