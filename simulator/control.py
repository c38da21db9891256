"""The control API under /_simulator/: what tests and the demo turn and read."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from aiohttp import web

from simulator.bluesky_tokens import BlueskyServer
from simulator.clock import format_time, read_time
from simulator.faults import Faults, RuleRefused
from simulator.notices import tell
from simulator.plugging import Server
from simulator.seeding import (
    OrderRefused,
    give_consent,
    issue_credentials,
    open_accounts,
    revoke_accounts,
    write_notices,
)
from simulator.serving import answer_json
from simulator.world import Settings, World


@dataclass(frozen=True, slots=True)
class Desk:
    """What the control API works on."""

    world: World
    faults: Faults
    servers: list[Server]


DESK = web.AppKey("DESK", Desk)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def explain_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a refused order into a 400 with one sentence."""
    try:
        return await handler(request)
    except (OrderRefused, RuleRefused) as refused:
        return answer_json({"error": str(refused)}, status=400)


async def answer_livez(request: web.Request) -> web.Response:
    """GET /livez."""
    return web.Response(text="ok")


async def list_instances(request: web.Request) -> web.Response:
    """GET /_simulator/instances."""
    return answer_json([one.describe() for one in request.app[DESK].world.instances])


async def set_faults(request: web.Request) -> web.Response:
    """PUT /_simulator/faults: one rule or a list, in the place of all others (see faults.py)."""
    faults = request.app[DESK].faults
    faults.set_rules(await _read_json(request))
    return answer_json(faults.describe())


async def list_faults(request: web.Request) -> web.Response:
    """GET /_simulator/faults: the rules with how often they matched and struck."""
    return answer_json(request.app[DESK].faults.describe())


async def clear_faults(request: web.Request) -> web.Response:
    """DELETE /_simulator/faults."""
    request.app[DESK].faults.clear()
    return web.Response(status=204)


async def reset(request: web.Request) -> web.Response:
    """POST /_simulator/reset: posts, faults, settings, idempotency keys, rate counts.

    `{"accounts": true}` also closes all accounts and forgets their credentials. Registered
    Mastodon apps always stay, and so do mails.
    """
    desk = request.app[DESK]
    order = await _read_order(request)
    everything = order.get("accounts") is True
    desk.faults.clear()
    desk.world.settings = Settings()
    if everything:
        desk.world.forget_accounts()
    else:
        desk.world.forget_posts()
    for server in desk.servers:
        server.reset(accounts=everything)
    return answer_json(desk.world.summarise())


async def list_posts(request: web.Request) -> web.Response:
    """GET /_simulator/posts, oldest first: what stands; with `?deleted=1` what was taken down too.

    What came through an API, as in the totals; with `?by_hand=1` only what people wrote on the
    networks' own pages. `?since=` (ISO 8601) keeps later ones, `?account=` those of a name, handle
    or id.
    """
    query = request.query
    since, label = _read_since(query.get("since")), query.get("account")
    return answer_json(
        [
            post.describe()
            for post in request.app[DESK].world.posts
            if post.by_hand == (query.get("by_hand") == "1")
            and (not post.deleted or query.get("deleted") == "1")
            and (label is None or label in post.account.labels)
            and post.at > since
        ]
    )


async def summarise(request: web.Request) -> web.Response:
    """GET /_simulator/summary: one line with posts, accounts, duplicates."""
    return answer_json(request.app[DESK].world.summarise())


async def list_requests(request: web.Request) -> web.Response:
    """GET /_simulator/requests: the requests to publish, oldest first, with what came of them.

    `outcome` is the fault that struck, else `accepted`, `replayed`, `replaced` or
    `refused <status>` (a Bluesky client's first one, without a nonce, is `refused 401`). `from` is
    the address of who asked.
    `?since=` and `?account=` (the handle) filter.
    """
    query = request.query
    since, handle = _read_since(query.get("since")), query.get("account")
    return answer_json(
        [
            entry | {"at": format_time(entry["at"])}
            for entry in request.app[DESK].world.requests
            if handle in (None, entry["account"]) and entry["at"] > since
        ]
    )


async def make_accounts(request: web.Request) -> web.Response:
    """POST /_simulator/accounts: one order or a list of them; gives one flat list."""
    world = request.app[DESK].world
    orders = await _read_orders(request)
    return answer_json([entry for order in orders for entry in open_accounts(world, order)])


async def make_tokens(request: web.Request) -> web.Response:
    """POST /_simulator/tokens: credentials; an object for an object, a list for a list."""
    desk = request.app[DESK]
    given = await _read_json(request)
    orders = _check_orders(given)
    made = issue_credentials(desk.world, desk.servers, orders)
    return answer_json(made if isinstance(given, list) else made[0])


async def revoke(request: web.Request) -> web.Response:
    """POST /_simulator/revoke {network, account}: what an owner does who removes every app.

    Also gives `notices`, what the network tells apps of it (simulator/notices.py), if it does. With
    `callback`, an address, they are sent there; `answers` is what came back.
    """
    desk = request.app[DESK]
    orders = await _read_orders(request)
    notices, answers, revoked = [], [], 0
    for order in orders:
        written = write_notices(desk.world, desk.servers, order)
        revoked += revoke_accounts(desk.world, desk.servers, order)
        notices += written
        if order.get("callback"):
            answers += [await tell(str(order["callback"]), each) for each in written]
    told = {"notices": notices, "answers": answers} if notices else {}
    return answer_json({"revoked": revoked, **told})


async def consent(request: web.Request) -> web.Response:
    """POST /_simulator/consents {authorize_url, account, decision}: gives {"redirect": …}."""
    desk = request.app[DESK]
    order = await _read_order(request)
    return answer_json({"redirect": give_consent(desk.servers, order)})


async def turn_nonces(request: web.Request) -> web.Response:
    """POST /_simulator/nonces: every DPoP nonce given so far becomes stale."""
    for server in request.app[DESK].servers:
        if isinstance(server, BlueskyServer):
            server.sign_in_nonces.turn()
            server.resource_nonces.turn()
    return web.Response(status=204)


async def show_settings(request: web.Request) -> web.Response:
    """GET /_simulator/settings."""
    return answer_json(asdict(request.app[DESK].world.settings))


async def change_settings(request: web.Request) -> web.Response:
    """PUT /_simulator/settings: some of the fields of world.Settings; the others stay."""
    world = request.app[DESK].world
    order = await _read_order(request)
    known = {one.name: type(getattr(world.settings, one.name)) for one in fields(Settings)}
    for name, value in order.items():
        if known.get(name) is not type(value):
            raise OrderRefused(f"Settings are {', '.join(known)}; numbers are whole.")
        setattr(world.settings, name, value)
    return answer_json(asdict(world.settings))


async def _read_json(request: web.Request) -> object:
    try:
        return json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise OrderRefused("The body is not JSON.") from error


async def _read_order(request: web.Request) -> dict[str, Any]:
    given = await _read_json(request)
    if not isinstance(given, dict):
        raise OrderRefused("The body is a JSON object.")
    return given


async def _read_orders(request: web.Request) -> list[dict[str, Any]]:
    return _check_orders(await _read_json(request))


def _check_orders(given: object) -> list[dict[str, Any]]:
    orders: list[Any] = given if isinstance(given, list) else [given]
    if not all(isinstance(order, dict) for order in orders):
        raise OrderRefused("The body is a JSON object or a list of them.")
    return orders


def _read_since(text: str | None) -> float:
    try:
        return read_time(text.replace(" ", "+")) if text else 0.0
    except ValueError as error:
        raise OrderRefused("since is ISO 8601.") from error


def add_control_routes(app: web.Application, *, desk: Desk) -> None:
    """Add the control API to the application of the first port."""
    app[DESK] = desk
    app.middlewares.append(explain_refusals)
    routes: list[tuple[str, str, Handler]] = [
        ("GET", "/livez", answer_livez),
        ("GET", "/_simulator/instances", list_instances),
        ("PUT", "/_simulator/faults", set_faults),
        ("GET", "/_simulator/faults", list_faults),
        ("DELETE", "/_simulator/faults", clear_faults),
        ("POST", "/_simulator/reset", reset),
        ("GET", "/_simulator/posts", list_posts),
        ("GET", "/_simulator/summary", summarise),
        ("GET", "/_simulator/requests", list_requests),
        ("POST", "/_simulator/accounts", make_accounts),
        ("POST", "/_simulator/tokens", make_tokens),
        ("POST", "/_simulator/revoke", revoke),
        ("POST", "/_simulator/consents", consent),
        ("POST", "/_simulator/nonces", turn_nonces),
        ("GET", "/_simulator/settings", show_settings),
        ("PUT", "/_simulator/settings", change_settings),
    ]
    for method, path, handler in routes:
        app.router.add_route(method, path, handler)
