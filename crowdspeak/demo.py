"""``make demo``: the whole product on this machine, with simulated networks, until Ctrl-C.

Every part runs as it does in production, as a process of its own: web, worker, beat, and the
simulator in the networks' place. Nothing leaves the machine. ``--empty`` (``make run``) does the
same for development: its own database in var/, nobody in it, errors shown in full.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

from crowdspeak.keys import make_keys

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ((3, 11), (3, 14))
FREE_MEGABYTES = 200
# The simulator's own page, five servers of open networks, their directory, four platforms. Its mail
# catcher comes after them, then a second one for rehearsals, whose posts the wall must not show.
SERVERS = 11
PORTS = 2 * SERVERS + 1
PLATFORMS = ("X", "FACEBOOK", "LINKEDIN", "THREADS")


class CannotStart(Exception):
    """A sentence that says what to do."""


class Outlet:
    """Where honcho prints: straight to the terminal, without a buffer.

    Its signal handler prints too. A buffered stream that is just being written refuses that, and
    honcho would end there and leave every process running.
    """

    def write(self, text: str) -> None:
        """Write it all; a terminal that is gone is no reason to stop stopping."""
        left = text.encode()
        with contextlib.suppress(OSError):
            while left:
                left = left[os.write(1, left) :]

    def flush(self) -> None:
        """There is nothing to flush."""

    def isatty(self) -> bool:
        """Whether a person looks on, who likes colours."""
        return os.isatty(1)


def read_number(name: str, default: int) -> int:
    """A whole number from the environment."""
    text = os.environ.get(name) or str(default)
    if not text.isdecimal():
        raise CannotStart(f"{name} is {text!r}: give a whole number.")
    return int(text)


def check_machine(ports: list[int], folder: Path) -> None:
    """Raise CannotStart for what would fail later in a way that is hard to read."""
    if not PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        raise CannotStart("CrowdSpeak needs Python 3.11, 3.12 or 3.13.")
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < FREE_MEGABYTES:
        raise CannotStart(
            f"Only {free} MB are free in {folder}: make room for {FREE_MEGABYTES} MB."
        )
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise CannotStart(
                    f"Port {port} is taken: stop what listens there, or choose others with "
                    "PORT and SIMULATOR_PORT."
                ) from None


def describe_environment(folder: Path, *, port: int, simulator: int, empty: bool) -> dict[str, str]:
    """The settings of the demo (or of development), for every process alike."""
    directory = f"http://127.0.0.1:{simulator + 6}"
    keys = {path: str(folder / "keys" / path) for path in ("secret_key", "token_keys")}
    platforms: dict[str, str] = {}
    for place, name in enumerate(PLATFORMS, start=7):
        origin = f"http://127.0.0.1:{simulator + place}"
        platforms |= {
            f"{name}_MODE": "automatic",
            f"{name}_CLIENT_ID": f"simulated-{name.lower()}",
            f"{name}_CLIENT_SECRET": f"simulated-{name.lower()}-secret",
            f"{name}_API_URL": origin,
            f"{name}_CONSENT_URL": origin,
        }
    keys |= {path: str(folder / "keys" / path) for path in ("fingerprint_key", "instance_id")}
    return {
        "PROFILE": "development" if empty else "demo",
        "DEBUG": "1" if empty else "0",
        "VAR_DIR": str(folder),
        "PORT": str(port),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": f"sqlite:///{folder}/crowdspeak.sqlite3",
        "BROKER_URL": "filesystem://",
        "CACHE_URL": "",
        "EMAIL_URL": f"smtp://127.0.0.1:{simulator + SERVERS}",
        "SIMULATOR_URL": f"http://127.0.0.1:{simulator}",
        "REHEARSAL_URL": f"http://127.0.0.1:{simulator + SERVERS + 1}",
        "BLUESKY_PLC_URL": directory,
        "BLUESKY_RESOLVER_URL": directory,
        "BLUESKY_APPVIEW_URL": directory,
        "BLUESKY_WEB_URL": directory,
        "MASTODON_SHARE_URL": f"http://127.0.0.1:{simulator + 1}/share?",
        "WHATSAPP_URL": f"http://127.0.0.1:{simulator}/whatsapp/",
        "TELEGRAM_URL": f"http://127.0.0.1:{simulator}/telegram/share/url",
        # Nobody watches a demonstration for a week.
        "NUMBERS_AFTER": "20s,1m,3m",
        "NETWORK_EXCEPTIONS": ",".join(f"127.0.0.1:{simulator + n}" for n in range(1, SERVERS)),
        **platforms,
        "THREADS_DELETES": "1",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **{f"{name.upper()}_FILE": path for name, path in keys.items()},
    }


def prepare(environment: dict[str, str]) -> None:
    """Database and static files."""
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        done = subprocess.run(  # noqa: S603
            [sys.executable, "manage.py", *command, "--verbosity", "0"],
            cwd=ROOT,
            env=environment,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"'manage.py {command[0]}' failed; its own words are above.")


def list_processes(simulator: int, *, empty: bool) -> dict[str, str]:
    """Name and command of every process: the Procfile's, and what stands for the world."""
    read = parse_procfile((ROOT / "Procfile").read_text()).processes
    # Who kills a worker to see what becomes of the launch should see it, not the demo's end.
    procfile = {name: f"python -m crowdspeak.restarting {name}" for name in read}
    mail = simulator + SERVERS
    procfile["simulator"] = f"python -m simulator --port {simulator} --smtp-port {mail}"
    procfile["stage"] = f"python -m simulator --port {mail + 1} --smtp-port 0"
    if empty:
        return {name: f"exec {line}" for name, line in procfile.items()}
    # The scheduler starts once the supporters are there, so that "ready" means ready to launch.
    procfile["beat"] = f"python manage.py seed_demo accounts && exec {procfile['beat']}"
    procfile["demo"] = "python manage.py seed_demo campaign"
    return {name: f"exec {line}" if " && " not in line else line for name, line in procfile.items()}


def main() -> int:
    """Check, prepare, run until a signal; gives the exit code."""
    empty = "--empty" in sys.argv[1:]
    try:
        port, simulator = read_number("PORT", 8000), read_number("SIMULATOR_PORT", 8100)
        usual = ROOT / "var" if empty else ROOT / "var" / "demo"
        folder = Path(os.environ.get("VAR_DIR") or usual).resolve()
        check_machine([port, *range(simulator, simulator + PORTS)], folder)
        make_keys(folder / "keys")
        environment = os.environ | describe_environment(
            folder, port=port, simulator=simulator, empty=empty
        )
        # What an earlier run's messages said is in the database too.
        shutil.rmtree(folder / "broker", ignore_errors=True)
        prepare(environment)
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The demo cannot write its files: {error}", file=sys.stderr)
        return 1
    manager = Manager(Printer(Outlet()))
    for name, command in list_processes(simulator, empty=empty).items():
        manager.add_process(name, command, quiet=False, env=environment, cwd=str(ROOT))
    manager.loop()
    # Stopped by a signal is how a demo ends.
    return 0 if manager.returncode in (-signal.SIGTERM, -signal.SIGINT, 0, 130, 143) else 1


if __name__ == "__main__":
    raise SystemExit(main())
