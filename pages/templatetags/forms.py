"""Fields as `templates/forms/_field.html` draws them: `{% load forms %}`."""

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField, BoundWidget
from django.forms.formsets import BaseFormSet
from django.utils.safestring import SafeString
from django.utils.translation import gettext

register = template.Library()

Problem = tuple[str, str]  # the target's id (empty where there is none) and the sentence


def name_kind(field: BoundField) -> str:
    """Tell how a field is laid out: hidden, tick (one box), choices (a list) or control."""
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(widget, forms.CheckboxInput):
        return "tick"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    return "control"


def holds_words(field: BoundField) -> bool:
    """Tell whether people write words of any language into a field: not dates, links or numbers."""
    widget = field.field.widget
    if isinstance(widget, forms.Textarea):
        return True
    is_text = isinstance(widget, forms.TextInput) and type(field.field) is forms.CharField
    return is_text and widget.input_type in ("text", "search")


@register.filter
def kind(field: BoundField) -> str:
    """Tell how a field is laid out, for a template."""
    return name_kind(field)


def list_descriptions(field: BoundField, *, hint: object, foot: object) -> Iterator[str]:
    """Give the ids of what describes a field, the error first, as they stand around it."""
    if field.errors:
        yield f"{field.auto_id}_error"
    if hint or field.help_text:
        yield f"{field.auto_id}_helptext"
    if foot:
        yield f"{field.auto_id}_foot"


@register.simple_tag
def control(
    field: BoundField,
    hint: object = "",
    foot: object = "",
    short: bool = False,
    **attributes: Any,
) -> SafeString:
    """Draw a field's widget with its class, `aria-describedby` and `aria-invalid`.

    Underscores in the names of `attributes` become hyphens: `hx_get` is `hx-get`.
    """
    attrs = {name.replace("_", "-"): value for name, value in attributes.items()}
    if name_kind(field) == "control":
        own = field.field.widget.attrs.get("class", "")
        classes = [
            own,
            "input",
            "input--short" if short else "",
            attrs.get("class", ""),
        ]
        attrs["class"] = " ".join(filter(None, classes))
        if holds_words(field):
            attrs.setdefault("dir", "auto")
    if described := " ".join(list_descriptions(field, hint=hint, foot=foot)):
        attrs["aria-describedby"] = described
    return field.as_widget(attrs=attrs)


@register.simple_tag
def choice_control(choice: BoundWidget) -> SafeString:
    """Draw one button of a group. The group says that it is invalid: a radio may not (ARIA 1.2)."""
    choice.data["attrs"].pop("aria-invalid", None)
    return choice.tag()


@register.simple_tag
def choice_hint(field: BoundField, choice: BoundWidget) -> object:
    """Give the second line of a choice, from the form field's `choice_hints`, or nothing."""
    hints: dict[str, object] = getattr(field.field, "choice_hints", {})
    return hints.get(str(choice.data["value"]), "")


def find_target(field: BoundField) -> str:
    """Give the id that a link from the summary leads to: the control, or a group's first one."""
    if name_kind(field) == "choices":
        return f"{field.auto_id}_0"
    return str(field.id_for_label)


def list_form_problems(form: forms.BaseForm) -> Iterator[Problem]:
    """Give every error of one form in the order of its fields, those of no field first."""
    yield from (("", str(error)) for error in form.non_field_errors())
    for field in form:
        target = "" if field.is_hidden else find_target(field)
        for error in field.errors:
            yield target, gettext("%(label)s: %(error)s") % {"label": field.label, "error": error}


@register.simple_tag
def gather_errors(
    *parts: "forms.BaseForm | BaseFormSet[Any] | str | None",
) -> list[Problem]:
    """Gather the errors of forms and formsets for the summary, as (target id, sentence)."""
    problems: list[Problem] = []
    for part in parts:
        if isinstance(part, BaseFormSet):
            if part.is_bound:
                problems += [("", str(error)) for error in part.non_form_errors()]
            inner: Iterable[forms.BaseForm] = part.forms
        else:
            inner = [part] if isinstance(part, forms.BaseForm) else []
        for form in inner:
            problems += list_form_problems(form)
    return problems
