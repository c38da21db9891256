"""The questions of the wizard, one form a step. They validate; ``drafting`` keeps the answers.

Whatever a person typed is kept: ``split_answers`` tells the valid contents from what cannot be
taken yet, and ``asking.open_step`` shows both again.
"""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from campaigns.models import CampaignUpdate, Revision, Theme
from campaigns.pictures import redraw_picture
from campaigns.reports import WORDS_LENGTH, ReportReason
from campaigns.updates import TEXT_LENGTH, TITLE_LENGTH
from campaigns.wording import tidy_text


class StepForm(forms.ModelForm[Revision]):
    """One step. Fields left empty are saved empty; their error says what is still wanted."""

    files: MultiValueDict[str, UploadedFile[bytes]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # The browser would cut a pasted text off without a word.
            field.widget.attrs.pop("maxlength", None)

    def has_problem(self) -> bool:
        """Whether what was saved or typed before has to be put right."""
        return any(name in self.fields for name in self.instance.pending)

    def split_answers(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The valid contents by their name, and what was typed into every other field."""
        assert self.is_bound
        self.full_clean()
        names = [name for name in self.fields if name in self._meta.fields]  # type: ignore[operator]
        values = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        pending: dict[str, str] = {}
        for name in self.errors:
            if name not in self.fields or self.fields[name].widget.needs_multipart_form:
                continue
            typed = self.data.get(self.add_prefix(name), "")
            if typed.strip():
                pending[name] = typed  # all of it: how much can come at once is limited already
            elif isinstance(self.fields[name], forms.CharField):
                values[name] = ""
            elif isinstance(self.fields[name], forms.ModelChoiceField):
                values[name] = None
        return values, pending


class ThemeForm(StepForm):
    """What it is about."""

    theme = forms.ModelChoiceField(
        queryset=Theme.objects.none(),
        label=_("Theme"),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a theme.")},
    )

    class Meta:
        model = Revision
        fields = ("theme",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["theme"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Theme.objects.filter(is_active=True).order_by("position", "slug")


class StoryForm(StepForm):
    """Title, summary, story and picture."""

    title = forms.CharField(
        label=_("Title"),
        max_length=90,
        help_text=_("What you want, in a few words. Its address is made from it."),
        error_messages={"required": _("Give the campaign a title.")},
    )
    summary = forms.CharField(
        label=_("Summary"),
        max_length=240,
        help_text=_("One or two sentences, for lists and for sharing."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Sum it up in a sentence or two.")},
    )
    story = forms.CharField(
        label=_("Story"),
        max_length=20_000,
        help_text=_(
            "Why it matters, who you are, what will happen. An empty line begins a paragraph, "
            "**stars** make bold, and [words](https://…) make a link."
        ),
        widget=forms.Textarea(attrs={"rows": 14}),
        error_messages={"required": _("Tell the story.")},
    )
    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        help_text=_("Optional: a JPEG, PNG or WebP file of up to 10 MB, better wide than high."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    picture_alt = forms.CharField(
        label=_("What the picture shows"),
        max_length=240,
        required=False,
        help_text=_("For people who cannot see it."),
    )
    remove_picture = forms.BooleanField(label=_("Take the picture away"), required=False)

    class Meta:
        model = Revision
        fields = ("title", "summary", "story", "picture", "picture_alt")

    def clean_title(self) -> str:
        """One line."""
        return tidy_text(self.cleaned_data["title"])

    def clean_summary(self) -> str:
        """One line."""
        return tidy_text(self.cleaned_data["summary"])

    def clean_picture_alt(self) -> str:
        """One line."""
        return tidy_text(self.cleaned_data["picture_alt"])

    def clean_story(self) -> str:
        """Lines as they were meant."""
        return tidy_text(self.cleaned_data["story"], lines=True)

    def clean_picture(self) -> Any:
        """A new picture, drawn anew; the one there is when none was sent."""
        upload = self.files.get(self.add_prefix("picture"))
        return redraw_picture(upload) if upload else self.instance.picture

    def split_answers(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The picture is told only when it changes: another tab may have changed it meanwhile."""
        values, pending = super().split_answers()
        sent = self.files.get(self.add_prefix("picture"))
        if not sent and not self.cleaned_data.get("remove_picture"):
            values.pop("picture", None)
        return values, pending

    def clean(self) -> dict[str, Any]:
        """Take the picture away where that was asked and no other was sent."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("remove_picture") and not self.files.get(self.add_prefix("picture")):
            cleaned["picture"] = ""
            cleaned["picture_alt"] = ""
        return cleaned


class UpdateForm(forms.ModelForm[CampaignUpdate]):
    """News of a campaign, and whether its supporters get it by mail."""

    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE_LENGTH,
        help_text=_("Also the subject of the mail."),
        error_messages={"required": _("Give your news a title.")},
    )
    text = forms.CharField(
        label=_("Your news"),
        max_length=TEXT_LENGTH,
        help_text=_(
            "An empty line begins a paragraph, **stars** make bold, and [words](https://…) make a "
            "link."
        ),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Write what is new.")},
    )
    wants_mail = forms.BooleanField(
        label=_("Mail it to supporters, too"),
        help_text=_(
            "To those with a confirmed address, a quarter of an hour after you send it off. Nobody "
            "is mailed more often a week than they want to be, by all campaigns together."
        ),
        required=False,
    )

    class Meta:
        model = CampaignUpdate
        fields = ("title", "text", "wants_mail")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # The browser would cut a pasted text off without a word.
            field.widget.attrs.pop("maxlength", None)

    def clean_title(self) -> str:
        """One line."""
        return tidy_text(self.cleaned_data["title"])

    def clean_text(self) -> str:
        """Lines as they were meant."""
        return tidy_text(self.cleaned_data["text"], lines=True)


class ReportForm(forms.Form):
    """Why somebody thinks that a campaign should not be here."""

    reason = forms.ChoiceField(
        label=_("Why"),
        choices=ReportReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what comes nearest.")},
    )
    words = forms.CharField(
        label=_("In your own words"),
        max_length=WORDS_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    email = forms.EmailField(
        label=_("Your address, if we may ask you back"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].widget.attrs.pop("maxlength", None)

    def clean_words(self) -> str:
        """Lines as they were meant."""
        return tidy_text(self.cleaned_data["words"], lines=True)
