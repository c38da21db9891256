"""Starting a real Bluesky server, making accounts there, and reading their posts back.

The server is Bluesky's own (`tests/real/bluesky`), in a process of its own. What is asked of it
here goes over its public XRPC, without authorization, and never through the product.
"""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.real.starting import run_server

FOLDER = Path(__file__).parent / "bluesky"
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
    def environment(self) -> dict[str, str]:
        """What the product has to be told, to know this network and no other."""
        return {
            "BLUESKY_PLC_URL": self.plc_url,
            "BLUESKY_RESOLVER_URL": self.pds_url,
            "BLUESKY_APPVIEW_URL": "",
        }

    @property
    def hosts(self) -> tuple[str, str]:
        """The exact `host:port` of both: what the address guard has to let through."""
        return (
            urllib.parse.urlsplit(self.pds_url).netloc,
            urllib.parse.urlsplit(self.plc_url).netloc,
        )

    def deactivate(self, account: BlueskyAccount) -> None:
        """Close an account as its owner can in the settings there; its posts are then hidden."""
        self._call(
            "com.atproto.server.deactivateAccount", body={}, access_token=self._sign_in(account)
        )

    def activate(self, account: BlueskyAccount) -> None:
        """Open an account that was closed again; its posts are shown again."""
        self._call(
            "com.atproto.server.activateAccount", verb="POST", access_token=self._sign_in(account)
        )

    def delete_posts(self, account: BlueskyAccount) -> None:
        """Delete every post of an account, as its owner can in any app."""
        signed_in = self._sign_in(account)
        for post in self.list_posts(account.did):
            self._call(
                "com.atproto.repo.deleteRecord",
                body={
                    "repo": account.did,
                    "collection": "app.bsky.feed.post",
                    "rkey": post["uri"].rpartition("/")[2],
                },
                access_token=signed_in,
            )

    def list_posts(self, did: str) -> list[dict[str, Any]]:
        """Return the posts of an account, newest first, each with `uri`, `cid` and `value`.

        `value` is the record: `text`, `createdAt`, `facets`… At most 100 are returned.
        """
        query = {"repo": did, "collection": "app.bsky.feed.post", "limit": "100"}
        records = self._call("com.atproto.repo.listRecords", query=query)["records"]
        return list(records)

    def _sign_in(self, account: BlueskyAccount) -> str:
        signed_in = self._call(
            "com.atproto.server.createSession",
            body={"identifier": account.handle, "password": account.password},
        )
        return str(signed_in["accessJwt"])

    def _call(
        self,
        method: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        verb: str | None = None,
        access_token: str = "",
    ) -> dict[str, Any]:
        url = f"{self.pds_url}/xrpc/{method}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        if access_token:
            headers["Authorization"] = f"Bearer {access_token}"
        request = urllib.request.Request(url, data, headers, method=verb)
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
    with run_server(command, name="bluesky", folder=folder) as urls:
        yield BlueskyServer(pds_url=urls["pds_url"], plc_url=urls["plc_url"])
