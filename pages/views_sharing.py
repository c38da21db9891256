"""What other sites and networks read of a campaign. Nobody is known by any of it."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import translation
from django.views.decorators.http import require_safe

from accounts.middleware import knows_nobody
from campaigns.clock import database_now
from campaigns.models import Campaign, Visibility
from pages.carding import draw_card, draw_home_card
from pages.coding import draw_code, write_code
from pages.passing import address_page
from pages.serving import find_public, follows_reader, serve, speak_for

CARD_SECONDS = 300
HOME_CARD_SECONDS = 24 * 3600
POSTER_SECONDS = 300
POSTER_DOOR = "poster"


@knows_nobody
@require_safe
def show_card(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """A campaign's picture with its numbers; 404 for what a stranger may not see."""
    campaign = find_public(slug)
    card = draw_card(campaign, language=_check(language), now=database_now())
    return serve(
        request,
        card.picture,
        content_type="image/png",
        max_age=CARD_SECONDS,
        language=language,
        varies=False,
        is_listed=campaign.visibility == Visibility.PUBLIC,
    )


@knows_nobody
@require_safe
def show_home_card(request: HttpRequest, language: str) -> HttpResponse:
    """The site's own picture."""
    card = draw_home_card(language=_check(language))
    return serve(
        request,
        card.picture,
        content_type="image/png",
        max_age=HOME_CARD_SECONDS,
        language=language,
        varies=False,
    )


@knows_nobody
@require_safe
def show_icon(request: HttpRequest) -> HttpResponse:
    """Where programs that read no page look for the site's icon."""
    return redirect(static("img/favicon.ico"))


@knows_nobody
@require_safe
def show_poster(request: HttpRequest, slug: str) -> HttpResponse:
    """A page to print, in the campaign's own language where this site speaks it."""
    campaign = _find_open(slug)
    spoken = speak_for(campaign)
    with translation.override(spoken):
        context = {
            "campaign": campaign,
            "revision": campaign.revision,
            "zone": campaign.revision.zone or "UTC",
            "address": address_page(campaign),
            "code": draw_code(campaign, door=POSTER_DOOR),
        }
        page = render(request, "pages/poster.html", context)
    return serve(
        request,
        page.content,
        content_type=page["Content-Type"],
        max_age=POSTER_SECONDS,
        language=spoken,
        is_listed=False,
        varies=follows_reader(campaign),
    )


@knows_nobody
@require_safe
def show_code(request: HttpRequest, slug: str) -> HttpResponse:
    """The poster's QR code alone."""
    campaign = _find_open(slug)
    return serve(
        request,
        write_code(campaign, door=POSTER_DOOR),
        content_type="image/svg+xml",
        max_age=POSTER_SECONDS,
        is_listed=False,
        varies=False,
    )


def _find_open(slug: str) -> Campaign:
    """A campaign that can still be joined. Raises Http404: nobody hangs up what is over."""
    campaign = find_public(slug)
    if not campaign.is_open(database_now()):
        raise Http404
    return campaign


def _check(language: str) -> str:
    """A language that this site speaks. Raises Http404."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return language
