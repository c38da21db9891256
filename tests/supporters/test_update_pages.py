"""The desk for news: its organiser alone, with the numbers of who got it how."""

from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns.models import CampaignUpdate
from tests.making import make_campaign, make_promise
from tests.supporters.test_spreading import mail_all, tell

pytestmark = pytest.mark.django_db
WORDS = {"title": "Half way", "text": "Five hundred of us.", "wants_mail": "on"}


@pytest.fixture
def desk(client, olive):
    client.force_login(olive)
    return client


def page(campaign):
    return reverse("updates", args=[campaign.uid])


def test_news_goes_from_the_desk_to_the_page(desk, campaign, client):
    answer = desk.post(page(campaign), WORDS, follow=True)
    assert "Its mails leave in a quarter of an hour" in answer.content.decode()
    assert "Correct it" in answer.content.decode()
    client.logout()
    shown = client.get(reverse("campaign", args=[campaign.slug])).content.decode()
    assert "Half way" in shown
    assert "Five hundred of us." in shown


def test_empty_and_long_news_come_back_with_what_was_typed(desk, campaign):
    answer = desk.post(page(campaign), {"title": "x" * 71, "text": ""})
    assert answer.status_code == 422
    assert "x" * 71 in answer.content.decode()
    assert not CampaignUpdate.objects.exists()


def test_news_is_corrected_and_then_too_late(desk, campaign):
    update = tell(campaign, ago=1)
    path = reverse("update_correct", args=[campaign.uid, update.pk])
    assert "Five hundred of us." in desk.get(path).content.decode()
    assert desk.post(path, {"title": "Two thirds", "text": "More."}).status_code == 302
    update.refresh_from_db()
    assert (update.title, update.wants_mail) == ("Two thirds", False)
    CampaignUpdate.objects.update(written_at=update.written_at - timedelta(minutes=15))
    late = desk.post(path, {"title": "All", "text": "!"})
    assert late.status_code == 422
    assert "too late" in late.content.decode()


def test_desk_tells_how_many_got_it_how(desk, campaign, sam, rae):
    make_promise(campaign, sam)
    make_promise(campaign, rae)
    for number in range(3):
        tell(campaign, title=f"News {number}")
        mail_all()
    desk.force_login(sam)
    desk.post("/me/asks/", {"asks": "5"})
    tell(campaign, title="The fourth")
    mail_all()
    desk.force_login(campaign.organiser)
    told = desk.get(page(campaign)).content.decode()
    assert "Mailed to one person. One more wants no more mails this week" in told
    assert "Mailed to 2 people." in told


def test_removed_news_leaves_the_page_and_its_reason_is_told(desk, campaign, rae):
    update = tell(campaign)
    desk.post(reverse("update_remove", args=[campaign.uid, update.pk]))
    assert "Half way" not in desk.get(campaign.get_absolute_url()).content.decode()
    CampaignUpdate.objects.update(removed_why="It names somebody.")
    assert "It names somebody." in desk.get(page(campaign)).content.decode()


@pytest.mark.parametrize("name", ["updates", "update_correct", "update_remove"])
def test_anybody_else_gets_a_404_and_strangers_sign_in_first(client, campaign, sam, rae, name):
    update = tell(campaign, ago=1)
    path = reverse(name, args=[campaign.uid] if name == "updates" else [campaign.uid, update.pk])
    assert "/login/" in client.post(path, WORDS)["Location"]
    for other in (sam, rae):
        client.force_login(other)
        assert client.post(path, WORDS).status_code == 404
    assert CampaignUpdate.objects.get().removed_at is None


def test_news_of_another_campaign_is_not_there(desk, olive, campaign):
    update = tell(make_campaign(olive, slug="other"), ago=1)
    for name in ("update_correct", "update_remove"):
        assert desk.post(reverse(name, args=[campaign.uid, update.pk]), WORDS).status_code == 404


def test_drafts_have_no_news(desk, olive):
    campaign = make_campaign(olive, state="draft")
    campaign.approved = None
    campaign.save()
    assert desk.get(page(campaign)).status_code == 404
