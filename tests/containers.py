"""What docker-compose.yml starts, as processes of this machine: no container engine is needed.

The same commands, in the same order, with the same environment and health checks. What differs is
what containers would give them, and no more (``translate``): names of hosts and their ports become
free ports of 127.0.0.1, volumes and tmpfs become temporary folders, /app is this checkout, and the
two servers are the tests' own, of the images' versions, made ready as the images' entry points do.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.composefile import ROOT, read_dockerfile, read_services
from tests.processes import free_port, wait_until
from tests.standing_in import stand_in

PORTS = {"web": range(8000, 8001), "postgres": range(5432, 5433), "valkey": range(6379, 6380)}
# The simulator's servers take the ports after its first.
PORTS["simulator"] = range(8100, 8112)
START_SECONDS = 60


def find_ports(number):
    """So many free ports of 127.0.0.1 in a row; gives the first."""
    while True:
        first = free_port()
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + number):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
        return first


class Container:
    """One process, and what its container would be: its environment and its folders."""

    def __init__(self, service, *, words, environment, folder, process):
        self.service = service
        self.words = words
        self.environment = environment
        self.folder = folder
        self.process = process

    def check(self):
        """Whether its health check, as it is written, says that it is well."""
        done = subprocess.run(
            self.words,
            cwd=ROOT,
            env=self.environment,
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=30,
        )
        return done.returncode == 0


class Deployment:
    """Everything that ``docker compose up`` would start, with the .env in ``folder``."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.image = read_dockerfile()
        self.services = read_services(folder)
        self.ports = {
            (name, port): first + index
            for name, ports in PORTS.items()
            for first in [find_ports(len(ports))]
            for index, port in enumerate(ports)
        }
        self.containers = []
        self.started = []

    @property
    def url(self):
        """Where the site answers."""
        return f"http://127.0.0.1:{self.ports['web', 8000]}"

    def translate(self, text, service, tmp):
        """A word or a value as it is to be outside of containers."""
        for (name, port), local in self.ports.items():
            text = re.sub(rf"(?<![\w.-]){name}:{port}(?!\d)", f"127.0.0.1:{local}", text)
            if name == service.name:
                text = re.sub(rf"(?<![\w.]){port}(?!\w)", str(local), text)
        folders = {path: self._find_folder(volume) for path, volume in service.volumes.items()}
        folders |= {path: tmp / path.strip("/") for path in service.tmpfs}
        if folders:  # all at once: what comes out may begin as another one does
            known = "|".join(map(re.escape, folders))
            text = re.sub(
                rf"(?<![\w/.])({known})(?![\w.-])", lambda found: str(folders[found[0]]), text
            )
        text = text.replace("0.0.0.0", "127.0.0.1")
        hosts = "|".join(self.services)
        left = re.search(rf"(?<=[/@])({hosts}):\d+", text)
        assert not left, f"{service.name}: nobody listens at {left[0]}"
        return text

    def translate_words(self, words, service, tmp):
        """A command; a host's name stands alone only where an option says that it is one."""
        return [
            "127.0.0.1"
            if word in self.services and before == "--public-host"
            else self.translate(word, service, tmp)
            for before, word in zip(["", *words], words, strict=False)
        ]

    def _find_folder(self, volume):
        folder = self.folder / "volumes" / volume
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def up(self):
        """Start all, each after what it depends on."""
        waiting = dict(self.services)
        until = time.monotonic() + START_SECONDS
        while waiting:
            ready = [
                each
                for each in waiting.values()
                if all(self._holds(*pair) for pair in each.depends_on.items())
            ]
            for service in ready:
                del waiting[service.name]
                self.start(service)
            if not ready:
                assert time.monotonic() < until, f"{list(waiting)} wait\n{self.read_logs()}"
                time.sleep(0.1)

    def start(self, service):
        """Start a service, as often as it says."""
        self.started.append(service.name)
        for number in range(service.replicas):
            tmp = self.folder / "containers" / f"{service.name}-{number}"
            for path in service.tmpfs:
                (tmp / path.strip("/")).mkdir(parents=True)
            tmp.mkdir(parents=True, exist_ok=True)
            words = self.translate_words(service.command, service, tmp)
            check = self.translate_words(service.healthcheck, service, tmp)
            environment = self.describe_environment(service, tmp)
            options = {"cwd": ROOT}
            if not service.is_ours:
                words, check, environment, options = stand_in(
                    service.image, words, check, environment, **self._find_place(service)
                )
            with (tmp / "log").open("w") as log:
                process = subprocess.Popen(
                    words,
                    env=environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **options,
                )
            self.containers.append(
                Container(
                    service, words=check, environment=environment, folder=tmp, process=process
                )
            )

    def describe_environment(self, service, tmp):
        """The image's environment, then .env, then the service's own; nothing of this process."""
        environment = {}
        if service.is_ours:
            environment |= self.image.environment
            environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
        environment |= service.environment
        if service.tmpfs:
            environment["TMPDIR"] = service.tmpfs[0]  # /tmp itself is everybody's
        return {
            name: value if name == "PATH" else self.translate(value, service, tmp)
            for name, value in environment.items()
        }

    def _find_place(self, service):
        """Where a server that is not ours keeps its files, and the port that it listens on."""
        (port,) = (self.ports[service.name, port] for port in PORTS[service.name])
        (volume,) = service.volumes.values()
        return {"folder": self._find_folder(volume), "port": port}

    def list_of(self, name):
        """The containers of a service."""
        return [each for each in self.containers if each.service.name == name]

    def _holds(self, name, condition):
        containers = self.list_of(name)
        if not containers:
            return False
        for each in containers:
            code = each.process.poll()
            if condition == "service_completed_successfully":
                assert code in (None, 0), f"{name} failed\n{self.read_logs()}"
                if code is None:
                    return False
            elif condition == "service_healthy":
                assert code is None, f"{name} ended\n{self.read_logs()}"
                if not each.check():
                    return False
            else:
                raise AssertionError(f"the condition {condition} is not known to the test")
        return True

    def wait_healthy(self):
        """Until every health check is content."""
        for each in self.containers:
            if each.words:
                wait_until(each.check, what=f"{each.service.name} healthy", seconds=START_SECONDS)

    def exec(self, name, *words, **options):
        """Run a command in a service's first container, as ``docker compose exec`` does."""
        environment = self.list_of(name)[0].environment
        return subprocess.run(words, cwd=ROOT, env=environment, check=True, text=True, **options)

    def stop(self, name):
        """Stop a service as ``docker compose stop``; gives exit codes, None where it runs on."""
        containers = self.list_of(name)
        for each in containers:
            each.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + containers[0].service.grace_seconds
        codes = []
        for each in containers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                each.process.wait(timeout=max(0.1, until - time.monotonic()))
            codes.append(each.process.poll())
        return codes

    def read_logs(self):
        """The end of what each container said."""
        logs = sorted(self.folder.glob("containers/*/log"))
        return "\n".join(f"== {path.parent.name}\n{path.read_text()[-3000:]}" for path in logs)

    def down(self):
        """End what still runs."""
        for each in self.containers:
            if each.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(each.process.pid, signal.SIGKILL)
                each.process.wait()
