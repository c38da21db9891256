"""That the moment is a day away is told once to who has something to expect, within the budget."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from post_office.models import Email

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from supporters import eves
from supporters.eves import tell_of_tomorrow
from supporters.mails import tell_of_changes
from supporters.models import Ask, AssistedPledge, Pledge, PledgeState
from supporters.soliciting import choose_asks, mute
from supporters.telling import tell_promises_of_changes
from tests.conftest import make_person
from tests.making import make_campaign, make_pledge, make_promise
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=5)


@pytest.fixture
def campaign(olive):
    """Its moment is in twenty hours."""
    return make_campaign(olive, launch_in=20 * 3600)


def promise(campaign, person, **facts):
    return make_promise(campaign, person, pledged_at=database_now() - LONG_AGO, **facts)


def tell_all(limit=20):
    return list(iter(lambda: tell_of_tomorrow(limit=limit), 0))


def addresses():
    return sorted(mail.to[0] for mail in Email.objects.all())


def test_everybody_who_has_something_to_expect_is_told_once(campaign, sam, rae):
    make_pledge(campaign, make_account(sam), pledged_at=database_now() - LONG_AGO)
    for network in ("x", "telegram"):
        promise(campaign, sam, network=network)
    promise(campaign, rae)
    assert tell_all(limit=1) == [1, 1]
    assert tell_all() == []
    assert addresses() == [rae.email, sam.email]
    mail = Email.objects.get(to=[sam.email])
    assert mail.subject == f"A day to go: {campaign.title}"
    assert "@sam@mastodon500.example" in mail.message
    assert "X, Telegram" in mail.message
    assert "/promise/" in mail.message
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.expires_at == campaign.launch_at
    assert "/promise/" in Email.objects.get(to=[rae.email]).message


@pytest.mark.parametrize("hours", [1, 30])
def test_neither_long_before_the_moment_nor_just_before_it(olive, sam, hours):
    promise(make_campaign(olive, launch_in=hours * 3600), sam)
    assert tell_all() == []


def test_who_has_nothing_to_expect_or_agreed_just_now_is_not_told(campaign, sam, rae):
    promise(campaign, sam, state=PledgeState.WITHDRAWN)
    make_promise(campaign, rae)
    ended = make_person("ended@example.org", "Ended")
    promise(campaign, ended, ended_at=database_now())
    tell_all()
    assert addresses() == []
    assert not Ask.objects.exists()


def test_budget_and_choices_hold_for_it_too(campaign, sam, rae):
    for person in (sam, rae):
        promise(campaign, person)
    choose_asks(sam, number=0)
    mute(rae, campaign=campaign)
    tell_all()
    assert addresses() == []
    assert not Ask.objects.get().is_mailed


@pytest.mark.parametrize("state", [CampaignState.SUSPENDED, CampaignState.CANCELLED])
def test_what_does_not_come_is_not_told(campaign, sam, state):
    promise(campaign, sam)
    Campaign.objects.update(state=state)
    assert tell_all() == []


def test_a_portion_that_dies_is_done_again_and_nobody_is_told_twice(
    campaign, sam, rae, monkeypatch
):
    promise(campaign, sam)
    promise(campaign, rae)
    tell_one = eves._tell

    class Killed(BaseException):
        pass

    def die(askable, **facts):
        tell_one(askable, **facts)
        raise Killed

    monkeypatch.setattr(eves, "_tell", die)
    with pytest.raises(Killed), transaction.atomic():
        tell_of_tomorrow(limit=2)
    monkeypatch.setattr(eves, "_tell", tell_one)
    tell_all()
    assert addresses() == [rae.email, sam.email]


def test_an_account_on_a_network_that_is_not_posted_to_has_nothing_to_expect(
    campaign, sam, settings
):
    make_pledge(campaign, make_account(sam), pledged_at=database_now() - LONG_AGO)
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "off"}}
    tell_all()
    assert addresses() == []
    assert Pledge.objects.count() == 1
    assert not AssistedPledge.objects.exists()


def test_whom_a_day_to_go_was_told_is_told_again_when_the_moment_moves(campaign, sam, rae):
    make_pledge(
        campaign,
        make_account(sam),
        pledged_at=database_now() - LONG_AGO,
        receipt_email=sam.email,
    )
    promise(campaign, rae)
    tell_all()
    moved_to = campaign.launch_at + timedelta(hours=1)
    Campaign.objects.update(launch_at=moved_to, latest_at=moved_to + timedelta(minutes=45))
    tell_of_changes()
    tell_promises_of_changes()
    moved = Email.objects.filter(subject=f"The moment moved: {campaign.title}")
    assert sorted(mail.to[0] for mail in moved) == [rae.email, sam.email]
    local = moved_to.astimezone(ZoneInfo(campaign.approved.zone))
    assert all(f"{local:%H:%M}" in mail.message for mail in moved)
