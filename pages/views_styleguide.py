"""The style guide: every component in every state, for whoever works on the pages."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.clock import database_now
from pages.exhibiting import exhibit

SCHEMES = ("light", "dark")


@never_cache
@require_safe
def show_guide(request: HttpRequest) -> HttpResponse:
    """The guide, where ``DEBUG`` is on; 404 elsewhere.

    ``?scheme=`` is light or dark, without it the browser's own. Drawn from the templates that the
    pages use, so that it shows what they look like now.
    """
    if not settings.DEBUG:
        raise Http404
    scheme = request.GET.get("scheme")
    context = {**exhibit(database_now()), "scheme": scheme if scheme in SCHEMES else ""}
    return render(request, "styleguide/guide.html", context)
