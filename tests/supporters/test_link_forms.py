"""The forms by which an account is linked: each stands under its network's name."""

import re

import pytest
from django.urls import reverse

from networks.base import Mode
from networks.registry import all_networks

pytestmark = pytest.mark.django_db


def list_headings(page, level):
    """The headings of that level, as their words without the letters of a chip."""
    found = re.findall(rf"<{level}\b[^>]*>(.*?)</{level}>", page, re.DOTALL)
    bare = [re.sub(r'<span[^>]*aria-hidden="true">.*?</span>', "", each) for each in found]
    return [re.sub(r"<[^>]*>", "", each).strip() for each in bare]


@pytest.fixture
def offered(networks):
    """The names of the networks that accounts can be lent on."""
    return [each.label for each in all_networks().values() if each.mode == Mode.AUTOMATIC]


def test_each_form_of_the_support_step_has_its_network_s_name_above(client, campaign, offered):
    page = client.get(reverse("support", args=[campaign.slug])).content.decode()
    assert len(offered) == 2
    assert list_headings(page, "h3") == offered
    for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
        if "link/" in form:
            assert form.index("<h3") < form.index("<label")


def test_headings_skip_no_level_where_a_supporter_comes_in(client, offered):
    page = client.get(reverse("my_pledges")).content.decode()
    assert list_headings(page, "h2") == offered
    assert "<h3" not in page
