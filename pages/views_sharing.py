"""What other sites and networks read of a campaign. Nobody is known by any of it."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.middleware import knows_nobody
from campaigns.clock import database_now
from campaigns.models import Visibility
from pages.carding import draw_card, draw_home_card
from pages.serving import find_public, serve

CARD_SECONDS = 300
HOME_CARD_SECONDS = 24 * 3600


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
    )


def _check(language: str) -> str:
    """A language that this site speaks. Raises Http404."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return language
