"""``make test``: the suite on SQLite, and the same on real PostgreSQL and Valkey, side by side.

Each of the two runs as two processes, launches apart from the rest, since all they do most of the
time is wait: for leases, deadlines, moments. On SQLite are left out the races that need two
connections which wait for each other's rows, on PostgreSQL what touches no database, and the
reading of every page's words.

``--faults`` runs the longer trials as well that kill processes (``make faults``). Tests that are
named run as one process on each database.

PostgreSQL and Valkey come as wheels. Each process has its own, started here, unless
TEST_DATABASE_URL and TEST_REDIS_URL name others: those go to one process. What a process says is
shown once it is through, the first one's at once.
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
LAUNCHES = ("tests/launches",)
SERVERS = ("TEST_DATABASE_URL", "TEST_REDIS_URL")
WHOLE = "--faults"


def leave_out(*folders):
    """Pytest's words for running none of these folders."""
    return [f"--ignore={folder}" for folder in folders]


def list_parts(once=(), *, is_whole=False):
    """What each process on one database is told, by its name.

    ``once`` are the folders that another database runs; ``is_whole`` asks for a single process.
    """
    given = [each for each in sys.argv[1:] if each != WHOLE]
    if any(each.startswith("tests") for each in given):
        return {"": given}
    if is_whole:
        return {"": [*given, *leave_out(*once)]}
    return {
        ": launches": [*given, *LAUNCHES],
        ": all but launches": [*given, *leave_out(*LAUNCHES, *once)],
    }


def start_servers(stack):
    """A PostgreSQL and a Valkey for one process: the settings that name them."""
    return {
        "TEST_DATABASE_URL": stack.enter_context(run_postgres()),
        "TEST_REDIS_URL": stack.enter_context(run_valkey()),
    }


def start_pytest(part, settings, left_out, output):
    """Begin one process of the suite with these servers, or without any.

    ``left_out`` are the marks of tests that are not run.
    """
    if WHOLE not in sys.argv:
        left_out = (*left_out, "faults")
    marks = " and ".join(f"not {mark}" for mark in left_out)
    command = [sys.executable, "-m", "pytest", *QUICK, *(("-m", marks) if marks else ()), *part]
    others = {name: value for name, value in os.environ.items() if name not in SERVERS}
    return subprocess.Popen(command, env=others | settings, stdout=output, stderr=subprocess.STDOUT)


def announce(name):
    """Say whose lines follow."""
    print(f"\n── the suite on {name} " + "─" * 40, flush=True)


def list_runs(stack):
    """Every process to begin: its name, what it is told, its servers, the marks left out."""
    given = {name: os.environ[name] for name in SERVERS if name in os.environ}
    once = WITHOUT_DATABASE + ABOUT_WORDS
    for name, part in list_parts(once, is_whole=bool(given)).items():
        yield f"PostgreSQL and Valkey{name}", part, given or start_servers(stack), ()
    for name, part in list_parts().items():
        yield f"SQLite{name}", part, {}, ("postgres",)


def main():
    """All of them; the exit code says whether each passed."""
    runs, codes = [], []
    with ExitStack() as stack:
        for name, *what in list_runs(stack):
            kept = stack.enter_context(tempfile.TemporaryFile("w+")) if runs else None
            runs.append((name, stack.enter_context(start_pytest(*what, output=kept)), kept))
        for name, process, kept in runs:
            announce(name)
            codes.append(process.wait())
            if kept:
                kept.seek(0)
                print(kept.read(), flush=True)
    return int(any(codes))


if __name__ == "__main__":
    raise SystemExit(main())
