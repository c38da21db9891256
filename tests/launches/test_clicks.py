"""Clicks as readers get them: a number where they were counted, and else nothing."""

import json
import re
from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.models import ClickCount, ShortLink
from launches.following import count_clicks, read_clicks
from tests.making import make_campaign
from tests.pages.showcasing import decide

pytestmark = pytest.mark.django_db


def floor(moment):
    """The hour in which it is."""
    return moment.replace(minute=0, second=0, microsecond=0)


def click(campaign, number, *, hours=0):
    """So many clicks, so many hours after the one with the launch."""
    link, _ = ShortLink.objects.get_or_create(campaign=campaign)
    hour = floor(campaign.launch_at) + timedelta(hours=hours)
    ClickCount.objects.create(link=link, hour=hour, clicks=number)


@pytest.fixture
def launched(olive):
    """Makes a campaign that was launched so many hours ago."""

    def make(*, hours=3, **facts):
        facts.setdefault("counts_clicks", True)
        campaign = make_campaign(olive, launch_in=-3600.0 * hours, **facts)
        decide(campaign, facts.pop("outcome", "finished"))
        return campaign

    return make


def read_json(client):
    return json.loads(client.get("/campaigns/river/results.json").content)["clicks"]


def read_results(client):
    page = client.get("/campaigns/river/results/").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def test_not_counted_is_no_number(client, launched):
    campaign = launched(counts_clicks=False)
    assert read_json(client) is None
    assert count_clicks([campaign]) == {}
    assert "click" not in read_results(client).lower()


def test_nobody_came_is_a_zero(client, launched):
    launched()
    assert read_json(client) == 0
    page = read_results(client)
    assert "No click on the short link was counted so far." in page
    assert "Clicks in each hour" not in page


def test_results_have_all_clicks_and_the_hours_since_the_launch(client, launched):
    campaign = launched(hours=3)
    click(campaign, 5, hours=-2)  # somebody tried it beforehand
    click(campaign, 1200, hours=0)
    click(campaign, 34, hours=2)
    assert read_json(client) == 1239
    page = read_results(client)
    assert "At least 1,239 clicks on the short link." in page
    assert "Clicks in each hour since the launch." in page
    followed = read_clicks(campaign, since=campaign.launch_at, now=database_now())
    assert followed.values == [1200, 0, 34, 0]
    assert followed.spans[0].starts_at == floor(campaign.launch_at)
    assert followed.busiest == 1200


def test_clicks_of_all_its_links_are_one_number(launched):
    campaign = launched()
    click(campaign, 2)
    other = ShortLink.objects.create(campaign=campaign, code="x", target="https://b.example/")
    ClickCount.objects.create(link=other, hour=floor(campaign.launch_at), clicks=3)
    assert count_clicks([campaign]) == {campaign.pk: 5}
    assert read_clicks(campaign, since=campaign.launch_at, now=database_now()).values[0] == 5


def test_after_two_days_days_are_shown(client, launched):
    campaign = launched(hours=24 * 4)
    click(campaign, 10, hours=23)
    click(campaign, 7, hours=24)
    click(campaign, 1, hours=24 * 4)
    followed = read_clicks(campaign, since=campaign.launch_at, now=database_now())
    assert not followed.is_hourly
    assert followed.values == [10, 7, 0, 0, 1]
    assert "Clicks in each 24 hours since the launch." in read_results(client)


def test_no_more_is_shown_than_two_weeks(launched):
    campaign = launched(hours=24 * 100)
    click(campaign, 9, hours=24 * 60)
    followed = read_clicks(campaign, since=campaign.launch_at, now=database_now())
    assert len(followed.spans) == 14
    assert (followed.clicks, followed.busiest) == (9, 0)


def test_results_before_the_launch_count_too(client, olive):
    campaign = make_campaign(olive, counts_clicks=True)
    click(campaign, 4, hours=-1)
    assert read_json(client) == 4


def test_missed_launch_says_what_was_counted(client, launched):
    click(launched(outcome="missed"), 2)
    assert "At least 2 clicks on the short link." in read_results(client)


def test_one_query_for_however_many_campaigns(olive, django_assert_num_queries):
    campaigns = [make_campaign(olive, slug=f"c{number}", counts_clicks=True) for number in range(5)]
    for number, campaign in enumerate(campaigns):
        if number:
            click(campaign, number)
    with django_assert_num_queries(1):
        found = count_clicks(campaigns)
    assert found == {campaign.pk: number for number, campaign in enumerate(campaigns)}
