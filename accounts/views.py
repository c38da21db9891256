"""A person's own settings."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.forms import SettingsForm
from accounts.models import User


@login_required
def edit_settings(request: HttpRequest) -> HttpResponse:
    """Name, language and time zone; links to e-mail, password and second factor."""
    assert isinstance(request.user, User)
    form = SettingsForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your settings are saved."))
        answer = redirect("account_settings")
        answer.set_cookie("django_language", form.cleaned_data["language"], samesite="Lax")
        return answer
    return render(request, "accounts/settings.html", {"form": form})
