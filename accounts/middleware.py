"""The reader's language and time zone, for the length of one request."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware as DjangoLocaleMiddleware
from django.utils import timezone, translation

Respond = Callable[[HttpRequest], HttpResponse]

LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


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
        if chosen in dict(settings.LANGUAGES):
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
        user = request.user
        if not user.is_authenticated:
            return self.respond(request)
        with timezone.override(zoneinfo.ZoneInfo(user.zone)):
            return self.respond(request)
