"""Mails go with whom they are about, wherever they went, and with nobody else."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import RestrictedError
from post_office.models import Email

import accounts.privacy
from accounts.models import MailMark, User
from campaigns.clock import database_now
from crowdspeak import privacy
from launches.models import Delivery, Launch
from launches.receipts import queue_receipts
from networks.base import Notice
from supporters import mails, telling
from supporters.confirming import (
    CONFIRM_LASTS,
    ask_reminder,
    confirm,
    forget_reminder,
    forget_unconfirmed,
)
from supporters.mails import Recipient, queue_pledged
from supporters.models import AssistedPledge, ConfirmRequest, LinkedAccount, MailTopic, Reminder
from supporters.telling import queue_promised
from supporters.tokens import mark_needs_relink
from tests.dumping import find_words
from tests.making import make_campaign, make_pledge, make_promise
from tests.platforms import link_by_consent
from tests.supporters.test_confirming import ask, read_token
from tests.supporters.test_mails import move
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db(transaction=True)
TYPED = "typed@example.org"


@pytest.fixture
def page_named_e(sam):
    """An account of Sam's whose name is in every text there is."""
    account = make_account(sam, "e")
    LinkedAccount.objects.filter(pk=account.pk).update(handle="e")
    account.refresh_from_db()
    return account


@pytest.fixture
def mails_of_others(olive, rae, page_named_e):
    """What Rae is sent where Sam is sent something as well; gives the campaign."""
    campaign = make_campaign(olive)
    for account in (page_named_e, make_account(rae, "rae")):
        queue_pledged([make_pledge(campaign, account, receipt_email=TYPED)])
    queue_promised([make_promise(campaign, rae)])
    ask_reminder(campaign, email=TYPED)
    confirm(read_token())
    telling.queue_reminder(Reminder.objects.get(), outcome="on")
    return campaign


def list_subjects():
    return sorted(Email.objects.values_list("subject", flat=True))


def test_a_page_named_e_takes_its_own_mails_alone(mails_of_others, sam):
    before = list_subjects()
    privacy.erase(sam)
    before.remove("Your pledge: Let the river run clean")
    assert list_subjects() == before
    assert len(before) == 4


def test_a_page_named_e_that_its_network_tells_us_to_erase_does_the_same(
    mails_of_others, page_named_e
):
    before = list_subjects()
    written_at = database_now()
    notice = Notice(
        network=page_named_e.network, account_id=page_named_e.account_id, issued_at=written_at
    )
    assert privacy.erase_accounts(notice) == 1
    before.remove("Your pledge: Let the river run clean")
    assert list_subjects() == before


def tell_moved(pledge):
    move(pledge.campaign, hours=1)
    mails.tell_of_changes()
    telling.tell_promises_of_changes()


def tell_receipt(pledge):
    campaign = pledge.campaign
    launch = Launch.objects.create(
        campaign=campaign, launch_at=campaign.launch_at, latest_at=campaign.latest_at
    )
    Delivery.objects.create(
        launch=launch,
        pledge=pledge,
        account_fingerprint=pledge.fingerprint,
        network=pledge.network,
        host=pledge.host,
        state="failed",
        text=pledge.text,
    )
    queue_receipts(limit=5)


ABOUT_PLEDGES = {
    "pledged": lambda pledge: queue_pledged([pledge]),
    "changed": tell_moved,
    "new words": lambda pledge: mails.queue_new_words(Recipient(TYPED, "en"), pledges=[pledge]),
    "relink": lambda pledge: mark_needs_relink(pledge.account),
    "removed": lambda pledge: mails.queue_removed(pledge.account, pledges=[pledge]),
    "receipt": tell_receipt,
}


@pytest.mark.parametrize("kind", ABOUT_PLEDGES)
@pytest.mark.parametrize("whole", [True, False], ids=["the person", "the account"])
def test_each_mail_about_a_pledge_goes_with_it(olive, sam, kind, whole):
    account = make_account(sam, "quillfeather")
    pledge = make_pledge(make_campaign(olive), account, receipt_email=TYPED)
    ABOUT_PLEDGES[kind](pledge)
    assert Email.objects.get().to == [TYPED]
    if whole:
        privacy.erase(sam)
    else:
        notice = Notice(network=account.network, account_id=account.account_id)
        privacy.erase_accounts(notice)
    assert find_words([TYPED, "@quillfeather"]) == {}


def test_another_account_s_mails_stay_when_one_is_erased(olive, sam):
    campaign = make_campaign(olive)
    for name in ("one", "two"):
        queue_pledged([make_pledge(campaign, make_account(sam, name), receipt_email=TYPED)])
    one = LinkedAccount.objects.get(account_id="one")
    privacy.erase_accounts(Notice(network=one.network, account_id="one"))
    (kept,) = Email.objects.all()
    assert "two" in kept.message


ABOUT_PROMISES = {
    "promised": lambda promised: queue_promised([promised]),
    "post now": lambda promised: telling.queue_offer([promised]),
    "not offered": lambda promised: telling.queue_not_offered([promised], why="missed"),
    "new words": lambda promised: telling.queue_new_words([promised]),
    "changed": tell_moved,
}


@pytest.mark.parametrize("kind", ABOUT_PROMISES)
def test_each_mail_about_a_promise_goes_with_it_where_the_address_changed_since(olive, sam, kind):
    ABOUT_PROMISES[kind](make_promise(make_campaign(olive), sam))
    assert Email.objects.get().to == ["sam@example.org"]
    change_address(sam)
    privacy.erase(User.objects.get(pk=sam.pk))
    assert find_words(["sam@example.org"]) == {}


def change_address(person):
    EmailAddress.objects.filter(user=person).update(email="new@example.org")
    User.objects.filter(pk=person.pk).update(email="new@example.org")


def test_the_mail_that_confirmed_an_address_is_of_whom_it_made(olive):
    person = confirm(ask(make_campaign(olive), email=TYPED)).person
    change_address(person)
    privacy.erase(User.objects.get(pk=person.pk))
    assert find_words([TYPED]) == {}


def test_an_address_that_nobody_confirms_is_forgotten_with_its_mail(olive, sam):
    campaign = make_campaign(olive)
    queue_pledged([make_pledge(campaign, make_account(sam), receipt_email=TYPED)])
    ask(campaign, email=TYPED)
    assert forget_unconfirmed() == 0
    asked_at = database_now() - CONFIRM_LASTS - timedelta(seconds=1)
    ConfirmRequest.objects.update(asked_at=asked_at)
    assert forget_unconfirmed() == 1
    assert list_subjects() == ["Your pledge: Let the river run clean"]


def test_whoever_has_a_reminder_forgotten_leaves_no_mail(olive):
    campaign = make_campaign(olive)
    ask_reminder(campaign, email=TYPED)
    confirm(read_token())
    telling.queue_reminder(Reminder.objects.get(), outcome="on")
    assert forget_reminder(campaign, email=TYPED)
    assert find_words([TYPED]) == {}


def test_the_reminders_of_a_confirmed_address_go_with_its_owner(olive, sam):
    campaign = make_campaign(olive)
    ask_reminder(campaign, email="sam@example.org")
    confirm(read_token())
    privacy.erase(sam)
    assert find_words(["sam@example.org"]) == {}


def test_two_who_gave_one_address_are_each_told_in_a_mail_of_their_own(olive, sam, rae):
    campaign = make_campaign(olive)
    for person in (sam, rae):
        make_pledge(campaign, make_account(person, person.name), receipt_email=TYPED)
    move(campaign, hours=1)
    mails.tell_of_changes()
    assert Email.objects.count() == 2
    privacy.erase(sam)
    (kept,) = Email.objects.all()
    assert MailMark.objects.get().person == rae
    assert "Sam" not in kept.message


def test_a_mail_written_at_the_very_last_goes_as_well(olive, sam):
    campaign = make_campaign(olive)
    account = make_account(sam)
    pledge = make_pledge(campaign, account, receipt_email=TYPED)
    queue_pledged([pledge])
    pledge.delete()
    with pytest.raises(RestrictedError):
        User.objects.get(pk=sam.pk).delete()
    accounts.privacy.erase(sam, addresses=[])
    assert not Email.objects.exists()
    assert not User.objects.filter(pk=sam.pk).exists()


def test_the_mail_that_asks_to_confirm_a_further_address_goes_as_well(client, sam, settings):
    settings.EMAIL_BACKEND = "post_office.EmailBackend"
    client.force_login(sam)
    client.post("/account/email/", {"action_add": "", "email": TYPED})
    assert Email.objects.get().to == [TYPED]
    assert privacy.export(sam)["mails"] == []  # it need not be theirs
    privacy.erase(sam)
    assert find_words([TYPED]) == {}


def test_marks_and_topics_go_with_old_mails(olive, sam):
    pledge = make_pledge(make_campaign(olive), make_account(sam), receipt_email=TYPED)
    queue_pledged([pledge])
    Email.objects.all().delete()
    assert not MailMark.objects.exists()
    assert not MailTopic.objects.exists()


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


def test_an_address_that_was_given_for_somebody_else_s_receipt_goes_and_their_pledge_stays(
    olive, sam, rae
):
    pledge = make_pledge(make_campaign(olive), make_account(rae, "rae"), receipt_email=TYPED)
    privacy.erase_address(TYPED.upper())
    pledge.refresh_from_db()
    assert (pledge.receipt_email, pledge.state) == ("", "live")


def test_an_admin_s_note_about_an_address_that_contains_another_stays(olive, sam):
    EmailAddress.objects.create(user=sam, email="ana@example.org", verified=True)
    notes = ("ana@example.org (Sam)", "joana@example.org", "ana@example.org.uk", "ANA@example.org.")
    for note in notes:
        LogEntry.objects.create(user=olive, object_id="0", object_repr=note, action_flag=CHANGE)
    privacy.erase(sam)
    kept = LogEntry.objects.order_by("pk").values_list("object_repr", flat=True)
    assert list(kept) == ["", "joana@example.org", "ana@example.org.uk", ""]
