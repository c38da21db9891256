"""The Bluesky dialect's records: put, create, get, list, delete. The simulator keeps posts only.

As the lexicons under com.atproto.repo have them.
"""

import time
from typing import Any

from aiohttp import web

from simulator.bluesky import find_actor, refuse, require_session
from simulator.bluesky_oauth import SERVER
from simulator.clock import format_time, tell_time
from simulator.ids import encode_tid
from simulator.pacing import Limit
from simulator.records import (
    POST,
    TID,
    RecordRefused,
    check_post,
    derive_cid,
    find_record_link,
)
from simulator.serving import answer_json, read_params, read_text
from simulator.world import Account, Post, World

HOUR_LIMIT = Limit(points=5000, seconds=3600)
DAY_LIMIT = Limit(points=35_000, seconds=24 * 3600)
CREATE_POINTS, UPDATE_POINTS, DELETE_POINTS = 3, 2, 1
PAGE_SIZE, PAGE_MOST = 50, 100


async def put_record(request: web.Request) -> web.Response:
    """POST com.atproto.repo.putRecord: the identical record again changes nothing."""
    server = request.app[SERVER]
    session = require_session(request, "create", "update")
    params = await read_params(request)
    key = _read_key(params)
    request["key"] = key
    record = _check_write(session.account, params)
    known = server.world.posts_by_id.get(_make_uri(session.account, key))
    _check_swap(params, known=known)
    cid = derive_cid(record)
    if known is not None and known.cid == cid:
        request["outcome"] = "replayed"
        return _answer_write(known)
    _spend(request, session.account, points=CREATE_POINTS if known is None else UPDATE_POINTS)
    if known is None:
        known = _add_post(server.world, session.account, key=key, record=record)
        request["outcome"] = "accepted"
    else:
        server.world.replace_record(
            known, text=record["text"], link=find_record_link(record), record=record, cid=cid
        )
        request["outcome"] = "replaced"
    return _answer_write(known)


async def create_record(request: web.Request) -> web.Response:
    """POST com.atproto.repo.createRecord: a key that exists is a 500, as on the real server."""
    server = request.app[SERVER]
    session = require_session(request, "create")
    params = await read_params(request)
    if not params.get("rkey"):
        params["rkey"] = encode_tid(int(time.time() * 1_000_000))
    key = _read_key(params)
    request["key"] = key
    record = _check_write(session.account, params)
    if _make_uri(session.account, key) in server.world.posts_by_id:
        raise refuse(500, "InternalServerError", "Internal Server Error")
    _spend(request, session.account, points=CREATE_POINTS)
    post = _add_post(server.world, session.account, key=key, record=record)
    request["outcome"] = "accepted"
    return _answer_write(post)


async def delete_record(request: web.Request) -> web.Response:
    """POST com.atproto.repo.deleteRecord: deleting what is not there is fine."""
    server = request.app[SERVER]
    session = require_session(request, "delete")
    params = await read_params(request)
    _check_owner(session.account, params)
    post = server.world.posts_by_id.get(_make_uri(session.account, read_text(params, "rkey")))
    if post is None:
        return answer_json({})
    _spend(request, session.account, points=DELETE_POINTS)
    server.world.delete_post(post)
    return answer_json({"commit": _describe_commit(post)})


async def get_record(request: web.Request) -> web.Response:
    """GET com.atproto.repo.getRecord; needs no authorization."""
    query = request.query
    account = find_actor(request, query.get("repo", ""))
    uri = f"at://{query.get('repo')}/{query.get('collection')}/{query.get('rkey')}"
    if account is not None and query.get("collection") == POST:
        uri = _make_uri(account, query.get("rkey", ""))
    post = request.app[SERVER].world.posts_by_id.get(uri)
    if post is None or query.get("cid") not in (None, post.cid):
        raise refuse(400, "RecordNotFound", f"Could not locate record: {uri}")
    return answer_json(describe_record(post))


async def list_records(request: web.Request) -> web.Response:
    """GET com.atproto.repo.listRecords: by key, highest first, or lowest with reverse=true."""
    query = request.query
    account = find_actor(request, query.get("repo", ""))
    if account is None:
        raise refuse(400, "InvalidRequest", f"Could not find repo: {query.get('repo')}")
    text = query.get("limit", "")
    limit = min(max(int(text), 1), PAGE_MOST) if text.isdigit() else PAGE_SIZE
    upwards, cursor = query.get("reverse") == "true", query.get("cursor")
    posts = {post.key or "": post for post in account.posts.values()}
    keys = sorted(posts, reverse=not upwards)
    if cursor:
        keys = [key for key in keys if (key > cursor if upwards else key < cursor)]
    page = keys[:limit] if query.get("collection") == POST else []
    body: dict[str, Any] = {"records": [describe_record(posts[key]) for key in page]}
    return answer_json(body | ({"cursor": page[-1]} if page else {}))


def describe_record(post: Post) -> dict[str, Any]:
    """Give a record as getRecord does."""
    return {"uri": post.uri, "cid": post.cid, "value": post.record}


def _check_owner(account: Account, params: dict[str, Any]) -> None:
    if read_text(params, "repo") not in (account.id, account.handle):
        raise refuse(401, "AuthenticationRequired", "Authentication Required")
    if params.get("collection") != POST:
        message = f"The simulator keeps {POST} only"
        raise refuse(400, "InvalidRequest", message)


def _check_write(account: Account, params: dict[str, Any]) -> dict[str, Any]:
    _check_owner(account, params)
    try:
        return check_post(params.get("record"))
    except RecordRefused as refused:
        raise refuse(400, "InvalidRequest", str(refused)) from refused


def _check_swap(params: dict[str, Any], *, known: Post | None) -> None:
    if "swapRecord" in params and params["swapRecord"] != (known.cid if known else None):
        raise refuse(400, "InvalidSwap", "Record was at another version")


def _read_key(params: dict[str, Any]) -> str:
    """Give the record key. A post's is a TID by its lexicon; refusing others here is a guess."""
    key = read_text(params, "rkey")
    if not TID.fullmatch(key):
        raise refuse(400, "InvalidRequest", "Invalid record key: a post's key is a TID")
    return key


def _make_uri(account: Account, key: str) -> str:
    return f"at://{account.id}/{POST}/{key}"


def write_by_hand(world: World, account: Account, *, text: str) -> Post:
    """Add what somebody wrote in the app. Raises Refusal."""
    try:
        record = check_post({"text": text, "createdAt": format_time(tell_time())})
    except RecordRefused as refused:
        raise refuse(400, "InvalidRequest", str(refused)) from refused
    if not text.strip():
        raise refuse(400, "InvalidRequest", "A post needs words")
    key = encode_tid(int(time.time() * 1_000_000))
    return _add_post(world, account, key=key, record=record, by_hand=True)


def _add_post(
    world: World, account: Account, *, key: str, record: dict[str, Any], by_hand: bool = False
) -> Post:
    uri = _make_uri(account, key)
    languages = record.get("langs") or [None]
    return world.add_post(
        account,
        id=uri,
        order=world.mint_order(),
        text=record["text"],
        url=f"{account.instance.directory_url}/profile/{account.handle}/post/{key}",
        uri=uri,
        link=find_record_link(record),
        key=key,
        language=languages[0],
        record=record,
        cid=derive_cid(record),
        by_hand=by_hand,
    )


def _answer_write(post: Post) -> web.Response:
    body = {
        "uri": post.uri,
        "cid": post.cid,
        "commit": _describe_commit(post),
        "validationStatus": "valid",
    }
    return answer_json(body)


def _describe_commit(post: Post) -> dict[str, str]:
    """Give a commit's id and revision, made up from the post's: there is no repository tree."""
    seed = {"commit": post.cid, "deleted": post.deleted}
    return {"cid": derive_cid(seed), "rev": encode_tid(int(time.time() * 1_000_000))}


def _spend(request: web.Request, account: Account, *, points: int) -> None:
    windows = request.app[SERVER].windows
    day = windows.count(account, limit=DAY_LIMIT, points=points)
    hour = windows.count(account, limit=HOUR_LIMIT, points=points)
    request["standing"] = day if day.exceeded else hour
    if day.exceeded or hour.exceeded:
        raise refuse(429, "RateLimitExceeded", "Rate Limit Exceeded")
