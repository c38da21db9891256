"""The LinkedIn dialect as serving.py needs it: its routes, its errors, its headers."""

import secrets

from aiohttp import web

from simulator import linkedin, linkedin_oauth
from simulator.linkedin import TOKEN_TROUBLES, find_token, refuse, refuse_limit
from simulator.linkedin_oauth import SERVER, WRONG_REFRESH
from simulator.serving import Handler, Refusal, answer_json, read_params, read_text
from simulator.world import Account


class LinkedInDialect:
    """What serving.py asks of a network, for LinkedIn."""

    async def identify(self, request: web.Request) -> Account | None:
        """Give the token's account, or the code's."""
        server, token = request.app[SERVER], find_token(request)
        if token is not None:
            return token.account
        if request.path != "/oauth/v2/accessToken":
            return None
        try:
            params = await read_params(request)
        except Refusal:
            return None
        code = server.codes.get(read_text(params, "code"))
        refresh = server.refresh.get(read_text(params, "refresh_token"))
        return code.account if code else refresh.account if refresh else None

    def name_key(self, request: web.Request) -> str | None:
        """LinkedIn has no keys."""
        return None

    def is_opening(self, request: web.Request) -> bool:
        """LinkedIn has no nonces."""
        return False

    def refuse_pace(self, request: web.Request, *, retry_after: object) -> web.Response:
        """Give LinkedIn's 429. It documents no header; a proxy before it may send Retry-After."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        refusal = refuse_limit("MEMBER")
        return answer_json(refusal.body, status=refusal.status, headers=headers)

    def refuse_token(self, request: web.Request, *, kind: str) -> web.Response:
        """Give the answer to a revoked token; at the token endpoint, to a revoked grant."""
        if kind == "token":
            body = {"error": "invalid_request", "error_description": WRONG_REFRESH}
            return answer_json(body, status=400)
        service_code, code, message = TOKEN_TROUBLES["revoked"]
        return refuse(401, code, message, service_code=service_code).respond()

    def fail(self) -> web.Response:
        """Give a 500."""
        return refuse(500, "INTERNAL_SERVER_ERROR", "Internal Server Error").respond()

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers by which LinkedIn finds a request again."""
        response.headers["X-LI-UUID"] = secrets.token_urlsafe(12)
        if request.path.startswith("/rest/"):
            response.headers["X-RestLi-Protocol-Version"] = "2.0.0"


def list_routes() -> list[tuple[str, str, str, Handler]]:
    """Give every route of LinkedIn: method, path, kind of endpoint, handler."""
    return [
        *linkedin_oauth.list_routes(),
        ("GET", "/v2/userinfo", "other", linkedin.show_member),
        ("POST", "/rest/posts", "publish", linkedin.publish_post),
        ("GET", "/rest/posts", "find", linkedin.refuse_reading),
        ("GET", "/rest/posts/{urn}", "find", linkedin.refuse_reading),
        ("DELETE", "/rest/posts/{urn}", "delete", linkedin.delete_post),
        ("GET", "/feed/update/{urn}", "other", linkedin.show_post),
        ("GET", "/avatars/{name}.png", "other", linkedin.show_portrait),
    ]
