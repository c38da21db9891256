"""Who is told what by mail, once."""

from datetime import timedelta

import pytest
from post_office.models import Email

from campaigns.models import Campaign, CampaignState
from supporters.mails import Recipient, queue_new_words, queue_pledged, tell_of_changes
from supporters.models import Pledge, PledgeState
from supporters.tokens import mark_needs_relink
from tests.making import make_campaign, make_pledge
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db


def move(campaign, **delta):
    launch_at = campaign.launch_at + timedelta(**delta)
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_at=launch_at, latest_at=launch_at + timedelta(minutes=45)
    )
    return launch_at


def test_moved_moment_is_told_once_to_each_address(campaign, sam):
    accounts = [make_account(sam, "one"), make_account(sam, "two")]
    for account in accounts:
        make_pledge(campaign, account)
    launch_at = move(campaign, days=2)
    assert tell_of_changes() == 2
    assert tell_of_changes() == 0
    (mail,) = Email.objects.all()
    assert mail.to == ["sam@example.org"]
    assert mail.subject.startswith("The moment moved")
    for account in accounts:
        assert account.handle in mail.message
    assert set(Pledge.objects.values_list("agreed_launch_at", flat=True)) == {launch_at}


def test_address_given_with_the_pledge_comes_first_in_its_language(campaign, sam):
    make_pledge(
        campaign, make_account(sam), receipt_email="other@example.org", receipt_language="fr"
    )
    move(campaign, hours=1)
    tell_of_changes()
    assert Email.objects.get().to == ["other@example.org"]


def test_supporter_without_address_is_brought_up_to_date_without_mail(campaign, sam):
    sam.email = None
    sam.save()
    make_pledge(campaign, make_account(sam))
    launch_at = move(campaign, hours=1)
    assert tell_of_changes() == 1
    assert not Email.objects.exists()
    assert Pledge.objects.get().agreed_launch_at == launch_at


@pytest.mark.parametrize(
    ("agreed", "now", "told"),
    [(100, 50, True), (100, None, True), (100, 200, False), (None, 50, False), (50, 50, False)],
)
def test_only_a_threshold_that_fell_is_told(olive, sam, agreed, now, told):
    campaign = make_campaign(olive, threshold=agreed)
    make_pledge(campaign, make_account(sam), agreed_threshold=agreed)
    Campaign.objects.filter(pk=campaign.pk).update(threshold=now)
    assert tell_of_changes() == int(told)
    assert Email.objects.count() == int(told)
    if told:
        assert Email.objects.get().subject.startswith("The goal changed")
        assert Pledge.objects.get().agreed_threshold == now


@pytest.mark.parametrize("state", [CampaignState.SUSPENDED, CampaignState.CANCELLED])
def test_campaign_that_is_not_coming_tells_nothing(campaign, sam, state):
    make_pledge(campaign, make_account(sam))
    move(campaign, hours=1)
    Campaign.objects.update(state=state)
    assert tell_of_changes() == 0


def test_withdrawn_pledge_is_told_nothing(campaign, sam):
    make_pledge(campaign, make_account(sam), state=PledgeState.WITHDRAWN)
    move(campaign, hours=1)
    assert tell_of_changes() == 0


def test_changes_are_told_in_batches(campaign, sam):
    for number in range(5):
        make_pledge(campaign, make_account(sam, f"sam{number}"))
    move(campaign, hours=1)
    assert [tell_of_changes(2) for _ in range(4)] == [2, 2, 1, 0]


def test_title_cannot_run_as_a_template_or_as_markup(olive, sam):
    campaign = make_campaign(olive, title="{% debug %} <b>River</b>")
    make_pledge(campaign, make_account(sam))
    move(campaign, hours=1)
    tell_of_changes()
    mail = Email.objects.get()
    assert "{% debug %} <b>River</b>" in mail.subject
    assert "<b>River</b>" not in mail.html_message


def test_owner_is_asked_to_authorise_again_while_a_launch_is_to_come(campaign, sam):
    account = make_account(sam)
    make_pledge(campaign, account)
    assert mark_needs_relink(account)
    assert not mark_needs_relink(account)
    (mail,) = Email.objects.all()
    assert campaign.title in mail.message
    assert mail.expires_at == campaign.latest_at


def test_owner_is_not_asked_when_nothing_is_to_come(olive, sam):
    account = make_account(sam)
    make_pledge(make_campaign(olive, launch_in=-10), account)
    assert mark_needs_relink(account)
    assert not Email.objects.exists()


def test_own_words_are_mailed_to_no_address_that_nobody_confirmed(campaign, sam):
    """Any address can be typed in, and nobody has reviewed what a person wrote themselves."""
    own = make_pledge(
        campaign, make_account(sam, "own"), text="Buy pills at evil.example", has_own_words=True
    )
    given = make_pledge(campaign, make_account(sam, "given"))
    for email, holds_own in (("victim@example.org", False), (sam.email.upper(), True)):
        for made, is_held in ((own, holds_own), (given, True)):
            Email.objects.all().delete()
            Pledge.objects.filter(pk=made.pk).update(receipt_email=email)
            made.refresh_from_db()
            queue_pledged([made])
            queue_new_words(Recipient(email, "en"), pledges=[made])
            for mail in Email.objects.all():
                for part in (mail.message, mail.html_message):
                    assert (made.text.split()[1] in part) == is_held
                    assert ("The words are your own" in part) != is_held
