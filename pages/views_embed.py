"""A campaign in a frame on other sites, and oEmbed. Nobody is known, and no cookie is set."""

import json
from collections.abc import Callable
from typing import cast

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from accounts.middleware import View, knows_nobody
from campaigns.clock import database_now
from campaigns.models import Campaign
from pages.carding import read_words
from pages.embedding import KEPT_SECONDS, LEAST_HEIGHT, LEAST_WIDTH, describe, read_slug
from pages.passing import address_page
from pages.serving import find_public, follows_reader, serve, speak_for

EMBED_SECONDS = 60
DOOR = "embed"
SCHEMES = ("light", "dark")
MOST_DIGITS = 6
WIDE = 10_000  # stands for no limit

# The decorator's own types know of no view with more than a request.
_let_anyone_frame = cast("Callable[[View], View]", csp_replace({"frame-ancestors": ["*"]}))


@knows_nobody
@xframe_options_exempt
@_let_anyone_frame
@require_safe
def show_embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The widget: counter, moment and one button. The only page that others may frame.

    In the campaign's language, else ``?language=``; ``?scheme=`` is light or dark.
    """
    campaign = find_public(slug)
    now = database_now()
    asked = request.GET.get("scheme")
    with translation.override(speak_for(campaign, asked=request.GET.get("language", ""))):
        spoken = translation.get_language() or settings.LANGUAGE_CODE
        context = {
            "campaign": campaign,
            "words": read_words(campaign, language=spoken, now=now),
            "is_open": campaign.is_open(now),
            "address": address_page(campaign, door=DOOR),
            "scheme": asked if asked in SCHEMES else "",
        }
        page = render(request, "pages/embed.html", context)
    return serve(
        request,
        page.content,
        content_type=page["Content-Type"],
        max_age=EMBED_SECONDS,
        language=spoken,
        varies=follows_reader(campaign, asked=request.GET.get("language", "")),
        is_listed=False,
    )


@knows_nobody
@require_safe
def answer_oembed(request: HttpRequest) -> HttpResponse:
    """What a site needs to show a campaign of which somebody pasted the address.

    404 for an address of which a stranger may not see anything, or a place too small; 501 for any
    format but JSON; 400 for a size that is none.
    """
    if request.GET.get("format", "json") != "json":
        return HttpResponse(status=501)
    try:
        width, height = _read_size(request, "maxwidth"), _read_size(request, "maxheight")
    except ValueError:
        return HttpResponse(status=400)
    slug = read_slug(request.GET.get("url", ""))
    if slug is None or (width or WIDE) < LEAST_WIDTH or (height or WIDE) < LEAST_HEIGHT:
        raise Http404
    campaign: Campaign = find_public(slug)
    language = speak_for(campaign)
    told = describe(campaign, language=language, width=width, height=height)
    answer = serve(
        request,
        json.dumps(told, ensure_ascii=False).encode(),
        content_type="application/json",
        max_age=KEPT_SECONDS,
        is_listed=False,
        varies=follows_reader(campaign),
    )
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def _read_size(request: HttpRequest, name: str) -> int | None:
    """A number of pixels; None where none is given. Raises ValueError."""
    written = request.GET.get(name, "")
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and len(written) <= MOST_DIGITS):
        raise ValueError(name)
    return int(written)
