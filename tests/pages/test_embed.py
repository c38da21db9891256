"""The widget on other sites and oEmbed: who may frame what, what it weighs, what it tells."""

import html
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.staticfiles import finders

from campaigns.models import Campaign, Revision
from tests.making import make_campaign
from tests.pages.showcasing import decide, lend, write

pytestmark = pytest.mark.django_db

EMBED = "/campaigns/river/embed/"
EVIL = '"><script>alert(1)</script>'


@pytest.fixture
def ask(client, settings):
    """Ask oEmbed of an address of this site; gives the answer."""

    def do(path="/campaigns/river/", **query):
        return client.get("/oembed/", {"url": settings.SITE_URL + path, **query})

    return do


def test_widget_has_the_counter_the_moment_and_a_button_by_its_door(client, read, olive, settings):
    lend(make_campaign(olive, threshold=3))
    words = read(EMBED)
    assert "Let the river run clean" in words
    assert "1 supporter of the 3 needed" in words
    assert "in Paris" in words
    assert "Lend my account" in words
    page = client.get(EMBED).content.decode()
    assert f'href="{settings.SITE_URL}/campaigns/river/?from=embed" target="_blank"' in page


def test_widget_tells_of_posts_after_the_launch(read, olive):
    campaign = make_campaign(olive, launch_in=-7200)
    decide(campaign, "finished", pledges=[lend(campaign)], outcomes=["sent"])
    words = read(EMBED)
    assert "1 post was made" in words
    assert "See the campaign" in words


def test_only_the_widget_may_be_framed(client, olive):
    make_campaign(olive)
    answer = client.get(EMBED)
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    for path in ("/", "/campaigns/river/", "/campaigns/river/support/", "/campaigns/river/poster/"):
        answer = client.get(path)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], path
        assert answer["X-Frame-Options"] == "DENY"


def test_widget_knows_nobody_and_sets_no_cookie(client, olive):
    make_campaign(olive)
    client.force_login(olive)
    answer = client.get(f"{EMBED}?language=fr")
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


def test_widget_of_a_language_that_the_site_does_not_speak_follows_the_readers(client, olive):
    make_campaign(olive)
    Revision.objects.update(language="de")
    answer = client.get(EMBED, headers={"Accept-Language": "fr"})
    assert answer["Content-Language"] == "fr"
    assert "Cookie" in answer["Vary"]  # a choice that one keeps


def test_widget_weighs_fifteen_kilobytes_with_all_that_it_loads(client, olive):
    make_campaign(olive, threshold=1000, title="W" * 90)
    page = client.get(EMBED).content
    styles = re.findall(r'<link rel="stylesheet" href="/static/([^"]+)"', page.decode())
    assert len(styles) == 2
    weight = len(page)
    for each in styles:
        weight += len(Path(finders.find(each)).read_bytes())
    assert weight <= 15 * 1024
    assert b"<script" not in page
    assert b"style=" not in page


def test_widget_may_be_kept_for_a_minute(client, olive, django_assert_max_num_queries):
    lend(make_campaign(olive))
    with django_assert_max_num_queries(6):
        first = client.get(EMBED)
    assert first["Cache-Control"] == "public, max-age=60"
    with django_assert_max_num_queries(2):
        again = client.get(EMBED, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert "frame-ancestors *" in again["Content-Security-Policy"]


def test_widget_speaks_the_language_asked_for_else_the_campaigns(client, olive):
    make_campaign(olive)
    Revision.objects.update(language="fr")
    assert client.get(EMBED)["Content-Language"] == "fr"
    assert client.get(f"{EMBED}?language=en")["Content-Language"] == "en"
    assert client.get(f"{EMBED}?language=xx")["Content-Language"] == "fr"


def test_widget_is_light_or_dark_by_its_address_and_nothing_else(client, olive):
    make_campaign(olive)
    assert b'data-scheme="dark"' in client.get(f"{EMBED}?scheme=dark").content
    assert b"data-scheme" not in client.get(f"{EMBED}?scheme=x").content


@pytest.mark.parametrize("state", ["draft", "suspended"])
def test_what_a_stranger_may_not_see_is_embedded_nowhere(client, ask, olive, state):
    if state == "draft":
        write(olive, slug="river", title="Unripe")
    else:
        make_campaign(olive, state=state)
    client.force_login(olive)
    assert client.get(EMBED).status_code == 404
    assert ask().status_code == 404


def test_suspension_ends_a_widget_that_was_shown_before(client, olive):
    make_campaign(olive)
    assert client.get(EMBED).status_code == 200
    Campaign.objects.update(state="suspended")
    assert client.get(EMBED).status_code == 404


def test_unlisted_campaign_is_embedded_by_who_has_its_address(client, ask, olive):
    make_campaign(olive, visibility="unlisted")
    assert client.get(EMBED)["X-Robots-Tag"] == "noindex"
    assert ask().status_code == 200


def test_title_breaks_out_of_no_widget_and_no_code(client, ask, olive):
    make_campaign(olive, title=EVIL)
    assert EVIL not in client.get(EMBED).content.decode()
    assert EVIL not in client.get("/campaigns/river/").content.decode()
    told = ask().json()
    assert told["title"] == EVIL
    assert "<script>" not in told["html"]


def test_page_leads_programs_to_oembed_and_people_to_the_code(client, olive, settings):
    make_campaign(olive)
    page = client.get("/campaigns/river/").content.decode()
    (found,) = re.findall(
        r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', page
    )
    address = html.unescape(found)
    assert parse_qs(urlsplit(address).query)["url"] == [f"{settings.SITE_URL}/campaigns/river/"]
    told = client.get(address.removeprefix(settings.SITE_URL)).json()
    assert f"<code>{html.escape(told['html'])}</code>" in page


def test_oembed_answers_as_its_specification_says(ask, olive, settings):
    make_campaign(olive)
    answer = ask()
    assert answer["Content-Type"] == "application/json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    told = answer.json()
    assert (told["version"], told["type"]) == ("1.0", "rich")
    assert (told["title"], told["author_name"]) == ("Let the river run clean", "Olive")
    assert f'src="{settings.SITE_URL}{EMBED}"' in told["html"]
    assert (told["width"], told["height"]) == (480, 260)
    assert told["thumbnail_url"].startswith(f"{settings.SITE_URL}/campaigns/river/card.")


def test_oembed_keeps_to_the_room_there_is(ask, olive):
    make_campaign(olive)
    told = ask(maxwidth="300", maxheight="200").json()
    assert (told["width"], told["height"]) == (300, 200)
    assert 'width="300" height="200"' in told["html"]
    assert "thumbnail_url" not in told
    assert ask(maxwidth="3000", maxheight="3000").json()["width"] == 480
    assert ask(maxwidth="50").status_code == 404


@pytest.mark.parametrize("size", ["-1", "wide", "1e9", "٣٠٠", "9" * 40])
def test_oembed_refuses_a_size_that_is_none(ask, olive, size):
    make_campaign(olive)
    assert ask(maxwidth=size).status_code == 400


def test_oembed_speaks_json_alone(ask, olive):
    make_campaign(olive)
    assert ask(format="json").status_code == 200
    assert ask(format="xml").status_code == 501


@pytest.mark.parametrize("path", ["/campaigns/river/results/", "/campaigns/river/?from=mail"])
def test_oembed_knows_the_other_pages_of_a_campaign(ask, olive, path):
    make_campaign(olive)
    assert json.loads(ask(path).content)["title"] == "Let the river run clean"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://evil.example/campaigns/river/",
        "http://127.0.0.1:8000@evil.example/campaigns/river/",
        "javascript:alert(1)",
        "http://[::1/campaigns/river/",
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:8000/desk/",
        "http://127.0.0.1:8000/campaigns/none/",
    ],
)
def test_oembed_finds_nothing_at_other_addresses(client, olive, address):
    make_campaign(olive)
    assert client.get("/oembed/", {"url": address}).status_code == 404
