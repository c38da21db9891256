"""``make test``: the suite on SQLite, then the same on real PostgreSQL and Valkey.

Both servers come as wheels and are started here, unless TEST_DATABASE_URL and TEST_REDIS_URL name
others. Nothing is left out on PostgreSQL; on SQLite only the races that need two connections which
wait for each other's rows.
"""

import os
import subprocess
import sys
from contextlib import ExitStack

from tests.servers import run_postgres, run_valkey

QUICK = ["--ignore=tests/browser", "--ignore=tests/real"]


def run_pytest(name, settings, *options):
    """One run of the suite with these environment variables; gives its exit code."""
    print(f"\n── the suite on {name} " + "─" * 40, flush=True)
    command = [sys.executable, "-m", "pytest", *QUICK, *options, *sys.argv[1:]]
    return subprocess.run(command, env=os.environ | settings, check=False).returncode


def main():
    """Both runs; the exit code says whether both passed."""
    codes = [run_pytest("SQLite", {}, "-m", "not postgres")]
    with ExitStack() as stack:
        settings = {
            "TEST_DATABASE_URL": os.environ.get("TEST_DATABASE_URL")
            or stack.enter_context(run_postgres()),
            "TEST_REDIS_URL": os.environ.get("TEST_REDIS_URL") or stack.enter_context(run_valkey()),
        }
        codes.append(run_pytest("PostgreSQL and Valkey", settings))
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
