"""A person's own data: what there is, to take along."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import User
from crowdspeak import privacy


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
