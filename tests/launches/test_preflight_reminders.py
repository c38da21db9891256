"""Who is asked to renew, and who once more: once for a milestone, and nobody else."""

from datetime import timedelta

import pytest
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import preflight
from launches.pauses import NetworkPause
from launches.preflight import remind
from supporters.mails import queue_relink
from supporters.models import AccountState, KnownServer, LinkedAccount, Pledge
from supporters.tokens import mark_needs_relink
from tests.launches.elapsing import come_near
from tests.making import make_campaign, make_pledge

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(olive):
    """An approved campaign that launches in ten days."""
    return make_campaign(olive, launch_in=10 * 86_400)


def make_account(name):
    known, _ = KnownServer.objects.get_or_create(
        network="mastodon", host="m.example", defaults={"url": "https://m.example"}
    )
    return LinkedAccount.objects.create(
        person=User.objects.create_user(f"{name}@example.org", name=name),
        network="mastodon",
        known_server=known,
        account_id=name,
        fingerprint=name.rjust(64, "0"),
        handle=f"@{name}@m.example",
    )


@pytest.fixture
def lost(campaign):
    """An account whose authorisation is over, and whose owner was told so."""
    account = make_account("sam")
    make_pledge(campaign, account)
    make_pledge(campaign, make_account("ready"))
    assert mark_needs_relink(account)
    return account


def list_mails():
    """Who was written to, since the last time this was asked."""
    mails = [(mail.to[0], mail.subject) for mail in Email.objects.order_by("pk")]
    Email.objects.all().delete()
    return mails


AGAIN = ("sam@example.org", "Still to do: authorise @sam@m.example again")


def test_who_has_not_renewed_is_reminded_once_a_day_and_once_an_hour_before(campaign, lost):
    assert list_mails() == [("sam@example.org", "Authorise @sam@m.example again")]
    for left, told in (
        ({"hours": 72}, []),
        ({"hours": 25}, []),
        ({"hours": 24}, [AGAIN]),
        ({"hours": 2}, []),
        ({"hours": 1}, [AGAIN]),
        ({"minutes": 10}, []),
        ({"minutes": 2}, []),
    ):
        come_near(campaign, **left)
        asked = [remind() for _ in range(2)]
        assert (list_mails(), asked) == (told, [len(told), 0]), left


def test_who_was_told_in_the_same_round_is_not_reminded_in_it(campaign):
    account = make_account("sam")
    make_pledge(campaign, account)
    come_near(campaign, hours=23.9)
    mark_needs_relink(account)
    assert len(list_mails()) == 1
    assert remind() == 0
    come_near(campaign, hours=1)
    assert remind() == 1


def test_who_has_renewed_is_left_in_peace(campaign, lost):
    list_mails()
    come_near(campaign, hours=24)
    LinkedAccount.objects.update(state=AccountState.LINKED, linked_at=database_now())
    assert remind() == 0
    LinkedAccount.objects.update(state=AccountState.NEEDS_RELINK)
    Pledge.objects.update(state="withdrawn")
    assert remind() == 0


@pytest.mark.parametrize("expires_in", [None, timedelta(hours=2)], ids=["for ever", "refreshed"])
def test_who_renews_while_reminders_are_written_is_left_in_peace(campaign, lost, expires_in):
    list_mails()
    come_near(campaign, hours=24)
    now = database_now()
    LinkedAccount.objects.filter(pk=lost.pk).update(
        state=AccountState.LINKED,
        linked_at=now,
        expires_at=now + expires_in if expires_in else None,
    )
    assert not queue_relink(lost.pk, asked_before=now)
    assert list_mails() == []


def test_authorisation_that_is_about_to_end_is_reminded_of_with_its_end(campaign):
    account = make_account("sam")
    make_pledge(campaign, account)
    come_near(campaign, hours=24)
    ends_at = campaign.latest_at - timedelta(minutes=1)
    LinkedAccount.objects.update(ends_at=ends_at, expires_at=ends_at)
    assert remind() == 1
    mail = Email.objects.get()
    assert "ends on" in mail.message
    assert mail.expires_at == campaign.latest_at
    LinkedAccount.objects.update(asked_at=None, expires_at=campaign.latest_at)
    assert remind() == 0  # it was linked anew, and ends at another time


def test_campaign_that_is_over_before_the_end_is_not_in_the_mail(campaign, olive):
    sooner = make_campaign(olive, slug="sea", title="Let the sea be")
    account = make_account("sam")
    for each in (campaign, sooner):
        make_pledge(each, account)
    come_near(campaign, hours=24)
    ends_at = campaign.launch_at
    LinkedAccount.objects.update(ends_at=ends_at, expires_at=ends_at)
    Campaign.objects.filter(pk=sooner.pk).update(
        launch_at=ends_at - timedelta(hours=2), latest_at=ends_at - timedelta(hours=1)
    )
    assert remind() == 1
    mail = Email.objects.get()
    assert campaign.title in mail.message
    assert "Let the sea be" not in mail.message


def test_end_that_was_announced_is_not_told_a_second_time_when_it_comes(campaign):
    account = make_account("sam")
    make_pledge(campaign, account)
    come_near(campaign, hours=24)
    ends_at = campaign.launch_at
    LinkedAccount.objects.update(ends_at=ends_at, expires_at=ends_at)
    assert remind() == 1
    account.refresh_from_db()
    assert mark_needs_relink(account)
    assert Email.objects.count() == 1
    come_near(campaign, hours=1)
    assert remind() == 1


def test_reminders_go_out_in_batches(campaign, lost, monkeypatch):
    monkeypatch.setattr(preflight, "MAILS_AT_ONCE", 1)
    other = make_account("kim")
    make_pledge(campaign, other)
    mark_needs_relink(other)
    list_mails()
    come_near(campaign, hours=24)
    assert [remind() for _ in range(3)] == [1, 1, 0]
    assert len(list_mails()) == 2


def test_owner_without_address_is_asked_in_my_pledges_alone(campaign, lost):
    list_mails()
    User.objects.filter(email="sam@example.org").update(email=None)
    come_near(campaign, hours=24)
    remind()
    assert remind() == 0
    assert list_mails() == []


def test_network_that_is_paused_or_off_asks_nobody(campaign, lost, settings):
    come_near(campaign, hours=24)
    pause = NetworkPause.objects.create(
        network="mastodon", until=database_now() + timedelta(minutes=1), reason="No credits."
    )
    assert remind() == 0
    pause.delete()
    networks = settings.NETWORKS
    settings.NETWORKS = {**networks, "mastodon": {"mode": "off"}}
    assert remind() == 0
    settings.NETWORKS = networks
    assert remind() == 1


def test_one_mail_that_cannot_be_written_keeps_nobody_from_theirs(campaign, lost, caplog):
    other = make_account("kim")
    make_pledge(campaign, other)
    mark_needs_relink(other)
    list_mails()
    LinkedAccount.objects.filter(pk=lost.pk).update(network="gone")
    come_near(campaign, hours=24)
    assert remind() == 1
    assert [to for to, _ in list_mails()] == ["kim@example.org"]
    assert "could not be reminded" in caplog.text
    caplog.clear()
