"""Ending mails that nobody needs: with one press and without signing in, and taking it back."""

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from supporters.addressing import address_unsubscribe
from supporters.models import MailChoice, MutedCampaign
from supporters.soliciting import find_choice
from tests.making import make_campaign, make_promise
from tests.supporters.test_spreading import mail_all, tell

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def stranger():
    """A mail program: no cookie, no token, and the site looks for one."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def mail(campaign, sam):
    """News that Sam, who is known by an address alone, was mailed."""
    sam.set_unusable_password()
    sam.save()
    make_promise(campaign, sam)
    tell(campaign)
    mail_all()
    return Email.objects.get()


@pytest.fixture
def path(mail):
    """As the mail's header has it."""
    found = re.fullmatch(r"<http://127\.0\.0\.1:8000(/\S+)>", mail.headers["List-Unsubscribe"])
    return found[1]


def test_mail_offers_one_press_as_rfc_8058_has_it_and_shows_the_link(mail, path):
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert path in mail.message
    assert path in mail.html_message
    sent = mail.email_message().message()
    assert sent["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/unsubscribe/")


def test_one_press_ends_the_news_of_this_campaign_only(stranger, campaign, olive, sam, path):
    for _ in range(2):
        assert stranger.post(path, ONE_CLICK).status_code == 200
    other = make_campaign(olive, slug="other")
    make_promise(other, sam)
    for each in (campaign, other):
        tell(each, title=f"Second of {each.slug}")
        mail_all()
    assert [each.subject for each in Email.objects.order_by("pk")] == [
        "News: Half way",
        "News: Second of other",
    ]


def test_opening_the_link_changes_nothing(stranger, path, campaign):
    page = stranger.get(path)
    assert page.status_code == 200
    assert campaign.title in unescape(page.content.decode())
    assert not MutedCampaign.objects.exists()
    assert stranger.post(path).status_code == 200
    assert not MutedCampaign.objects.exists()


def test_buttons_end_all_news_which_whoever_has_the_link_cannot_take_back(
    stranger, client, path, campaign, sam
):
    assert stranger.post(path, {"all": "1"})["Location"] == path
    page = stranger.get(path).content.decode()
    assert "No organiser mails you any more" in page
    assert 'name="again"' not in page
    stranger.post(path, {"again": "1"})
    assert find_choice(sam) == 0
    client.force_login(sam)
    client.post(reverse("my_asks_of", args=[campaign.slug]), {"again": "1"})
    assert find_choice(sam) == 3


def test_buttons_end_a_campaign_s_news_and_take_it_back(stranger, path):
    stranger.post(path, {"campaign": "1"})
    assert "not mailed its news any more" in stranger.get(path).content.decode()
    stranger.post(path, {"again": "1"})
    assert not MutedCampaign.objects.exists()


def test_address_that_we_did_not_sign_ends_nothing(stranger, path, campaign, sam):
    token = path.split("/")[2]
    promise = reverse("unsubscribe", args=["x" + token])
    foreign = (
        f"/unsubscribe/{urlsplit(reverse('promise_signed', args=[token])).path.split('/')[2]}x/"
    )
    for each in (promise, foreign):
        assert stranger.post(each, ONE_CLICK).status_code == 404
    assert stranger.get(f"/promise/{token}/").status_code == 404
    assert not MutedCampaign.objects.exists()


def test_address_of_who_was_erased_leads_nowhere(stranger, campaign, sam, path):
    sam.is_active = False
    sam.email, sam.name = None, ""
    sam.erased_at = campaign.launch_at
    sam.save()
    assert stranger.post(path, ONE_CLICK).status_code == 404


def test_everything_else_on_the_site_still_wants_its_csrf_token(stranger, campaign):
    assert stranger.post("/me/asks/", {"asks": "0"}).status_code == 403
    assert stranger.post(f"/me/asks/{campaign.slug}/", {"campaign": "1"}).status_code == 403


def test_choice_is_shown_in_my_pledges_and_taken_back_there(client, campaign, sam, mail):
    client.force_login(sam)
    where = reverse("my_asks_of", args=[campaign.slug])
    client.post(where, {"campaign": "1"})
    page = client.get("/me/pledges/").content.decode()
    assert "Not mailed to you" in page
    assert "Mail me its news again" in page
    client.post(where, {"again": "1"})
    assert not MutedCampaign.objects.exists()
    assert "Not mailed to you" not in client.get("/me/pledges/").content.decode()


def test_strangers_choose_nothing_for_others(client, campaign, mail):
    answer = client.post(reverse("my_asks_of", args=[campaign.slug]), {"all": "1"})
    assert "/login/" in answer["Location"]
    assert not MailChoice.objects.exists()


def test_its_token_is_of_one_person_and_one_campaign(olive, campaign, sam, rae):
    paths = {
        address_unsubscribe(each, person_id=person.pk)
        for each in (campaign, make_campaign(olive, slug="other"))
        for person in (sam, rae)
    }
    assert len(paths) == 4
