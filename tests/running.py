"""``make test``: the suite on SQLite, and the same on real PostgreSQL and Valkey, side by side.

``--faults`` runs the longer trials as well that kill processes (``make faults``).

Both servers come as wheels and are started here, unless TEST_DATABASE_URL and TEST_REDIS_URL name
others. On SQLite are left out the races that need two connections which wait for each other's rows,
on PostgreSQL what touches no database, and the reading of every page's words.
What it says is shown once the other one is through.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack

from tests.servers import run_postgres, run_valkey

QUICK = ["--ignore=tests/browser", "--ignore=tests/real"]
# Nothing in them may ask for a database (tests/crowdspeak/test_running.py).
WITHOUT_DATABASE = ("tests/networks", "tests/simulator")
# The same texts whatever keeps them: every page of the site is read several times over.
ABOUT_WORDS = ("tests/words",)
SERVERS = ("TEST_DATABASE_URL", "TEST_REDIS_URL")
WHOLE = "--faults"


def start_pytest(settings, *left_out, folders_left_out=(), output=None):
    """Begin one run of the suite with these servers, or without any.

    ``left_out`` are the marks of tests that are not run.
    """
    given = [each for each in sys.argv[1:] if each != WHOLE]
    if WHOLE not in sys.argv:
        left_out = (*left_out, "faults")
    marks = " and ".join(f"not {mark}" for mark in left_out)
    command = [sys.executable, "-m", "pytest", *QUICK, *(("-m", marks) if marks else ()), *given]
    if not any(each.startswith("tests") for each in given):
        command += [f"--ignore={folder}" for folder in folders_left_out]
    others = {name: value for name, value in os.environ.items() if name not in SERVERS}
    return subprocess.Popen(command, env=others | settings, stdout=output, stderr=subprocess.STDOUT)


def announce(name):
    """Say whose lines follow."""
    print(f"\n── the suite on {name} " + "─" * 40, flush=True)


def main():
    """Both runs; the exit code says whether both passed."""
    with ExitStack() as stack:
        kept = stack.enter_context(tempfile.TemporaryFile("w+"))
        settings = {
            "TEST_DATABASE_URL": os.environ.get("TEST_DATABASE_URL")
            or stack.enter_context(run_postgres()),
            "TEST_REDIS_URL": os.environ.get("TEST_REDIS_URL") or stack.enter_context(run_valkey()),
        }
        on_sqlite = stack.enter_context(start_pytest({}, "postgres", output=kept))
        announce("PostgreSQL and Valkey")
        once = WITHOUT_DATABASE + ABOUT_WORDS
        on_postgres = stack.enter_context(start_pytest(settings, folders_left_out=once))
        codes = [on_postgres.wait(), on_sqlite.wait()]
        announce("SQLite")
        kept.seek(0)
        print(kept.read(), flush=True)
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
