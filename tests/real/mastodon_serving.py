"""Starting a third party's Mastodon server, making accounts there, and reading their posts back.

The server is PyPI's mastodon-mock (``mastodon/serve.py``), in a process of its own. What is asked
of it here goes by its API, in each account's own name, and never through the product.
"""

from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.real.starting import run_server

SERVE = Path(__file__).parent / "mastodon" / "serve.py"
ANSWER_SECONDS = 30
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class MastodonAccount:
    """An account of the server, with a token of its own that the product never sees."""

    username: str
    account_id: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class MastodonServer:
    """A running server; ``url`` is its origin, ``http://127.0.0.1:PORT``."""

    url: str

    @property
    def host(self) -> str:
        """Its exact ``host:port``: what the address guard has to let through."""
        return urllib.parse.urlsplit(self.url).netloc

    def create_account(self, name: str, *, is_admin: bool = False) -> MastodonAccount:
        """Make the account ``@<name>@<host>``; the name must be free."""
        made = self._call("/api/v1/_mock/dev_user", body={"username": name, "admin": is_admin})
        return MastodonAccount(made["username"], made["id"], made["access_token"])

    def read_opening(self, account: MastodonAccount) -> datetime:
        """When the account was opened."""
        told = self._call("/api/v1/accounts/verify_credentials", token=account.token)
        return datetime.fromisoformat(told["created_at"])

    def follow(self, fan: MastodonAccount, account: MastodonAccount) -> None:
        """Let one account follow another."""
        self._call(f"/api/v1/accounts/{account.account_id}/follow", body={}, token=fan.token)

    def react(self, fan: MastodonAccount, status_id: str, *actions: str) -> None:
        """Let an account do something with a post: ``favourite``, ``reblog``…"""
        for action in actions:
            self._call(f"/api/v1/statuses/{status_id}/{action}", body={}, token=fan.token)

    def reply(self, fan: MastodonAccount, status_id: str, text: str) -> None:
        """Let an account answer a post."""
        body = {"status": text, "in_reply_to_id": status_id}
        self._call("/api/v1/statuses", body=body, token=fan.token)

    def list_posts(self, account: MastodonAccount) -> list[dict[str, Any]]:
        """Give the account's last 40 posts, newest first, each with ``text`` as it was written."""
        path = f"/api/v1/accounts/{account.account_id}/statuses?limit=40"
        posts = self._call(path, token=account.token)
        for post in posts:
            post["text"] = self._call(f"/api/v1/statuses/{post['id']}/source")["text"]
        return list(posts)

    def delete_posts(self, account: MastodonAccount) -> None:
        """Delete the account's last 40 posts, as its owner can."""
        for post in self.list_posts(account):
            self._call(f"/api/v1/statuses/{post['id']}", token=account.token, method="DELETE")

    def disable(self, account: MastodonAccount) -> None:
        """Close an account to its owner, as a moderator can."""
        moderator = self.create_account(f"mod_{account.username}", is_admin=True)
        path = f"/api/v1/admin/accounts/{account.account_id}/action"
        self._call(path, body={"type": "disable"}, token=moderator.token)

    def give_consent(self, url: str, *, username: str) -> tuple[str, dict[str, str]]:
        """Open the page of consent and press the account's button, as a browser would.

        Gives where the browser is sent, without the query, and the query.
        """
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as page:
            form = _Form(page.read().decode())
        assert username in form.buttons, f"no button for {username}"
        data = urllib.parse.urlencode(form.hidden | {"username": username}).encode()
        where = urllib.parse.urlsplit(urllib.parse.urljoin(url, form.action))
        connection = HTTPConnection(where.netloc, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", where.path, data, FORM)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        assert answer.status == 302, f"{answer.status} instead of the way back"
        back, _, query = answer.headers["Location"].partition("?")
        return back, dict(urllib.parse.parse_qsl(query))

    def _call(
        self, path: str, *, body: dict[str, Any] | None = None, token: str = "", method: str = ""
    ) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(
            self.url + path, data, headers, method=method or ("GET" if body is None else "POST")
        )
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
            return json.loads(response.read() or b"{}")


class _Form(HTMLParser):
    """The one form of a page: where it goes, its hidden fields, the values of its buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}
        self.buttons: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = told["action"]
        elif tag == "input" and told.get("type") == "hidden":
            self.hidden[told["name"]] = told["value"]
        elif tag == "button":
            self.buttons.append(told["value"])


@contextmanager
def run_mastodon_server(*, folder: Path) -> Iterator[MastodonServer]:
    """Run a server on a free port of 127.0.0.1; stop it afterwards.

    ``folder`` takes what it stores and its log, ``mastodon.log``. Raises RuntimeError where it does
    not start; the package comes with ``make test-real``.
    """
    with run_server([sys.executable, str(SERVE)], name="mastodon", folder=folder) as told:
        yield MastodonServer(url=told["url"])
