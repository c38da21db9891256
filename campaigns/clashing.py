"""What somebody wrote here beside what was saved elsewhere meanwhile: seen side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from campaigns.asking import open_step
from campaigns.comparing import Difference
from campaigns.forms import StepForm
from campaigns.models import Revision
from campaigns.versioning import Version


@dataclass(frozen=True, kw_only=True)
class Clash:
    """A step that was changed elsewhere. In each difference ``before`` is there, ``after`` here.

    ``number`` is the version there, which whoever keeps what is here replaces; ``has_picture``: one
    was sent along, and a browser does not send it twice.
    """

    at: datetime | None
    number: int
    differences: list[Difference]
    has_picture: bool


def describe_clash(form: StepForm, revision: Revision, *, step: str) -> Clash:
    """Compare the answers of a bound form with what is kept of that step."""
    version = Version.of(revision, step=step)
    there = open_step(step, revision)
    return Clash(
        at=version.at,
        number=version.number,
        differences=list(_list_differences(there, form)),
        has_picture=bool(form.files),
    )


def _list_differences(there: StepForm, here: StepForm) -> Iterator[Difference]:
    for name in {**here.fields, **there.fields}:
        shown = here if name in here.fields else there
        if shown.fields[name].widget.needs_multipart_form:
            continue
        before = _write(there[name]) if name in there.fields else ""
        after = _write(here[name]) if name in here.fields else ""
        if before != after:
            label = str(shown.fields[name].label)
            yield Difference(name=name, label=label, before=before, after=after)


def _write(field: BoundField) -> str:
    """What a field holds, as a person would read it."""
    value = field.value()
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return _("Yes") if value in (True, "on", "True", "true", "1") else _("No")
    if isinstance(widget, forms.Select | forms.RadioSelect):
        return _name_choice(widget, value)
    text = str(widget.format_value(value) or "")
    return text.replace("\r\n", "\n").strip()


def _name_choice(widget: forms.Select | forms.RadioSelect, value: Any) -> str:
    typed = "" if value is None else str(value)
    for _group, options, _index in widget.optgroups("", [typed]):
        for option in options:
            if option["selected"]:
                return str(option["label"])
    return typed
