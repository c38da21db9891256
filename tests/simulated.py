"""The simulator as the tests use it: one real process, spoken to over real HTTP.

A pytest plugin with two fixtures: ``simulator_process`` is the running process, one for all tests
of a session (and of a pytest-xdist worker); ``simulator`` is the same, emptied before the test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
ANSWER_SECONDS = 10
# Two servers of each network at least: codes of one are tried at the other.
ARGUMENTS = ["--port", "0", "--smtp-port", "0", "--instances", "6", "--bluesky", "2"]


class Simulator:
    """A client for the simulator's control API (``simulator/control.py``).

    ``url`` is where its wall and control API are. ``instances`` are its servers, as
    ``GET /_simulator/instances`` gives them.
    """

    def __init__(self, *, url: str, instances: list[dict[str, Any]]) -> None:
        self.url = url
        self.instances = instances

    @property
    def hosts(self) -> frozenset[str]:
        """Every ``host:port`` of it: what the address guard has to let through."""
        urls = [value for each in self.instances for name, value in each.items() if "url" in name]
        return frozenset(urlsplit(url).netloc for url in urls)

    def get_instance(self, kind: str) -> dict[str, Any]:
        """Give the first server of a kind: mastodon, mastodon-4.2, gotosocial, bluesky."""
        return next(each for each in self.instances if each["kind"] == kind)

    def open_accounts(self, **order: Any) -> list[dict[str, Any]]:
        """Open accounts; by ``network`` or ``instance``, with ``names`` or a ``count``."""
        return list(self._ask("POST", "/_simulator/accounts", order))

    def issue_tokens(self, **order: Any) -> dict[str, Any]:
        """Give credentials of one account as if its owner had agreed."""
        return dict(self._ask("POST", "/_simulator/tokens", order))

    def revoke(self, **order: Any) -> int:
        """Revoke all credentials of an account, as its owner can at the network."""
        return int(self._ask("POST", "/_simulator/revoke", order)["revoked"])

    def remove_app(self, **order: Any) -> dict[str, Any]:
        """Remove every app, as an account's owner can, and have the network tell them.

        Gives ``notices``, and with a ``callback`` the ``answers`` that it got there.
        """
        return dict(self._ask("POST", "/_simulator/revoke", order))

    def set_faults(self, *rules: dict[str, Any]) -> None:
        """Put these fault rules (``simulator/faults.py``) in the place of all others."""
        self._ask("PUT", "/_simulator/faults", list(rules))

    def clear_faults(self) -> None:
        """Put every fault out of force."""
        self._ask("DELETE", "/_simulator/faults")

    def change_settings(self, **settings: Any) -> None:
        """Change lifetimes and the like (``simulator.world.Settings``)."""
        self._ask("PUT", "/_simulator/settings", settings)

    def list_posts(self, **query: str) -> list[dict[str, Any]]:
        """Give the posts that stand, oldest first; ``account``, ``since``, ``deleted`` filter."""
        return list(self._ask("GET", f"/_simulator/posts?{urlencode(query)}"))

    def list_requests(self, **query: str) -> list[dict[str, Any]]:
        """Give the requests to publish, oldest first, with what came of them."""
        return list(self._ask("GET", f"/_simulator/requests?{urlencode(query)}"))

    def summarise(self) -> dict[str, int]:
        """Give the totals: posts, accounts, duplicates."""
        return dict(self._ask("GET", "/_simulator/summary"))

    def reset(self, *, accounts: bool = True) -> None:
        """Forget posts, faults, settings and, by default, accounts with their credentials."""
        self._ask("POST", "/_simulator/reset", {"accounts": accounts})

    def give_consent(
        self, url: str, *, account: str, decision: str = "allow"
    ) -> tuple[str, dict[str, str]]:
        """Press a button on an authorisation page, as a browser would.

        Gives where the browser is sent, without the query, and the query.
        """
        page = urlsplit(url)
        form = [*parse_qsl(page.query), ("account", account), ("decision", decision)]
        connection = HTTPConnection(page.netloc, timeout=ANSWER_SECONDS)
        try:
            connection.request(
                "POST",
                page.path,
                body=urlencode(form),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        assert answer.status in (302, 303), f"{answer.status}: {text[:500]}"
        back, _, query = answer.headers["Location"].partition("?")
        return back, dict(parse_qsl(query))

    def _open(self) -> HTTPConnection:
        return HTTPConnection(urlsplit(self.url).netloc, timeout=ANSWER_SECONDS)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = self._open()
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        assert answer.status < 400, f"{answer.status}: {text[:500]}"
        return json.loads(text) if text else None


def start_simulator() -> tuple[subprocess.Popen[str], Simulator]:
    """Start a simulator on free ports, without its mail catcher; stop it by terminating it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *ARGUMENTS],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if "SIMULATOR_" not in name},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        stop_simulator(process)
        raise RuntimeError("The simulator did not start; its own words are above.")
    told = json.loads(line)
    return process, Simulator(url=told["control"], instances=told["instances"])


def stop_simulator(process: subprocess.Popen[str]) -> None:
    """Stop a simulator, politely first."""
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    """The running simulator, with whatever earlier tests left in it."""
    process, client = start_simulator()
    try:
        yield client
    finally:
        stop_simulator(process)


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    """The running simulator, without accounts, posts and faults."""
    simulator_process.reset()
    return simulator_process
