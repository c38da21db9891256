"""A campaign's page for strangers, drawn once for all who come within a moment.

What a stranger gets depends on nothing but the address, the language and the way here (scheme and
host). Everybody else, and whatever this module does not know for certain to be a stranger's plain
read, is answered anew by the view: a request with any cookie but the language's and the one against
forged forms, with any query but a door, with another method. What is kept comes from a request
without even that second cookie, was asked by nobody who is signed in, and set no cookie. What is
drawn is kept by a middleware (``RememberedPages``); most answers are given before all of Django
(``crowdspeak.remembered``).

Two things are kept, both in this process alone, so that no cache has to be there: what was read of
a campaign (``gathering``), for all languages and doors together, and the finished pages. Both end
``PAGES_KEPT_SECONDS`` after the reading began; where reading takes long, as many times later as it
takes a tenth of the time at most, ``MOST_SECONDS`` at the latest. A page is shown for
``PASS_SECONDS`` more while somebody draws the next one. Older ones are shown to nobody.
"""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, parse_cookie
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_vary_headers

from pages.gathering import Gathered, gather
from pages.serving import find_public

SHARE = 10
MOST_SECONDS = 5.0
PASS_SECONDS = 1.0
PAGES_AT_MOST = 200  # some 40 kB each
CAMPAIGNS_AT_MOST = 100

Respond = Callable[[HttpRequest], HttpResponse]
Key = tuple[str, str, str, str, str]

_PAGE = re.compile(r"/campaigns/[-a-zA-Z0-9_]+/")
_PLAIN_QUERY = re.compile(r"(from=[a-z0-9]+(-[a-z0-9]+)*)?")
MOST_QUERY = 40
# Each answer's own, or made anew from the body
_NOT_KEPT = frozenset({"content-length", "etag"})


@dataclass(frozen=True)
class _Read:
    """What was read of a campaign. Times are of this machine's own counter."""

    gathered: Gathered
    ends_at: float


@dataclass
class Page:
    """One finished page; ``packed`` is the same by gzip. ``passed_at``: somebody draws the next."""

    body: bytes
    packed: bytes
    headers: tuple[tuple[str, str], ...]
    drawn_at: float
    ends_at: float
    passed_at: float = field(default=float("-inf"))


_read: dict[str, _Read] = {}
_reading: dict[str, threading.Lock] = {}
_pages: dict[Key, Page] = {}
_changing = threading.Lock()


def gather_for_strangers(slug: str) -> tuple[Gathered, float]:
    """What anybody may see of a campaign, read at most a moment ago; and until when it may be kept.

    Who comes while somebody reads waits for that. Raises Http404.
    """
    found = _read.get(slug)
    if found is not None and time.monotonic() < found.ends_at:
        return found.gathered, found.ends_at
    if not settings.PAGES_KEPT_SECONDS:
        return gather(find_public(slug)), 0.0
    with _changing:
        reading = _reading.get(slug) or threading.Lock()
        _put(_reading, slug, reading, most=CAMPAIGNS_AT_MOST)
    with reading:
        began = time.monotonic()
        found = _read.get(slug)
        if found is None or found.ends_at <= began:
            found = _read_anew(slug, began=began)
    return found.gathered, found.ends_at


def _read_anew(slug: str, *, began: float) -> _Read:
    _read.pop(slug, None)  # also where it may not be seen any more
    gathered = gather(find_public(slug))
    took = time.monotonic() - began
    kept = min(MOST_SECONDS, max(settings.PAGES_KEPT_SECONDS, took * SHARE))
    found = _Read(gathered, ends_at=began + kept)
    with _changing:
        _put(_read, slug, found, most=CAMPAIGNS_AT_MOST)
    return found


def may_be_kept(answer: HttpResponse, *, until: float) -> HttpResponse:
    """Mark a view's answer as the same for every stranger until then."""
    answer.kept_until = until  # type: ignore[attr-defined]
    return answer


def forget() -> None:
    """Begin anew, as a process does that has just started."""
    with _changing:
        for each in (_read, _reading, _pages):
            each.clear()


class RememberedPages:
    """Middleware that answers strangers from memory, before sessions and people are looked at.

    It stands behind what tells whom a request comes from, and before what writes headers of safety:
    those are kept with the page.
    """

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = name_page(request.META, scheme=request.scheme or "")
        if key is None:
            return self.respond(request)
        page = _take_turn(key)
        if page is None:
            answer = self.respond(request)
            page = _keep(key, request, answer)
            if page is None:
                _pages.pop(key, None)
                return answer
        return _serve(page, request)


def name_page(environ: Mapping[str, Any], *, scheme: str) -> Key | None:
    """What a stranger's page depends on; None for every request that may be anything else."""
    path = environ.get("PATH_INFO", "")
    if environ.get("REQUEST_METHOD") != "GET" or not _PAGE.fullmatch(path):
        return None
    query = environ.get("QUERY_STRING", "")
    if len(query) > MOST_QUERY or not _PLAIN_QUERY.fullmatch(query):
        return None
    cookies = parse_cookie(environ.get("HTTP_COOKIE", ""))
    if cookies.keys() - {settings.LANGUAGE_COOKIE_NAME, settings.CSRF_COOKIE_NAME}:
        return None
    language = translation.get_language_from_request(_Asked(environ, cookies))  # type: ignore[arg-type]
    return (scheme, environ.get("HTTP_HOST", ""), path, query, language)


@dataclass(frozen=True)
class _Asked:
    """As much of a request as tells its language."""

    META: Mapping[str, Any]
    COOKIES: Mapping[str, str]


def recall_page(key: Key) -> Page | None:
    """The page, where it is young enough and nobody has to draw the next one."""
    page = _pages.get(key)
    return page if page is not None and time.monotonic() < page.ends_at else None


def _take_turn(key: Key) -> Page | None:
    """The page, if it is young enough; None: it is the caller's turn to draw it."""
    page, now = _pages.get(key), time.monotonic()
    if page is None or now < page.ends_at:
        return page
    if now < page.ends_at + PASS_SECONDS and page.passed_at >= page.ends_at:
        return page
    page.passed_at = now
    return None


def _keep(key: Key, request: HttpRequest, answer: HttpResponse) -> Page | None:
    """Keep an answer that is the same for every stranger; None where it is not, or not for sure."""
    until = getattr(answer, "kept_until", 0.0)
    user: Any = getattr(request, "user", None)
    is_strangers = user is not None and not user.is_authenticated
    is_ours = answer.status_code == 200 and not answer.streaming and not answer.cookies
    bare = settings.CSRF_COOKIE_NAME not in request.COOKIES
    if not (until and is_strangers and is_ours and bare):
        return None
    if answer.headers.get("Content-Language") != key[-1]:
        return None
    patch_vary_headers(answer, ["Accept-Language", "Cookie", "Accept-Encoding"])
    # The seconds of its clocks make each drawing another one, so this is for who has this very one.
    digest = blake2b(answer.content, digest_size=12).hexdigest()
    headers = {
        name: value for name, value in answer.headers.items() if name.lower() not in _NOT_KEPT
    }
    headers |= {"Cache-Control": "private, no-cache", "ETag": f'W/"{digest}"'}
    page = Page(
        body=answer.content,
        packed=gzip.compress(answer.content, 5, mtime=0),
        headers=tuple(headers.items()),
        drawn_at=time.monotonic(),
        ends_at=until,
    )
    with _changing:
        _put(_pages, key, page, most=PAGES_AT_MOST)
    return page


def tell_page(page: Page, environ: Mapping[str, Any]) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body of a page, as this reader takes it."""
    body, own = page.body, []
    if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        body, own = page.packed, [("Content-Encoding", "gzip")]
    # Its clocks stood still since (static/js/countdown.js).
    age = f"kept;dur={(time.monotonic() - page.drawn_at) * 1000:.0f}"
    own += [("Content-Length", str(len(body))), ("Server-Timing", age)]
    return [*page.headers, *own], body


def _serve(page: Page, request: HttpRequest) -> HttpResponse:
    """The page, or 304 to who has it."""
    headers, body = tell_page(page, request.META)
    answer = HttpResponse(body, headers=dict(headers))
    if "HTTP_IF_NONE_MATCH" not in request.META:
        return answer
    found = get_conditional_response(request, etag=answer["ETag"], response=answer)
    return found if isinstance(found, HttpResponse) else answer


def _put(kept: dict[Any, Any], key: Any, value: Any, *, most: int) -> None:
    """Put it in as the newest, and let the oldest go."""
    kept.pop(key, None)
    while len(kept) >= most:
        kept.pop(next(iter(kept)))
    kept[key] = value
