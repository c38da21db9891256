"""Supporting by one's own hand, page by page: choosing, reading, consenting, confirming."""

import base64
import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from limits import RateLimitItemPerMinute
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from supporters import throttling
from supporters.addressing import address_reminder
from supporters.models import AssistedPledge, ConfirmRequest, LinkedAccount, Reminder
from tests.making import add_wordings, make_campaign, make_promise
from tests.supporters.test_pages import read_field
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, sam):
    client.force_login(sam)
    return client


def address(name, campaign):
    return reverse(name, args=[campaign.slug])


def agree(client, campaign, *networks, **more):
    """Read the words, then press the button; gives the answer."""
    where = address("support_by_hand", campaign)
    page = client.get(where, {"network": networks}).content.decode()
    form = {"network": networks, "seen": read_field(page, "seen"), "agree": "1", **more}
    return client.post(where, form)


def read_link(mail, part):
    """The path of a link in a mail."""
    return re.search(rf"(/{part}/\S+)", mail.message)[1]


def test_support_page_offers_to_post_oneself_what_cannot_be_lent_first(client, networks, campaign):
    page = client.get(address("support", campaign)).content.decode()
    page = page[page.index("Or post it yourself") :]
    assert (
        page.index('value="whatsapp"')
        < page.index("Networks on which")
        < page.index('value="mastodon"')
    )
    assert address("remind", campaign) in page


def test_where_nothing_can_be_lent_one_can_still_post_oneself(client, settings, campaign):
    settings.NETWORKS = {"x": {**settings.NETWORKS["x"], "mode": "assisted"}}
    page = client.get(address("support", campaign)).content.decode()
    assert "No network is switched on" not in page
    assert 'value="x"' in page


def test_visitor_promises_by_the_mail_that_confirms_the_address(client, campaign):
    page = client.get(address("support_by_hand", campaign), {"network": ["x", "whatsapp"]})
    words = unescape(page.content.decode())
    assert campaign.approved.text in words
    assert "Yes, I will post this on" in words
    assert "of 280 characters" in words
    answer = agree(client, campaign, "x", "whatsapp", email="ada@example.org", name="Ada")
    assert answer["Location"] == address("support_mail_sent", campaign)
    assert "Look into your mail" in client.get(answer["Location"]).content.decode()
    assert not AssistedPledge.objects.exists()

    link = read_link(Email.objects.get(), "confirm")
    for _ in range(2):  # a program that looks for viruses opens it, and so does its reader
        page = client.get(link)
        assert campaign.approved.text in unescape(page.content.decode())
        assert not AssistedPledge.objects.exists()
    answer = client.post(link)
    assert answer["Location"].startswith("/promise/")
    page = client.get(answer["Location"]).content.decode()
    assert "Thank you: your address is confirmed." in page
    assert "You post this yourself" in page
    assert "_auth_user_id" not in client.session
    made = AssistedPledge.objects.all()
    assert {(each.network, each.person.name, each.is_shown) for each in made} == {
        ("x", "Ada", True),
        ("whatsapp", "Ada", True),
    }
    assert client.get(link).status_code == client.post(link).status_code == 410


def test_who_gives_no_name_is_not_shown(client, campaign):
    agree(client, campaign, "x", email="ada@example.org", name=" \u202e ")
    client.post(read_link(Email.objects.get(), "confirm"))
    assert not AssistedPledge.objects.get().is_shown
    assert User.objects.get(email="ada@example.org").name == ""


def test_who_is_known_promises_at_once(browser, campaign, sam):
    page = browser.get(address("support_by_hand", campaign), {"network": "x"}).content.decode()
    assert 'name="email"' not in page
    assert 'name="is_shown" checked' not in page
    answer = agree(browser, campaign, "x", is_shown="on")
    assert answer["Location"] == address("support_thanks", campaign)
    page = browser.get(answer["Location"]).content.decode()
    assert "Thank you: you are in" in page
    assert address("launch_calendar", campaign) in page
    made = AssistedPledge.objects.get()
    assert (made.person, made.is_shown) == (sam, True)
    assert (
        "What you promised to post yourself"
        in browser.get(address("support", campaign)).content.decode()
    )


def test_who_only_linked_an_account_is_told_that_no_mail_can_come(client, campaign):
    person = User.objects.create_user(name="Sam")
    make_account(person)
    client.force_login(person)
    answer = agree(client, campaign, "x")
    assert "no confirmed address" in client.get(answer["Location"]).content.decode()
    page = client.get(address("promise", campaign)).content.decode()
    assert "open this page at the moment" in page
    assert not Email.objects.exists()


def test_words_are_shown_before_they_can_be_promised(browser, campaign):
    where = address("support_by_hand", campaign)
    answer = agree(browser, campaign, "x", words_1="I row there.")
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "I row there.\n\nhttps://example.org/river" in page
    assert not AssistedPledge.objects.exists()
    again = {"network": "x", "words_1": "I row there.", "seen": read_field(page, "seen")}
    browser.post(where, again)
    assert not AssistedPledge.objects.exists()  # without the button it is no consent
    browser.post(where, {**again, "agree": "1"})
    assert AssistedPledge.objects.get().text.startswith("I row there.")


def test_script_gets_the_part_with_the_posts(browser, campaign):
    form = {"network": ["x", "telegram"], "words_1": "I row there.", "wording": "1"}
    part = browser.post(
        address("support_by_hand", campaign), form, headers={"HX-Request": "true"}
    ).content.decode()
    assert part.count("I row there.") == 1  # the same words everywhere, with each place under them
    assert part.count("post__foot") == 2
    assert "<html" not in part
    page = browser.get(address("support_by_hand", campaign), form).content.decode()
    assert f'hx-post="{address("support_by_hand", campaign)}"' in page


def test_what_is_too_long_somewhere_is_struck_through_and_that_place_can_be_left_out(
    browser, campaign
):
    words = "y" * 300
    answer = agree(browser, campaign, "x", "whatsapp", words_1=words)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "too many for X, which takes 280 characters." in page
    assert "<mark>" in page
    form = {"network": ["x", "whatsapp"], "words_1": words, "leave": "x"}
    page = browser.post(address("support_by_hand", campaign), form).content.decode()
    assert 'value="x"' not in page
    assert "<mark>" not in page


def test_visitor_is_dealt_a_wording_that_fits(client, campaign):
    add_wordings(campaign.approved, ["y" * 300])
    for _ in range(10):
        page = client.get(address("support_by_hand", campaign), {"network": "x"}).content.decode()
        assert re.search(r'name="wording" value="1"[^>]*checked', page)


@pytest.mark.parametrize("networks", [[], ["nowhere"], ["x" * 5000]])
def test_without_a_place_one_is_sent_to_choose(client, campaign, networks):
    where = address("support_by_hand", campaign)
    for answer in (client.get(where, {"network": networks}), client.post(where, {"agree": "1"})):
        assert answer["Location"] == address("support", campaign)
    assert "Choose at least one place" in client.get(answer["Location"]).content.decode()


@pytest.mark.parametrize("email", ["", "nowhere", "a@b@c"])
def test_address_that_is_none_is_told_at_its_field(client, campaign, email):
    answer = agree(client, campaign, "x", email=email)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not ConfirmRequest.objects.exists()


def test_just_remind_me_by_the_mail_and_back(client, campaign):
    answer = client.post(address("remind", campaign), {"email": "ada@example.org"})
    assert answer["Location"] == address("support_mail_sent", campaign)
    assert not Reminder.objects.exists()
    link = read_link(Email.objects.get(), "confirm")
    assert "Shall we remind you" in client.get(link).content.decode()
    answer = client.post(link)
    assert Reminder.objects.get().email == "ada@example.org"
    page = client.get(answer["Location"]).content.decode()
    assert "We will remind you" in page
    assert not AssistedPledge.objects.exists()
    assert read_link(Email.objects.get(), "reminder") == answer["Location"]
    client.get(answer["Location"])
    assert Reminder.objects.exists()
    client.post(answer["Location"])
    assert not Reminder.objects.exists()
    assert "You are not reminded" in client.get(answer["Location"]).content.decode()


def test_own_address_needs_no_second_confirmation_and_another_one_does(browser, campaign):
    browser.post(address("remind", campaign), {"email": "Sam@example.org"})
    assert Reminder.objects.get().email == "sam@example.org"
    browser.post(address("remind", campaign), {"email": "other@example.org"})
    assert Reminder.objects.count() == 1
    assert Email.objects.get().to == ["other@example.org"]


@pytest.mark.parametrize("token", ["x", "W10:x", "WzEsIDFd:" + "a" * 43])
@pytest.mark.parametrize("name", ["reminder_signed", "promise_signed", "promise_confirm"])
def test_link_that_we_did_not_sign_leads_nowhere(client, campaign, sam, name, token):
    make_promise(campaign, sam)
    where = reverse(name, args=[token])
    for answer in (client.get(where), client.post(where)):
        assert answer.status_code == (410 if name == "promise_confirm" else 404)


def test_closed_campaign_says_why_and_takes_nothing(client, campaign):
    client.post(address("remind", campaign), {"email": "ada@example.org"})
    link = read_link(Email.objects.get(), "confirm")
    Campaign.objects.update(launch_at=database_now() - timedelta(seconds=1))
    form = {"network": "x", "email": "ada@example.org"}
    for answer in (
        client.get(address("support_by_hand", campaign), form),
        client.get(address("remind", campaign)),
        client.post(address("remind", campaign), form),
        client.get(link),
        client.post(link),
    ):
        assert "moment has come" in answer.content.decode()
    assert not Reminder.objects.exists()


@pytest.mark.parametrize("state", [CampaignState.DRAFT, CampaignState.SUSPENDED])
@pytest.mark.parametrize("name", ["support_by_hand", "support_mail_sent", "remind"])
def test_campaign_that_is_not_public_is_not_found(client, campaign, state, name):
    Campaign.objects.update(state=state)
    assert client.get(address(name, campaign), {"network": "x"}).status_code == 404


def test_stranger_who_has_too_many_mails_written_is_told_to_wait(client, campaign, monkeypatch):
    monkeypatch.setattr(throttling, "WINDOW", RateLimitItemPerMinute(2, 10))
    throttling._alone.cache_clear()
    throttling._shared.cache_clear()
    for number in range(2):
        agree(client, campaign, "x", email=f"ada{number}@example.org")
    for answer in (
        agree(client, campaign, "x", email="ada3@example.org"),
        client.post(address("remind", campaign), {"email": "ada3@example.org"}),
    ):
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0
        assert "ada3@example.org" in answer.content.decode()
    assert Email.objects.count() == 2
    other = Client(REMOTE_ADDR="198.51.100.9")
    assert agree(other, campaign, "x", email="ada3@example.org").status_code == 302


def test_own_words_are_inert_on_every_page(client, campaign):
    words = "<script>alert(1)</script>"
    where = address("support_by_hand", campaign)
    page = client.post(where, {"network": "x", "words_1": words, "wording": "1"}).content.decode()
    agreed = {"network": "x", "words_1": words, "seen": read_field(page, "seen"), "agree": "1"}
    client.post(where, {**agreed, "email": "ada@example.org"})
    link = read_link(Email.objects.get(), "confirm")
    for answer in (client.get(link), client.get(client.post(link)["Location"])):
        assert "&lt;script&gt;alert" in answer.content.decode()
        assert "<script>alert" not in answer.content.decode()
    for mail in Email.objects.all():
        assert "<script>alert" not in mail.html_message


def test_account_is_not_needed_nor_made(client, campaign):
    agree(client, campaign, "x", email="ada@example.org")
    client.post(read_link(Email.objects.get(), "confirm"))
    assert not LinkedAccount.objects.exists()


def test_place_that_was_switched_off_since_is_still_read_before_it_is_confirmed(
    client, campaign, settings
):
    agree(client, campaign, "x", "telegram", email="ada@example.org")
    link = read_link(Email.objects.get(), "confirm")
    networks = settings.NETWORKS
    settings.NETWORKS = {**networks, "x": {**networks["x"], "mode": "off"}}
    places = [post.composer.label for post in client.get(link).context["posts"]]
    client.post(link)
    promised = AssistedPledge.objects.order_by("pk").values_list("network", flat=True)
    assert (list(promised), places) == (["x", "telegram"], ["X", "Telegram"])


def test_link_to_a_reminder_bears_no_address_and_acts_on_that_one_alone(client, olive, campaign):
    other = make_campaign(olive, slug="other")
    for each in (campaign, other):
        for email in ("ada@example.org", "bo@example.org"):
            Reminder.objects.create(campaign=each, email=email)
    link = address_reminder(campaign, email="Ada@example.org")
    for part in re.split(r"[/:]", link):
        padded = part + "=" * (-len(part) % 4)
        assert b"ada@" not in base64.urlsafe_b64decode(padded).lower()
    client.post(link)
    assert set(Reminder.objects.values_list("campaign", "email")) == {
        (campaign.pk, "bo@example.org"),
        (other.pk, "ada@example.org"),
        (other.pk, "bo@example.org"),
    }
