"""The Mastodon dialect as serving.py needs it: its routes, its errors, its headers."""

from datetime import UTC, datetime

from aiohttp import web

from simulator import mastodon, mastodon_oauth, mastodon_statuses
from simulator.layout import Instance
from simulator.mastodon import API_LIMIT, find_token
from simulator.mastodon_oauth import SERVER
from simulator.pacing import Standing
from simulator.serving import Handler, Refusal, answer_json, read_params, read_text
from simulator.world import Account


class MastodonDialect:
    """What serving.py asks of a network, for Mastodon."""

    async def identify(self, request: web.Request) -> Account | None:
        """Give the token's account, the account that is read, or the code's."""
        server, token = request.app[SERVER], find_token(request)
        if token is not None:
            return token.account
        if request.path == "/oauth/token":
            try:
                code = server.codes.get(read_text(await read_params(request), "code"))
            except Refusal:
                return None
            return code.account if code else None
        found = server.world.find_accounts(request.match_info.get("id", ""))
        return found[0] if found else None

    def name_key(self, request: web.Request) -> str | None:
        """Give the Idempotency-Key."""
        return request.headers.get("Idempotency-Key")

    def is_opening(self, request: web.Request) -> bool:
        """Mastodon has no nonces."""
        return False

    def refuse_pace(self, request: web.Request, *, retry_after: object) -> web.Response:
        """Give rack-attack's 429; its reset is ISO 8601 in X-RateLimit-Reset.

        Mastodon sends no Retry-After, proxies before it do.
        """
        headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0"}
        if isinstance(retry_after, int | float):
            headers["Retry-After"] = str(retry_after)
            at = datetime.now(UTC).timestamp() + retry_after
            headers["X-RateLimit-Reset"] = _format_reset(at)
        elif retry_after is not None:
            headers["Retry-After"] = headers["X-RateLimit-Reset"] = str(retry_after)
        else:
            headers = {}
        return answer_json({"error": "Too many requests"}, status=429, headers=headers)

    def refuse_token(self, request: web.Request, *, kind: str) -> web.Response:
        """Give the answer to a revoked token; at the token endpoint, to a revoked grant."""
        if kind == "token":
            body = {"error": "invalid_grant", "error_description": mastodon_oauth.INVALID_GRANT}
            return answer_json(body, status=400)
        return answer_json({"error": "The access token was revoked"}, status=401)

    def fail(self) -> web.Response:
        """Give a 500: the API answers with the site's static error page."""
        page = "<!DOCTYPE html><title>We're sorry, but something went wrong on our end.</title>"
        return web.Response(text=page, status=500, content_type="text/html")

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the rate limit headers to the API's answers; a stranger's are never spent."""
        if not request.path.startswith("/api/"):
            return
        standing: Standing | None = request.get("standing")
        limit = standing.limit if standing else API_LIMIT
        remaining = standing.remaining if standing else limit.points - 1
        now = int(datetime.now(UTC).timestamp())
        resets_at = standing.resets_at if standing else (now // 300 + 1) * 300
        response.headers["X-RateLimit-Limit"] = str(limit.points)
        response.headers["X-RateLimit-Remaining"] = str(remaining)
        response.headers["X-RateLimit-Reset"] = _format_reset(resets_at)


def _format_reset(at: float) -> str:
    try:
        moment = datetime.fromtimestamp(at, tz=UTC)
    except (OverflowError, ValueError):
        return str(at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def list_routes(instance: Instance) -> list[tuple[str, str, str, Handler]]:
    """Give every route of a Mastodon server: method, path, kind of endpoint, handler."""
    return [
        *mastodon_oauth.list_routes(instance.kind),
        ("POST", "/api/v1/statuses", "publish", mastodon_statuses.publish_status),
        ("GET", "/api/v1/statuses", "find", mastodon_statuses.list_chosen_statuses),
        ("GET", "/api/v1/statuses/{id}", "find", mastodon_statuses.show_status),
        ("DELETE", "/api/v1/statuses/{id}", "delete", mastodon_statuses.delete_status),
        ("GET", "/api/v1/accounts/verify_credentials", "other", mastodon.verify_credentials),
        ("GET", "/api/v1/accounts/lookup", "other", mastodon.show_account),
        ("GET", "/api/v1/accounts/{id}", "other", mastodon.show_account),
        ("GET", "/api/v1/accounts/{id}/statuses", "find", mastodon_statuses.list_statuses),
        ("GET", "/api/v1/instance", "other", mastodon.show_old_instance),
        ("GET", "/api/v2/instance", "other", mastodon.show_instance),
        ("GET", "/.well-known/nodeinfo", "other", mastodon.show_nodeinfo),
        ("GET", "/nodeinfo/2.0", "other", mastodon.show_nodeinfo),
        ("GET", "/@{name}", "other", mastodon.show_page),
        ("GET", "/@{name}/{id}", "other", mastodon.show_page),
        ("GET", "/avatars/{name}.png", "other", mastodon.show_portrait),
    ]
