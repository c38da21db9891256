"""`python -m simulator`: the social networks in a box, until SIGTERM or Ctrl-C.

Prints one line of JSON when everything listens: {"control", "instances", "smtp"}.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from simulator.server import Plan, PortTaken, Simulator


def read_arguments() -> Plan:
    """Read the arguments; each has its variable, SIMULATOR_PORT and so on."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get("SIMULATOR_PORT", "8100"),
        help="the wall and the control API; servers take the ports after it; 0: any free ports",
    )
    parser.add_argument(
        "--instances",
        type=int,
        default=os.environ.get("SIMULATOR_INSTANCES", "5"),
        help="how many servers, Mastodon's first",
    )
    parser.add_argument(
        "--bluesky",
        type=int,
        default=os.environ.get("SIMULATOR_BLUESKY", "1"),
        help="how many of them are Bluesky's",
    )
    parser.add_argument("--host", default=os.environ.get("SIMULATOR_HOST", "127.0.0.1"))
    parser.add_argument(
        "--public-host",
        default=os.environ.get("SIMULATOR_PUBLIC_HOST", ""),
        help="the name clients reach the servers by, when it is not --host",
    )
    parser.add_argument(
        "--smtp-port",
        type=int,
        default=os.environ.get("SIMULATOR_SMTP_PORT"),
        help="the mail catcher, 8025 unless --port is 0; 0: none",
    )
    given = parser.parse_args()
    smtp_port = given.smtp_port
    if smtp_port is None:
        smtp_port = 8025 if given.port else -1
    return Plan(
        port=given.port,
        instances=given.instances,
        bluesky=given.bluesky,
        host=given.host,
        public_host=given.public_host,
        smtp_port={0: None, -1: 0}.get(smtp_port, smtp_port),
    )


async def run(plan: Plan) -> None:
    """Serve until a signal. Raises PortTaken, or ValueError for a plan that cannot be."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    simulator = Simulator(plan)
    await simulator.start()
    print(json.dumps(simulator.describe()), flush=True)  # noqa: T201 - what callers wait for
    await stopping.wait()
    await simulator.stop()


def choose_runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Give uvloop's runner where there is one (not on Windows), else asyncio's."""
    try:
        import uvloop  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return asyncio.run
    return uvloop.run


def main() -> int:
    """Run; gives the exit code."""
    try:
        choose_runner()(run(read_arguments()))
    except (PortTaken, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - for the person at the terminal
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
