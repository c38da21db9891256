"""A person's own settings."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST

from accounts.forms import SettingsForm
from accounts.middleware import keep_language
from accounts.models import User


@login_required
def edit_settings(request: HttpRequest) -> HttpResponse:
    """Name, language and time zone; links to e-mail, password and second factor."""
    assert isinstance(request.user, User)
    form = SettingsForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        with override(form.cleaned_data["language"]):
            messages.success(request, _("Your settings are saved."))
        answer = redirect("account_settings")
        keep_language(answer, form.cleaned_data["language"])
        return answer
    return render(request, "accounts/settings.html", {"form": form})


@require_POST
@login_required
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language of the button in the person's settings, and go back to where they were."""
    assert isinstance(request.user, User)
    language, back = request.POST.get("language", ""), request.POST.get("next", "")
    if language not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest()
    User.objects.filter(pk=request.user.pk).update(language=language)
    is_here = url_has_allowed_host_and_scheme(back, None) and back.startswith("/")
    answer = redirect(back if is_here else "home")
    keep_language(answer, language)
    return answer
