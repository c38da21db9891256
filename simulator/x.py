"""The simulated X's API: who calls, limits, the account; its pages. Posts are in x_posts.py.

Errors are problem+json in form (https://docs.x.com/x-api/fundamentals/response-codes-and-errors);
X sends them as plain application/json.
"""

from typing import Any

from aiohttp import web

from simulator.clock import format_time
from simulator.pacing import Limit, Standing
from simulator.pages import render
from simulator.people import draw_portrait
from simulator.serving import Refusal, answer_json
from simulator.world import Account
from simulator.x_oauth import SERVER
from simulator.x_tokens import App, Session

PROBLEMS = "https://api.x.com/2/problems"
OWNER_LIMIT = Limit(points=75, seconds=900)
POSTS_SHOWN = 40


def refuse(
    status: int, title: str, detail: str, *, kind: str = "", headers: Any = None, **more: Any
) -> Refusal:
    """Give a problem; without a `kind` its type is about:blank and it tells its status."""
    if kind:
        body = {**more, "title": title, "detail": detail, "type": f"{PROBLEMS}/{kind}"}
    else:
        body = {"detail": detail, "type": "about:blank", "title": title, "status": status}
    return Refusal(status, body, headers=headers)


def refuse_parameter(message: str, **parameters: list[str]) -> Refusal:
    """Give the problem of a request that is none."""
    return refuse(
        400,
        "Invalid Request",
        "One or more parameters to your request was invalid.",
        kind="invalid-request",
        errors=[{"parameters": parameters, "message": message}],
    )


def find_session(request: web.Request) -> Session | None:
    """Give the session of the token that a request carries, if it is a good one."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return request.app[SERVER].find_session(value) if scheme.lower() == "bearer" else None


def require_session(request: web.Request, *scopes: str) -> Session:
    """Give the session of a good token with all these scopes, of a good account. Raises Refusal."""
    session = find_session(request)
    # A guess: that a deactivated account's tokens are none, and that a scope is not named.
    if session is None or session.account.state == "deactivated":
        raise refuse(401, "Unauthorized", "Unauthorized")
    _check_app(session.app)
    if session.account.state != "active":
        detail = "Your account is suspended and is not permitted to access this feature."
        raise refuse(403, "Forbidden", detail)
    if not session.scopes.issuperset(scopes):
        raise refuse(403, "Forbidden", "Forbidden")
    return session


def _check_app(app: App) -> None:
    if app.trouble == "credits":
        detail = "Your enrolled account [1] does not have any credits to fulfill this request."
        raise refuse(402, "CreditsDepleted", detail, kind="credits", account_id=1)
    if app.trouble == "suspended":
        # The kind is documented; these words are a guess.
        detail = "This app has been suspended. See the developer console."
        raise refuse(
            403, "Client Forbidden", detail, kind="client-forbidden", reason="client-suspended"
        )


def count_call(request: web.Request, caller: object, *, limit: Limit) -> Standing:
    """Count a call against an account's limit. Raises Refusal (429) above it."""
    standing = request.app[SERVER].windows.count(caller, limit=limit)
    request["standing"] = standing
    if standing.exceeded:
        raise refuse(429, "Too Many Requests", "Too Many Requests")
    return standing


async def show_owner(request: web.Request) -> web.Response:
    """GET /2/users/me."""
    account = require_session(request, "users.read", "tweet.read").account
    count_call(request, (account, "me"), limit=OWNER_LIMIT)
    fields = request.query.get("user.fields", "").split(",")
    return answer_json({"data": _describe_user(account, fields=fields)})


def _describe_user(account: Account, *, fields: list[str]) -> dict[str, Any]:
    optional: dict[str, Any] = {
        "created_at": format_time(account.created_at.timestamp()),
        "profile_image_url": f"{account.instance.url}/profile_images/{account.name}.png",
        "public_metrics": {
            "followers_count": account.followers,
            "following_count": account.followers // 2,
            "tweet_count": len(account.posts),
            "listed_count": 0,
            "like_count": 0,
            "media_count": 0,
        },
    }
    user = {"id": account.id, "name": account.name.capitalize(), "username": account.name}
    return user | {name: value for name, value in optional.items() if name in fields}


async def show_page(request: web.Request) -> web.Response:
    """GET /name, /name/status/id and /i/web/status/id: what a permalink leads to."""
    world, instance = request.app[SERVER].world, request.app[SERVER].instance
    identity, name = request.match_info.get("id"), request.match_info.get("name")
    post = world.posts_by_id.get(identity or "")
    account = post.account if post else world.get_account(instance, name=name or "")
    posts = [post] if post else list(reversed(account.posts.values())) if account else []
    if account is None or account.instance is not instance or (identity and not post):
        return render("error.html", status=404, message="There is nothing here any more.")
    return render("account.html", account=account, posts=posts[:POSTS_SHOWN])


async def show_portrait(request: web.Request) -> web.Response:
    """GET /profile_images/name.png."""
    return web.Response(body=draw_portrait(request.match_info["name"]), content_type="image/png")
