"""What readers look for; forms only validate."""

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Theme


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
