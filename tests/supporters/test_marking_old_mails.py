"""Mails of before there were marks: whose is certain is marked, and nothing else is."""

import importlib

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from post_office.models import Email

from accounts.models import MailMark
from campaigns.mails import tell_reviewers
from launches.models import Delivery, DeliveryState, Launch
from launches.receipts import queue_receipts
from supporters.confirming import ask_reminder, confirm
from supporters.mails import queue_pledged
from supporters.models import AssistedPledge, LinkedAccount, MailTopic, Reminder
from supporters.telling import queue_promised, queue_reminder
from tests.making import make_campaign, make_pledge, make_promise
from tests.supporters.test_confirming import ask, read_token
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db
TYPED = "typed@example.org"
mark_mails = importlib.import_module("supporters.migrations.0011_mark_mails").mark_mails


@pytest.fixture
def migrate():
    """Forget every mark, and make those anew that can be; gives whose each mail is."""

    def do():
        MailMark.objects.all().delete()
        MailTopic.objects.all().delete()
        mark_mails(apps, None)
        return {
            (mark.mail.subject.partition(":")[0], mark.person.name, mark.is_to_them)
            for mark in MailMark.objects.select_related("mail", "person")
        }

    return do


def rename(account, handle):
    LinkedAccount.objects.filter(pk=account.pk).update(handle=handle)
    account.handle = handle


def test_mails_about_pledges_are_of_the_only_person_who_gave_their_address(
    olive, sam, campaign, migrate
):
    one, two = make_account(sam, "e"), make_account(sam, "two")
    rename(one, "@two")
    pledge = make_pledge(campaign, two, receipt_email="Typed@example.org")
    make_pledge(campaign, one, receipt_email=TYPED)
    queue_pledged([pledge])
    launch = Launch.objects.create(
        campaign=campaign, launch_at=campaign.launch_at, latest_at=campaign.latest_at
    )
    Delivery.objects.create(
        launch=launch,
        pledge=pledge,
        account_fingerprint=pledge.fingerprint,
        network=pledge.network,
        host=pledge.host,
        state=DeliveryState.FAILED,
        text=pledge.text,
    )
    queue_receipts(limit=5)
    found = migrate()
    assert found == {
        ("Your pledge", "Sam", True),
        ("Your post for Let the river run clean", "Sam", True),
    }
    named = MailTopic.objects.filter(mail__subject__startswith="Your pledge")
    assert {each.account for each in named} == {one, two}  # one too many, and both Sam's


def test_mails_to_an_address_that_two_people_gave_stay_unmarked(sam, rae, campaign, migrate):
    for person in (sam, rae):
        pledge = make_pledge(campaign, make_account(person, person.name), receipt_email=TYPED)
        queue_pledged([pledge])
    assert migrate() == set()


def test_other_mails_to_that_address_stay_unmarked(sam, campaign, migrate):
    account = make_account(sam, "e")
    rename(account, "e")
    make_pledge(campaign, account, receipt_email=TYPED)
    ask(campaign, email=TYPED)
    ask_reminder(campaign, email=TYPED)
    confirm(read_token())
    queue_reminder(Reminder.objects.get(), outcome="on")
    assert Email.objects.count() == 3
    assert migrate() == set()


def test_mails_about_promises_are_of_whom_their_link_names(sam, rae, campaign, migrate):
    queue_promised([make_promise(campaign, sam)])
    AssistedPledge.objects.update(email="sam@example.org")
    EmailAddress.objects.filter(user=sam).update(email="new@example.org")
    sam.email = "new@example.org"
    sam.save()
    EmailAddress.objects.create(user=rae, email="sam@example.org", verified=True)
    assert migrate() == {("You will post it", "Sam", True)}


def test_a_promise_s_link_in_somebody_s_words_marks_nothing(sam, rae, olive, migrate):
    campaign = make_campaign(olive)
    queue_promised([make_promise(campaign, sam)])
    path = Email.objects.get().message.partition("/promise/")[2].split("/")[0]
    other = make_campaign(
        olive, slug="other", message=f"Look:\nhttps://speak.example/promise/{path}/"
    )
    Email.objects.all().delete()
    queue_promised([make_promise(other, rae)])
    queue_pledged([make_pledge(other, make_account(rae), receipt_email=TYPED)])
    assert {name for _subject, name, _ in migrate()} == {"Rae"}


def test_what_reviewers_were_sent_is_about_the_organiser(olive, rae, campaign, migrate):
    tell_reviewers(campaign.approved)
    assert migrate() == {("To review", "Olive", False)}


def test_a_mark_that_is_there_stays(sam, rae, campaign):
    queue_pledged([make_pledge(campaign, make_account(sam), receipt_email=TYPED)])
    mark_mails(apps, None)
    assert MailMark.objects.get().person == sam
    assert MailTopic.objects.count() == 1
