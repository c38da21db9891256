"""The product as real processes, on the test's own database: web, workers, beat.

They read the same rows as the test does, so a test that uses them commits for real
(``transaction=True``). Every process is stopped by its id at the end.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
WAIT_SECONDS = 90


def free_port():
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(is_so, *, what, seconds=WAIT_SECONDS, every=0.1):
    """Ask again and again until it is so; fails when it takes too long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = is_so()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"{what}: not within {seconds} s")


def name_database():
    """The test's own database, as a DATABASE_URL for other processes."""
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    return f"postgres://{facts['USER']}@/{facts['HOST']}/{facts['NAME']}"


class Product:
    """The product's processes; ``simulator`` is who they may talk to.

    ``prefix`` is what each one's command begins with.
    """

    prefix: tuple[str, ...] = ()

    def __init__(self, folder, *, hosts=(), **environment):
        self.folder = Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes = []
        redis = os.environ.get("TEST_REDIS_URL")
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "crowdspeak.settings",
            "PROFILE": "development",
            "VAR_DIR": str(self.folder),
            "PORT": str(self.port),
            "SITE_URL": self.url,
            "SECRET_KEY": settings.SECRET_KEY,
            "TOKEN_KEYS": ",".join(settings.TOKEN_KEYS),
            "FINGERPRINT_KEY": settings.FINGERPRINT_KEY,
            "INSTANCE_ID": settings.INSTANCE_ID,
            "DATABASE_URL": name_database(),
            "BROKER_URL": f"{redis}/3" if redis else "filesystem://",
            "CACHE_URL": f"{redis}/4" if redis else "",
            "EMAIL_URL": "dummymail://",
            "NETWORK_EXCEPTIONS": ",".join(hosts),
            "PYTHONUNBUFFERED": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **environment,
        }
        if redis:
            self._empty(redis)

    @staticmethod
    def _empty(redis_url):
        from redis import Redis

        for number in (3, 4):
            with contextlib.closing(Redis.from_url(f"{redis_url}/{number}")) as client:
                client.flushdb()

    def start(self, name, **environment):
        """Start one process of the Procfile (web, worker, beat); gives its Popen.

        ``environment`` is for this one alone.
        """
        line = next(
            line.partition(": ")[2]
            for line in (ROOT / "Procfile").read_text().splitlines()
            if line.startswith(f"{name}:")
        )
        log = (self.folder / f"{name}-{len(self.processes)}.log").open("w")
        process = subprocess.Popen(
            [*self.prefix, "/bin/sh", "-c", f"exec {line}"],
            cwd=ROOT,
            env=self.environment | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def manage(self, *arguments, check=True, **options):
        """Run a management command to its end; ``options`` are those of ``subprocess.run``."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, check=check, **options)

    def get(self, path):
        """GET a page; gives status and text."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def wait_ready(self):
        """Until /readyz is green."""

        def is_ready():
            try:
                return self.get("/readyz")[0] == 200
            except OSError:
                return False

        try:
            wait_until(is_ready, what="/readyz green")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.read_logs()}") from None

    def read_results(self, slug):
        """The public numbers of a campaign."""
        return json.loads(self.get(f"/campaigns/{slug}/results.json")[1])

    def read_logs(self):
        """What the processes said, the end of each."""
        return "\n".join(
            f"== {path.name}\n{path.read_text()[-3000:]}" for path in self.folder.glob("*.log")
        )

    def stop(self):
        """Stop everything, politely first, with the children each may have."""
        for process in self.processes:
            _signal(process, signal.SIGTERM)
            _signal(process, signal.SIGCONT)
        until = time.monotonic() + 15
        for process in self.processes:
            try:
                process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()


def kill(process):
    """Kill -9, with its children: as if the machine had lost power."""
    _signal(process, signal.SIGKILL)
    process.wait()


def freeze(process):
    """Stop it where it stands, as a machine that sleeps; ``thaw`` lets it go on."""
    _signal(process, signal.SIGSTOP)


def thaw(process):
    """Let a frozen process go on."""
    _signal(process, signal.SIGCONT)


def end(process):
    """Ask it to end, as a rolling upgrade does; who asks waits for it with ``process.wait``."""
    _signal(process, signal.SIGTERM)


def _signal(process, number):
    if process.returncode is not None:
        return  # it was waited for: its id may be somebody else's by now
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
