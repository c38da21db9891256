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


class LocaleMiddleware(DjangoLocaleMiddleware):
    """The browser's language, or the one chosen with ``?language=``, which a cookie keeps."""

    def process_request(self, request: HttpRequest) -> None:
        chosen = request.GET.get("language", "")
        if translation.check_for_language(chosen) and chosen in dict(settings.LANGUAGES):
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
            return
        super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        chosen = request.GET.get("language", "")
        found = request.resolver_match
        is_asked_who = not (found and getattr(found.func, "knows_nobody", False))
        if chosen in dict(settings.LANGUAGES) and is_asked_who:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                chosen,
                max_age=LANGUAGE_COOKIE_SECONDS,
                samesite="Lax",
                secure=settings.SECURE,
            )
        return super().process_response(request, response)


class PersonMiddleware:
    """Shows a signed-in person the times of their own zone."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(timezone.get_current_timezone()):  # put back at the end
            return self.respond(request)

    def process_view(
        self, request: HttpRequest, view: View, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """Find out who asks, unless the view does not want to know."""
        if not getattr(view, "knows_nobody", False) and request.user.is_authenticated:
            timezone.activate(zoneinfo.ZoneInfo(request.user.zone))
