"""What readers see across stages, reading only."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from pages.forms import SearchForm
from pages.gathering import gather
from pages.listing import find_coming, find_past, find_said, list_rows, narrow
from pages.organising import find_own, list_entries
from pages.remembering import gather_for_strangers, may_be_kept
from pages.showing import show_campaign
from pages.staging import Stage
from pages.walling import list_top, list_wall

NEAR = 6
SAID = 3
AT_ONCE = 3  # launches under way that get a line of their own
PER_PAGE = 20


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, what leaves next, how it works, and what came of the latest."""
    now = database_now()
    said = list(find_said()[:SAID])
    rows = list_rows([*find_coming()[:NEAR], *said], now=now)
    coming = [row for row in rows if not row.stage.is_over]
    results = [row for row in rows if row.stage == Stage.FINISHED and row.has_posts]
    context = {
        "coming": coming,
        "next": next((row for row in coming if row.stage == Stage.OPEN), None),
        "under_way": [row for row in coming if row.stage.is_under_way][:AT_ONCE],
        "heard": results[0] if results else None,
        "others": results[1:],
    }
    return render(request, "pages/home.html", context)


@require_safe
def explore(request: HttpRequest) -> HttpResponse:
    """Listed campaigns, coming or past, by theme and words of the title."""
    is_past = request.GET.get("state") == "past"
    form = SearchForm(request.GET)
    sought = form.seek()
    coming, past = narrow(find_coming(), **sought), narrow(find_past(), **sought)
    page = Paginator(past if is_past else coming, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "is_past": is_past,
        "is_narrowed": bool(sought["theme"] or sought["words"]),
        "other_count": (coming if is_past else past).count(),
        "page": page,
        "rows": list_rows(list(page), now=database_now()),
    }
    return render(request, "pages/explore.html", context)


@require_safe
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """A campaign's own page, in whichever stage it is; 404 for who may not see it."""
    until = 0.0
    if request.user.is_authenticated:
        seen = Campaign.objects.seen_by(request.user).with_pages()
        gathered = gather(get_object_or_404(seen, slug=slug))
    else:
        gathered, until = gather_for_strangers(slug)
    shown = show_campaign(gathered, reader=request.user, now=database_now())
    context = {"shown": shown, "campaign": gathered.campaign}
    answer = render(request, "pages/campaign.html", context)
    if not shown.is_listed:
        answer["X-Robots-Tag"] = "noindex"
    return may_be_kept(answer, until=until)


@require_safe
def wall(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody who agreed to be shown, page by page; the first has who is heard the furthest."""
    seen = Campaign.objects.seen_by(request.user).filter(approved__isnull=False)
    found: Campaign = get_object_or_404(seen.with_pages(), slug=slug)
    place = request.GET.get("from", "")
    context = {
        "campaign": found,
        "place": place,
        "page": list_wall(found, place=place),
        "top": [] if place else list_top(found),
    }
    return render(request, "pages/wall.html", context)


@never_cache
@login_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """A person's own campaigns, and the next step of each."""
    assert isinstance(request.user, User)
    page = Paginator(find_own(request.user), PER_PAGE).get_page(request.GET.get("page"))
    entries = list_entries(list(page), now=database_now())
    return render(request, "pages/desk.html", {"page": page, "entries": entries})


@require_safe
def what_we_keep(request: HttpRequest) -> HttpResponse:
    """What is stored about whom, why, for how long, and what is never done."""
    return render(request, "pages/what_we_keep.html")
