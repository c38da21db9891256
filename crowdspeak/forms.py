"""What a person types before something that cannot be undone."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class EraseForm(forms.Form):
    """One word, so that no slip of a finger erases anybody."""

    word = forms.CharField(
        label=gettext_lazy("To go on, type “erase”"),
        help_text=gettext_lazy("It cannot be undone, by us neither."),
        max_length=20,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["word"].widget.attrs |= {"autocomplete": "off", "autocapitalize": "none"}

    def clean_word(self) -> str:
        word: str = self.cleaned_data["word"].strip().casefold()
        if word.strip("“”\"'«» ") not in ("erase", _("erase").casefold()):
            raise ValidationError(_("That is another word. Type “erase” to go on."))
        return word
