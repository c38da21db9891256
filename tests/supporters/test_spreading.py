"""News is mailed once to each supporter, within what they want to be asked, and in portions."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from post_office.models import PRIORITY, Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, CampaignUpdate
from campaigns.updating import remove_update
from supporters import spreading
from supporters.models import Ask, MutedCampaign, PledgeState
from supporters.soliciting import count_left
from supporters.spreading import list_news, mail_updates
from tests.conftest import make_person
from tests.making import make_campaign, make_pledge, make_promise
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db


def tell(campaign, *, title="Half way", text="Five hundred of us.", ago=16.0):
    """News whose mails may leave."""
    return CampaignUpdate.objects.create(
        campaign=campaign,
        title=title,
        text=text,
        wants_mail=True,
        written_at=database_now() - timedelta(minutes=ago),
    )


def mail_all(limit=20):
    """Until all is done; gives how many people each portion looked at."""
    return list(iter(lambda: mail_updates(limit=limit), 0))


def addresses():
    return [mail.to[0] for mail in Email.objects.order_by("pk")]


@pytest.fixture
def supporters(campaign):
    """Five who promised, each with a confirmed address."""
    people = [make_person(f"v{number}@example.org", f"V{number}") for number in range(5)]
    for person in people:
        make_promise(campaign, person)
    return people


def test_each_supporter_is_mailed_once_in_portions(campaign, supporters, sam):
    make_pledge(campaign, make_account(sam))
    make_promise(campaign, sam)
    make_promise(campaign, sam, network="telegram")
    update = tell(campaign)
    assert mail_all(limit=4) == [4, 2]
    assert mail_all() == []
    assert sorted(addresses()) == sorted([sam.email, *(each.email for each in supporters)])
    update.refresh_from_db()
    assert update.mail_ended_at is not None
    mail = Email.objects.first()
    assert mail.subject == "News: Half way"
    assert "Five hundred of us." in mail.message
    assert f"/campaigns/{campaign.slug}/" in mail.message
    assert mail.priority == PRIORITY.low


def test_a_portion_that_dies_is_done_again_and_nobody_is_mailed_twice(
    campaign, supporters, monkeypatch
):
    tell(campaign)
    mail_updates(limit=2)
    tell_one = spreading._tell

    class Killed(BaseException):
        pass

    def die(askable, **facts):
        tell_one(askable, **facts)
        if askable.person == supporters[3]:
            raise Killed

    monkeypatch.setattr(spreading, "_tell", die)
    with pytest.raises(Killed), transaction.atomic():
        mail_updates(limit=2)
    monkeypatch.setattr(spreading, "_tell", tell_one)
    mail_all()
    assert addresses() == [each.email for each in supporters]


def test_one_mail_that_cannot_be_written_does_not_keep_the_others_waiting(
    campaign, supporters, monkeypatch
):
    tell(campaign)
    queue = spreading.queue_mail

    def fail(to, **facts):
        if to == supporters[1].email:
            raise ValueError(to)
        return queue(to, **facts)

    monkeypatch.setattr(spreading, "queue_mail", fail)
    assert mail_all() == [5]
    assert len(addresses()) == 4


def test_who_is_over_the_budget_reads_it_in_my_pledges_only(olive, campaign, sam, client):
    make_promise(campaign, sam)
    for number in range(3):
        tell(campaign, title=f"News {number}")
    mail_all()
    mail_all()
    mail_all()
    other = make_campaign(olive, slug="other")
    make_promise(other, sam)
    tell(other, title="One too many")
    mail_all()
    mail_all()
    assert len(addresses()) == 3
    assert not Ask.objects.get(update_told__title="One too many").is_mailed
    client.force_login(sam)
    assert "One too many" in client.get("/me/pledges/").content.decode()
    Ask.objects.update(decided_at=database_now() - timedelta(days=8))
    tell(other, title="A week later")
    mail_all()
    assert Email.objects.filter(subject="News: A week later").count() == 1


def test_a_person_chooses_how_often_they_are_asked(campaign, sam, client):
    make_promise(campaign, sam)
    client.force_login(sam)
    client.post("/me/asks/", {"asks": "0"})
    tell(campaign)
    mail_all()
    assert addresses() == []
    assert client.post("/me/asks/", {"asks": "9"}).status_code == 302
    assert count_left([sam.pk], now=database_now()) == {sam.pk: 0}
    client.post("/me/asks/", {"asks": "5"})
    assert count_left([sam.pk], now=database_now()) == {sam.pk: 5}


def test_a_stranger_chooses_nothing(client, db):
    assert "/login/" in client.post("/me/asks/", {"asks": "0"})["Location"]


def test_only_confirmed_addresses_of_who_still_stands_behind_it_are_mailed(campaign, sam, rae):
    make_promise(campaign, sam, state=PledgeState.WITHDRAWN)
    make_promise(campaign, rae)
    MutedCampaign.objects.create(person=rae, campaign=campaign)
    unconfirmed = make_person("claims@example.org", "Claims")
    EmailAddress.objects.filter(user=unconfirmed).update(verified=False)
    gone = make_person("gone@example.org", "Gone", is_active=False)
    for person in (unconfirmed, gone):
        make_promise(campaign, person)
    nameless = User.objects.create_user(name="By account")
    make_pledge(campaign, make_account(nameless), receipt_email="victim@example.org")
    tell(campaign)
    assert mail_all() == [4]
    assert addresses() == []


def test_removal_in_the_middle_keeps_the_others_from_being_mailed(campaign, supporters, olive):
    update = tell(campaign)
    mail_updates(limit=2)
    remove_update(update, by=olive)
    assert mail_all() == []
    assert len(addresses()) == 2


def test_suspension_in_the_middle_lets_the_rest_be_mailed_afterwards(campaign, supporters):
    tell(campaign)
    mail_updates(limit=2)
    Campaign.objects.update(state=CampaignState.SUSPENDED)
    assert mail_all() == []
    Campaign.objects.update(state=CampaignState.SCHEDULED)
    mail_all()
    assert addresses() == [each.email for each in supporters]


def test_news_in_my_pledges_is_of_what_one_supports_and_in_public(olive, campaign, sam, rae):
    make_promise(campaign, sam)
    update = tell(campaign, ago=1)
    assert list_news(sam.pk) == [update]
    assert list_news(rae.pk) == []
    Campaign.objects.update(state=CampaignState.SUSPENDED)
    assert list_news(sam.pk) == []


def test_no_one_is_asked_twice_of_the_same_news(campaign, sam):
    facts = {"person": sam, "campaign": campaign, "kind": "update", "update_told": tell(campaign)}
    Ask.objects.create(is_mailed=True, **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ask.objects.create(is_mailed=False, **facts)
