"""The Mastodon dialect's API: who calls, accounts, the instance, its pages.

As https://docs.joinmastodon.org/methods/ has them; statuses are in mastodon_statuses.py.
"""

from aiohttp import web

from simulator.mastodon_entities import (
    describe_account,
    describe_credentials,
    describe_instance,
    describe_old_instance,
)
from simulator.mastodon_oauth import SERVER
from simulator.mastodon_tokens import MastodonServer, Token
from simulator.pacing import Limit
from simulator.pages import render
from simulator.people import draw_portrait
from simulator.serving import Refusal, answer_json
from simulator.world import Account

API_LIMIT = Limit(points=300, seconds=300)
POSTS_SHOWN = 40
NOT_FOUND = "Record not found"


def find_token(request: web.Request) -> Token | None:
    """Give the token that a request carries, if it is a good one."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return request.app[SERVER].tokens.get(value) if scheme.lower() == "bearer" else None


def require_token(request: web.Request, *scopes: str) -> tuple[Token, Account]:
    """Give the token with one of these scopes, and its account. Raises Refusal."""
    kind = request.app[SERVER].instance.kind
    if "Authorization" not in request.headers and kind.software == "gotosocial":
        raise Refusal(401, {"error": "Unauthorized: token not supplied"})
    token = find_token(request)
    if token is None:
        raise Refusal(401, {"error": "The access token is invalid"})
    if not token.allows(*scopes):
        raise Refusal(403, {"error": "This action is outside the authorized scopes"})
    if token.account is None:
        raise Refusal(422, {"error": "This method requires an authenticated user"})
    if token.account.state != "active":
        raise Refusal(403, {"error": "Your login is currently disabled"})
    return token, token.account


async def verify_credentials(request: web.Request) -> web.Response:
    """GET /api/v1/accounts/verify_credentials."""
    count_call(request)
    _, account = require_token(request, "profile", "read:accounts")
    return answer_json(describe_credentials(account))


async def show_account(request: web.Request) -> web.Response:
    """GET /api/v1/accounts/:id, and /api/v1/accounts/lookup?acct=name."""
    server = request.app[SERVER]
    count_call(request)
    find_reader(request, scope="read:accounts")
    identity = request.match_info.get("id")
    if identity is not None:
        return answer_json(describe_account(find_account(server, identity)))
    name = request.query.get("acct", "").removesuffix(f"@{server.instance.authority}")
    account = server.world.get_account(server.instance, name=name)
    if account is None:
        raise Refusal(404, {"error": NOT_FOUND})
    return answer_json(describe_account(account))


async def show_instance(request: web.Request) -> web.Response:
    """GET /api/v2/instance."""
    server = request.app[SERVER]
    return answer_json(describe_instance(server.instance, world=server.world))


async def show_old_instance(request: web.Request) -> web.Response:
    """GET /api/v1/instance."""
    server = request.app[SERVER]
    return answer_json(describe_old_instance(server.instance, world=server.world))


async def show_nodeinfo(request: web.Request) -> web.Response:
    """GET /.well-known/nodeinfo and /nodeinfo/2.0, as nodeinfo.diaspora.software has them."""
    instance = request.app[SERVER].instance
    if request.path.startswith("/.well-known"):
        rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
        return answer_json({"links": [{"rel": rel, "href": f"{instance.url}/nodeinfo/2.0"}]})
    return answer_json(
        {
            "version": "2.0",
            "software": {"name": instance.kind.software, "version": instance.kind.version},
            "protocols": ["activitypub"],
            "services": {"inbound": [], "outbound": []},
            "usage": {"users": {}},
            "openRegistrations": True,
            "metadata": {},
        }
    )


async def show_page(request: web.Request) -> web.Response:
    """GET /@name and /@name/id: what a permalink leads to."""
    server = request.app[SERVER]
    account = server.world.get_account(server.instance, name=request.match_info["name"])
    identity = request.match_info.get("id")
    posts = list(reversed(account.posts.values())) if account else []
    if identity is not None:
        posts = [post for post in posts if post.id == identity]
    if account is None or (identity is not None and not posts):
        return render("error.html", status=404, message="There is nothing here any more.")
    return render("account.html", account=account, posts=posts[:POSTS_SHOWN])


async def show_portrait(request: web.Request) -> web.Response:
    """GET /avatars/name.png."""
    return web.Response(body=draw_portrait(request.match_info["name"]), content_type="image/png")


def count_call(request: web.Request) -> None:
    """Count a call against its token's limit. Raises Refusal (429) above it."""
    server, token = request.app[SERVER], find_token(request)
    if token is not None:
        standing = server.windows.count(token.account or token, limit=API_LIMIT)
        request["standing"] = standing
        if standing.exceeded:
            raise Refusal(429, {"error": "Too many requests"})


def find_reader(request: web.Request, *, scope: str = "read:statuses") -> Account | None:
    """Give who reads, None for a stranger, whom GoToSocial refuses.

    A token that is sent must be good and have the scope. Raises Refusal.
    """
    kind = request.app[SERVER].instance.kind
    if "Authorization" not in request.headers and not kind.reads_need_token:
        return None
    return require_token(request, scope)[1]


def find_account(server: MastodonServer, identity: str) -> Account:
    """Give the account of an id. Raises Refusal (404)."""
    accounts = server.world.find_accounts(identity, instance=server.instance)
    if not accounts or accounts[0].id != identity:
        raise Refusal(404, {"error": NOT_FOUND})
    return accounts[0]
