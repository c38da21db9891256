"""The organiser's links and who came by them: for the organiser alone."""

import csv
from io import StringIO

import pytest

from tests.making import make_campaign, make_promise
from tests.pages.showcasing import lend

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(olive):
    return make_campaign(olive)


@pytest.fixture
def desk(client, olive):
    client.force_login(olive)
    return client


def test_organiser_copies_a_link_for_each_door(desk, campaign, settings):
    page = desk.get(f"/desk/{campaign.uid}/doors/").content.decode()
    for door in ("mail", "poster", "site"):
        assert f'data-copy="{settings.SITE_URL}/campaigns/river/?from={door}"' in page
    assert "Nobody has pledged yet." in page


def test_organiser_names_a_door(desk, campaign):
    page = desk.get(f"/desk/{campaign.uid}/doors/", {"name": "Town hall"}).content.decode()
    assert "/campaigns/river/?from=town-hall" in page


def test_name_without_letters_is_told_at_its_field(desk, campaign):
    answer = desk.get(f"/desk/{campaign.uid}/doors/", {"name": "!?"})
    assert answer.status_code == 422
    assert "A door needs letters" in answer.content.decode()


def test_numbers_of_each_door_are_shown_and_taken_along(desk, campaign, olive):
    lend(campaign, source="poster")
    lend(campaign)
    make_promise(campaign, olive, source="mail")
    page = desk.get(f"/desk/{campaign.uid}/doors/").content.decode()
    assert "No door named" in page
    answer = desk.get(f"/desk/{campaign.uid}/doors.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(StringIO(answer.content.decode())))
    assert rows[0] == ["Door", "People", "Accounts lent", "By their own hand"]
    assert sorted(rows[1:]) == [
        ["", "1", "1", "0"],
        ["mail", "1", "0", "1"],
        ["poster", "1", "1", "0"],
    ]


def test_page_sums_up_the_doors_beyond_the_largest(desk, campaign):
    for number in range(33):
        lend(campaign, source=f"door-{number:02}")
    page = desk.get(f"/desk/{campaign.uid}/doors/").content.decode()
    assert "3 others" in page
    assert "door-32" not in page
    assert "door-32" in desk.get(f"/desk/{campaign.uid}/doors.csv").content.decode()


def test_desk_leads_to_the_doors(desk, campaign):
    assert f"/desk/{campaign.uid}/doors/" in desk.get("/desk/").content.decode()


@pytest.mark.parametrize("path", ["doors/", "doors.csv", "supporters.csv"])
def test_doors_are_for_the_organiser_alone(client, campaign, sam, rae, settings, path):
    address = f"/desk/{campaign.uid}/{path}"
    assert "login" in client.get(address)["Location"]
    client.force_login(sam)
    assert client.get(address).status_code == 404
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("state", ["suspended"])
def test_what_is_not_in_public_has_no_links(desk, campaign, state):
    type(campaign).objects.update(state=state)
    assert desk.get(f"/desk/{campaign.uid}/doors/").status_code == 404


def test_organiser_sees_how_they_came_together_before_the_launch(desk, campaign, olive, sam):
    lend(campaign, person=sam)
    lend(campaign, person=sam)
    page = desk.get(f"/desk/{campaign.uid}/doors/").content.decode()
    assert "How they came together" in page
    file = f"/desk/{campaign.uid}/supporters.csv"
    assert f'href="{file}"' in page
    answer = desk.get(file)
    assert "river-supporters.csv" in answer["Content-Disposition"]
    rows = list(csv.reader(StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[0] == ["day", "people", "accounts"]
    assert rows[-1][1:] == ["1", "2"]


def test_campaign_nobody_supported_has_no_such_days(desk, campaign):
    assert "How they came together" not in desk.get(f"/desk/{campaign.uid}/doors/").content.decode()
    answer = desk.get(f"/desk/{campaign.uid}/supporters.csv")
    assert b"".join(answer.streaming_content) == b"day,people,accounts\r\n"
