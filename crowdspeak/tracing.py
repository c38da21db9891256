"""By what one request's log lines are known, and which page they are about.

Paths and queries are not noted: some of them act for whoever has them. Whom a request comes from is
nobody's business here either.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

Respond = Callable[[HttpRequest], HttpResponse]

HEADER = "X-Request-ID"


def make_request_id() -> str:
    """A new one, of 16 hex digits."""
    return uuid4().hex[:16]


class RequestIdMiddleware:
    """Gives each request an id of ours, which its answer carries too: a proxy may note it.

    It stays bound when the answer is given, since Django logs refusals after that; the next request
    of this thread begins by forgetting it.
    """

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = make_request_id()
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        answer = self.respond(request)
        answer.headers[HEADER] = request_id
        return answer

    def process_view(
        self, request: HttpRequest, view: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """Note which page it is, by its name."""
        found = request.resolver_match
        bind_contextvars(view=found.view_name if found else "")
