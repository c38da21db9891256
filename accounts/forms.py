"""What a person tells about themselves."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class SignupForm(forms.Form):
    """The part of allauth's sign-up form that is ours."""

    name = forms.CharField(
        label=_("Your name, or your organisation's"),
        help_text=_("People who read your campaigns will see it."),
        max_length=80,
    )
    field_order = ("name", "email", "password1", "password2")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Allauth calls this once the person is saved; the adapter has taken the name."""


class SettingsForm(forms.ModelForm[User]):
    """Name, language and time zone."""

    class Meta:
        model = User
        fields = ("name", "language", "zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"),
            help_text=_("The site and its mails speak to you in it."),
            choices=settings.LANGUAGES,
        )
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone)
        self.fields["zone"] = forms.ChoiceField(
            label=_("Time zone"),
            help_text=_("Times are shown in this zone."),
            choices=[(zone, zone.replace("_", " ")) for zone in ["UTC", *zones]],
        )
