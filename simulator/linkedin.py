"""LinkedIn's API: whose a token is, posting for a member, deleting it again; its pages.

By https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api and, under
…/linkedin/consumer/integrations/self-serve/, share-on-linkedin and sign-in-with-linkedin-v2. Error
bodies are those that developers quote where the pages show none. Assumed:

- that versions from OLDEST_VERSION on are active, whatever the calendar says;
- that 3,000 characters are counted in UTF-16, without backslashes and templates;
- that the day's limit of "Share on LinkedIn" counts refused posts too;
- that a restricted member's tokens are answered as revoked ones;
- that a day's limit holds for posts and deletions together.
"""

import re
from typing import Any

from aiohttp import web

from simulator.linkedin_oauth import SERVER
from simulator.linkedin_tokens import LinkedInServer, Token
from simulator.linkedin_words import read_little
from simulator.pacing import Limit
from simulator.pages import render
from simulator.people import draw_portrait
from simulator.serving import Refusal, answer_json, read_params, read_text
from simulator.wording import find_link
from simulator.world import Account, Post, World

OLDEST_VERSION = "202511"
MOST_CHARACTERS = 3000
MEMBER_LIMIT = Limit(points=150, seconds=86_400)
APPLICATION_LIMIT = Limit(points=100_000, seconds=86_400)
VERSION = re.compile(r"(20\d\d(?:0[1-9]|1[0-2]))(?:\.\d\d)?")
URN = re.compile(r"urn:li:share:(\d+)")
NO_VERSION = (
    "A version must be present. Please specify a version by adding the LinkedIn-Version header."
)

REVOKED = "The token used in the request has been revoked by the user"
EXPIRED = "The token used in the request has expired"
TOKEN_TROUBLES = {
    "revoked": (65601, "REVOKED_ACCESS_TOKEN", REVOKED),
    "expired": (65602, "EXPIRED_ACCESS_TOKEN", EXPIRED),
}
DUPLICATE = {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}


def refuse(status: int, code: str, message: str, *, service_code: int = 0) -> Refusal:
    """Make a refusal in LinkedIn's words."""
    body: dict[str, Any] = {"status": status, "code": code, "message": message}
    return Refusal(status, body | ({"serviceErrorCode": service_code} if service_code else {}))


def find_token(request: web.Request) -> Token | None:
    """Give the token that a request carries, good or not."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return request.app[SERVER].access.get(value) if scheme.lower() == "bearer" else None


def require_token(request: web.Request, *, scope: str, resource: str) -> Token:
    """Give a good token with a scope. Raises Refusal (401, 403)."""
    if "Authorization" not in request.headers:
        raise refuse(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token", service_code=65604)
    token = find_token(request)
    if token is None:
        raise refuse(401, "INVALID_ACCESS_TOKEN", "Invalid access token", service_code=65600)
    status = token.status if token.account.state == "active" else "revoked"
    if status in TOKEN_TROUBLES:
        service_code, code, message = TOKEN_TROUBLES[status]
        raise refuse(401, code, message, service_code=service_code)
    if scope not in token.scopes:
        raise deny(resource)
    return token


def deny(resource: str) -> Refusal:
    """Make the 403 for what a token's scopes do not cover."""
    message = f"Not enough permissions to access: {resource}"
    return refuse(403, "ACCESS_DENIED", message, service_code=100)


async def show_member(request: web.Request) -> web.Response:
    """GET /v2/userinfo: the claims of OpenID Connect."""
    token = require_token(request, scope="openid", resource="userinfo.GET.NO_VERSION")
    claims: dict[str, Any] = {"sub": token.account.id}
    if "profile" in token.scopes:
        name = token.account.name.capitalize()
        claims |= {
            "name": name,
            "given_name": name,
            "picture": f"{request.app[SERVER].instance.url}/avatars/{token.account.name}.png",
            "locale": {"country": "US", "language": "en"},
        }
    return answer_json(claims)


async def publish_post(request: web.Request) -> web.Response:
    """POST /rest/posts: 201 without a body, the post's URN in x-restli-id."""
    server = request.app[SERVER]
    version = _check_version(request)
    token = require_token(request, scope="w_member_social", resource=f"posts.CREATE.{version}")
    _count(server, token)
    text = _read_text(await read_params(request), account=token.account)
    barring = server.recall_said(token.account, text=text)
    if barring is not None:
        raise _refuse_words(422, f"Content is a duplicate of {barring}", DUPLICATE)
    urn = _add_post(server.world, token.account, text=text).uri
    server.keep_said(token.account, text=text, urn=urn)
    request["outcome"] = "accepted"
    return web.Response(status=201, headers={"x-restli-id": urn, "Location": f"/posts/{urn}"})


def _check_version(request: web.Request) -> str:
    given = request.headers.get("LinkedIn-Version", "")
    match = VERSION.fullmatch(given)
    if not given:
        raise refuse(400, "VERSION_MISSING", NO_VERSION)
    if match is None or match[1] < OLDEST_VERSION:
        message = f"Requested version {given.partition('.')[0]}01 is not active"
        raise refuse(426, "NONEXISTENT_VERSION", message)
    return f"{match[1]}01"


def _count(server: LinkedInServer, token: Token) -> None:
    for caller, limit, name in (
        (token.account, MEMBER_LIMIT, "MEMBER"),
        (token.app, APPLICATION_LIMIT, "APPLICATION"),
    ):
        if server.windows.count(caller, limit=limit).exceeded:
            raise refuse_limit(name)


def refuse_limit(name: str) -> Refusal:
    """Make the 429 of a day's limit: of the MEMBER or the APPLICATION."""
    message = f"Resource level throttle {name} DAY limit for calls to this resource is reached."
    return refuse(429, "TOO_MANY_REQUESTS", message, service_code=101)


def _read_text(params: dict[str, Any], *, account: Account) -> str:
    """Check what a post is made of; gives its words as they are read. Raises Refusal."""
    for name in ("author", "commentary", "visibility", "distribution", "lifecycleState"):
        if name not in params:
            raise refuse(400, "MISSING_FIELD", f"{name} is required but missing")
    author = read_text(params, "author")
    if not author.startswith("urn:li:person:"):
        message = f"author value {author} must be a person URN"
        raise refuse(400, "INVALID_URN_TYPE", message)
    if author != f"urn:li:person:{account.id}":
        message = (
            "Field Value validation failed in REQUEST_BODY: Data Processing Exception while "
            "processing fields [/author]"
        )
        raise Refusal(403, {"message": message, "status": 403})
    for name, value in (("visibility", "PUBLIC"), ("lifecycleState", "PUBLISHED")):
        if params[name] != value:
            message = f"{name} can't be set to {params[name]}"
            raise refuse(400, "INVALID_VALUE_FOR_FIELD", message)
    text = read_little(read_text(params, "commentary"))
    if not text.strip():
        raise refuse(400, "INVALID_VALUE_BLANK_FIELD", "commentary can't be blank")
    length = _measure(text)
    if length > MOST_CHARACTERS:
        message = (
            f"ShareCommentary text length ({length} characters) exceeded the maximum allowed "
            f"({MOST_CHARACTERS} characters)"
        )
        raise _refuse_words(400, message, {"code": "FIELD_ARRAY_SIZE_TOO_HIGH", "maxLength": 3000})
    return text


def _refuse_words(status: int, message: str, error: dict[str, Any]) -> Refusal:
    """Make a refusal as the servers behind the gateway write theirs."""
    java = "com.linkedin.content.common.exception.BadRequestResponseException"
    body = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": f"{java}: {message}",
        "errorDetails": {"inputErrors": [error]},
        "status": status,
    }
    return Refusal(status, body)


def _measure(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def write_by_hand(world: World, account: Account, *, text: str) -> Post:
    """Add what somebody wrote on LinkedIn's own page. Raises Refusal."""
    if not text.strip() or _measure(text) > MOST_CHARACTERS:
        raise refuse(400, "FIELD_ARRAY_SIZE_TOO_HIGH", "No words, or too many")
    return _add_post(world, account, text=text, by_hand=True)


def _add_post(world: World, account: Account, *, text: str, by_hand: bool = False) -> Post:
    order = world.mint_order()
    urn = f"urn:li:share:{order}"
    return world.add_post(
        account,
        id=str(order),
        order=order,
        text=text,
        url=f"{account.instance.url}/feed/update/{urn}",
        uri=urn,
        link=find_link(text),
        by_hand=by_hand,
    )


async def delete_post(request: web.Request) -> web.Response:
    """DELETE /rest/posts/urn: 204, also for what was deleted before; one's own only.

    The URN's colons have to be encoded. That other members' posts are refused so is a guess.
    """
    server = request.app[SERVER]
    version = _check_version(request)
    if request.headers.get("X-RestLi-Method", "DELETE") != "DELETE":
        raise refuse(400, "ILLEGAL_ARGUMENT", "X-RestLi-Method does not fit the request")
    token = require_token(request, scope="w_member_social", resource=f"posts.DELETE.{version}")
    _count(server, token)
    match = URN.fullmatch(request.match_info["urn"])
    if match is None or ":" in request.rel_url.raw_path.rpartition("/")[2]:
        raise refuse(400, "ILLEGAL_ARGUMENT", "Syntax exception in path variables")
    post = server.world.posts_by_id.get(match[1])
    if post is not None and post.account is not token.account:
        raise deny(f"posts.DELETE.{version}")
    if post is not None:
        server.world.delete_post(post)
    return web.Response(status=204)


async def refuse_reading(request: web.Request) -> web.Response:
    """GET /rest/posts…: reading takes r_member_social, which LinkedIn gives to nobody new."""
    resource = f"posts.GET.{_check_version(request)}"
    require_token(request, scope="openid", resource=resource)
    raise deny(resource)


async def show_post(request: web.Request) -> web.Response:
    """GET /feed/update/urn: what a permalink leads to."""
    match = URN.fullmatch(request.match_info["urn"])
    post = request.app[SERVER].world.posts_by_id.get(match[1]) if match else None
    if post is None or post.account.instance is not request.app[SERVER].instance:
        return render("error.html", status=404, message="There is nothing here any more.")
    return render("account.html", account=post.account, posts=[post])


async def show_portrait(request: web.Request) -> web.Response:
    """GET /avatars/name.png."""
    return web.Response(body=draw_portrait(request.match_info["name"]), content_type="image/png")
