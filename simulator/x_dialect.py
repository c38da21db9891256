"""The X dialect as serving.py needs it: its routes, its errors, its headers."""

import time

from aiohttp import web

from simulator import x, x_oauth, x_posts
from simulator.pacing import Standing
from simulator.serving import Handler, Refusal, answer_json, read_params, read_text
from simulator.world import Account
from simulator.x_oauth import BAD_TOKEN, SERVER

RESET = "x-rate-limit-reset"


class XDialect:
    """What serving.py asks of a network, for X."""

    async def identify(self, request: web.Request) -> Account | None:
        """Give the account of the token, code or refresh token in a request."""
        server, session = request.app[SERVER], x.find_session(request)
        if session is not None:
            return session.account
        if request.path != "/2/oauth2/token":
            return None
        try:
            params = await read_params(request)
        except Refusal:
            return None
        held = server.codes.get(read_text(params, "code"))
        found = held or server.refresh.get(read_text(params, "refresh_token"))
        return found.account if found else None

    def name_key(self, request: web.Request) -> str | None:
        """X has no keys."""
        return None

    def is_opening(self, request: web.Request) -> bool:
        """X has no nonces."""
        return False

    def refuse_pace(self, request: web.Request, *, retry_after: object) -> web.Response:
        """Give a 429; its reset is in seconds since 1970.

        X documents no Retry-After; the servers in front of it may send one.
        """
        headers = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0"}
        if isinstance(retry_after, int | float):
            headers[RESET] = str(int(time.time() + retry_after))
        elif retry_after is not None:
            headers[RESET] = headers["Retry-After"] = str(retry_after)
        else:
            headers = {}
        body = {
            "title": "Too Many Requests",
            "detail": "Too Many Requests",
            "type": "about:blank",
            "status": 429,
        }
        return answer_json(body, status=429, headers=headers)

    def refuse_token(self, request: web.Request, *, kind: str) -> web.Response:
        """Give the answer to a revoked token; at the token endpoint, to a revoked grant."""
        if kind == "token":
            body = {"error": "invalid_request", "error_description": BAD_TOKEN}
            return answer_json(body, status=400)
        return x.refuse(401, "Unauthorized", "Unauthorized").respond()

    def fail(self) -> web.Response:
        """Give a 500. What fails in front of the API answers with a page."""
        page = "<!DOCTYPE html><title>X / Error</title><p>Something is technically wrong.</p>"
        return web.Response(text=page, status=500, content_type="text/html")

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add where the caller stands to the API's answers."""
        standing: Standing | None = request.get("standing")
        if standing is not None:
            response.headers["x-rate-limit-limit"] = str(standing.limit.points)
            response.headers["x-rate-limit-remaining"] = str(standing.remaining)
            response.headers[RESET] = str(standing.resets_at)


def list_routes() -> list[tuple[str, str, str, Handler]]:
    """Give every route of X: method, path, kind of endpoint, handler."""
    return [
        *x_oauth.list_routes(),
        ("POST", "/2/tweets", "publish", x_posts.publish_post),
        ("GET", "/2/tweets", "find", x_posts.list_chosen_posts),
        ("DELETE", "/2/tweets/{id}", "delete", x_posts.delete_post),
        ("GET", "/2/users/me", "other", x.show_owner),
        ("GET", "/2/users/{id}/tweets", "find", x_posts.list_posts),
        ("GET", "/profile_images/{name}.png", "other", x.show_portrait),
        ("GET", "/i/web/status/{id}", "other", x.show_page),
        ("GET", "/{name}/status/{id}", "other", x.show_page),
        ("GET", "/{name}", "other", x.show_page),
    ]
