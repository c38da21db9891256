"""What readers look for; forms only validate."""

from typing import TypedDict

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from campaigns.models import Theme
from supporters.doors import read_door


class Sought(TypedDict):
    """A theme (None: any), and words of the title."""

    theme: Theme | None
    words: str


class SearchForm(forms.Form):
    """Words of a title, and a theme."""

    words = forms.CharField(
        label=_("Words of the title"),
        max_length=90,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    theme = forms.ModelChoiceField(
        label=_("Theme"),
        queryset=Theme.objects.filter(is_active=True).order_by("position", "pk"),
        to_field_name="slug",
        empty_label=_("All themes"),
        required=False,
        error_messages={"invalid_choice": _("There is no such theme here. All are shown.")},
    )

    def seek(self) -> Sought:
        """What is looked for, as ``listing.narrow`` takes it; what makes no sense is left out."""
        self.is_valid()
        return {
            "theme": self.cleaned_data.get("theme"),
            "words": self.cleaned_data.get("words", ""),
        }


class DoorForm(forms.Form):
    """A door that an organiser names; cleaned, it is as it stands in addresses."""

    name = forms.CharField(
        label=_("Another door"),
        help_text=_(
            "Like “town-hall”: up to 32 letters from a to z, digits and hyphens. Nobody’s name: it "
            "stands in the address for everybody to read."
        ),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        """As it is kept. Raises ValidationError where nothing is left of it."""
        door = read_door(self.cleaned_data["name"])
        if not door:
            raise ValidationError(
                _("A door needs letters from a to z, or digits. Name it in other words.")
            )
        return door
