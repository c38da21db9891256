"""The whole wall: who agreed to be shown and nobody else, each once, page by page."""

import pytest
from django.urls import reverse

from accounts.models import User
from campaigns.models import Campaign, CampaignState
from pages import walling
from pages.walling import list_top, list_wall, read_place
from supporters.models import LinkedAccount, PledgeState
from tests.conftest import make_person
from tests.making import make_campaign, make_pledge, make_promise
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(olive):
    return make_campaign(olive)


def lend(campaign, name, *, person=None, is_shown=True, followers=None, limit=500, **facts):
    person = person or User.objects.create_user(name=name)
    account = make_account(person, name[:20], limit=limit, followers=followers, display_name=name)
    return make_pledge(campaign, account, is_shown=is_shown, **facts)


def walk(campaign):
    """The names of every page, in their order."""
    pages, place = [], ""
    while True:
        page = list_wall(campaign, place=place)
        pages.append([face.name for face in page.faces])
        place = page.next
        if not place:
            return pages


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_every_page_goes_on_where_the_last_one_ended(campaign, monkeypatch, size):
    monkeypatch.setattr(walling, "PER_PAGE", size)
    for number in range(4):
        lend(campaign, f"A{number}")
    for number in range(3):
        person = make_person(f"h{number}@example.org", f"H{number}")
        make_promise(campaign, person, is_shown=True)
    pages = walk(campaign)
    assert [name for names in pages for name in names] == ["A3", "A2", "A1", "A0", "H2", "H1", "H0"]
    assert all(len(names) <= size for names in pages)


def test_who_joins_meanwhile_moves_nobody(campaign, monkeypatch):
    monkeypatch.setattr(walling, "PER_PAGE", 2)
    for number in range(4):
        lend(campaign, f"A{number}")
    first = list_wall(campaign, place="")
    lend(campaign, "new")
    assert [each.name for each in list_wall(campaign, place=first.next).faces] == ["A1", "A0"]


def test_only_who_agreed_and_stands_is_shown_and_each_once(campaign, sam):
    lend(campaign, "shy", is_shown=False)
    lend(campaign, "gone", state=PledgeState.WITHDRAWN)
    lend(campaign, "shut", person=User.objects.create_user(name="x", is_active=False))
    lend(campaign, "first", person=sam)
    lend(campaign, "second", person=sam, limit=501)
    make_promise(campaign, sam, is_shown=True)
    make_promise(campaign, make_person("n@example.org", ""), is_shown=True)
    assert walk(campaign) == [["first"]]


def test_top_are_the_loudest_who_agreed_as_an_estimate(campaign, sam):
    lend(campaign, "shy", is_shown=False, followers=900_000)
    lend(campaign, "quiet", followers=12)
    lend(campaign, "loud", person=sam, followers=54_321)
    lend(campaign, "loud-too", person=sam, limit=501, followers=40_000)
    lend(campaign, "untold")
    assert [(each.name, each.followers) for each in list_top(campaign)] == [
        ("loud", 54_300),
        ("quiet", 12),
    ]


def test_wall_page_shows_top_on_its_first_page_only(client, campaign, monkeypatch):
    monkeypatch.setattr(walling, "PER_PAGE", 1)
    lend(campaign, "ليلى", followers=10)
    lend(campaign, "x" * 60, followers=20)
    where = reverse("wall", args=[campaign.slug])
    assert where in client.get(campaign.get_absolute_url()).content.decode()
    first = client.get(where).content.decode()
    assert "Heard the furthest" in first
    assert '<b dir="auto">' + "x" * 60 in first
    following = client.get(where, {"from": list_wall(campaign, place="").next}).content.decode()
    assert "Heard the furthest" not in following
    assert "ليلى" in following


@pytest.mark.parametrize("place", ["", "a", "a-", "a--1", "z-3", "a-²", "a-" + "9" * 40, "a-0"])
def test_what_is_no_place_is_the_start(place):
    assert read_place(place) == ("a", None)


def test_wall_of_what_is_out_of_sight_is_not_there(client, campaign):
    Campaign.objects.update(state=CampaignState.SUSPENDED)
    assert client.get(reverse("wall", args=[campaign.slug])).status_code == 404


def test_wall_page_takes_as_many_queries_however_many_there_are(
    client, campaign, django_assert_max_num_queries
):
    for number in range(30):
        lend(campaign, f"A{number}", followers=number)
    with django_assert_max_num_queries(4):
        client.get(reverse("wall", args=[campaign.slug]))
    assert LinkedAccount.objects.count() == 30
