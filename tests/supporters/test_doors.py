"""By which door supporters come: carried along without a cookie, kept with the pledge."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from post_office.models import Email

from crowdspeak.privacy import export
from supporters.arriving import count_arrivals
from supporters.doors import MOST_LETTERS, add_door, read_door
from supporters.models import AssistedPledge, ConfirmRequest, LinkedAccount, Pledge
from tests.making import make_campaign, make_pledge, make_promise
from tests.pages.showcasing import lend
from tests.supporters.test_by_hand_pages import read_link
from tests.supporters.test_pages import read_field
from tests.supporters.test_pledging import make_account


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("poster", "poster"),
        ("Town Hall, Été 2026!", "town-hall-ete-2026"),
        ("--a__b--", "a-b"),
        ("=cmd|' /C calc'!A0", "cmd-c-calc-a0"),
        ("<script>", "script"),
        ("a" * 500, "a" * MOST_LETTERS),
        ("広場", ""),
        ("\x00", ""),
        ("", ""),
    ],
)
def test_door_is_letters_digits_and_hyphens(written, kept):
    assert read_door(written) == kept


@given(st.text(max_size=300))
def test_door_fits_its_column_whatever_is_sent_and_stays_as_it_is(text):
    door = read_door(text)
    assert len(door) <= MOST_LETTERS
    assert read_door(door) == door
    assert not door.startswith("-")
    assert not door.endswith("-")


def test_door_is_added_behind_what_is_there():
    assert add_door("/a/", "x") == "/a/?from=x"
    assert add_door("/a/?b=1", "x") == "/a/?b=1&from=x"
    assert add_door("/a/", "") == "/a/"


pytestmark = pytest.mark.django_db


def test_reader_is_led_on_with_the_door_and_gets_no_cookie(client, campaign):
    answer = client.get("/campaigns/river/?from=Poster")
    page = answer.content.decode()
    assert page.count('href="/campaigns/river/support/?from=poster') >= 3
    assert not answer.cookies
    assert 'href="/campaigns/river/support/"' not in page


def test_door_that_is_no_word_breaks_out_of_no_page(client, campaign):
    page = client.get("/campaigns/river/support/", {"from": '"><script>alert(1)'}).content.decode()
    assert "<script>alert" not in page
    assert 'value="script-alert-1"' in page


def test_door_goes_along_to_the_network_and_back_into_the_pledge(visitor, campaign):
    someone = visitor()
    page = someone.client.get("/campaigns/river/support/?from=poster").content.decode()
    assert read_field(page, "from") == "poster"
    typed = someone.open_account()
    begun = someone.begin(typed, campaign=campaign, **{"from": "poster"})
    answer = someone.come_back(*someone.consent(begun))
    assert answer["Location"].endswith("&from=poster")
    page = someone.client.get(answer["Location"]).content.decode()
    account = LinkedAccount.objects.get()
    form = {name: read_field(page, name) for name in ("from", "seen", "account")}
    someone.client.post(reverse("support_agree", args=["river"]), form | {"agree": "1"})
    assert Pledge.objects.get(account=account).source == "poster"


def test_door_survives_a_refusal_at_the_network(visitor, campaign):
    someone = visitor()
    begun = someone.begin(someone.open_account(), campaign=campaign, **{"from": "poster"})
    answer = someone.come_back(*someone.consent(begun, decision="deny"))
    assert answer["Location"] == "/campaigns/river/support/?from=poster"


def test_door_of_one_campaign_is_not_taken_to_the_next(visitor, campaign, olive):
    other = make_campaign(olive, slug="other")
    someone = visitor()
    someone.begin(someone.open_account(), campaign=campaign, **{"from": "poster"})
    begun = someone.begin(someone.open_account(name="two"), campaign=other)
    answer = someone.come_back(*someone.consent(begun, account="two"))
    assert "from=" not in answer["Location"]


def test_promise_by_mail_keeps_the_door_until_it_is_confirmed(client, campaign):
    where = reverse("support_by_hand", args=["river"])
    page = client.get(where, {"network": "x", "from": "mail"}).content.decode()
    form = {"network": "x", "seen": read_field(page, "seen"), "from": read_field(page, "from")}
    client.post(where, form | {"agree": "1", "email": "pat@example.org"})
    assert ConfirmRequest.objects.get().source == "mail"
    client.post(read_link(Email.objects.get(), "confirm"))
    assert AssistedPledge.objects.get().source == "mail"


def test_promise_of_who_is_known_keeps_the_door(client, campaign, sam):
    client.force_login(sam)
    where = reverse("support_by_hand", args=["river"])
    page = client.get(where, {"network": "x", "from": "mail"}).content.decode()
    form = {"network": "x", "seen": read_field(page, "seen"), "from": "mail", "agree": "1"}
    client.post(where, form)
    assert AssistedPledge.objects.get().source == "mail"


def test_who_came_by_no_door_has_none(client, campaign, sam):
    client.force_login(sam)
    account = make_account(sam)
    where = reverse("support_agree", args=["river"])
    page = client.get(where, {"account": account.pk}).content.decode()
    form = {"account": account.pk, "seen": read_field(page, "seen"), "agree": "1"}
    client.post(where, form)
    assert Pledge.objects.get().source == ""


def test_sign_in_on_the_way_takes_the_door_along(client, campaign):
    page = client.get("/campaigns/river/support/?from=mail").content.decode()
    assert "next=/campaigns/river/support/%3Ffrom%3Dmail" in page


def test_another_language_is_chosen_with_the_door(client, campaign):
    page = client.get("/campaigns/river/?from=mail").content.decode()
    assert 'href="?from=mail&amp;language=fr"' in page


def test_arrivals_count_people_once_at_each_door(campaign, sam, olive):
    first = lend(campaign, person=sam, source="mail")
    lend(campaign, person=sam, source="mail")
    lend(campaign, source="mail")
    lend(campaign)
    make_promise(campaign, sam, source="mail")
    make_promise(campaign, olive, source="poster")
    gone = lend(campaign, source="poster")
    Pledge.objects.filter(pk=gone.pk).update(state="withdrawn")
    found = {each.door: (each.people, each.accounts, each.by_hand) for each in _arrive(campaign)}
    assert found == {"mail": (2, 3, 1), "": (1, 1, 0), "poster": (1, 0, 1)}
    assert _arrive(campaign)[0].door == first.source


def _arrive(campaign):
    return count_arrivals(campaign)


def test_arrivals_of_another_campaign_are_not_counted(campaign, olive):
    lend(make_campaign(olive, slug="other"), source="mail")
    assert _arrive(campaign) == []


def test_many_doors_are_summed_up(campaign):
    for number in range(6):
        lend(campaign, source=f"door-{number}")
    found = count_arrivals(campaign, most=4)
    assert [each.door for each in found[:4]] == ["door-0", "door-1", "door-2", "door-3"]
    assert (found[4].door, found[4].doors, found[4].people) == ("", 2, 2)
    assert len(count_arrivals(campaign, most=5)) == 6


def test_arrivals_take_two_queries(campaign, django_assert_num_queries):
    for number in range(5):
        lend(campaign, source=f"door-{number}")
    with django_assert_num_queries(2):
        _arrive(campaign)


def test_person_takes_their_door_along(campaign, sam):
    make_pledge(campaign, make_account(sam), source="poster")
    make_promise(campaign, sam, source="mail")
    told = export(sam)
    assert told["pledges"][0]["came_by_the_door"] == "poster"
    assert told["promises_by_hand"][0]["came_by_the_door"] == "mail"
