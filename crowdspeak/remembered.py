"""Answers strangers with a page that is in memory, before all of Django."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from crowdspeak.proxies import TrustedProxies
from crowdspeak.tracing import HEADER, make_request_id
from pages.remembering import name_page, recall_page, tell_page


class PagesFirst:
    """A WSGI application that gives what ``pages.remembering`` has, and leaves all else to another.

    It draws and keeps nothing: whose turn that is goes the ordinary way, and so does who says which
    page they have already.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application
        self.proxies = TrustedProxies()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if "HTTP_IF_NONE_MATCH" in environ or environ.get("SCRIPT_NAME"):
            return self.application(environ, start_response)
        key = name_page(environ, scheme=self.proxies.find_scheme(environ))
        page = recall_page(key) if key else None
        if page is None:
            return self.application(environ, start_response)
        headers, body = tell_page(page, environ)
        start_response("200 OK", [*headers, (HEADER, make_request_id())])
        return [body]
