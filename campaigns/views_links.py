"""The short link: from a post to where its organiser sends people."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.middleware import knows_nobody
from campaigns.clicking import tally
from campaigns.leading import find_short_link, leads_on
from campaigns.sifting import is_click


@knows_nobody
@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Lead on to the one target that was agreed to; 404 for what was never validated.

    One query, no session, no cookie. A click is counted beside it.
    """
    link = find_short_link(code)
    if link is None:
        raise Http404
    if leads_on(link):
        if is_click(request):
            tally.add(link.pk)
        answer: HttpResponse = HttpResponseRedirect(link.target)
    else:
        answer = render(request, "campaigns/link_off.html", status=410)
    # The next click is counted too, and the target is not told which post it came from.
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer
