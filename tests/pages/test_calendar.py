"""A launch in people's calendars: one entry, which moves and is struck with the campaign."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from campaigns.models import Campaign, CampaignState
from tests.making import make_campaign
from tests.supporters.test_pledging import approve

pytestmark = pytest.mark.django_db


@pytest.fixture
def read_entry(client):
    """The calendar and its one entry, as an app reads them."""

    def do():
        answer = client.get("/campaigns/river/launch.ics")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/calendar; charset=utf-8"
        calendar = Calendar.from_ical(answer.content)
        (entry,) = calendar.walk("VEVENT")
        return calendar, entry

    return do


def test_entry_says_what_when_and_where(olive, read_entry, settings):
    campaign = make_campaign(olive)
    calendar, entry = read_entry()
    assert calendar["METHOD"] == "PUBLISH"
    assert entry.start == campaign.launch_at.replace(microsecond=0)
    assert campaign.title in entry["SUMMARY"]
    assert entry["URL"] == f"{settings.SITE_URL}/campaigns/river/"
    assert entry["STATUS"] == "CONFIRMED"
    (alarm,) = entry.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(minutes=-10)


def test_entry_keeps_its_id_and_moves_with_the_moment(olive, read_entry):
    campaign = make_campaign(olive)
    _, before = read_entry()
    later = campaign.launch_at + timedelta(days=2)
    approve(campaign, launch_at=later)
    Campaign.objects.update(launch_at=later, latest_at=later + timedelta(minutes=45))
    _, after = read_entry()
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after.start == later.replace(microsecond=0)


def test_cancelled_campaign_strikes_its_entry(olive, read_entry):
    make_campaign(olive)
    _, before = read_entry()
    Campaign.objects.update(state=CampaignState.CANCELLED)
    calendar, after = read_entry()
    assert (calendar["METHOD"], after["STATUS"]) == ("CANCEL", "CANCELLED")
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert not after.walk("VALARM")


@pytest.mark.parametrize("state", [CampaignState.DRAFT, CampaignState.SUSPENDED])
def test_entry_of_what_nobody_may_see_is_not_found(client, olive, state):
    make_campaign(olive, state=state)
    assert client.get("/campaigns/river/launch.ics").status_code == 404


def test_title_can_break_out_of_no_line(olive, read_entry):
    title = "River\r\nATTACH:https://evil.example/x;,\\n"
    make_campaign(olive, title=title)
    _, entry = read_entry()
    assert "ATTACH" not in entry
    assert "evil.example" in entry["SUMMARY"]


def test_mail_with_the_promise_leads_to_the_entry(olive, sam):
    from post_office.models import Email

    from tests.supporters.test_assisting import promise_as_shown

    campaign = make_campaign(olive)
    promise_as_shown(campaign, sam)
    assert "/campaigns/river/launch.ics" in Email.objects.get().message
