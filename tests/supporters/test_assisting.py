"""Promises to post by one's own hand: who may make one, with which words, and how each ends."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from supporters.assisting import promise, report, take_back_report, withdraw
from supporters.counting import count_turnout
from supporters.models import AccountState, AssistedPledge, LinkedAccount, PledgeState
from supporters.pledging import PledgeRefused, WordsChanged, join_words, sign_words
from supporters.unlinking import unlink
from tests.making import link_mastodon, make_pledge, make_promise
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db


def promise_as_shown(campaign, person, *networks, words="", **facts):
    """Promise as a page does: with the sign of the very words that were shown."""
    text = join_words(campaign.approved, words=words)
    seen = sign_words(campaign.approved, text=text)
    return promise(
        campaign, person=person, networks=networks or ("x",), seen=seen, words=words, **facts
    )


def call(promised):
    """Its moment has come and it was offered."""
    AssistedPledge.objects.filter(pk=promised.pk).update(
        state=PledgeState.CALLED, offered_at=database_now()
    )


def test_promise_keeps_the_exact_words_and_the_address_that_stands_for_it(campaign, sam):
    made = promise_as_shown(campaign, sam, "x", "whatsapp", words="I row there.", is_shown=True)
    assert {each.network for each in made} == {"x", "whatsapp"}
    for each in AssistedPledge.objects.all():
        assert each.text.startswith("I row there.\n\nhttps://example.org/river")
        assert (each.email, each.is_shown) == ("sam@example.org", True)
        assert each.agreed_latest_at == campaign.latest_at


def test_promise_is_told_by_one_mail_whatever_the_number_of_places(campaign, sam):
    promise_as_shown(campaign, sam, "x", "whatsapp")
    (mail,) = Email.objects.all()
    assert mail.to == ["sam@example.org"]
    assert "X, WhatsApp" in mail.message
    assert "launch.ics" in mail.message


def test_promising_twice_is_promising_once(campaign, sam):
    first = promise_as_shown(campaign, sam)
    again = promise_as_shown(campaign, sam)
    assert first == again
    assert AssistedPledge.objects.count() == Email.objects.count() == 1


def test_other_words_than_those_promised_are_refused(campaign, sam):
    promise_as_shown(campaign, sam)
    with pytest.raises(PledgeRefused, match="in other words"):
        promise_as_shown(campaign, sam, words="Otherwise.")
    assert AssistedPledge.objects.count() == 1


def test_database_refuses_a_second_promise_for_one_network(campaign, sam):
    make_promise(campaign, sam)
    make_promise(campaign, sam, network="telegram")
    make_promise(campaign, sam, network="facebook", state=PledgeState.WITHDRAWN)
    make_promise(campaign, sam, network="facebook")
    with pytest.raises(IntegrityError):
        make_promise(campaign, sam)


@pytest.mark.parametrize(
    "facts",
    [
        {"state": "called"},
        {"state": "live", "offered_at": "now"},
        {"state": "live", "reported_at": "now"},
        {"state": "sent"},
    ],
)
def test_database_refuses_a_promise_that_makes_no_sense(campaign, sam, facts):
    now = {name: database_now() for name, value in facts.items() if value == "now"}
    with pytest.raises(IntegrityError):
        make_promise(campaign, sam, **(facts | now))


def test_nobody_promises_without_an_address_or_an_account(campaign):
    person = User.objects.create_user(name="Nobody")
    with pytest.raises(PledgeRefused, match="Confirm an e-mail address"):
        promise_as_shown(campaign, person)
    make_account(person)
    (made,) = promise_as_shown(campaign, person)
    assert made.email == ""
    assert not Email.objects.exists()


def test_address_that_is_only_claimed_stands_for_nothing(campaign):
    person = User.objects.create_user("claimed@example.org")
    EmailAddress.objects.create(user=person, email="claimed@example.org", verified=False)
    with pytest.raises(PledgeRefused):
        promise_as_shown(campaign, person)


def test_who_is_shut_out_promises_nothing(campaign, sam):
    User.objects.filter(pk=sam.pk).update(is_active=False)
    with pytest.raises(PledgeRefused):
        promise_as_shown(campaign, sam)


def test_words_that_were_not_shown_are_refused(campaign, sam):
    seen = sign_words(campaign.approved, text="Something else")
    with pytest.raises(WordsChanged):
        promise(campaign, person=sam, networks=["x"], seen=seen)
    assert not AssistedPledge.objects.exists()


def test_too_long_words_are_refused_with_the_place_and_by_how_much(campaign, sam):
    with pytest.raises(PledgeRefused) as caught:
        promise_as_shown(campaign, sam, "whatsapp", "x", words="y" * 300)
    assert "too many for X, which takes 280" in caught.value.sentence
    assert not AssistedPledge.objects.exists()


@pytest.mark.parametrize("networks", [["nowhere"], ["x", "nowhere"], []])
def test_place_that_is_not_offered_is_refused(campaign, sam, networks):
    seen = sign_words(campaign.approved, text=campaign.approved.text)
    with pytest.raises(PledgeRefused, match="at least one place"):
        promise(campaign, person=sam, networks=networks, seen=seen)


def test_network_that_is_off_is_no_place(campaign, sam, settings):
    settings.NETWORKS = {**settings.NETWORKS, "x": {"mode": "off"}}
    with pytest.raises(PledgeRefused, match="at least one place"):
        promise_as_shown(campaign, sam, "x")


@pytest.mark.parametrize(
    "change",
    [
        {"state": CampaignState.CANCELLED},
        {"state": CampaignState.SUSPENDED},
        {"state": CampaignState.LAUNCHED},
        {"launch_at": "past"},
    ],
)
def test_closed_campaign_takes_no_promise(campaign, sam, change):
    if change.get("launch_at"):
        change = {"launch_at": database_now() - timedelta(milliseconds=1)}
    Campaign.objects.filter(pk=campaign.pk).update(**change)
    with pytest.raises(PledgeRefused):
        promise_as_shown(campaign, sam)
    assert not AssistedPledge.objects.exists()


def test_withdrawing_ends_it_once_and_it_can_be_promised_anew(campaign, sam):
    (made,) = promise_as_shown(campaign, sam)
    assert withdraw(made, person=sam)
    assert not withdraw(made, person=sam)
    promise_as_shown(campaign, sam, words="Anew.")
    assert AssistedPledge.objects.exclude(state=PledgeState.WITHDRAWN).count() == 1


def test_once_offered_it_is_too_late_to_withdraw(campaign, sam):
    made = make_promise(campaign, sam)
    call(made)
    with pytest.raises(PledgeRefused, match="has begun"):
        withdraw(made, person=sam)


def test_report_is_taken_once_offered_and_can_be_taken_back(campaign, sam):
    made = make_promise(campaign, sam)
    with pytest.raises(PledgeRefused, match="not time"):
        report(made, person=sam)
    call(made)
    assert report(made, person=sam)
    assert not report(made, person=sam)
    assert AssistedPledge.objects.get().reported_at
    assert take_back_report(made, person=sam)
    assert not take_back_report(made, person=sam)
    assert AssistedPledge.objects.get().reported_at is None


def test_nothing_is_reported_a_week_after_the_latest_time(campaign, sam):
    made = make_promise(campaign, sam)
    call(made)
    long_ago = database_now() - timedelta(days=8)
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_at=long_ago, latest_at=long_ago + timedelta(minutes=45)
    )
    made.campaign.refresh_from_db()
    with pytest.raises(PledgeRefused, match="a while ago"):
        report(made, person=sam)


def test_nobody_acts_on_somebody_elses_promise(campaign, sam, rae):
    made = make_promise(campaign, sam)
    assert not withdraw(made, person=rae)
    call(made)
    assert not report(made, person=rae)
    assert AssistedPledge.objects.get().reported_at is None
    report(made, person=sam)
    assert not take_back_report(made, person=rae)
    assert AssistedPledge.objects.get().reported_at


def test_people_by_hand_are_counted_apart_and_only_toward_the_goal_if_that_was_chosen(
    campaign, sam, rae
):
    make_promise(campaign, sam)
    make_promise(campaign, sam, network="telegram")
    make_promise(campaign, rae)
    make_pledge(campaign, make_account(rae))
    turnout = count_turnout(campaign)
    assert (turnout.by_account, turnout.by_hand, turnout.by_hand_alone) == (1, 2, 1)
    assert turnout.people == 1
    campaign.counts_assisted = True
    assert count_turnout(campaign).people == 2


def test_withdrawn_promise_does_not_count(campaign, sam):
    made = make_promise(campaign, sam)
    withdraw(made, person=sam)
    assert count_turnout(campaign).by_hand == 0


def test_promise_that_stood_on_an_account_falls_with_the_last_one(campaign):
    person = User.objects.create_user(name="Sam")
    accounts = [make_account(person, "one"), make_account(person, "two")]
    promise_as_shown(campaign, person)
    for left, account in ((1, accounts[0]), (0, accounts[1])):
        LinkedAccount.objects.filter(pk=account.pk).update(
            state=AccountState.UNLINKED, sealed_credentials=""
        )
        assert count_turnout(campaign).by_hand == left


def test_promises_that_an_unlinked_account_stood_for_are_withdrawn_with_the_last_one(
    visitor, networks, campaign
):
    visitor().link("mastodon", name="sam")
    account = LinkedAccount.objects.get()
    person = account.person
    other = link_mastodon(networks, person, "kim")
    made = make_promise(campaign, person)
    assert unlink(other, person=person).promises == 0
    assert count_turnout(campaign).by_hand == 1
    assert unlink(account, person=person).promises == 1
    made.refresh_from_db()
    assert (made.state, count_turnout(campaign).by_hand) == (PledgeState.WITHDRAWN, 0)


@pytest.mark.parametrize("promised_by", ["", "sam@example.org"])
def test_promises_stand_by_a_confirmed_address_once_no_account_is_left(
    visitor, campaign, promised_by
):
    visitor().link("mastodon", name="sam")
    account = LinkedAccount.objects.get()
    person = account.person
    made = make_promise(campaign, person, email=promised_by)
    EmailAddress.objects.create(user=person, email="sam@example.org", verified=True, primary=True)
    assert unlink(account, person=person).promises == 0
    made.refresh_from_db()
    assert (made.state, made.email) == (PledgeState.LIVE, "sam@example.org")
    assert count_turnout(campaign).by_hand == 1
