"""What a launch's watchers ask for, again and again: one small page that knows nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from accounts.middleware import knows_nobody
from launches import broadcasting
from launches.broadcasting import Fragment, Unavailable

HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-cache"),
    ("Vary", "Accept-Encoding"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Robots-Tag", "noindex"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "same-origin"),
)
BEFORE, BETWEEN = "/campaigns/", "/launch/live/"


@knows_nobody
@require_safe
def show_live(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """The parts of the launch room that change, for anybody; 304 when nothing has.

    Asked by ``static/js/live.js``. No session is read, and hardly ever the database
    (``broadcasting``). 503: it cannot be said now, ask again.
    """
    if language not in dict(settings.LANGUAGES):
        return HttpResponse(status=404)
    try:
        fragment = broadcasting.find_fragment(slug, language)
    except Unavailable:
        return HttpResponse(status=503, headers={"Retry-After": "2", "Cache-Control": "no-store"})
    if fragment is None:
        return HttpResponse(status=404)  # bare: the site's own page asks who reads it
    headers = dict(_tell(fragment))
    if request.headers.get("If-None-Match") == fragment.etag:
        return HttpResponseNotModified(headers=headers)
    body, more = _pack(fragment, request.headers.get("Accept-Encoding", ""))
    return HttpResponse(body, headers=headers | dict(more))


def _tell(fragment: Fragment) -> list[tuple[str, str]]:
    return [*HEADERS, ("ETag", fragment.etag)]


def _pack(fragment: Fragment, accepted: str) -> tuple[bytes, list[tuple[str, str]]]:
    """The body as this reader takes it, and what that adds to its headers."""
    if "gzip" in accepted:
        return fragment.packed, [("Content-Encoding", "gzip")]
    return fragment.body, []


class LiveFirst:
    """A WSGI application that answers watchers from memory, and leaves all else to another one.

    What ``show_live`` says is said here without all that a page goes through: with thousands of
    watchers a second that is what a launch beside them feels. Whatever this process does not know
    at once goes the ordinary way.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if BETWEEN not in path or environ.get("REQUEST_METHOD") != "GET":
            return self.application(environ, start_response)
        slug, _, language = path.removeprefix(BEFORE).partition(BETWEEN)
        fragment = broadcasting.recall_fragment(slug, language.removesuffix("/"))
        if fragment is None:
            return self.application(environ, start_response)
        if environ.get("HTTP_IF_NONE_MATCH") == fragment.etag:
            start_response("304 Not Modified", _tell(fragment))
            return [b""]
        body, more = _pack(fragment, environ.get("HTTP_ACCEPT_ENCODING", ""))
        length = ("Content-Length", str(len(body)))
        start_response("200 OK", [*_tell(fragment), *more, length])
        return [body]
