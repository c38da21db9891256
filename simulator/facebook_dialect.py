"""The Facebook dialect as serving.py needs it: its routes, its errors, its headers, its pages."""

import json
import math

from aiohttp import web

from simulator import facebook, facebook_oauth
from simulator.facebook_answers import REMOVED, refuse
from simulator.facebook_oauth import SERVER, USED_CODE
from simulator.facebook_tokens import APP
from simulator.pages import render
from simulator.people import draw_portrait
from simulator.serving import Handler, Refusal, read_params, read_text
from simulator.world import Account

POSTS_SHOWN = 40


class FacebookDialect:
    """What serving.py asks of a network, for Facebook."""

    async def identify(self, request: web.Request) -> Account | None:
        """Give the token's Page, or the first one of the person who agreed."""
        try:
            _, token = await facebook.find_token(request)
            code = request.app[SERVER].codes.get(read_text(await read_params(request), "code"))
        except Refusal:
            return None
        if token is not None and token.page is not None:
            return token.page
        person = token.person if token else code.person if code else None
        return next(iter(person.tasks), None) if person else None

    def name_key(self, request: web.Request) -> str | None:
        """The Graph API has no keys."""
        return None

    def is_opening(self, request: web.Request) -> bool:
        """The Graph API has no nonces."""
        return False

    def refuse_pace(self, request: web.Request, *, retry_after: object) -> web.Response:
        """Give the Graph API's refusal, which is no 429, with the minutes of its own header.

        A proxy before it may send Retry-After: that is how a test says seconds.
        """
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if isinstance(retry_after, int | float):
            minutes = math.ceil(retry_after / 60)
            headers["X-Business-Use-Case-Usage"] = _describe_use("0", share=100, minutes=minutes)
        message = "(#32) Page request limit reached"
        return refuse(403, 32, message, is_transient=True, headers=headers).respond()

    def refuse_token(self, request: web.Request, *, kind: str) -> web.Response:
        """Give the answer to a revoked token; at the token endpoint, to a code that was used."""
        if kind == "token":
            message = "This authorization code has been used."
            return refuse(400, 100, message, subcode=USED_CODE).respond()
        return refuse(401, 190, REMOVED.format(app=APP.client_id), subcode=458).respond()

    def fail(self) -> web.Response:
        """Give a 500."""
        message = "An unexpected error has occurred. Please retry your request later."
        return refuse(500, 2, message, is_transient=True).respond()

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the version that answered, and how much of a limit is used up, in per cent."""
        version = request.match_info.get("version")
        if version is None:
            return
        response.headers["facebook-api-version"] = version
        if "app_share" in request:
            share = request["app_share"]
            usage = {"call_count": share, "total_time": 0, "total_cputime": 0}
            response.headers["X-App-Usage"] = json.dumps(usage)
        if "standing" in request:
            standing, page = request["standing"], request["page"]
            share = 100 - standing.remaining * 100 // standing.limit.points
            minutes = standing.limit.seconds // 60 if standing.exceeded else 0
            response.headers["X-Business-Use-Case-Usage"] = _describe_use(
                page.id, share=share, minutes=minutes
            )


def _describe_use(page_id: str, *, share: int, minutes: int) -> str:
    use = {
        "type": "pages",
        "call_count": share,
        "total_cputime": 0,
        "total_time": 0,
        "estimated_time_to_regain_access": minutes,
    }
    return json.dumps({page_id: [use]})


async def show_page(request: web.Request) -> web.Response:
    """GET /name, /page_post: what a link or a permalink leads to."""
    server = request.app[SERVER]
    words = request.match_info["words"]
    post = server.world.posts_by_id.get(words)
    account = post.account if post else server.world.get_account(server.instance, name=words)
    if account is None or account.instance is not server.instance:
        return render("error.html", status=404, message="There is nothing here any more.")
    posts = [post] if post else list(reversed(account.posts.values()))[:POSTS_SHOWN]
    return render("account.html", account=account, posts=posts)


async def show_portrait(request: web.Request) -> web.Response:
    """GET /avatars/name.png."""
    return web.Response(body=draw_portrait(request.match_info["name"]), content_type="image/png")


def list_routes() -> list[tuple[str, str, str, Handler]]:
    """Give every route of Facebook: method, path, kind of endpoint, handler."""
    version = r"/{version:v\d+\.\d+}"
    return [
        *facebook_oauth.list_routes(),
        ("GET", f"{version}/me/accounts", "other", facebook.list_accounts),
        ("GET", f"{version}/", "find", facebook.show_nodes),
        ("GET", f"{version}/{{id}}", "other", facebook.show_node),
        ("DELETE", f"{version}/{{id}}", "delete", facebook.delete_post),
        ("POST", f"{version}/{{id}}/feed", "publish", facebook.publish_post),
        ("GET", f"{version}/{{id}}/feed", "find", facebook.list_posts),
        ("DELETE", f"{version}/{{id}}/permissions", "other", facebook.forget_person),
        ("GET", "/avatars/{name}.png", "other", show_portrait),
        ("GET", r"/{words:[a-z0-9_]+}", "other", show_page),
    ]
