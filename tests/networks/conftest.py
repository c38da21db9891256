"""What the tests of networks share: running coroutines, and an open way to the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest
import uvloop

from networks.http import Http
from tests.networks.asking import OnLoop
from tests.networks.casting import Run, give_parts
from tests.networks.simulating import SIMULATED, make_cast
from tests.simulated import Simulator

__all__ = ["make_cast", "on_loop", "run"]

Result = TypeVar("Result")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The contract suite here is played by every kind of simulated server."""
    give_parts(metafunc, SIMULATED)


@pytest.fixture
def run(simulator: Simulator) -> Run:
    """Runs one coroutine function with an ``Http`` that may reach the simulator, and no other."""

    def run_with_http(work: Callable[[Http], Awaitable[Result]]) -> Result:
        async def main() -> Result:
            async with Http(user_agent="tests", allowed_hosts=simulator.hosts) as http:
                return await work(http)

        return asyncio.run(main())

    return run_with_http


@pytest.fixture(params=[None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def on_loop(request: pytest.FixtureRequest) -> OnLoop:
    """On the loop of pages and of launches."""

    def run_on(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(work)

    return run_on
