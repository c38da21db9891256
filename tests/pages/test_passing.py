"""Passing a campaign on: links, cards for networks, and nothing asked of anybody."""

import html
import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.making import make_campaign, make_promise
from tests.pages.showcasing import decide, lend, write

pytestmark = pytest.mark.django_db

EVIL = '"><script>alert(1)</script>'


def find_meta(answer):
    """What a page's meta tags say, by name or property."""
    tags = re.findall(
        r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', answer.content.decode()
    )
    return {name: html.unescape(content) for name, content in tags}


def list_addresses(answer):
    """The addresses that a page leads to."""
    return [html.unescape(each) for each in re.findall(r'href="([^"]+)"', answer.content.decode())]


def test_campaign_can_be_passed_on_by_every_network_that_is_on(client, olive, settings):
    make_campaign(olive)
    address = f"{settings.SITE_URL}/campaigns/river/"
    answer = client.get("/campaigns/river/")
    links = [unquote(each) for each in list_addresses(answer)]
    for host in ("t.me", "wa.me", "x.com"):
        (link,) = [each for each in links if urlsplit(each).hostname == host]
        assert address in link
        assert "?from=" in link
    assert f'data-share="{address}?from=share"' in answer.content.decode()
    assert f'data-copy="{address}"' in answer.content.decode()
    (mail,) = [each for each in list_addresses(answer) if each.startswith("mailto:")]
    assert parse_qs(urlsplit(mail).query)["subject"] == ["Let the river run clean"]
    assert parse_qs(urlsplit(mail).query)["body"] == [f"{address}?from=mail"]


def test_networks_get_nothing_before_somebody_clicks(client, olive):
    make_campaign(olive)
    page = client.get("/campaigns/river/").content.decode()
    loaded = re.findall(r'(?:src|action)="([^"]+)"', page)
    loaded += re.findall(r'<link rel="(?:stylesheet|icon|preconnect)[^>]*href="([^"]+)"', page)
    assert loaded
    assert all(each.startswith("/") for each in loaded)


def test_card_says_what_the_campaign_is(client, olive, settings):
    make_campaign(olive)
    meta = find_meta(client.get("/campaigns/river/"))
    assert meta["og:title"] == "Let the river run clean"
    assert meta["og:description"] == "Three barriers would stop the plastic."
    assert meta["og:url"] == f"{settings.SITE_URL}/campaigns/river/"
    assert meta["og:locale"] == "en_GB"
    assert find_meta(client.get("/campaigns/river/?language=fr"))["og:locale"] == "fr_FR"


def test_title_breaks_out_of_no_card_and_no_link(client, olive):
    make_campaign(olive, title=EVIL)
    answer = client.get("/campaigns/river/")
    assert "<script>alert" not in answer.content.decode()
    assert find_meta(answer)["og:title"] == EVIL


@pytest.mark.parametrize("state", ["suspended", "draft"])
def test_what_is_not_public_is_passed_on_by_nobody(client, olive, state):
    if state == "draft":
        write(olive, slug="river", title="Unripe")
    else:
        make_campaign(olive, state=state)
    assert client.get("/campaigns/river/").status_code == 404
    client.force_login(olive)
    answer = client.get("/campaigns/river/")
    assert "og:title" not in find_meta(answer)
    assert "data-share" not in answer.content.decode()


def test_card_of_the_results_has_their_numbers(client, olive, settings):
    campaign = make_campaign(olive, launch_in=-7200)
    pledges = [lend(campaign) for _ in range(3)]
    decide(campaign, "finished", pledges=pledges, outcomes=["sent", "sent", "failed"])
    meta = find_meta(client.get("/campaigns/river/results/"))
    assert meta["og:title"] == "What happened: Let the river run clean"
    assert meta["og:description"].startswith("2 of 3 posts were sent")
    assert meta["description"] == meta["og:description"]
    assert meta["og:url"] == f"{settings.SITE_URL}/campaigns/river/results/"


def test_card_of_a_missed_launch_says_that_nothing_was_posted(client, olive):
    campaign = make_campaign(olive, launch_in=-7200, threshold=9)
    decide(campaign, "missed", pledges=[lend(campaign)], outcomes=["not_sent"])
    meta = find_meta(client.get("/campaigns/river/results/"))
    assert "nothing was posted" in meta["og:description"]


def test_home_has_a_card(client, settings):
    meta = find_meta(client.get("/"))
    assert meta["og:url"] == f"{settings.SITE_URL}/"
    assert meta["og:title"]


def test_whoever_is_in_passes_it_on_from_the_thanks(client, olive, sam):
    campaign = make_campaign(olive)
    make_promise(campaign, sam)
    client.force_login(sam)
    answer = client.get("/campaigns/river/support/thanks/")
    assert any("t.me" in each for each in list_addresses(answer))
