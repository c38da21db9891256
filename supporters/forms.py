"""What supporters type; forms only validate."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from networks.base import Network
from supporters.asks import MOST_ASKS_PER_WEEK
from supporters.keeping import clean_name
from supporters.pledging import MOST_CHARACTERS, PledgeRefused, clean_words


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


class WordsArea(forms.Textarea):
    """Where words are written: too many are told, where a browser would cut what is pasted."""

    def build_attrs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Everything but ``maxlength``."""
        attrs = super().build_attrs(*args, **kwargs)
        attrs.pop("maxlength", None)
        return attrs


class AgreeForm(forms.Form):
    """Which wording, in which words, the wall, and where a receipt may go; the button consents.

    ``messages`` are the organiser's wordings by position. Each has a field of its own to write in;
    only that of the chosen one is looked at.
    """

    wording = forms.TypedChoiceField(
        label=_("Choose the words"), coerce=int, widget=forms.RadioSelect
    )
    is_shown = forms.BooleanField(label=_("Show my name among the supporters."), required=False)
    receipt_email = forms.EmailField(
        label=_("E-mail for a receipt, if you want one"),
        help_text=_("Used to confirm this, to tell you of changes, and what became of your post."),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, messages: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        positions = [(position, position) for position in messages]
        self.fields["wording"].choices = positions  # type: ignore[attr-defined]
        for position, message in messages.items():
            rows = min(10, 2 + len(message) // 60 + message.count("\n"))
            self.fields[name_words(position)] = forms.CharField(
                label=_("What you say"),
                initial=message,
                max_length=MOST_CHARACTERS,
                required=False,
                widget=WordsArea(attrs={"rows": rows}),
            )

    def clean(self) -> dict[str, Any]:
        """Forget what is wrong with words that were not chosen, and want some of the chosen."""
        cleaned = super().clean() or self.cleaned_data
        chosen = name_words(cleaned.get("wording", 0))
        for name in [name for name in self.errors if name.startswith("words_") and name != chosen]:
            del self.errors[name]
        if chosen in cleaned:
            try:
                cleaned[chosen] = clean_words(cleaned[chosen])
            except PledgeRefused as error:
                self.add_error(chosen, error.sentence)
            else:
                if not cleaned[chosen]:
                    self.add_error(chosen, _("A post needs words. Write some, or take others."))
        return cleaned

    @property
    def chosen(self) -> BoundField | None:
        """The field of the words that were chosen; None where that makes no sense."""
        name = name_words(self["wording"].value() or 0)
        return self[name] if name in self.fields else None


class PromiseForm(AgreeForm):
    """The same for who posts by their own hand.

    ``is_known``: something stands for them already. Whoever is not has to confirm an address.
    """

    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_(
            "We send a mail there: with the button in it you confirm. At the moment another one "
            "says that it is time. Nobody else sees the address."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    name = forms.CharField(
        label=_("Your name among the supporters, if you want it to be shown"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def __init__(self, *args: Any, is_known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("receipt_email", *(("email", "name") if is_known else ("is_shown",))):
            del self.fields[name]

    def clean_name(self) -> str:
        """On one line, without marks that turn text round."""
        return clean_name(self.cleaned_data["name"])


class RemindForm(forms.Form):
    """Where to write at the moment."""

    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("You confirm it by a mail, and get one more at the moment. That is all."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class WordsForm(forms.Form):
    """The exact words of a pledge."""

    text = forms.CharField(
        label=_("Exactly what will be posted"),
        max_length=MOST_CHARACTERS,
        widget=WordsArea(attrs={"rows": 8}),
        error_messages={
            "required": _("A post needs words. Write some, or withdraw the pledge."),
        },
    )


def name_words(wording: object) -> str:
    """The name of the field for the words of the wording at that position."""
    return f"words_{wording}"


def list_asks() -> list[tuple[int, str]]:
    """How many mails a week can be chosen, in the reader's language."""
    numbers = range(1, MOST_ASKS_PER_WEEK + 1)
    return [(0, gettext("None")), *((each, gettext("%d a week") % each) for each in numbers)]


class AsksForm(forms.Form):
    """How many mails a week from organisers."""

    asks = forms.TypedChoiceField(
        label=_("Mails from organisers, at most"),
        help_text=_(
            "From all campaigns together. What is over it you read here. Receipts, and what "
            "concerns your own posts, always come."
        ),
        coerce=int,
        choices=list_asks,
    )
