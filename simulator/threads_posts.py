"""Posts on simulated Threads: containers, publishing, reading back, numbers, taking down.

As https://developers.facebook.com/documentation/threads/reference/publishing and …/media-retrieval
have it. What is not documented and had to be guessed says so.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import regex
from aiohttp import web

from simulator.ids import encode_tid
from simulator.serving import answer_json, read_params, read_text
from simulator.threads import POSTS_A_DAY, describe_profile, require_own, require_token
from simulator.threads_errors import complain, refuse_container, refuse_object
from simulator.threads_oauth import SERVER
from simulator.threads_tokens import Container, Token
from simulator.wording import URL, find_link
from simulator.world import Account, Post, World

MAX_CHARACTERS, MAX_LINKS = 500, 5
PAGE_SIZE, PAGE_MOST = 25, 100
MEDIA_FIELDS = frozenset(
    {"id", "media_product_type", "media_type", "permalink", "owner", "username", "text"}
    | {"timestamp", "shortcode", "is_quote_post", "topic_tag"}
)
METRICS = ("views", "likes", "replies", "reposts", "quotes")
EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{RI}|\p{Emoji}\ufe0f|[#*0-9]\ufe0f?\u20e3")
TOPIC = re.compile(r"#(?!\d+\b)([^\s.&@!?,;:]{1,50})")


async def show_object(request: web.Request) -> web.Response:
    """GET /v1.0/{id}: a profile (also as `me`), a container, or a post."""
    token = await require_token(request)
    server, identity = request.app[SERVER], request.match_info["id"]
    fields = request.query.get("fields", "").split(",")
    if identity in ("me", token.account.id):
        return answer_json(describe_profile(token.account, fields))
    container = server.containers.get(identity)
    if container is not None and container.account is token.account:
        return answer_json({"status": container.state, "id": container.id})
    return answer_json(_describe_post(_find_post(request, token, identity), fields))


async def make_container(request: web.Request) -> web.Response:
    """POST /v1.0/{user}/threads. Texts only."""
    token = await require_token(request, "threads_content_publish")
    account = require_own(request, token)
    params = await read_params(request)
    text = read_text(params, "text")
    if read_text(params, "media_type") != "TEXT" or not text.strip():
        raise complain(100, "Param media_type must be TEXT, with a text")  # a guess
    _check_text(text)
    container = request.app[SERVER].make_container(account, text=text)
    if read_text(params, "auto_publish_text") == "true":
        return answer_json({"id": _publish(request, container).id})
    return answer_json({"id": container.id})


def _check_text(text: str) -> None:
    if _measure(text) > MAX_CHARACTERS:
        raise complain(100, f"Param text must be at most {MAX_CHARACTERS} characters long.")
    if len(set(URL.findall(text))) > MAX_LINKS:
        # The name is documented, its place in the error is not.
        raise complain(100, "THREADS_API__LINK_LIMIT_EXCEEDED", words="Too many links.")


def _measure(text: str) -> int:
    """Count as Threads says it does: characters, emoji as their bytes of UTF-8."""
    return sum(len(one.encode()) if EMOJI.search(one) else 1 for one in regex.findall(r"\X", text))


async def publish_container(request: web.Request) -> web.Response:
    """POST /v1.0/{user}/threads_publish."""
    token = await require_token(request, "threads_content_publish")
    account = require_own(request, token)
    identity = read_text(await read_params(request), "creation_id")
    container = request.app[SERVER].containers.get(identity)
    if container is None or container.account is not account or container.state != "FINISHED":
        raise refuse_container(identity)
    post = _publish(request, container)
    request["key"], request["outcome"] = container.id, "accepted"
    return answer_json({"id": post.id})


def _publish(request: web.Request, container: Container) -> Post:
    server, account = request.app[SERVER], container.account
    if server.count_published(account) >= POSTS_A_DAY:
        # A guess, after Instagram's.
        words = "You reached the maximum number of posts that is allowed to be published."
        raise complain(9, "Application request limit reached", subcode=2207042, words=words)
    post = _add_post(server.world, account, text=container.text, key=container.id)
    container.media_id = post.id
    server.note_published(account)
    return post


def write_by_hand(world: World, account: Account, *, text: str) -> Post:
    """Add what somebody wrote on Threads' own page. Raises Refusal."""
    if not text.strip():
        raise complain(100, "")
    _check_text(text)
    return _add_post(world, account, text=text, by_hand=True)


def _add_post(world: World, account: Account, *, text: str, **details: Any) -> Post:
    order = world.mint_order()
    url = f"{account.instance.url}/@{account.name}/post/{encode_tid(order)}"
    return world.add_post(
        account,
        id=str(order),
        order=order,
        text=text,
        url=url,
        uri=url,
        link=find_link(text),
        **details,
    )


async def list_posts(request: web.Request) -> web.Response:
    """GET /v1.0/{user}/threads, newest first. The shape of the cursors is a guess."""
    token = await require_token(request)
    account = require_own(request, token)
    text = request.query.get("limit", "")
    limit = min(int(text) if text.isdigit() and int(text) else PAGE_SIZE, PAGE_MOST)
    newest: Iterable[Post] = reversed(account.posts.values())
    after = request.query.get("after", "")
    if after:
        newest = (post for post in newest if post.order < int(after))
    page = list(islice(newest, limit))
    fields = request.query.get("fields", "id").split(",")
    body: dict[str, Any] = {"data": [_describe_post(post, fields) for post in page]}
    if page:
        body["paging"] = {"cursors": {"before": str(page[0].order), "after": str(page[-1].order)}}
    return answer_json(body)


async def show_post_numbers(request: web.Request) -> web.Response:
    """GET /v1.0/{id}/insights."""
    token = await require_token(request, "threads_manage_insights")
    post = _find_post(request, token, request.match_info["id"])
    known = request.app[SERVER].world.count_reactions(post)
    wanted = request.query.get("metric", "").split(",")
    metrics = [
        {
            "name": name,
            "period": "lifetime",
            "values": [{"value": getattr(known, name)}],
            "id": f"{post.id}/insights/{name}/lifetime",
        }
        for name in METRICS
        if name in wanted
    ]
    if len(metrics) != len(wanted):
        raise complain(1, "An unknown error has occurred.")  # reported of unknown metrics
    return answer_json({"data": metrics})


async def delete_post(request: web.Request) -> web.Response:
    """DELETE /v1.0/{id}: one's own only."""
    token = await require_token(request, "threads_delete")
    post = _find_post(request, token, request.match_info["id"])
    request.app[SERVER].world.delete_post(post)
    return answer_json({"success": True, "deleted_id": post.id})


def _find_post(request: web.Request, token: Token, identity: str) -> Post:
    post = token.account.posts.get(identity)
    if post is None:
        raise refuse_object(identity)
    return post


def _describe_post(post: Post, fields: list[str]) -> dict[str, Any]:
    """Give what was asked for of a post. That its text comes back as it was sent is a guess."""
    unknown = [name for name in fields if name and name not in MEDIA_FIELDS]
    if unknown:
        raise complain(100, f"Tried accessing nonexisting field ({unknown[0]})")  # reported
    topic = TOPIC.search(post.text)
    known = {
        "id": post.id,
        "media_product_type": "THREADS",
        "media_type": "TEXT_POST",
        "permalink": post.url,
        "owner": {"id": post.account.id},
        "username": post.account.name,
        "text": post.text,
        "timestamp": datetime.fromtimestamp(post.at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "shortcode": post.url.rpartition("/")[2],
        "is_quote_post": False,
        **({"topic_tag": topic[1]} if topic else {}),
    }
    return {name: value for name, value in known.items() if name == "id" or name in fields}
