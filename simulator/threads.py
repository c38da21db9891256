"""The Threads API: who calls, profiles, limits, the pages that people see.

As https://developers.facebook.com/documentation/threads/reference has it; posts are in
threads_posts.py. What is not documented and had to be guessed says so.
"""

import json
from typing import Any

from aiohttp import web

from simulator.pacing import Limit
from simulator.pages import render
from simulator.people import draw_portrait
from simulator.serving import answer_json, read_params, read_text
from simulator.threads_errors import (
    complain,
    refuse_object,
    refuse_pace,
    refuse_permission,
    refuse_token,
)
from simulator.threads_oauth import SERVER, find_token
from simulator.threads_tokens import DAY_SECONDS, Token
from simulator.world import Account

# 4,800 calls for each time that somebody saw the account's posts, of which 10 are always counted.
CALL_LIMIT = Limit(points=4800 * 10, seconds=DAY_SECONDS)
POSTS_A_DAY = 250
POSTS_SHOWN = 40


async def require_token(request: web.Request, scope: str = "threads_basic") -> Token:
    """Give the token that a request carries, counted, for an account that is open.

    Raises Refusal. Real tokens may stand in a header, in the query or in the body.
    """
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        value = read_text(await read_params(request), "access_token")
    token = find_token(request, value)
    standing = request.app[SERVER].windows.count(token.account, limit=CALL_LIMIT)
    request["standing"] = standing
    if standing.exceeded:
        raise refuse_pace()
    if scope not in token.scopes:
        raise refuse_permission()
    if token.account.state == "deactivated":
        raise refuse_token(459)
    if token.account.state != "active":
        # Reported; nobody has documented it.
        words = "Your account is restricted from using this feature."
        raise complain(10, "Threads account restricted", subcode=4279013, words=words)
    return token


def require_own(request: web.Request, token: Token) -> Account:
    """Give the account that the path names, if it is the token's. Raises Refusal."""
    named = request.match_info["user"]
    if named not in ("me", token.account.id):
        raise refuse_object(named)
    return token.account


async def show_limit(request: web.Request) -> web.Response:
    """GET /v1.0/{user}/threads_publishing_limit: takes the permission to publish."""
    token = await require_token(request, "threads_content_publish")
    account = require_own(request, token)
    config = {"quota_total": POSTS_A_DAY, "quota_duration": DAY_SECONDS}
    usage = request.app[SERVER].count_published(account)
    return answer_json({"data": [{"quota_usage": usage, "config": config}]})


async def show_profile_numbers(request: web.Request) -> web.Response:
    """GET /v1.0/{user}/threads_insights, of which only the number of followers is played."""
    token = await require_token(request, "threads_manage_insights")
    account = require_own(request, token)
    if request.query.get("metric") != "followers_count":
        raise complain(100, "Param metric must be one of {followers_count}")
    metric = {
        "name": "followers_count",
        "period": "day",
        "total_value": {"value": account.followers},
        "id": f"{account.id}/insights/followers_count/day",
    }
    return answer_json({"data": [metric]})


def describe_profile(account: Account, fields: list[str]) -> dict[str, Any]:
    """Give what was asked for of a profile, and its id."""
    known = {
        "id": account.id,
        "username": account.name,
        "name": account.name.capitalize(),
        "threads_profile_picture_url": f"{account.instance.url}/avatars/{account.name}.png",
        "threads_biography": "",
        "is_verified": False,
    }
    return {name: value for name, value in known.items() if name == "id" or name in fields}


async def show_page(request: web.Request) -> web.Response:
    """GET /@name and /@name/post/shortcode: what a permalink leads to."""
    server = request.app[SERVER]
    account = server.world.get_account(server.instance, name=request.match_info["name"])
    posts = list(reversed(account.posts.values())) if account else []
    short = request.match_info.get("short")
    if short is not None:
        posts = [post for post in posts if post.url.endswith(f"/{short}")]
    if account is None or (short is not None and not posts):
        return render("error.html", status=404, message="There is nothing here any more.")
    return render("account.html", account=account, posts=posts[:POSTS_SHOWN])


async def show_portrait(request: web.Request) -> web.Response:
    """GET /avatars/name.png."""
    return web.Response(body=draw_portrait(request.match_info["name"]), content_type="image/png")


def write_usage(request: web.Request) -> dict[str, str]:
    """Give the header that tells how much of the limit is spent, in percent."""
    standing = request.get("standing")
    if standing is None:
        return {}
    spent = standing.limit.points - standing.remaining
    share = 100 * spent // standing.limit.points
    usage = {"call_count": share, "total_time": 0, "total_cputime": 0}
    return {"X-App-Usage": json.dumps(usage, separators=(",", ":"))}
