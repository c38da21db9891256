"""What stands beside the Bluesky servers: PLC directory, handle resolver, AppView.

The directory answers as https://web.plc.directory/ documents, the AppView as the lexicons under
app.bsky. A handle under simulator.test that nobody has yet is opened on the spot (a setting), so
that a person can try any name; names that begin with “nobody” never exist.
"""

from typing import Any

from aiohttp import web

from simulator.bluesky import describe_did, refuse
from simulator.clock import format_time
from simulator.faults import Faults
from simulator.layout import BLUESKY, Instance
from simulator.pages import render
from simulator.people import HANDLE_DOMAIN, NameRefused, draw_portrait
from simulator.serving import FAULTS, INSTANCE, WORLD, Handler, add_routes, answer_json
from simulator.world import Account, Post, World

MOST_POSTS = 25
POSTS_SHOWN = 40


async def show_document(request: web.Request) -> web.Response:
    """GET /did:plc:…"""
    did = request.match_info["did"]
    found = request.app[WORLD].find_accounts(did, network=BLUESKY)
    if not found:
        return answer_json({"message": f"DID not registered: {did}"}, status=404)
    body = web.json_response(describe_did(found[0]))
    body.content_type = "application/did+ld+json"
    return body


async def resolve_handle(request: web.Request) -> web.Response:
    """GET com.atproto.identity.resolveHandle."""
    handle = request.query.get("handle", "").lower()
    account = _find_actor(request, handle) or _open_account(request, handle)
    if account is None or account.handle != handle:
        raise refuse(400, "InvalidRequest", "Unable to resolve handle")
    return answer_json({"did": account.id})


async def get_profile(request: web.Request) -> web.Response:
    """GET app.bsky.actor.getProfile."""
    account = _find_actor(request, request.query.get("actor", ""))
    if account is None:
        raise refuse(400, "InvalidRequest", "Profile not found")
    body = _describe_author(account) | {
        "followersCount": account.followers,
        "followsCount": account.followers // 2,
        "postsCount": len(account.posts),
        "indexedAt": format_time(account.created_at.timestamp()),
    }
    return answer_json(body)


async def get_posts(request: web.Request) -> web.Response:
    """GET app.bsky.feed.getPosts: up to 25 URIs; those that do not exist are left out."""
    uris = request.query.getall("uris", []) or request.query.getall("uris[]", [])
    if not uris or len(uris) > MOST_POSTS:
        raise refuse(400, "InvalidRequest", f"uris must have 1 to {MOST_POSTS} elements")
    world = request.app[WORLD]
    posts = (world.posts_by_id.get(uri) for uri in uris)
    known = (post for post in posts if post is not None)
    return answer_json({"posts": [_describe_post(post, world=world) for post in known]})


async def show_page(request: web.Request) -> web.Response:
    """GET /profile/handle and /profile/handle/post/key: what a permalink leads to."""
    account = _find_actor(request, request.match_info["actor"])
    key = request.match_info.get("key")
    posts = list(reversed(account.posts.values())) if account else []
    if key is not None:
        posts = [post for post in posts if post.key == key]
    if account is None or (key is not None and not posts):
        return render("error.html", status=404, message="There is nothing here any more.")
    return render("account.html", account=account, posts=posts[:POSTS_SHOWN])


async def show_portrait(request: web.Request) -> web.Response:
    """GET /avatars/name.png."""
    return web.Response(body=draw_portrait(request.match_info["name"]), content_type="image/png")


def _describe_author(account: Account) -> dict[str, Any]:
    return {
        "did": account.id,
        "handle": account.handle,
        "displayName": account.name.capitalize(),
        "avatar": f"{account.instance.directory_url}/avatars/{account.name}.png",
        "createdAt": format_time(account.created_at.timestamp()),
        "labels": [],
    }


def _describe_post(post: Post, *, world: World) -> dict[str, Any]:
    reactions = world.count_reactions(post)
    return {
        "uri": post.uri,
        "cid": post.cid,
        "author": _describe_author(post.account),
        "record": post.record,
        "replyCount": reactions.replies,
        "repostCount": reactions.reposts,
        "likeCount": reactions.likes,
        "quoteCount": reactions.quotes,
        "indexedAt": format_time(post.at),
        "labels": [],
    }


def _find_actor(request: web.Request, label: str) -> Account | None:
    found = request.app[WORLD].find_accounts(label, network=BLUESKY)
    return found[0] if found and label != found[0].name else None


def _open_account(request: web.Request, handle: str) -> Account | None:
    world = request.app[WORLD]
    if not world.settings.creates_on_resolve or not handle.endswith(f".{HANDLE_DOMAIN}"):
        return None
    home = next(instance for instance in world.instances if instance.network == BLUESKY)
    try:
        return world.ensure_account(home, name=handle)
    except NameRefused:
        return None


class DirectoryDialect:
    """What serving.py asks of a network, for the directory: it has no tokens and no limits."""

    async def identify(self, request: web.Request) -> Account | None:
        """Give the account that is looked up."""
        query = request.query
        label = query.get("actor") or query.get("handle") or request.match_info.get("did", "")
        return _find_actor(request, label)

    def name_key(self, request: web.Request) -> str | None:
        """Nothing is published here."""
        return None

    def is_opening(self, request: web.Request) -> bool:
        """There are no nonces here."""
        return False

    def refuse_pace(self, request: web.Request, *, retry_after: object) -> web.Response:
        """Give a 429."""
        headers = {"Retry-After": str(retry_after)} if retry_after is not None else None
        return refuse(429, "RateLimitExceeded", "Rate Limit Exceeded", **headers or {}).respond()

    def refuse_token(self, request: web.Request, *, kind: str) -> web.Response:
        """Give the answer to a bad token, although none is asked for."""
        return refuse(401, "AuthMissing", "Authentication Required").respond()

    def fail(self) -> web.Response:
        """Give a 500."""
        return refuse(500, "InternalServerError", "Internal Server Error").respond()

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """There are no further headers."""


def build_directory(world: World, *, faults: Faults, place: Instance) -> web.Application:
    """Give the directory's application; `place` is its own address, for fault rules."""
    app = web.Application()
    app[WORLD], app[FAULTS], app[INSTANCE] = world, faults, place
    routes: list[tuple[str, str, str, Handler]] = [
        ("GET", "/{did:did:[^/]+}", "other", show_document),
        ("GET", "/xrpc/com.atproto.identity.resolveHandle", "other", resolve_handle),
        ("GET", "/xrpc/app.bsky.actor.getProfile", "other", get_profile),
        ("GET", "/xrpc/app.bsky.feed.getPosts", "find", get_posts),
        ("GET", "/profile/{actor}", "other", show_page),
        ("GET", "/profile/{actor}/post/{key}", "other", show_page),
        ("GET", "/avatars/{name}.png", "other", show_portrait),
    ]
    add_routes(app, dialect=DirectoryDialect(), routes=routes)
    return app
