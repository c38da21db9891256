"""Taking one's data along: all of it, readable, nobody else's, and never a key."""

import json
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.urls import reverse
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from campaigns.mails import tell_reviewers
from campaigns.models import ReviewDecision
from crowdspeak.privacy import export
from launches.models import Attempt, Delivery, Launch
from supporters import vault
from supporters.mails import queue_pledged
from supporters.models import ConfirmRequest, LinkedAccount, Pledge, Reminder
from tests.conftest import make_person
from tests.making import link_mastodon, make_campaign, make_pledge, make_promise

pytestmark = pytest.mark.django_db(transaction=True)
EXPORT = "/account/data/export/"


@pytest.fixture
def everything(settings, simulator, sam, olive, rae):
    """Sam has done all that one can do here, and so has Kim."""
    settings.NETWORK_EXCEPTIONS = simulator.hosts
    campaign = make_campaign(olive, launch_in=-60)
    ReviewDecision.objects.create(revision=campaign.approved, reviewer=rae, verdict="approved")
    launch = Launch.objects.create(
        campaign=campaign, launch_at=campaign.launch_at, latest_at=campaign.latest_at
    )
    for person in (sam, make_person("kim@example.org", "Kim")):
        name = person.name.lower()
        pledge = make_pledge(
            campaign,
            link_mastodon(simulator, person, name),
            text=f"The own words of {name}.",
            receipt_email=f"receipt-of-{name}@example.org",
        )
        make_promise(campaign, person)
        Reminder.objects.create(campaign=campaign, email=person.email)
        ConfirmRequest.objects.create(
            campaign=campaign, email=person.email, revision=campaign.approved, token_digest=name
        )
        delivery = Delivery.objects.create(
            launch=launch,
            pledge=pledge,
            account_fingerprint=pledge.fingerprint,
            network=pledge.network,
            host=pledge.host,
            state="sent",
            text=pledge.text,
            remote_id=f"remote-of-{name}",
            permalink=f"https://m.example/@{name}/1",
            answered_at=campaign.launch_at + timedelta(milliseconds=840),
        )
        Attempt.objects.create(delivery=delivery, number=1, outcome="sent", ended_at=database_now())
        queue_mail(
            person.email,
            person=person,
            template="changed",
            language="en",
            context={"campaign": campaign, "revision": campaign.approved, "pledges": [pledge]},
        )
    return campaign


def write(person):
    return json.dumps(export(person), default=str)


def test_everything_of_a_supporter_is_in_it(everything, sam):
    taken = export(sam)
    assert taken["you"]["e_mail_address"] == "sam@example.org"
    (account,) = taken["linked_accounts"]
    assert account["followers"] == 10
    (pledge,) = taken["pledges"]
    assert pledge["words"] == "The own words of sam."
    assert pledge["address_for_the_receipt"] == "receipt-of-sam@example.org"
    (post,) = taken["posts"]
    assert post["milliseconds_after_the_moment"] == 840
    assert post["address"] == "https://m.example/@sam/1"
    assert [each["outcome"] for each in post["attempts"]] == ["sent"]
    for name in ("promises_by_hand", "reminders", "unconfirmed_requests", "mails"):
        assert len(taken[name]) == 1, name


def test_mails_about_their_pledges_are_in_it_wherever_they_went(everything, sam):
    queue_pledged([Pledge.objects.get(person=sam)])
    (mail,) = [each for each in export(sam)["mails"] if "Your pledge" in each["subject"]]
    assert mail["to"] == ["receipt-of-sam@example.org"]


def test_mails_about_somebody_else_s_pledge_are_not_in_it_though_they_went_there(everything, sam):
    """Kim typed in Sam's address."""
    Pledge.objects.filter(person__name="Kim").update(receipt_email=sam.email)
    queue_pledged([Pledge.objects.get(person__name="Kim")])
    assert Email.objects.order_by("pk").last().to == [sam.email]
    assert "kim" not in write(sam).lower()
    assert len(export(sam)["mails"]) == 1


def test_what_reviewers_were_sent_about_a_campaign_is_in_nobody_s(everything, olive, rae):
    tell_reviewers(everything.approved)
    assert Email.objects.order_by("pk").last().to == [rae.email]
    for person in (olive, rae):
        assert export(person)["mails"] == []


def test_nothing_of_anybody_else_is_in_it(everything, sam):
    written = write(sam).lower()
    for word in ("kim", "olive@", "rae", "olive"):
        assert word not in written


def test_an_organiser_takes_every_version_and_what_was_said_but_not_by_whom(everything, olive):
    taken = export(olive)
    (campaign,) = taken["campaigns"]
    (version,) = campaign["versions"]
    assert version["messages"] == [everything.approved.message]
    assert version["decisions"][0]["verdict"] == "approved"
    assert "rae" not in write(olive).lower()
    for word in ("sam", "kim"):
        assert word not in write(olive).lower()


def test_a_reviewer_takes_what_they_decided(everything, rae):
    (decision,) = export(rae)["decisions_as_reviewer"]
    assert decision["about"] == everything.approved.title


def test_no_key_password_or_acting_link_is_in_it(client, everything, sam, settings):
    settings.EMAIL_BACKEND = "post_office.EmailBackend"
    Authenticator.objects.create(user=sam, type="totp", data={"secret": "canary-of-totp"})
    client.post("/account/password/reset/", {"email": "sam@example.org"})
    client.force_login(sam)
    account = LinkedAccount.objects.get(person=sam)
    mark = account.fingerprint
    key = vault.unseal_credentials(account.sealed_credentials, fingerprint=mark).access_token
    written = write(sam)
    assert "password" in export(sam)["mails"][-1]["text"]
    for secret in (
        key,
        account.sealed_credentials,
        "canary-of-totp",
        sam.password,
        client.session.session_key,
        "/reset/key/",
        mark,
    ):
        assert secret not in written


def test_a_stranger_s_address_that_somebody_typed_in_opens_nothing(everything, sam):
    """She never confirmed that it is hers: what is kept for it is not hers to read."""
    mallory = User.objects.create_user(name="Mallory")
    EmailAddress.objects.create(user=mallory, email="sam@example.org", verified=False)
    taken = export(mallory)
    assert taken["mails"] == taken["reminders"] == taken["unconfirmed_requests"] == []


def test_who_has_a_password_is_asked_for_it(client, everything, sam):
    client.force_login(sam)
    answer = client.get(EXPORT)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    answer = client.post(answer["Location"], {"password": "correct horse battery"})
    answer = client.get(answer["Location"])
    assert answer["Content-Disposition"].startswith('attachment; filename="crowdspeak-')
    assert answer["Cache-Control"].count("no-store")
    assert answer.json()["you"]["name"] == "Sam"


def test_who_comes_in_by_an_account_alone_just_takes_it(client, settings, simulator):
    settings.NETWORK_EXCEPTIONS = simulator.hosts
    person = User.objects.create_user(name="Kim")
    link_mastodon(simulator, person, "kim")
    client.force_login(person)
    assert client.get(EXPORT).json()["linked_accounts"][0]["handle"].startswith("@kim@")


def test_a_person_with_nothing_takes_that(sam):
    taken = export(sam)
    assert taken["pledges"] == taken["posts"] == taken["campaigns"] == []


def test_strangers_are_sent_to_sign_in(client, db):
    for name in ("my_data", "my_data_export"):
        answer = client.get(reverse(name))
        assert answer["Location"].startswith(reverse("account_login"))


def test_the_page_is_found_from_the_settings_and_from_the_pledges(client, sam):
    client.force_login(sam)
    for name in ("account_settings", "my_pledges", "my_data"):
        assert f'href="{reverse("my_data")}"' in client.get(reverse(name)).content.decode()
