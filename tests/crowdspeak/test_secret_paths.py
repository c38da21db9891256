"""No address that acts for whoever opens it is ever written to a log."""

import logging
import logging.config
import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from campaigns.models import Campaign, CampaignState
from crowdspeak.secret_paths import hide_secrets
from supporters.addressing import address_promise
from tests.making import make_campaign, make_promise
from tests.supporters.test_confirming import ask

pytestmark = pytest.mark.django_db
NOT_SECRET = ("go/<slug:code>",)  # it stands in posts


@pytest.fixture
def written(settings):
    """What the console gets, by the settings' own formatter."""
    name = settings.LOGGING["handlers"]["console"]["formatter"]
    facts = dict(settings.LOGGING["formatters"][name])
    lines = []

    class Console(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    console = Console()
    console.setFormatter(logging.config.DictConfigurator({}).configure_formatter(facts))
    logger = logging.getLogger("django")
    logger.addHandler(console)
    yield lines
    logger.removeHandler(console)


def test_refused_requests_to_a_mails_address_are_logged_without_its_token(client, olive, written):
    campaign = make_campaign(olive)
    token = ask(campaign)
    Client(enforce_csrf_checks=True).post(reverse("promise_confirm", args=[token]))
    Campaign.objects.update(state=CampaignState.CANCELLED)
    assert client.post(reverse("promise_confirm", args=[token])).status_code == 422
    assert client.head(reverse("promise_confirm", args=[token])).status_code == 405
    assert len(written) == 3
    assert all("/confirm/…" in line for line in written)
    assert token not in "\n".join(written)


def test_words_that_are_refused_are_logged_without_the_promises_token(client, olive, sam, written):
    campaign = make_campaign(olive)
    promised = make_promise(campaign, sam)
    path = address_promise(campaign, person_id=sam.pk)
    answer = client.post(f"{path}{promised.pk}/words/", {"text": "", "agree": "1"})
    assert answer.status_code == 422
    assert written
    assert path.split("/")[2] not in "\n".join(written)


def list_secret_routes(patterns, before=""):
    for each in patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from list_secret_routes(each.url_patterns, route)
        elif isinstance(each, URLPattern) and re.search(r"[<:](token|key|code)>", route):
            yield route


def test_no_address_with_a_secret_in_it_was_forgotten():
    routes = set(list_secret_routes(get_resolver().url_patterns)) - set(NOT_SECRET)
    assert len(routes) >= 6
    for route in routes:
        path = "/" + route.replace("^", "")
        start = min(path.find(sign) for sign in "<(" if sign in path)
        assert hide_secrets(f"Gone: {path[:start]}s3cret") == f"Gone: {path[:start]}…", route


def test_secrets_are_hidden_in_whole_addresses_and_nothing_else_is():
    line = "GET http://speak.example/reminder/abc:def/?language=fr said no"
    assert hide_secrets(line) == "GET http://speak.example/reminder/…?language=fr said no"
    harmless = "Not Found: /campaigns/river/support/mail/"
    assert hide_secrets(harmless) == harmless
