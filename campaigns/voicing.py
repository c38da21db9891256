"""The wizard's question about the message: what everybody says, in one wording or in several."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.checking import name_field
from campaigns.forms import StepForm
from campaigns.models import MOST_WORDINGS, Revision
from campaigns.previewing import WordingPreview, list_excesses, name_wording, preview_wordings
from campaigns.shortening import is_short, shorten
from campaigns.wording import HASHTAG, compose, digest_words, tidy_text, write_hashtag

FURTHER = re.compile(r"wording_(\d{1,2})")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One wording of the form: its field, and how it fits; None while nothing is in it."""

    position: int
    field: BoundField
    fit: WordingPreview | None

    @property
    def name(self) -> str:
        """The name of its field."""
        return self.field.html_name


class MessageForm(StepForm):
    """What everybody says. The further wordings are fields of their own, one of them to spare.

    A form that was sent without any of these fields leaves the wordings that there are alone.
    """

    message = forms.CharField(
        label=_("The message"),
        max_length=3_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write the message.")},
    )
    link = forms.URLField(
        label=_("Link"),
        max_length=400,
        required=False,
        assume_scheme="https",
        help_text=_("Optional: where people can act or read more."),
        widget=forms.URLInput(attrs={"inputmode": "url"}),
    )
    counts_clicks = forms.BooleanField(
        label=_("Count how often the link is followed"),
        required=False,
        help_text=_(
            "Posts then carry a short link of this site that leads on to yours; it works for as "
            "long as this site is up. Only the number is kept, without cookies; robots and link "
            "previews are left out. Without a link, there is nothing to count."
        ),
    )
    hashtag = forms.CharField(
        label=_("Hashtag"), max_length=60, required=False, help_text=_("Optional. One is enough.")
    )

    class Meta:
        model = Revision
        fields = ("message", "link", "hashtag", "counts_clicks", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sent = _read_positions(self.data)
        kept = self.instance.messages if self.instance.pk else {1: ""}
        used = {*kept, *_read_positions(self.instance.pending)}
        used |= {position for position in sent if self.data[name_field(position)].strip()}
        most = max(*sent, max(used) + 1) if sent else max(used) + 1
        self.further = range(2, min(most, MOST_WORDINGS) + 1)
        self.tells_wordings = bool(sent)
        self.storable: dict[int, str] = {}
        for position in self.further:
            self.fields[name_field(position)] = forms.CharField(
                label=name_wording(position),
                max_length=3_000,
                required=False,
                widget=forms.Textarea(attrs={"rows": 4}),
            )
            self.fields[name_field(position)].widget.attrs.pop("maxlength", None)
            self.initial[name_field(position)] = kept.get(position, "")

    def clean_message(self) -> str:
        """Lines as they were meant."""
        return tidy_text(self.cleaned_data["message"], lines=True)

    def clean_link(self) -> str:
        """An address of the web, without anybody's name or password in it."""
        link: str = self.cleaned_data["link"]
        if link:
            URLValidator(schemes=["http", "https"])(link)
            if "@" in link.split("//", 1)[1].split("/", 1)[0]:
                raise ValidationError(_("Leave out the name or password before the “@”."))
            if is_short(link):
                raise ValidationError(
                    _("This is a short link of this site. Give the address that it leads to.")
                )
        return link

    def clean_hashtag(self) -> str:
        """One word with its ``#``."""
        typed = tidy_text(self.cleaned_data["hashtag"])
        if typed and not HASHTAG.match(typed):
            raise ValidationError(
                _("A hashtag is one word of letters, digits and “_”, with a letter in it.")
            )
        return write_hashtag(typed)

    def clean(self) -> dict[str, Any]:
        """Say which wording is too long for which network and by how much, and which is double."""
        cleaned = super().clean() or self.cleaned_data
        link, hashtag = cleaned.get("link", ""), cleaned.get("hashtag", "")
        short = self._shorten(link)
        seen: dict[str, int] = {}
        for position in (1, *self.further):
            words = tidy_text(cleaned.get(name_field(position), ""), lines=True)
            if not words:
                continue
            first = seen.setdefault(digest_words(words), position)
            if first != position:
                self.add_error(
                    name_field(position),
                    _("This is there already: “%(wording)s”. Say it in another way.")
                    % {"wording": name_wording(first)},
                )
                continue
            self.storable[position] = words
            text = compose(words, link=link, hashtag=hashtag, short=short)
            for sentence in list_excesses(text):
                self.add_error(name_field(position), sentence)
        return cleaned

    def split_answers(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Words that are only too long for a network are saved all the same.

        Further wordings close up over one that was emptied, once nothing among them is pending.
        """
        values, pending = super().split_answers()
        if 1 in self.storable:
            values["message"] = self.storable[1]
        for position in self.storable:
            pending.pop(name_field(position), None)
        for position in self.further:
            values.pop(name_field(position), None)
        if self.tells_wordings:
            texts = [self.storable.get(position, "") for position in self.further]
            is_settled = not _read_positions(pending)
            values["wordings"] = [text for text in texts if text] if is_settled else texts
        return values, pending

    def has_problem(self) -> bool:
        """Also when a wording no longer fits."""
        return super().has_problem() or any(map(list_excesses, self.instance.texts.values()))

    def preview_typed(self) -> list[WordingPreview]:
        """How the posts will look as they stand in the fields, right or wrong; at least one."""
        typed_link = str(self["link"].value() or "").strip()
        link = typed_link
        if self.is_bound:  # what is not an address yet has no short form
            link = "" if "link" in self.errors else self.cleaned_data["link"]
        short = self._shorten(link)
        hashtag = tidy_text(str(self["hashtag"].value() or ""))
        typed = {
            position: tidy_text(str(self[name_field(position)].value() or ""), lines=True)
            for position in (1, *self.further)
        }
        return preview_wordings(
            {
                position: compose(words, link=link or typed_link, hashtag=hashtag, short=short)
                for position, words in typed.items()
                if words or position == 1
            }
        )

    def _shorten(self, link: str) -> str:
        """What posts carry in the place of this link; empty where clicks are not counted."""
        is_counted = (
            self.cleaned_data.get("counts_clicks")
            if self.is_bound
            else self["counts_clicks"].value()
        )
        return shorten(campaign_id=self.instance.campaign_id, target=link) if is_counted else ""

    def list_lines(self, previews: Iterable[WordingPreview]) -> list[Line]:
        """The fields of the wordings with what ``preview_typed`` found of each."""
        fits = {preview.position: preview for preview in previews}
        return [
            Line(position=position, field=self[name_field(position)], fit=fits.get(position))
            for position in (1, *self.further)
        ]


def empty_wording(sent: QueryDict) -> QueryDict:
    """What was sent, with the wording emptied whose button ``remove`` was pressed, if it was."""
    pressed = str(sent.get("remove", ""))
    name = name_field(int(pressed)) if FURTHER.fullmatch(f"wording_{pressed}") else ""
    if name not in sent:
        return sent
    left = sent.copy()
    left[name] = ""
    return left


def _read_positions(names: Iterable[str]) -> set[int]:
    """The positions of the further wordings among these names of fields."""
    return set(_find_positions(names))


def _find_positions(names: Iterable[str]) -> Iterator[int]:
    for name in names:
        found = FURTHER.fullmatch(name)
        if found and 2 <= int(found[1]) <= MOST_WORDINGS:
            yield int(found[1])
