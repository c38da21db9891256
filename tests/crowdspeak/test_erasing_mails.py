"""Mails to an address that need not be their owner's: typed in, or promised by once."""

import pytest
from allauth.account.models import EmailAddress
from post_office.models import Email

from accounts.models import User
from crowdspeak import privacy
from supporters.mails import queue_pledged
from supporters.models import AssistedPledge
from supporters.telling import queue_promised
from tests.dumping import find_words
from tests.making import make_campaign, make_pledge, make_promise
from tests.platforms import link_by_consent

pytestmark = pytest.mark.django_db(transaction=True)


def test_mails_about_promises_go_with_them_where_the_address_changed_since(networks, olive, sam):
    campaign = make_campaign(olive)
    queue_promised([make_promise(campaign, sam, text="Quokkas row at dawn.")])
    EmailAddress.objects.filter(user=sam).update(email="sam@example.net")
    User.objects.filter(pk=sam.pk).update(email="sam@example.net")
    privacy.erase(User.objects.get(pk=sam.pk))
    assert find_words(["Quokkas row at dawn.", "sam@example.org"]) == {}


def test_what_the_address_gets_by_its_owner_of_now_stays(networks, olive, rae, sam):
    campaign = make_campaign(olive)
    make_promise(campaign, sam)
    AssistedPledge.objects.update(email="rae@example.org")  # which was Sam's then
    queue_promised([make_promise(campaign, rae)])
    privacy.erase(sam)
    assert Email.objects.get().to == ["rae@example.org"]


def test_mails_to_an_address_of_somebody_else_stay_unless_they_are_about_this_account(
    networks, olive, sam, xavier
):
    account = link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    pledge = make_pledge(make_campaign(olive), account, receipt_email="sam@example.org")
    queue_pledged([pledge])
    other = link_by_consent(networks, sam, "sam", kind="mastodon")
    queue_pledged(
        [make_pledge(pledge.campaign, other, text="Mine.", receipt_email="sam@example.org")]
    )
    privacy.erase(xavier)
    (kept,) = Email.objects.all()
    assert kept.to == ["sam@example.org"]
    assert other.handle in kept.message
