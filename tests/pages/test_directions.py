"""Names and words in another direction do not turn round what stands beside them."""

import pytest
from django import forms
from django.template.loader import render_to_string

from accounts.models import User
from pages.templatetags.names import isolate
from tests.making import make_campaign
from tests.pages.showcasing import lend

ARABIC = "حملة النهر (2026)!"


class Words(forms.Form):
    title = forms.CharField()
    story = forms.CharField(widget=forms.Textarea)
    link = forms.URLField(assume_scheme="https")
    email = forms.EmailField()
    day = forms.DateField()


def test_a_name_is_kept_apart_and_its_signs_are_no_markup():
    assert isolate("A & <b>") == "<bdi>A &amp; &lt;b&gt;</bdi>"


@pytest.mark.parametrize(
    ("name", "is_either"),
    [("title", True), ("story", True), ("link", False), ("email", False), ("day", False)],
)
def test_a_field_takes_the_direction_of_the_words_in_it(name, is_either):
    html = render_to_string("forms/_field.html", {"field": Words()[name]})
    assert ('dir="auto"' in html) is is_either


@pytest.mark.django_db
def test_a_campaign_s_names_are_kept_apart_wherever_it_is_shown(client):
    campaign = make_campaign(User.objects.create_user(name=ARABIC), title=ARABIC)
    lend(campaign, name=ARABIC, is_shown=True)
    page = client.get("/campaigns/river/").content.decode()
    assert f'dir="auto">{ARABIC}</h1>' in page
    assert f"A campaign by <bdi>{ARABIC}</bdi>, read by a person" in page
    assert f'<b dir="auto">{ARABIC}</b>' in page
    board = client.get("/campaigns/").content.decode()
    assert f'dir="auto">{ARABIC}</a>' in board
    assert f"<bdi>{ARABIC}</bdi>" in board
