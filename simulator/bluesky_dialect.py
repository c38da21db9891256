"""The Bluesky dialect as serving.py needs it: its routes, its errors, its headers."""

import time

from aiohttp import web

from simulator import bluesky, bluesky_oauth, bluesky_records
from simulator.bluesky_oauth import SERVER
from simulator.bluesky_records import HOUR_LIMIT
from simulator.dpop import peek_nonce
from simulator.pacing import Standing
from simulator.serving import Handler, Refusal, answer_json, read_params, read_text
from simulator.world import Account

NONCED_PATHS = ("/oauth/par", "/oauth/token")


class BlueskyDialect:
    """What serving.py asks of a network, for Bluesky."""

    async def identify(self, request: web.Request) -> Account | None:
        """Give the account of the token, code, refresh token or repository in a request."""
        server = request.app[SERVER]
        grant = server.access.get(request.headers.get("Authorization", "").partition(" ")[2])
        if grant is not None:
            return grant.session.account
        if request.path == "/oauth/token":
            try:
                params = await read_params(request)
            except Refusal:
                return None
            code = server.codes.get(read_text(params, "code"))
            grant = server.refresh.get(read_text(params, "refresh_token"))
            return code.account if code else grant.session.account if grant else None
        found = server.world.find_accounts(request.query.get("repo", ""))
        return found[0] if found else None

    def name_key(self, request: web.Request) -> str | None:
        """The key is in the body, which is read later."""
        return None

    def is_opening(self, request: web.Request) -> bool:
        """Tell whether a request has no good nonce, so that it will only be given one."""
        server = request.app[SERVER]
        if request.method != "POST" or not request.path.startswith(("/xrpc/", *NONCED_PATHS)):
            return False
        nonces = (
            server.resource_nonces if request.path.startswith("/xrpc/") else server.sign_in_nonces
        )
        return not nonces.accepts_nonce(peek_nonce(request.headers.get("DPoP", "")))

    def refuse_pace(self, request: web.Request, *, retry_after: object) -> web.Response:
        """Give the PDS's 429; its reset is in seconds since 1970 in RateLimit-Reset."""
        headers = {
            "RateLimit-Limit": str(HOUR_LIMIT.points),
            "RateLimit-Remaining": "0",
            "RateLimit-Policy": f"{HOUR_LIMIT.points};w={HOUR_LIMIT.seconds}",
        }
        if isinstance(retry_after, int | float):
            headers["Retry-After"] = str(retry_after)
            headers["RateLimit-Reset"] = str(int(time.time() + retry_after))
        elif retry_after is not None:
            headers["Retry-After"] = headers["RateLimit-Reset"] = str(retry_after)
        else:
            headers = {}
        body = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
        return answer_json(body, status=429, headers=headers)

    def refuse_token(self, request: web.Request, *, kind: str) -> web.Response:
        """Give the answer to a revoked token; at the token endpoint, to a revoked grant."""
        if kind == "token":
            body = {"error": "invalid_grant", "error_description": "Invalid refresh token"}
            return answer_json(body, status=400)
        header = 'DPoP error="invalid_token", error_description="Token was revoked"'
        return answer_json(
            {"error": "invalid_token", "message": "Token was revoked"},
            status=401,
            headers={"WWW-Authenticate": header},
        )

    def fail(self) -> web.Response:
        """Give a 500."""
        body = {"error": "InternalServerError", "message": "Internal Server Error"}
        return answer_json(body, status=500)

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add this server's nonce and, to writes, where the account's points stand."""
        server = request.app[SERVER]
        if request.path.startswith("/xrpc/"):
            if "Authorization" in request.headers:
                response.headers["DPoP-Nonce"] = server.resource_nonces.give_nonce()
            standing: Standing | None = request.get("standing")
            if standing is not None:
                limit = standing.limit
                response.headers["RateLimit-Limit"] = str(limit.points)
                response.headers["RateLimit-Remaining"] = str(standing.remaining)
                response.headers["RateLimit-Reset"] = str(standing.resets_at)
                response.headers["RateLimit-Policy"] = f"{limit.points};w={limit.seconds}"
        elif request.path in NONCED_PATHS:
            response.headers["DPoP-Nonce"] = server.sign_in_nonces.give_nonce()


def list_routes() -> list[tuple[str, str, str, Handler]]:
    """Give every route of a Bluesky server: method, path, kind of endpoint, handler."""
    methods: list[tuple[str, str, str, Handler]] = [
        ("POST", "com.atproto.repo.putRecord", "publish", bluesky_records.put_record),
        ("POST", "com.atproto.repo.createRecord", "publish", bluesky_records.create_record),
        ("POST", "com.atproto.repo.deleteRecord", "delete", bluesky_records.delete_record),
        ("GET", "com.atproto.repo.getRecord", "find", bluesky_records.get_record),
        ("GET", "com.atproto.repo.listRecords", "find", bluesky_records.list_records),
        ("GET", "com.atproto.repo.describeRepo", "other", bluesky.describe_repo),
        ("GET", "com.atproto.server.describeServer", "other", bluesky.describe_server),
        ("GET", "com.atproto.server.getSession", "other", bluesky.get_session),
        ("GET", "com.atproto.identity.resolveHandle", "other", bluesky.resolve_handle),
        ("*", "{method}", "other", bluesky.refuse_method),
    ]
    return [
        *bluesky_oauth.list_routes(),
        *((verb, f"/xrpc/{name}", kind, handler) for verb, name, kind, handler in methods),
    ]
