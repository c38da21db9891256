"""Every field says what it is, what is wrong with it, and where to find it."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils import timezone, translation

from pages.templatetags.forms import gather_errors
from pages.templatetags.moments import city, initials, isoformat, time_left


class Proposal(forms.Form):
    title = forms.CharField(help_text="As you would say it to a neighbour.")
    story = forms.CharField(widget=forms.Textarea)
    at = forms.DateTimeField(widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    picture = forms.FileField(required=False)
    minimum = forms.ChoiceField(
        help_text="All or nothing?",
        widget=forms.RadioSelect,
        choices=[("yes", "Yes"), ("no", "No")],
    )
    networks = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, choices=[("m", "Mastodon")]
    )
    shown = forms.BooleanField(label="Show my name")
    key = forms.CharField(widget=forms.HiddenInput)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def draw(name, form, **context) -> ET.Element:
    """Draw one field and read it back as XML."""
    page = render_to_string("forms/_field.html", {"field": form[name], **context})
    for void in ("input", "br"):
        page = page.replace(f"<{void}", f"<{void} x-void=''")
    closed = "".join(
        part.replace(">", "/>", 1) if part.startswith(("<input", "<br")) else part
        for part in page.replace("<", "\0<").split("\0")
    )
    for bare in ("required", "disabled", "checked"):
        closed = closed.replace(f" {bare}", f' {bare}=""').replace(f'{bare}=""=""', f'{bare}=""')
    return ET.fromstring(f"<root>{closed}</root>")


def find(root: ET.Element, tag: str) -> ET.Element:
    found = next(root.iter(tag), None)
    assert found is not None, f"no <{tag}>"
    return found


@pytest.mark.parametrize(
    ("name", "tag"),
    [("title", "input"), ("story", "textarea"), ("at", "input"), ("picture", "input")],
)
def test_a_control_has_its_label_and_its_class(name, tag):
    root = draw(name, Proposal())
    control = find(root, tag)
    assert control.get("class") == "input"
    assert find(root, "label").get("for") == control.get("id")
    assert control.get("aria-invalid") is None


def test_a_control_is_described_by_its_error_its_hint_and_its_foot():
    root = draw("title", Proposal({}), foot="Saved")
    control = find(root, "input")
    ids = {element.get("id") for element in root.iter()}
    described = control.get("aria-describedby", "").split()
    assert described == ["id_title_error", "id_title_helptext", "id_title_foot"]
    assert ids.issuperset(described)
    assert control.get("aria-invalid") == "true"


def test_a_hint_of_the_page_replaces_the_fields_own_and_is_escaped():
    page = render_to_string(
        "forms/_field.html", {"field": Proposal()["title"], "hint": "<script>", "short": True}
    )
    assert "&lt;script&gt;" in page
    assert "neighbour" not in page
    assert 'class="input input--short"' in page


def test_a_group_is_a_fieldset_that_says_its_error_once():
    form = Proposal({})
    form.fields["minimum"].choice_hints = {"yes": "It goes out only if enough people lend."}
    root = draw("minimum", form)
    group = find(root, "fieldset")
    assert group.get("aria-describedby", "").split() == [
        "id_minimum_error",
        "id_minimum_helptext",
    ]
    assert len(list(root.iter("input"))) == 2
    assert all(radio.get("aria-invalid") is None for radio in root.iter("input"))
    assert "It goes out only if enough people lend." in "".join(root.itertext())


def test_a_single_box_is_ticked_on_its_whole_line():
    root = draw("shown", Proposal({}))
    label = find(root, "label")
    assert label.get("class") == "tick"
    assert find(label, "input").get("aria-describedby") == "id_shown_error"


def test_the_summary_leads_to_every_control_that_is_wrong():
    form = Proposal({})
    page = render_to_string("forms/_form.html", {"form": form})
    for target, _ in gather_errors(form):
        assert not target or f'id="{target}"' in page
        assert not target or f'href="#{target}"' in page
    assert "6 things to put right" in page, "the hidden one has its sentence too"
    assert page.count('type="hidden"') == 1


def test_there_is_no_summary_without_an_error():
    for form in (Proposal(), None):
        assert "summary" not in render_to_string("forms/_summary.html", {"form": form})


def test_the_errors_of_a_formset_are_gathered_with_the_forms():
    class Wording(forms.Form):
        text = forms.CharField()

    wordings = forms.formset_factory(Wording, extra=0, min_num=1, validate_min=True)
    posted = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-text": ""}
    problems = gather_errors(Proposal({}), wordings(posted), None, "")
    assert ("id_form-0-text", "Text: This field is required.") in problems
    assert ("id_title", "Title: This field is required.") in problems
    assert gather_errors(wordings()) == []


def test_the_time_left_never_goes_below_zero():
    assert time_left(timezone.now() - timedelta(days=3)) == {
        "days": 0,
        "hours": 0,
        "minutes": 0,
        "seconds": 0,
    }
    left = time_left(timezone.now() + timedelta(days=10, hours=13, minutes=3, seconds=30))
    assert (left["days"], left["hours"], left["minutes"]) == (10, 13, 3)


def test_a_moment_is_told_in_the_campaigns_zone():
    at = datetime(2026, 12, 3, 17, 30, tzinfo=UTC)
    page = render_to_string("components/_moment.html", {"at": at, "zone": "Europe/Paris"})
    assert "Thursday 3 December 2026 at 18:30 in Paris" in page
    assert isoformat(at) == "2026-12-03T17:30:00.000+00:00"
    assert 'datetime="2026-12-03T17:30:00.000+00:00"' in page
    assert city("America/Port_of_Spain") == "Port of Spain"


def test_a_moment_by_universal_time_names_no_city():
    at = datetime(2026, 12, 3, 17, 30, tzinfo=UTC)
    page = render_to_string("components/_moment.html", {"at": at, "zone": "UTC"})
    assert "Thursday 3 December 2026 at 17:30 UTC<" in page


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Maëlle Bertin", "MB"),
        ("Olive", "O"),
        ("Rowing Club of Saint-Aubin", "RS"),
        ("(anonymous)", "●"),
        ("", "●"),
    ],
)
def test_a_face_without_a_picture_has_initials(name, letters):
    assert initials(name) == letters
