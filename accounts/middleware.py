"""The reader's language and time zone, for the length of one request."""

import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware as DjangoLocaleMiddleware
from django.utils import timezone, translation

Respond = Callable[[HttpRequest], HttpResponse]
View = Callable[..., HttpResponse]

LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


def knows_nobody(view: View) -> View:
    """Mark a view that does not learn who asks: no session is read for it, no cookie is set."""
    view.knows_nobody = True  # type: ignore[attr-defined]
    return view


def read_choice(request: HttpRequest) -> str:
    """The language that the address asks for (``?language=``), or nothing."""
    chosen = request.GET.get("language", "")
    is_ours = chosen in dict(settings.LANGUAGES) and translation.check_for_language(chosen)
    return chosen if is_ours else ""


def keep_language(response: HttpResponseBase, language: str) -> None:
    """Let the browser remember the language, for pages that do not learn who reads them."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=LANGUAGE_COOKIE_SECONDS,
        samesite="Lax",
        secure=settings.SECURE,
    )


class LocaleMiddleware(DjangoLocaleMiddleware):
    """The browser's language, or the one chosen with ``?language=``, which a cookie keeps."""

    def process_request(self, request: HttpRequest) -> None:
        if chosen := read_choice(request):
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
            return
        super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        found = request.resolver_match
        is_asked_who = not (found and getattr(found.func, "knows_nobody", False))
        if is_asked_who and (chosen := read_choice(request)):
            keep_language(response, chosen)
        return super().process_response(request, response)


class PersonMiddleware:
    """Shows a signed-in person the site in their own language, with the times of their own zone.

    An address that asks for a language (``?language=``) is read in that one, this once: the
    person's own stays what their settings say. The browser remembers the person's, so that error
    pages, which come before anybody is looked up, speak it as well.
    """

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(timezone.get_current_timezone()):  # put back at the end
            response = self.respond(request)
        language = getattr(request, "person_language", "")
        is_kept = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) == language
        if language and not is_kept and settings.LANGUAGE_COOKIE_NAME not in response.cookies:
            keep_language(response, language)
        return response

    def process_view(
        self, request: HttpRequest, view: View, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """Find out who asks, unless the view does not want to know."""
        if getattr(view, "knows_nobody", False) or not request.user.is_authenticated:
            return
        timezone.activate(zoneinfo.ZoneInfo(request.user.zone))
        language = request.user.language
        if language in dict(settings.LANGUAGES) and not read_choice(request):
            translation.activate(language)
            request.LANGUAGE_CODE = language
            request.person_language = language  # type: ignore[attr-defined]
