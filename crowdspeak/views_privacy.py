"""A person's own data: to take along, and to have erased."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from crowdspeak import privacy
from crowdspeak.forms import EraseForm
from networks.registry import get
from supporters.models import ErasureRequest
from supporters.views_notices import read_notice
from supporters.views_unlinking import describe_revocation


@never_cache
@login_required
@require_GET
def my_data(request: HttpRequest) -> HttpResponse:
    """What one can have done with what is kept."""
    return render(request, "accounts/data.html")


@never_cache
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth is untyped
@require_GET
def export_data(request: HttpRequest) -> HttpResponse:
    """Everything that is kept of the person, as a JSON file.

    Who has a password or a second step is asked for it first; who comes in by a linked account
    alone has nothing else to show.
    """
    assert isinstance(request.user, User)
    answer = JsonResponse(
        privacy.export(request.user), json_dumps_params={"indent": 2, "ensure_ascii": False}
    )
    name = f"crowdspeak-{timezone.now():%Y-%m-%d}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@never_cache
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth is untyped
@require_http_methods(["GET", "POST"])
def erase_data(request: HttpRequest) -> HttpResponse:
    """What goes and what stays, and one word to type; then it is done, and they are signed out."""
    assert isinstance(request.user, User)
    person = request.user
    form = EraseForm(request.POST or None)
    obstacles = privacy.list_obstacles(person)
    if request.method == "POST" and form.is_valid() and not obstacles:
        try:
            privacy.begin_erasing(person)
        except privacy.ErasureRefused as refused:
            obstacles = refused.sentences
        else:
            logout(request)
            return _show_end(request, left=privacy.finish_erasing(person))
    context = {"form": form, "obstacles": obstacles, "foreseen": privacy.foresee(person)}
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/erase.html", context, status=status)


@csrf_exempt  # the network's signature stands for it
@require_POST
def be_asked_to_erase(request: HttpRequest, network: str) -> JsonResponse:
    """A network wants somebody's account erased: it is, and here is where that can be read.

    Answers alike whether we know them or not. The same request again is the same answer.
    """
    notice = read_notice(request, network=network)
    code = salted_hmac("erasure", f"{network}:{request.POST['signed_request']}").hexdigest()[:32]
    asked, _made = ErasureRequest.objects.get_or_create(code=code, defaults={"network": network})
    if asked.done_at is None:
        privacy.erase_accounts(notice)
        ErasureRequest.objects.filter(pk=asked.pk).update(done_at=timezone.now())
    url = f"{settings.SITE_URL}{reverse('erasure', args=[code])}"
    return JsonResponse({"url": url, "confirmation_code": code})


@never_cache
@require_GET
def show_erasure(request: HttpRequest, code: str) -> HttpResponse:
    """What came of a request to erase, for whoever has its code."""
    asked = get_object_or_404(ErasureRequest, code=code)
    context = {"asked": asked, "network": get(asked.network).label}
    return render(request, "accounts/erasure.html", context)


def _show_end(request: HttpRequest, *, left: list[privacy.Left]) -> HttpResponse:
    """The last page: what is left for them to do at their networks, with the reasons of those."""
    sentences = [describe_revocation(each.account, told=each.revocation) for each in left]
    return render(request, "accounts/erased.html", {"sentences": sentences})
