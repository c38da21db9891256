"""What supporters type; forms only validate."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from networks.base import Network
from supporters.pledging import MOST_CHARACTERS


class LinkForm(forms.Form):
    """The address of one account or server; what is asked for is a fact of the network.

    Nothing is, where all accounts live on one server: then there is only the button.
    """

    address = forms.CharField(max_length=300)

    def __init__(self, *args: Any, adapter: Network, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{adapter.name}_%s")
        super().__init__(*args, **kwargs)
        self.adapter = adapter
        if not adapter.address_label:
            del self.fields["address"]
            return
        field = self.fields["address"]
        field.label = gettext(adapter.address_label)
        field.help_text = _("Like %(example)s") % {"example": adapter.address_example}
        field.error_messages["required"] = _("Write it like %(example)s") % {
            "example": adapter.address_example
        }
        field.widget.attrs.update(
            {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}
        )

    @property
    def typed(self) -> str:
        """The address, once it is valid; empty where none is asked for."""
        return str(self.cleaned_data.get("address", ""))

    def refuse(self, sentence: str) -> None:
        """Say what went wrong where the supporter typed, or else above the button."""
        self.add_error("address" if "address" in self.fields else None, sentence)


class AgreeForm(forms.Form):
    """Own words, the wall, and where a receipt may go; the button is the consent."""

    own_words = forms.CharField(
        label=_("Your own words, if you like"),
        help_text=_("They go in front. The message, the link and the hashtag stay."),
        max_length=MOST_CHARACTERS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_shown = forms.BooleanField(label=_("Show my name among the supporters."), required=False)
    receipt_email = forms.EmailField(
        label=_("E-mail for a receipt, if you want one"),
        help_text=_("Used to confirm this, to tell you of changes, and what became of your post."),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class WordsForm(forms.Form):
    """The exact words of a pledge."""

    text = forms.CharField(
        label=_("Exactly what will be posted"),
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={
            "required": _("A post needs words. Write some, or withdraw the pledge."),
        },
    )
