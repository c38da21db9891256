"""Who promised to post by hand and is told that the moment moved or the goal fell, once."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from post_office.models import Email

from accounts.models import User
from campaigns.models import Campaign, CampaignState
from supporters.models import AssistedPledge, PledgeState
from supporters.telling import tell_promises_of_changes
from tests.making import make_campaign, make_promise
from tests.supporters.test_mails import move
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db


def test_moved_moment_is_told_once_to_each_person(campaign, sam, rae):
    for network in ("x", "telegram"):
        make_promise(campaign, sam, network=network, receipt_language="fr")
    make_promise(campaign, rae)
    launch_at = move(campaign, days=2)
    assert tell_promises_of_changes() == 3
    assert tell_promises_of_changes() == 0
    assert sorted(mail.to[0] for mail in Email.objects.all()) == [rae.email, sam.email]
    mail = Email.objects.get(to=[sam.email])
    assert "X, Telegram" in mail.message
    assert mail.subject.startswith("Le lancement est déplacé")  # in the language of the promise
    assert Email.objects.get(to=[rae.email]).subject.startswith("The moment moved")
    assert set(AssistedPledge.objects.values_list("agreed_launch_at", flat=True)) == {launch_at}
    for each in AssistedPledge.objects.all():
        assert each.agreed_latest_at - each.agreed_launch_at == timedelta(minutes=45)


@pytest.mark.parametrize(
    ("agreed", "now", "told"), [(100, 50, True), (100, None, True), (100, 200, False)]
)
def test_only_a_threshold_that_fell_is_told(olive, sam, agreed, now, told):
    campaign = make_campaign(olive, threshold=agreed)
    make_promise(campaign, sam)
    Campaign.objects.filter(pk=campaign.pk).update(threshold=now)
    assert tell_promises_of_changes() == Email.objects.count() == int(told)


def test_who_has_no_address_is_brought_up_to_date_without_a_mail(campaign):
    person = User.objects.create_user(name="Sam")
    make_account(person)
    make_promise(campaign, person)
    launch_at = move(campaign, hours=1)
    assert tell_promises_of_changes() == 1
    assert not Email.objects.exists()
    assert AssistedPledge.objects.get().agreed_launch_at == launch_at


def test_who_was_shut_out_is_told_nothing(campaign, sam):
    make_promise(campaign, sam)
    User.objects.filter(pk=sam.pk).update(is_active=False)
    move(campaign, hours=1)
    assert tell_promises_of_changes() == 1
    assert not Email.objects.exists()


def test_mail_goes_to_the_address_that_is_confirmed_now(campaign, sam):
    make_promise(campaign, sam, email="old@example.org")
    EmailAddress.objects.filter(user=sam).update(email="new@example.org")
    move(campaign, hours=1)
    tell_promises_of_changes()
    assert [mail.to for mail in Email.objects.all()] == [["new@example.org"]]


def test_withdrawn_promises_and_campaigns_that_do_not_come_tell_nothing(olive, campaign, sam):
    make_promise(campaign, sam, state=PledgeState.WITHDRAWN)
    other = make_campaign(olive, slug="other")
    make_promise(other, sam)
    move(campaign, hours=1)
    move(other, hours=1)
    Campaign.objects.filter(pk=other.pk).update(state=CampaignState.SUSPENDED)
    assert tell_promises_of_changes() == 0


def test_changes_are_told_in_batches_that_tear_nobodys_promises_apart(campaign, sam, rae, olive):
    for person in (sam, rae, olive):
        for network in ("x", "telegram"):
            make_promise(campaign, person, network=network)
    move(campaign, hours=1)
    assert [tell_promises_of_changes(3) for _ in range(4)] == [2, 2, 2, 0]
    assert Email.objects.count() == 3
