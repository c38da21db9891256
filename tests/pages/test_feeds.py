"""Feeds and the calendar of launches: what is in them, for whom, and how they change."""

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from campaigns.clock import database_now
from campaigns.models import Campaign, Revision, Theme
from campaigns.updates import CampaignUpdate
from tests.making import make_campaign
from tests.pages.showcasing import decide, lend, write

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
FEED, DATES, OWN = "/campaigns/feed.xml", "/campaigns/calendar.ics", "/campaigns/river/feed.xml"


@pytest.fixture
def read_feed(client):
    """The entries of a feed by their titles, each as its texts by tag."""

    def do(path=FEED, **query):
        answer = client.get(path, query)
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("application/atom+xml")
        entries = ET.fromstring(answer.content).findall(f"{ATOM}entry")
        told = [{each.tag.removeprefix(ATOM): each for each in entry} for entry in entries]
        return {each["title"].text: each for each in told}

    return do


@pytest.fixture
def read_dates(client):
    """The events of the calendar by their ids."""

    def do(**query):
        answer = client.get(DATES, query)
        assert answer["Content-Type"] == "text/calendar; charset=utf-8"
        events = Calendar.from_ical(answer.content).walk("VEVENT")
        return {str(each["UID"]): each for each in events}

    return do


def test_feed_has_the_coming_launches_with_moment_and_door(read_feed, olive, settings):
    make_campaign(olive, title="River")
    entry = read_feed()["River"]
    assert "in Paris" in entry["summary"].text
    assert entry["link"].get("href") == f"{settings.SITE_URL}/campaigns/river/?from=feed"
    assert entry["author"][0].text == "Olive"


def test_feed_is_of_what_the_explore_page_finds(read_feed, olive):
    theme = Theme.objects.first()
    make_campaign(olive, slug="a", title="Clean river")
    make_campaign(olive, slug="b", title="Clean air")
    Revision.objects.filter(title="Clean air").update(theme=theme)
    assert list(read_feed(words="river")) == ["Clean river"]
    assert list(read_feed(theme=theme.slug)) == ["Clean air"]
    assert len(read_feed(theme="no-such-theme")) == 2


def test_feed_of_the_past_has_results_and_the_one_of_the_coming_has_not(read_feed, olive):
    campaign = make_campaign(olive, launch_in=-7200, title="River")
    decide(campaign, "finished", pledges=[lend(campaign)], outcomes=["sent"])
    entry = read_feed(state="past")["What happened: River"]
    assert entry["summary"].text.startswith("1 post was made")
    assert read_feed() == {}


def test_campaigns_own_feed_keeps_the_launch_when_results_come(read_feed, olive):
    campaign = make_campaign(olive, launch_in=-7200, title="River")
    before = read_feed(OWN)
    decide(campaign, "finished", pledges=[lend(campaign)], outcomes=["sent"])
    after = read_feed(OWN)
    assert list(after) == ["What happened: River", "River"]
    assert after["River"]["id"].text == before["River"]["id"].text
    assert after["River"]["id"].text != after["What happened: River"]["id"].text


def test_cancelled_campaign_says_so_in_its_feed(read_feed, olive):
    make_campaign(olive, state="cancelled", title="River")
    assert list(read_feed(OWN)) == ["Cancelled: River"]


def test_campaigns_own_feed_has_its_news_until_they_are_removed(read_feed, olive):
    campaign = make_campaign(olive, title="River")
    news = CampaignUpdate.objects.create(campaign=campaign, title="Half way", text="**500** of us.")
    entry = read_feed(OWN)["Half way"]
    assert "<strong>500</strong>" in entry["summary"].text
    assert entry["link"].get("href").endswith(f"/campaigns/river/?from=feed#news-{news.pk}")
    CampaignUpdate.objects.filter(pk=news.pk).update(removed_at=database_now())
    assert list(read_feed(OWN)) == ["River"]


def test_words_are_no_markup_for_who_reads_the_feed(read_feed, olive):
    campaign = make_campaign(olive, title="River")
    Revision.objects.update(summary="<img src=x onerror=alert(1)>")
    CampaignUpdate.objects.create(campaign=campaign, title="News", text="<script>alert(1)</script>")
    told = read_feed(OWN)
    assert told["River"]["summary"].get("type") == "html"
    assert "&lt;img" in told["River"]["summary"].text
    assert "<script" not in told["News"]["summary"].text


@pytest.mark.parametrize("facts", [{"state": "suspended"}, {"visibility": "unlisted"}])
def test_what_is_not_listed_is_in_no_feed_and_no_calendar(read_feed, read_dates, olive, facts):
    make_campaign(olive, **facts)
    write(olive, title="Unripe")
    assert read_feed() == {}
    assert read_feed(state="past") == {}
    assert read_dates() == {}


@pytest.mark.parametrize("state", ["draft", "suspended"])
def test_what_a_stranger_may_not_see_has_no_feed_for_anybody(client, olive, state):
    if state == "draft":
        write(olive, slug="river", title="Unripe")
    else:
        make_campaign(olive, state=state)
    client.force_login(olive)
    assert client.get(OWN).status_code == 404


def test_unlisted_campaigns_feed_is_for_who_has_its_address(client, olive):
    make_campaign(olive, visibility="unlisted")
    answer = client.get(OWN)
    assert (answer.status_code, answer["X-Robots-Tag"]) == (200, "noindex")


def test_signs_that_xml_cannot_hold_break_no_feed(read_feed, olive):
    make_campaign(olive, title="River\x0b\uffff & <b>sea</b> ]]>")
    assert list(read_feed()) == ["River & <b>sea</b> ]]>"]


def test_calendar_has_every_coming_launch_under_the_id_of_its_own_entry(
    client, read_dates, olive, settings
):
    first = make_campaign(olive)
    make_campaign(olive, slug="sea")
    events = read_dates()
    assert len(events) == 2
    own = Calendar.from_ical(client.get("/campaigns/river/launch.ics").content)
    (alone,) = own.walk("VEVENT")
    event = events[str(alone["UID"])]
    assert event.start == first.launch_at.replace(microsecond=0)
    assert event["SEQUENCE"] == alone["SEQUENCE"]
    assert event["URL"] == f"{settings.SITE_URL}/campaigns/river/?from=calendar"
    assert not event.walk("VALARM")


def test_calendar_moves_and_strikes_what_is_moved_and_called_off(read_dates, olive):
    campaign = make_campaign(olive)
    (uid,) = read_dates()
    later = campaign.launch_at + timedelta(days=1)
    Campaign.objects.update(launch_at=later, latest_at=later + timedelta(minutes=45))
    assert read_dates()[uid].start == later.replace(microsecond=0)
    Campaign.objects.update(state="cancelled")
    assert read_dates()[uid]["STATUS"] == "CANCELLED"


def test_calendar_is_of_the_theme_that_is_asked_for(read_dates, olive):
    make_campaign(olive)
    assert read_dates(words="sea") == {}
    assert len(read_dates(words="river")) == 1


@pytest.mark.parametrize("path", [FEED, DATES, OWN])
def test_feeds_and_calendar_know_nobody_and_are_kept(client, olive, path):
    make_campaign(olive)
    client.force_login(olive)
    with CaptureQueriesContext(connection) as asked:
        first = client.get(path)
    assert not any("session" in each["sql"] for each in asked.captured_queries)
    assert first["Cache-Control"] == "public, max-age=300"
    assert first["Vary"] == "Accept-Language, Cookie"  # its language, which a cookie may keep
    assert not first.cookies
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_empty_feed_is_the_same_each_time(client):
    assert client.get(FEED)["ETag"] == client.get(FEED)["ETag"]


@pytest.mark.parametrize(("path", "most"), [(FEED, 6), (f"{FEED}?state=past", 6), (DATES, 2)])
def test_feeds_take_few_queries_however_many_there_are(
    client, olive, django_assert_max_num_queries, path, most
):
    for number in range(6):
        lend(make_campaign(olive, slug=f"c{number}"))
        past = make_campaign(olive, slug=f"p{number}", launch_in=-9000)
        decide(past, "finished", pledges=[lend(past)], outcomes=["sent"])
    with django_assert_max_num_queries(most):
        client.get(path)


def test_pages_lead_to_the_feeds_and_the_calendar(client, olive):
    make_campaign(olive)
    page = client.get("/campaigns/?words=river&page=1").content.decode()
    assert f'type="application/atom+xml" href="{FEED}?words=river"' in page
    assert f'href="{DATES}?words=river"' in page
    assert f'href="{DATES}"' in client.get("/").content.decode()
    assert f'href="{OWN}"' in client.get("/campaigns/river/").content.decode()
