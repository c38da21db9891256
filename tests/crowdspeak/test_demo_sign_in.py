"""The printed link works once, and only in the demo."""

import pytest
from django.urls import NoReverseMatch, path, reverse

from crowdspeak import demo_views, urls
from crowdspeak.management.commands.seed_demo import sign_in_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo_urls(settings):
    """The site's addresses as in the demo profile."""
    from types import ModuleType

    module = ModuleType("demo_urls")
    module.urlpatterns = [
        *urls.urlpatterns,
        path("demo/sign-in/<str:person>/<str:token>/", demo_views.sign_in, name="demo_sign_in"),
    ]
    settings.ROOT_URLCONF = module
    settings.STAFF_NEEDS_MFA = False


def test_the_link_signs_in_once(demo_urls, client, rae):
    link = sign_in_link("rae@example.org")
    assert client.get(link)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    client.logout()
    assert client.get(link).status_code == 404


def test_a_made_up_link_does_not(demo_urls, client, rae):
    assert client.get("/demo/sign-in/MQ/abc-def/").status_code == 404
    assert client.get("/demo/sign-in/!!/abc-def/").status_code == 404


def test_outside_of_the_demo_there_is_no_such_page(client, rae):
    with pytest.raises(NoReverseMatch):
        reverse("demo_sign_in", args=["a", "b"])
    assert client.get("/demo/sign-in/MQ/abc-def/").status_code == 404


def test_people_are_made_up_in_the_demo_alone():
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match="PROFILE=demo only"):
        call_command("seed_demo", "accounts")
