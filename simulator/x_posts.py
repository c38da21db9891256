"""The simulated X's posts: publish once, read back, count, delete.

As https://docs.x.com/x-api/posts/manage-tweets/introduction, …/timelines/introduction and
…/lookup/introduction have them, limits by https://docs.x.com/x-api/fundamentals/rate-limits.
"""

import time
from typing import Any

from aiohttp import web

from simulator.clock import format_time, read_time
from simulator.layout import Instance
from simulator.pacing import Limit
from simulator.serving import Refusal, answer_json, read_params
from simulator.wording import find_link
from simulator.world import Account, Post, World
from simulator.x import PROBLEMS, count_call, refuse, refuse_parameter, require_session
from simulator.x_oauth import SERVER
from simulator.x_wording import MAX_WEIGHT, count_cashtags, weigh, write_back

POST_LIMIT = Limit(points=100, seconds=900)
APP_LIMIT = Limit(points=10_000, seconds=86_400)
TIMELINE_LIMIT = Limit(points=900, seconds=900)
LOOKUP_LIMIT = Limit(points=5000, seconds=900)
DELETE_LIMIT = Limit(points=50, seconds=900)
# X says nowhere how long it remembers words; a guess.
DUPLICATE_SECONDS = 86_400
PAGE_LEAST, PAGE_SIZE, PAGE_MOST = 5, 10, 100
TIMELINE_MOST = 3200
TOO_LONG = (
    "Your Tweet text is too long. For more information on how Twitter determines text length see "
    "https://github.com/twitter/twitter-text."
)


async def publish_post(request: web.Request) -> web.Response:
    """POST /2/tweets. The same words again are refused, without telling which post has them."""
    server = request.app[SERVER]
    session = require_session(request, "tweet.read", "tweet.write", "users.read")
    account = session.account
    try:
        params = await read_params(request)
    except Refusal:
        raise refuse_parameter("The body is no JSON object.") from None
    text = params.get("text", "")
    _check_text(text)
    _count_post(request, account)
    if _was_said(account, text):
        detail = "You are not allowed to create a Tweet with duplicate content."
        raise refuse(403, "Forbidden", detail)
    post = add_post(server.world, account, text=text)
    request["outcome"] = "accepted"
    given, _ = write_back(text)
    body = {"id": post.id, "edit_history_tweet_ids": [post.id], "text": given}
    return answer_json({"data": body}, status=201)


def add_post(world: World, account: Account, *, text: str, **details: Any) -> Post:
    """Add a post to an account; `details` are further fields of Post."""
    order = world.mint_order()
    identity, url = str(order), account.instance.url
    return world.add_post(
        account,
        id=identity,
        order=order,
        text=text,
        url=f"{url}/i/web/status/{identity}",
        uri=f"{url}/{account.name}/status/{identity}",
        link=find_link(text),
        **details,
    )


def write_by_hand(world: World, account: Account, *, text: str) -> Post:
    """Add what somebody wrote on X's own page. Raises Refusal."""
    _check_text(text)
    return add_post(world, account, text=text, by_hand=True)


def _check_text(text: object) -> None:
    if not isinstance(text, str) or not text.strip():
        raise refuse_parameter("$.text: must not be empty", text=[""])
    if weigh(text) > MAX_WEIGHT:
        raise refuse_parameter(TOO_LONG)
    if count_cashtags(text) > 1:
        # The rule is documented, for apps that pay by use; its words are a guess.
        raise refuse(403, "Forbidden", "You may only use one cashtag in a post.")


def _count_post(request: web.Request, account: Account) -> None:
    count_call(request, (account, "post"), limit=POST_LIMIT)
    standing = request.app[SERVER].windows.count("app", limit=APP_LIMIT)
    if standing.exceeded:
        # A guess: that these headers come with the refusal only. In 2026 good answers lack them.
        headers = {
            "x-app-limit-24hour-limit": str(standing.limit.points),
            "x-app-limit-24hour-remaining": "0",
            "x-app-limit-24hour-reset": str(standing.resets_at),
        }
        raise refuse(429, "Too Many Requests", "Too Many Requests", headers=headers)


def _was_said(account: Account, text: str) -> bool:
    """Whether these words stand on the account, from a day ago at most."""
    since = time.time() - DUPLICATE_SECONDS
    return any(post.at >= since and post.text == text for post in account.posts.values())


async def list_posts(request: web.Request) -> web.Response:
    """GET /2/users/:id/tweets, newest first, the last 3,200 at most."""
    server = request.app[SERVER]
    reader = require_session(request, "tweet.read", "users.read").account
    count_call(request, (reader, "timeline"), limit=TIMELINE_LIMIT)
    found = server.world.find_accounts(request.match_info["id"], instance=server.instance)
    if not found or found[0].id != request.match_info["id"]:
        return answer_json({"errors": [_describe_missing(request.match_info["id"], "user")]})
    size = _read_number(request, "max_results", least=PAGE_LEAST, usual=PAGE_SIZE, most=PAGE_MOST)
    below = _read_place(request)
    start, end = _read_moment(request, "start_time"), _read_moment(request, "end_time")
    if start is not None and start > (time.time() if end is None else end):
        raise refuse_parameter("Invalid time range: 'start_time' must be before 'end_time'.")
    chosen = [
        post
        for post in list(reversed(found[0].posts.values()))[:TIMELINE_MOST]
        if (below is None or post.order < below)
        and (start is None or post.at >= start)
        and (end is None or post.at < end)
    ]
    page = chosen[:size]
    meta: dict[str, Any] = {"result_count": len(page)}
    body: dict[str, Any] = {"meta": meta}
    if page:
        body["data"] = [describe_post(post, request=request) for post in page]
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if len(chosen) > size:
        meta["next_token"] = f"7140{page[-1].order:x}"
    return answer_json(body)


async def list_chosen_posts(request: web.Request) -> web.Response:
    """GET /2/tweets?ids=…: those that exist, and an error for each that does not."""
    server = request.app[SERVER]
    reader = require_session(request, "tweet.read", "users.read").account
    count_call(request, (reader, "lookup"), limit=LOOKUP_LIMIT)
    ids = [each for each in request.query.get("ids", "").split(",") if each]
    if not 1 <= len(ids) <= PAGE_MOST:
        message = f"The number of values in the `ids` query parameter [{len(ids)}] is not 1..100"
        raise refuse_parameter(message, ids=ids[:1])
    if not all(each.isascii() and each.isdigit() and len(each) <= 19 for each in ids):
        raise refuse_parameter("The `ids` query parameter value is not valid", ids=ids[:1])
    posts = {each: _find_post(server.world, each, instance=server.instance) for each in ids}
    body: dict[str, Any] = {}
    if any(posts.values()):
        body["data"] = [describe_post(post, request=request) for post in posts.values() if post]
    missing = [_describe_missing(each, "tweet") for each, post in posts.items() if post is None]
    return answer_json(body | ({"errors": missing} if missing else {}))


async def delete_post(request: web.Request) -> web.Response:
    """DELETE /2/tweets/:id: one's own only. A guess: that what is gone already is deleted too."""
    server = request.app[SERVER]
    account = require_session(request, "tweet.read", "tweet.write", "users.read").account
    count_call(request, (account, "delete"), limit=DELETE_LIMIT)
    post = _find_post(server.world, request.match_info["id"], instance=server.instance)
    if post is not None and post.account is not account:
        raise refuse(403, "Forbidden", "You are not authorized to delete this Tweet.")
    if post is not None:
        server.world.delete_post(post)
    return answer_json({"data": {"deleted": True}})


def describe_post(post: Post, *, request: web.Request) -> dict[str, Any]:
    """Give a post with the fields that were asked for."""
    text, links = write_back(post.text)
    reactions = request.app[SERVER].world.count_reactions(post)
    optional: dict[str, Any] = {
        "author_id": post.account.id,
        "created_at": format_time(post.at),
        "public_metrics": {
            "retweet_count": reactions.reposts,
            "reply_count": reactions.replies,
            "like_count": reactions.likes,
            "quote_count": reactions.quotes,
            "bookmark_count": 0,
            "impression_count": reactions.views,
        },
    }
    if links:
        optional["entities"] = {"urls": links}
    fields = request.query.get("tweet.fields", "").split(",")
    entry = {"id": post.id, "edit_history_tweet_ids": [post.id], "text": text}
    return entry | {name: value for name, value in optional.items() if name in fields}


def _describe_missing(identity: str, kind: str) -> dict[str, str]:
    name = "id" if kind == "user" else "ids"
    return {
        "value": identity,
        "detail": f"Could not find {kind} with {name}: [{identity}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": name,
        "resource_id": identity,
        "type": f"{PROBLEMS}/resource-not-found",
    }


def _find_post(world: World, identity: str, *, instance: Instance) -> Post | None:
    post = world.posts_by_id.get(identity)
    return post if post is not None and post.account.instance is instance else None


def _read_number(request: web.Request, name: str, *, least: int, usual: int, most: int) -> int:
    text = request.query.get(name, str(usual))
    if not text.isdecimal() or not least <= int(text) <= most:
        message = f"The `{name}` query parameter value [{text}] is not between {least} and {most}"
        raise refuse_parameter(message, **{name: [text]})
    return int(text)


def _read_place(request: web.Request) -> int | None:
    """Read where the next page begins; the form of the token is our own."""
    token = request.query.get("pagination_token")
    try:
        return None if token is None else int(token.removeprefix("7140"), 16)
    except ValueError:
        raise refuse_parameter("The `pagination_token` is not valid") from None


def _read_moment(request: web.Request, name: str) -> float | None:
    text = request.query.get(name)
    try:
        return None if text is None else read_time(text)
    except ValueError:
        message = f"The `{name}` query parameter value [{text}] is not a valid date"
        raise refuse_parameter(message, **{name: [str(text)]}) from None
