"""How every request to a simulated network is served: read, logged, struck by faults, answered.

A network's dialect plugs in as a `Dialect`; its handlers raise `Refusal` for every answer that
is an error.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

from aiohttp import web

from simulator.breaking import strike
from simulator.clock import tell_time
from simulator.faults import UNHARMED, Faults, Hit
from simulator.layout import Instance
from simulator.world import Account, World

WORLD = web.AppKey("WORLD", World)
FAULTS = web.AppKey("FAULTS", Faults)
INSTANCE = web.AppKey("INSTANCE", Instance)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refusal(Exception):
    """An answer that is an error: status, JSON body, headers."""

    def __init__(
        self, status: int, body: dict[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(body.get("error"))
        self.status = status
        self.body = body
        self.headers = headers

    def respond(self) -> web.Response:
        """Give the refusal as an answer."""
        return answer_json(self.body, status=self.status, headers=self.headers)


class Dialect(Protocol):
    """What differs between networks around a request."""

    async def identify(self, request: web.Request) -> Account | None:
        """Give the account that a request concerns, as far as it can be told beforehand."""

    def name_key(self, request: web.Request) -> str | None:
        """Give the key that a request to publish carries, to be logged."""

    def is_opening(self, request: web.Request) -> bool:
        """Tell whether a request only asks for a nonce; faults then spare it."""

    def refuse_pace(self, request: web.Request, *, retry_after: object) -> web.Response:
        """Give the network's 429. `retry_after` is seconds, a text, or None for no headers."""

    def refuse_token(self, request: web.Request, *, kind: str) -> web.Response:
        """Give the network's answer to a revoked token or grant."""

    def fail(self) -> web.Response:
        """Give the network's 500."""

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers that every answer of the network carries."""


def answer_json(
    body: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Give an answer in JSON."""
    return web.Response(
        text=json.dumps(body, separators=(",", ":"), ensure_ascii=False),
        status=status,
        headers=headers,
        content_type="application/json",
    )


def add_routes(
    app: web.Application, *, dialect: Dialect, routes: list[tuple[str, str, str, Handler]]
) -> None:
    """Add (method, path, kind, handler) entries; kind is what fault rules call an endpoint."""
    for method, path, kind, handler in routes:
        app.router.add_route(method, path, _guard(handler, kind=kind, dialect=dialect))


def _guard(handler: Handler, *, kind: str, dialect: Dialect) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except Refusal as refusal:
            response = refusal.respond()
        dialect.finish(request, response)
        return response

    async def serve(request: web.Request) -> web.StreamResponse:
        faults = request.app[FAULTS]
        if kind != "publish" and not faults.rules:
            return await answer(request)
        entry = _log_request(request, dialect=dialect) if kind == "publish" else {}
        account = await dialect.identify(request)
        hit = UNHARMED
        if faults.rules and not dialect.is_opening(request):
            instance = request.app[INSTANCE]
            hit = faults.draw(
                kind=kind, instance=instance.authority, network=instance.network, account=account
            )
        entry["account"] = account.handle if account else None
        if hit is UNHARMED:
            response = await answer(request)
        else:
            response = await strike(hit, request, dialect=dialect, kind=kind, work=answer)
        _note_outcome(entry, request=request, response=response, hit=hit)
        return response

    return serve


def _log_request(request: web.Request, *, dialect: Dialect) -> dict[str, Any]:
    instance = request.app[INSTANCE]
    entry: dict[str, Any] = {
        "at": tell_time(),
        "network": instance.network,
        "instance": instance.authority,
        "account": None,
        "from": request.remote,
        "key": dialect.name_key(request),
        "outcome": "pending",
        "accepted": False,
        "status": None,
    }
    request["entry"] = entry
    request.app[WORLD].requests.append(entry)
    return entry


def _note_outcome(
    entry: dict[str, Any], *, request: web.Request, response: web.StreamResponse, hit: Hit
) -> None:
    result = request.get("outcome")
    entry["key"] = entry.get("key") or request.get("key")
    entry["accepted"] = result == "accepted"
    entry["outcome"] = hit.name or result or f"refused {response.status}"
    entry["status"] = None if hit.name in ("cut", "cut_before") else response.status


async def read_params(request: web.Request) -> dict[str, Any]:
    """Give query and body together, as Rails does: JSON, form or multipart; `x[]` is a list.

    Raises Refusal (400) for a body that is not what its content type says.
    """
    known: dict[str, Any] | None = request.get("params")
    if known is not None:
        return known
    params = _fold(list(request.query.items()))
    if request.body_exists:
        params |= await _read_body(request)
    request["params"] = params
    return params


async def _read_body(request: web.Request) -> dict[str, Any]:
    try:
        if request.content_type == "application/json":
            return _read_object(await request.read() or b"{}")
        if request.content_type.startswith("multipart/"):
            form = await request.post()
            return _fold([(key, value) for key, value in form.items() if isinstance(value, str)])
        text = (await request.read()).decode()
        return _fold(parse_qsl(text, keep_blank_values=True))
    except ValueError:
        message = "The request's body could not be read"
        raise Refusal(400, {"error": "invalid_request", "message": message}) from None


def _read_object(raw: bytes) -> dict[str, Any]:
    """Give a JSON object. Raises ValueError, also for half a surrogate pair."""
    body = json.loads(raw)
    if not isinstance(body, dict):
        raise ValueError("not an object")  # noqa: TRY004 - bad input, not a programming error
    if b"\\u" in raw:
        json.dumps(body, ensure_ascii=False).encode()
    return body


def _fold(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    folded: dict[str, Any] = {}
    for key, value in pairs:
        if key.endswith("[]"):
            folded.setdefault(key[:-2], []).append(value)
        else:
            folded[key] = value
    return folded


def read_text(params: Mapping[str, Any], name: str) -> str:
    """Give one parameter as text; what is missing or no text is empty."""
    value = params.get(name)
    return value if isinstance(value, str) else ""
