"""Facebook's Graph API by way of facebook-sdk, whose requests leave through our own ``Http``.

The library is synchronous, drops status and headers, and sends by ``requests``: past the guard,
the deadline and the cap. So every call of it runs in a thread of its own with a session that only
says what is to be sent; it is sent from the event loop, and the answer is handed back for the
library to read. A caller that gives up before that leaves a thread that ends and sends nothing.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Thread
from typing import Any

from facebook import FACEBOOK_GRAPH_URL, GraphAPI, GraphAPIError

from networks.http import Answer, Http
from networks.reading import read_text

MAX_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An error as the Graph API words it; ``code`` and ``subcode`` are 0 where it gave none.

    ``kind`` is its ``type``, ``words`` what it wants the person to read, else what it tells us.
    """

    code: int
    subcode: int
    kind: str
    words: str
    is_passing: bool


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What was answered: ``content`` is what the library made of it, empty when it made nothing."""

    answer: Answer
    content: Mapping[str, Any] = field(repr=False)
    refusal: Refusal | None = None

    @property
    def is_good(self) -> bool:
        """Whether it is an answer to what was asked, and no refusal."""
        return self.answer.status == 200 and bool(self.content) and self.refusal is None


@dataclass(frozen=True)
class _Wanted:
    """A request that the library wants to be sent."""

    method: str
    path: str
    params: dict[str, str] = field(repr=False)
    form: dict[str, str] | None = field(repr=False)


class _Session:
    """What the library takes for a ``requests.Session``."""

    def __init__(self, hand_over: Callable[[_Wanted], Answer]) -> None:
        self._hand_over = hand_over

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        **_options: object,
    ) -> _Response:
        form = None if data is None else {name: str(value) for name, value in data.items()}
        wanted = _Wanted(
            method=method,
            path=url.removeprefix(FACEBOOK_GRAPH_URL),
            params={name: str(value) for name, value in (params or {}).items()},
            form=form,
        )
        return _Response(self._hand_over(wanted))


class _Response:
    """What the library takes for a ``requests.Response``."""

    def __init__(self, answer: Answer) -> None:
        self.headers = answer.headers
        self.content = answer.body
        self.text = answer.body.decode(errors="replace")
        self.url = answer.url
        self.json = answer.json


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The Graph API at ``url`` (an origin) in one version; ``secret`` is our app's."""

    http: Http
    url: str
    version: str
    secret: str = field(repr=False)
    deadline_seconds: float

    async def ask(
        self,
        call: Callable[[GraphAPI], object],
        *,
        access_token: str = "",
        max_bytes: int = MAX_BYTES,
    ) -> Reply:
        """Run one call of the library, which makes one request, and give what was answered.

        Raises what ``Http.request`` raises; everything that was answered is a reply.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[object] = asyncio.Queue()
        answered: Future[Answer] = Future()

        def tell(what: object) -> None:
            with suppress(RuntimeError):  # nobody waits any more: the loop has been closed
                loop.call_soon_threadsafe(told.put_nowait, what)

        def hand_over(wanted: _Wanted) -> Answer:
            tell(wanted)
            return answered.result()

        graph = GraphAPI(access_token or None, session=_Session(hand_over))
        graph.version = self.version
        Thread(target=_work, args=(partial(call, graph), tell), daemon=True).start()
        try:
            wanted = await told.get()
            assert isinstance(wanted, _Wanted), "a call of the library makes one request"
            answer = await self._send(wanted, max_bytes=max_bytes)
            answered.set_result(answer)
            content = await told.get()
        finally:
            answered.cancel()
        return _read_reply(answer, content)

    async def _send(self, wanted: _Wanted, *, max_bytes: int) -> Answer:
        return await self.http.request(
            wanted.method,
            f"{self.url}/{wanted.path}",
            params=self._prove(wanted.params),
            form=None if wanted.form is None else self._prove(wanted.form),
            deadline_seconds=self.deadline_seconds,
            max_bytes=max_bytes,
        )

    def _prove(self, parameters: dict[str, str]) -> dict[str, str]:
        """Add ``appsecret_proof``: a stolen token is of no use to who has not our secret too.

        By https://developers.facebook.com/docs/graph-api/guides/secure-requests.
        """
        token = parameters.get("access_token")
        if not token:
            return parameters
        return {**parameters, "appsecret_proof": make_proof(token, secret=self.secret)}


def make_proof(access_token: str, *, secret: str) -> str:
    """Give the ``appsecret_proof`` of a token: its HMAC-SHA256 under the app's secret, in hex."""
    return hmac.digest(secret.encode(), access_token.encode(), "sha256").hex()


def _work(call: Callable[[], object], tell: Callable[[object], None]) -> None:
    """Run a call in its thread and tell what it gave; None for what the library cannot read."""
    content: object = None
    try:
        content = call()
    except GraphAPIError as error:
        content = error.result
    except (LookupError, ValueError, TypeError, AttributeError):
        # It takes a content type, an object and members for granted.
        pass
    except CancelledError:
        pass
    finally:
        tell(content)


def _read_reply(answer: Answer, content: object) -> Reply:
    if content is True:  # some writes are answered with that alone
        content = {"success": True}
    members = content if isinstance(content, dict) else {}
    error = members.get("error")
    if not error:
        return Reply(answer=answer, content=members)
    said = error if isinstance(error, dict) else {}
    refusal = Refusal(
        code=_read_number(said, "code"),
        subcode=_read_number(said, "error_subcode"),
        kind=read_text(said, "type"),
        words=read_text(said, "error_user_msg") or read_text(said, "message"),
        is_passing=said.get("is_transient") is True,
    )
    return Reply(answer=answer, content=members, refusal=refusal)


def _read_number(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name)
    return value if isinstance(value, int) else 0
