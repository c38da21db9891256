"""The admin's door: the ordinary sign-in, and a second factor for everybody on the staff."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.rights import acts_as_staff

PEOPLE = "accounts"
ADDRESSES = "account"  # allauth's


def _read_next(request: HttpRequest) -> str:
    """Where the person was going, if that is a page of ours; else the admin's first page."""
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if wanted and is_ours else reverse("admin:index")


class AdminSite(admin.AdminSite):
    """Django's admin behind allauth, so that lock-out and second factors hold here too."""

    site_header = gettext_lazy("CrowdSpeak administration")
    site_title = gettext_lazy("CrowdSpeak administration")
    index_title = gettext_lazy("What there is to look after")

    def has_permission(self, request: HttpRequest) -> bool:
        return acts_as_staff(request.user)

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """What the staff may open; the addresses that allauth keeps stand with our own people.

        Both call themselves "Accounts", which would be there twice.
        """
        apps: dict[str, dict[str, Any]] = {
            app["app_label"]: app for app in super().get_app_list(request)
        }
        if PEOPLE in apps and ADDRESSES in apps:
            models = apps[PEOPLE]["models"] + apps.pop(ADDRESSES)["models"]
            apps[PEOPLE]["models"] = sorted(models, key=lambda model: str(model["name"]))
            app_label = PEOPLE if app_label == ADDRESSES else app_label
        return [app for label, app in apps.items() if app_label in (None, label)]

    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Send people to sign in, staff without a second factor to set one up."""
        if request.user.is_authenticated and request.user.is_staff:
            if self.has_permission(request):
                return redirect(_read_next(request))
            messages.info(
                request, _("The admin needs a second factor. Set one up here, then come back.")
            )
            return redirect("mfa_index")
        if request.user.is_authenticated:
            messages.error(request, _("Your account may not use the admin."))
            return redirect("home")
        return redirect_to_login(request.get_full_path(), "account_login")
