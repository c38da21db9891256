"""The Mastodon dialect's statuses: publish once, read back, delete.

As https://docs.joinmastodon.org/methods/statuses/ and …/methods/accounts/ have them.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from aiohttp import web

from simulator.ids import decode_order, encode_order
from simulator.layout import Instance
from simulator.mastodon import NOT_FOUND, count_call, find_account, find_reader, require_token
from simulator.mastodon_entities import describe_status
from simulator.mastodon_oauth import SERVER
from simulator.mastodon_tokens import MastodonServer
from simulator.pacing import Limit
from simulator.serving import Refusal, answer_json, read_params, read_text
from simulator.wording import count_status, find_link
from simulator.world import Account, Post, World

STATUS_LIMIT = Limit(points=300, seconds=3 * 3600)
DELETE_LIMIT = Limit(points=30, seconds=1800)
PAGE_SIZE, PAGE_MOST = 20, 40
VISIBILITIES = ("public", "unlisted", "private", "direct")


async def publish_status(request: web.Request) -> web.Response:
    """POST /api/v1/statuses. A repeated Idempotency-Key gives the first status again."""
    server = request.app[SERVER]
    token, account = require_token(request, "write:statuses")
    params = await read_params(request)
    key = request.headers.get("Idempotency-Key") if server.instance.kind.honours_keys else None
    known = server.recall_status(account, key=key) if key else None
    if known is not None:
        if known.deleted:
            raise Refusal(404, {"error": NOT_FOUND})
        request["outcome"] = "replayed"
        return answer_json(describe_status(known, world=server.world, app=token.app))
    text, warning = read_text(params, "status"), read_text(params, "spoiler_text")
    _check_text(server.instance, text=text, warning=warning)
    visibility = read_text(params, "visibility") or "public"
    if visibility not in VISIBILITIES:
        raise Refusal(422, {"error": f"'{visibility}' is not a valid visibility"})
    standing = server.windows.count(account, limit=STATUS_LIMIT)
    request["standing"] = standing
    if standing.exceeded:
        raise Refusal(429, {"error": "Too many requests"})
    post = _add_status(
        server.world,
        account,
        text=text,
        key=request.headers.get("Idempotency-Key"),
        visibility=visibility,
        language=read_text(params, "language") or None,
        record={"spoiler_text": warning},
    )
    if key:
        server.keep_key(account, key=key, post=post)
    request["outcome"] = "accepted"
    return answer_json(describe_status(post, world=server.world, app=token.app))


def _check_text(instance: Instance, *, text: str, warning: str) -> None:
    kind = instance.kind
    if not text.strip():
        raise Refusal(422, {"error": "Validation failed: Text can't be blank"})
    per_url = None if kind.counts_links else kind.characters_per_url
    if count_status(warning + text, per_url=per_url) > kind.max_characters:
        message = f"Validation failed: Text character limit of {kind.max_characters} exceeded"
        raise Refusal(422, {"error": message})


def write_by_hand(world: World, account: Account, *, text: str) -> Post:
    """Add what somebody wrote on the server's own page. Raises Refusal."""
    _check_text(account.instance, text=text, warning="")
    return _add_status(world, account, text=text, record={"spoiler_text": ""}, by_hand=True)


def _add_status(world: World, account: Account, *, text: str, **details: Any) -> Post:
    order = world.mint_order()
    identity = encode_order(order, ids=account.instance.kind.ids)
    url = account.instance.url
    return world.add_post(
        account,
        id=identity,
        order=order,
        text=text,
        url=f"{url}/@{account.name}/{identity}",
        uri=f"{url}/users/{account.name}/statuses/{identity}",
        link=find_link(text),
        **details,
    )


async def list_statuses(request: web.Request) -> web.Response:
    """GET /api/v1/accounts/:id/statuses, newest first."""
    server = request.app[SERVER]
    count_call(request)
    reader = find_reader(request)
    account = find_account(server, request.match_info["id"])
    params, ids = request.query, server.instance.kind.ids
    text = params.get("limit", "")
    limit = min(int(text) if text.isdigit() and int(text) else PAGE_SIZE, PAGE_MOST)
    newest: Iterable[Post] = (
        post for post in reversed(account.posts.values()) if _may_read(post, reader=reader)
    )
    if "max_id" in params:
        most = decode_order(params["max_id"], ids=ids)
        newest = (post for post in newest if post.order < most)
    after = params.get("min_id") or params.get("since_id")
    if after:
        least = decode_order(after, ids=ids)
        newest = [post for post in newest if post.order > least]
        if params.get("min_id"):  # the page just above min_id, not the newest one
            newest = newest[-limit:]
    page = list(islice(newest, limit))
    address = f"{server.instance.url}{request.path}?limit={limit}"
    links = (
        f'<{address}&max_id={page[-1].id}>; rel="next", <{address}&min_id={page[0].id}>; rel="prev"'
        if page
        else ""
    )
    body = [describe_status(post, world=server.world) for post in page]
    return answer_json(body, headers={"Link": links} if links else None)


async def show_status(request: web.Request) -> web.Response:
    """GET /api/v1/statuses/:id."""
    count_call(request)
    reader = find_reader(request)
    server = request.app[SERVER]
    post = _find_status(server, request.match_info["id"])
    if not _may_read(post, reader=reader):
        raise Refusal(404, {"error": NOT_FOUND})
    return answer_json(describe_status(post, world=server.world))


async def list_chosen_statuses(request: web.Request) -> web.Response:
    """GET /api/v1/statuses?id[]=…, from 4.3 on: those that exist. More than 20 are refused."""
    server = request.app[SERVER]
    count_call(request)
    reader = find_reader(request)
    if not server.instance.kind.has_metadata:
        raise Refusal(404, {"error": NOT_FOUND})
    ids = dict.fromkeys(request.query.getall("id[]", []))
    if len(ids) > PAGE_SIZE:
        raise Refusal(422, {"error": "Mastodon::ValidationError"})
    posts = (server.world.posts_by_id.get(identity) for identity in ids)
    return answer_json(
        [
            describe_status(post, world=server.world)
            for post in posts
            if post is not None
            and post.account.instance is server.instance
            and _may_read(post, reader=reader)
        ]
    )


async def delete_status(request: web.Request) -> web.Response:
    """DELETE /api/v1/statuses/:id: one's own only; answers with the source text.

    Mastodon looks among one's own, GoToSocial among all and then refuses.
    """
    server = request.app[SERVER]
    count_call(request)
    _, account = require_token(request, "write:statuses")
    standing = server.windows.count((account, "delete"), limit=DELETE_LIMIT)
    if standing.exceeded:
        request["standing"] = standing
        raise Refusal(429, {"error": "Too many requests"})
    post = _find_status(server, request.match_info["id"])
    if post.account is not account:
        if server.instance.kind.software == "gotosocial":
            raise Refusal(403, {"error": "Forbidden: status doesn't belong to requesting account"})
        raise Refusal(404, {"error": NOT_FOUND})
    server.world.delete_post(post)
    return answer_json(describe_status(post, world=server.world) | {"text": post.text})


def _may_read(post: Post, *, reader: Account | None) -> bool:
    return post.visibility in ("public", "unlisted") or post.account is reader


def _find_status(server: MastodonServer, identity: str) -> Post:
    post = server.world.posts_by_id.get(identity)
    if post is None or post.account.instance is not server.instance:
        raise Refusal(404, {"error": NOT_FOUND})
    return post
