"""The admin's door: the ordinary sign-in, and a second factor for everybody on the staff."""

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.rights import acts_as_staff


class AdminSite(admin.AdminSite):
    """Django's admin behind allauth, so that lock-out and second factors hold here too."""

    site_header = gettext_lazy("CrowdSpeak administration")
    site_title = gettext_lazy("CrowdSpeak administration")
    index_title = gettext_lazy("What there is to look after")

    def has_permission(self, request: HttpRequest) -> bool:
        return acts_as_staff(request.user)

    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Send people to sign in, staff without a second factor to set one up."""
        if request.user.is_authenticated and request.user.is_staff:
            if self.has_permission(request):
                return redirect("admin:index")
            messages.info(
                request, _("The admin needs a second factor. Set one up here, then come back.")
            )
            return redirect("mfa_index")
        if request.user.is_authenticated:
            messages.error(request, _("Your account may not use the admin."))
            return redirect("home")
        return redirect_to_login(request.get_full_path(), "account_login")
