"""The Threads dialect as serving.py needs it: its routes, its errors, its headers."""

from aiohttp import web

from simulator import threads, threads_oauth, threads_posts
from simulator.serving import Handler, Refusal, read_params, read_text
from simulator.threads_errors import complain, refuse_pace, refuse_token
from simulator.threads_oauth import SERVER
from simulator.world import Account


class ThreadsDialect:
    """What serving.py asks of a network, for Threads."""

    async def identify(self, request: web.Request) -> Account | None:
        """Give the token's account, or the code's."""
        server = request.app[SERVER]
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        try:
            params = await read_params(request)
        except Refusal:
            params = {}
        value = value if scheme.lower() == "bearer" else read_text(params, "access_token")
        token, code = server.tokens.get(value), server.codes.get(read_text(params, "code"))
        return token.account if token else code.account if code else None

    def name_key(self, request: web.Request) -> str | None:
        """Threads has no keys; what is published is named once it is known."""
        return None

    def is_opening(self, request: web.Request) -> bool:
        """Threads has no nonces."""
        return False

    def refuse_pace(self, request: web.Request, *, retry_after: object) -> web.Response:
        """Give the error of one call too many. That it says for how long is a guess."""
        headers = None if retry_after is None else {"Retry-After": str(retry_after)}
        return refuse_pace(headers).respond()

    def refuse_token(self, request: web.Request, *, kind: str) -> web.Response:
        """Give the answer to a token whose owner removed the app."""
        return refuse_token(458).respond()

    def fail(self) -> web.Response:
        """Give a 500, which the Graph API answers with an error like any other."""
        return complain(2, "An unexpected error has occurred.", status=500).respond()

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Tell how much of the limit is spent; that Threads does so too is a guess."""
        response.headers.update(threads.write_usage(request))


def list_routes() -> list[tuple[str, str, str, Handler]]:
    """Give every route of Threads: method, path, kind of endpoint, handler."""
    return [
        *threads_oauth.list_routes(),
        ("POST", "/v1.0/{user}/threads", "other", threads_posts.make_container),
        ("GET", "/v1.0/{user}/threads", "find", threads_posts.list_posts),
        ("POST", "/v1.0/{user}/threads_publish", "publish", threads_posts.publish_container),
        ("GET", "/v1.0/{user}/threads_publishing_limit", "other", threads.show_limit),
        ("GET", "/v1.0/{user}/threads_insights", "other", threads.show_profile_numbers),
        ("GET", "/v1.0/{id}/insights", "other", threads_posts.show_post_numbers),
        ("GET", "/v1.0/{id}", "other", threads_posts.show_object),
        ("DELETE", "/v1.0/{id}", "delete", threads_posts.delete_post),
        ("GET", "/@{name}", "other", threads.show_page),
        ("GET", "/@{name}/post/{short}", "other", threads.show_page),
        ("GET", "/avatars/{name}.png", "other", threads.show_portrait),
    ]
