"""Starting a real Bluesky server, making accounts there, and reading their posts back.

The server is Bluesky's own (`tests/real/bluesky`), in a process of its own. What is asked of it
here goes over its public XRPC, without authorization, and never through the product.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "bluesky"
START_SECONDS = 60
STOP_SECONDS = 15
ANSWER_SECONDS = 30
PASSWORD = "a-password-for-tests-only"


class ServerError(Exception):
    """The server refused, or answered what nobody expected; carries its own words."""


@dataclass(frozen=True)
class BlueskyAccount:
    """An account of the real server, with what its owner signs in with."""

    handle: str
    did: str
    email: str
    password: str


@dataclass(frozen=True)
class BlueskyServer:
    """A running server: `pds_url` holds accounts and posts, `plc_url` says who lives where.

    Both have the form `http://localhost:PORT`, which is also the server's OAuth issuer.
    """

    pds_url: str
    plc_url: str

    def create_account(self, name: str) -> BlueskyAccount:
        """Make the account `<name>.test`, with a password; `name` is 3 to 18 plain characters.

        Raises ServerError where the name is taken, reserved or not allowed.
        """
        handle, email = f"{name}.test", f"{name}@example.test"
        answer = self._call(
            "com.atproto.server.createAccount",
            body={"handle": handle, "email": email, "password": PASSWORD},
        )
        return BlueskyAccount(
            handle=answer["handle"], did=answer["did"], email=email, password=PASSWORD
        )

    @property
    def hosts(self) -> tuple[str, str]:
        """The exact `host:port` of both: what the address guard has to let through."""
        return (
            urllib.parse.urlsplit(self.pds_url).netloc,
            urllib.parse.urlsplit(self.plc_url).netloc,
        )

    def deactivate(self, account: BlueskyAccount) -> None:
        """Close an account as its owner can in the settings there; its posts are then hidden."""
        signed_in = self._call(
            "com.atproto.server.createSession",
            body={"identifier": account.handle, "password": account.password},
        )
        self._call(
            "com.atproto.server.deactivateAccount", body={}, access_token=signed_in["accessJwt"]
        )

    def list_posts(self, did: str) -> list[dict[str, Any]]:
        """Return the posts of an account, newest first, each with `uri`, `cid` and `value`.

        `value` is the record: `text`, `createdAt`, `facets`… At most 100 are returned.
        """
        query = {"repo": did, "collection": "app.bsky.feed.post", "limit": "100"}
        records = self._call("com.atproto.repo.listRecords", query=query)["records"]
        return list(records)

    def _call(
        self,
        method: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        access_token: str = "",
    ) -> dict[str, Any]:
        url = f"{self.pds_url}/xrpc/{method}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if access_token:
            headers["Authorization"] = f"Bearer {access_token}"
        request = urllib.request.Request(url, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
                answer: dict[str, Any] = json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            with error:
                words = error.read().decode(errors="replace")
            raise ServerError(f"{method}: {error.code} {words}") from error
        return answer


def find_node() -> str:
    """Return the path of Node; raise RuntimeError where it or the npm package is missing."""
    node = shutil.which("node")
    if node is None:
        raise RuntimeError("No Node here: the real Bluesky server needs Node 20 or later.")
    if not (FOLDER / "node_modules").is_dir():
        raise RuntimeError("The real Bluesky server is not installed: run make test-real.")
    return node


@contextmanager
def run_bluesky_server(
    *, folder: Path, rate_limits: bool = False, answer_late_ms: int = 0
) -> Iterator[BlueskyServer]:
    """Run a real Bluesky server on free ports of 127.0.0.1; stop it afterwards.

    `folder` takes its databases (deleted when it stops) and its log, `bluesky.log`. With
    `rate_limits` it counts requests as a public server does and answers 429. With `answer_late_ms`
    it says that late that a record is written. Raises RuntimeError, with the log's end, where it
    is not ready within a minute.
    """
    command = [find_node(), str(FOLDER / "serve.mjs"), "--stop-with-stdin"]
    if rate_limits:
        command.append("--rate-limits")
    if answer_late_ms:
        command += ["--answer-late", str(answer_late_ms)]
    log = folder / "bluesky.log"
    # Holding its standard input open is what keeps it alive: a test run that is killed closes it.
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "TMPDIR": str(folder)},
        ) as process,
    ):
        try:
            line = _read_first_line(process, within_seconds=START_SECONDS)
            if not line:
                tail = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"The real Bluesky server did not start. Its log ends:\n{tail}")
            urls = json.loads(line)
            yield BlueskyServer(pds_url=urls["pds_url"], plc_url=urls["plc_url"])
        finally:
            _stop(process)


def _read_first_line(process: subprocess.Popen[bytes], *, within_seconds: float) -> bytes:
    """Return the first line of its output, or nothing where it ends or lets us wait too long."""
    output = process.stdout
    assert output is not None
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(output.readline()), daemon=True)
    reader.start()
    reader.join(within_seconds)
    if reader.is_alive():
        process.kill()
        reader.join()
    return lines[0] if lines else b""


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
