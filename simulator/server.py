"""The one process: binds every port, gives each server its application, starts and stops."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from simulator.composing import add_composer, add_messengers
from simulator.control import Desk, add_control_routes
from simulator.directory import build_directory
from simulator.faults import Faults
from simulator.layout import BLUESKY, PLATFORMS, Instance, Kind, choose_kinds
from simulator.mail import Mailbox, add_mail_routes, serve_smtp
from simulator.pages import serve_static
from simulator.plugging import Server
from simulator.plugs import PLUGS
from simulator.serving import FAULTS, INSTANCE, WORLD, add_routes
from simulator.wall import add_wall_routes
from simulator.world import World

BACKLOG = 4096
STOP_SECONDS = 0.3
DIRECTORY_KIND = Kind(name="directory", network=BLUESKY, software="plc", version="")


class PortTaken(OSError):
    """A port that somebody else listens on; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start. Port 0 chooses free ports for everything; `smtp_port` None is no mail.

    `platforms` are the networks of one server each; they come after `instances` servers of the
    open ones. `public_host` is the name by which clients reach the servers, when it is not `host`.
    """

    port: int = 8100
    instances: int = 5
    bluesky: int = 1
    platforms: tuple[str, ...] = tuple(PLATFORMS)
    host: str = "127.0.0.1"
    public_host: str = ""
    smtp_port: int | None = 8025


@dataclass(slots=True)
class Simulator:
    """A running simulator."""

    plan: Plan
    world: World = field(default_factory=World)
    faults: Faults = field(default_factory=Faults)
    mailbox: Mailbox = field(default_factory=Mailbox)
    control_url: str = ""
    smtp_port: int | None = None
    _runners: list[web.AppRunner] = field(default_factory=list)
    _smtp: asyncio.Server | None = None

    async def start(self) -> None:
        """Bind every port, then serve. Raises PortTaken, with nothing left listening."""
        kinds = choose_kinds(self.plan.instances, bluesky=self.plan.bluesky)
        platforms = [PLATFORMS[name] for name in self.plan.platforms if name in PLUGS]
        has_directory = any(kind.network == BLUESKY for kind in kinds)
        listeners = self._bind(1 + len(kinds) + has_directory + len(platforms))
        directory = ""
        if has_directory:  # its port follows those of the open networks' servers
            listener = listeners.pop(1 + len(kinds))
            directory = self._place(listener)
            listeners.insert(1 + len(kinds) + len(platforms), listener)
        kinds += platforms
        places = [self._place(listener) for listener in listeners]
        self.world.instances = [
            Instance(
                kind=kind,
                authority=place,
                url=f"http://{place}",
                directory_url=f"http://{directory}" if kind.network == BLUESKY else "",
            )
            for kind, place in zip(kinds, places[1:], strict=False)
        ]
        self.control_url = f"http://{places[0]}"
        apps = list(self._build_apps(directory))
        for app, listener in zip(apps, listeners, strict=False):
            await self._serve(app, listener)
        if self.plan.smtp_port is not None:
            self._smtp = await serve_smtp(self.mailbox, listener=listeners[-1])
            self.smtp_port = listeners[-1].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut what is still going on, well within a second."""
        if self._smtp is not None:
            self._smtp.close()
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))

    def describe(self) -> dict[str, Any]:
        """Give the line that is printed when everything listens."""
        smtp = {"host": self.plan.host, "port": self.smtp_port} if self.smtp_port else None
        return {
            "control": self.control_url,
            "instances": [instance.describe() for instance in self.world.instances],
            "smtp": smtp,
        }

    def _bind(self, number: int) -> list[socket.socket]:
        ports = [self.plan.port + i if self.plan.port else 0 for i in range(number)]
        if self.plan.smtp_port is not None:
            ports.append(self.plan.smtp_port)
        listeners: list[socket.socket] = []
        try:
            listeners.extend(bind(self.plan.host, port) for port in ports)
        except OSError:
            for listener in listeners:
                listener.close()
            raise
        return listeners

    def _place(self, listener: socket.socket) -> str:
        host = self.plan.public_host or self.plan.host
        return f"[{host}]:{_port_of(listener)}" if ":" in host else f"{host}:{_port_of(listener)}"

    def _build_apps(self, directory: str) -> Iterator[web.Application]:
        servers: list[Server] = []
        apps: list[web.Application] = []
        for instance in self.world.instances:
            app, server = self._build_network(instance)
            servers.append(server)
            apps.append(app)
        control = web.Application(client_max_size=64 * 1024**2)
        add_control_routes(control, desk=Desk(self.world, self.faults, servers))
        add_mail_routes(control, mailbox=self.mailbox)
        add_wall_routes(control)
        add_messengers(control, world=self.world, url=self.control_url)
        serve_static(control)
        yield control
        yield from apps
        if directory:
            place = Instance(kind=DIRECTORY_KIND, authority=directory, url=f"http://{directory}")
            app = build_directory(self.world, faults=self.faults, place=place)
            add_composer(
                app,
                composer=PLUGS[BLUESKY].composer,
                world=self.world,
                instances=[one for one in self.world.instances if one.directory_url],
            )
            serve_static(app)
            yield app

    def _build_network(self, instance: Instance) -> tuple[web.Application, Server]:
        plug = PLUGS[instance.network]
        server = plug.build(instance, self.world)
        app = self._build_app(instance)
        app[plug.key] = server
        if not instance.directory_url:  # else people write where the directory is, for all servers
            add_composer(app, composer=plug.composer, world=self.world, instances=[instance])
        add_routes(app, dialect=plug.dialect(), routes=plug.list_routes(instance))
        return app, server

    def _build_app(self, instance: Instance) -> web.Application:
        app = web.Application()
        app[WORLD], app[FAULTS], app[INSTANCE] = self.world, self.faults, instance
        serve_static(app)
        return app

    async def _serve(self, app: web.Application, listener: socket.socket) -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
        await runner.setup()
        self._runners.append(runner)
        await web.SockSite(runner, listener, backlog=BACKLOG).start()


def bind(host: str, port: int) -> socket.socket:
    """Give a socket bound to an address. Raises PortTaken with a sentence that says what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"Port {port} on {host} cannot be used ({error.strerror}): stop the program that "
            "listens there, or choose others with --port and --smtp-port."
        ) from error
    return listener


def _port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])
