"""What somebody was asked, and how often they want to be: given to them, and erased with them."""

import pytest
from post_office.models import Email

from accounts.models import User
from campaigns.models import CampaignState
from crowdspeak.privacy import erase, export
from supporters.models import Ask, MailChoice, MutedCampaign
from supporters.soliciting import choose_asks, mute
from tests.making import make_campaign, make_promise
from tests.supporters.test_spreading import mail_all, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(olive, sam):
    """Sam once organised, so that a row of his stays; he was mailed news, and had enough."""
    make_campaign(sam, slug="his", state=CampaignState.CANCELLED)
    campaign = make_campaign(olive)
    make_promise(campaign, sam)
    tell(campaign)
    mail_all()
    choose_asks(sam, number=1)
    mute(sam, campaign=campaign)
    return campaign


def test_export_tells_what_one_was_asked_and_what_one_wants(asked, sam):
    told = export(sam)["mails_from_organisers"]
    assert told["a_week_at_most"] == 1
    assert told["not_of"] == [asked.slug]
    assert [(each["about"], each["was_mailed"]) for each in told["asked"]] == [("Half way", True)]


def test_organisers_take_their_news_along(asked, olive):
    (campaign,) = export(olive)["campaigns"]
    assert [each["title"] for each in campaign["news"]] == ["Half way"]


def test_erasing_takes_the_asks_the_choices_and_the_mails(asked, sam):
    erase(sam)
    assert User.objects.get(pk=sam.pk).erased_at is not None
    for model in (Ask, MailChoice, MutedCampaign, Email):
        assert not model.objects.exists()
