"""Promises by hand, when two things happen at once: two real connections on PostgreSQL."""

from datetime import timedelta

import pytest
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from launches.igniting import ignite
from launches.models import Launch, LaunchState
from launches.offering import offer_posts
from launches.planning import create_launches
from supporters.assisting import promise, report, take_back_report, withdraw
from supporters.confirming import ask_promise, confirm
from supporters.models import AssistedPledge, PledgeState
from supporters.pledging import PledgeRefused, sign_words
from tests.making import make_campaign, make_promise
from tests.racing import hold_open, meet, together
from tests.supporters.test_confirming import read_token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def near(olive):
    """A campaign whose moment is near and counts who posts by hand, with its launch."""

    def make(**facts):
        campaign = make_campaign(olive, launch_in=20, **facts)
        Campaign.objects.update(counts_assisted=True)
        create_launches(database_now())
        return campaign, Launch.objects.get()

    return make


def bring_forward(campaign):
    """The moment is now, for campaign and launch alike."""
    now = database_now() - timedelta(milliseconds=1)
    times = {"launch_at": now, "latest_at": now + timedelta(minutes=45)}
    Campaign.objects.filter(pk=campaign.pk).update(**times)
    Launch.objects.filter(campaign=campaign).update(**times)


def promise_as_shown(campaign, person):
    revision = campaign.approved
    seen = sign_words(revision, text=revision.text)
    return promise(campaign, person=person, networks=["x"], seen=seen)


def offer():
    return offer_posts(database_now(), limit=200)


def test_a_promise_that_meets_the_ignition_is_refused(near, sam):
    campaign, launch = near()
    bring_forward(campaign)
    fired, refused = meet(lambda: ignite(launch.pk), lambda: promise_as_shown(campaign, sam))
    assert fired.state == LaunchState.FIRING
    assert isinstance(refused, PledgeRefused)
    assert not AssistedPledge.objects.exists()


def test_a_promise_that_is_made_before_the_ignition_is_counted(near, sam):
    campaign, launch = near(threshold=1)

    def promise_then_reach_the_moment():
        made = promise_as_shown(campaign, sam)
        # On a row that the promise does not hold: the ignition waits for the campaign's.
        Launch.objects.filter(pk=launch.pk).update(threshold=1)
        return made

    made, waited = meet(promise_then_reach_the_moment, lambda: ignite(launch.pk))
    assert waited.state == LaunchState.SCHEDULED
    bring_forward(campaign)
    fired = ignite(launch.pk)
    assert (len(made), fired.state, fired.people) == (1, LaunchState.FIRING, 1)


def test_an_offer_that_meets_a_withdrawal_leaves_it_alone(near, sam):
    campaign, launch = near()
    made = make_promise(campaign, sam)
    bring_forward(campaign)
    ignite(launch.pk)

    with hold_open(lambda: withdraw(made, person=sam)):
        offered = offer()
    assert offered == 0
    assert offer() == 0
    assert AssistedPledge.objects.get().state == PledgeState.WITHDRAWN
    assert not Email.objects.exists()


def test_a_withdrawal_that_meets_an_offer_is_too_late(near, sam):
    campaign, launch = near()
    made = make_promise(campaign, sam)
    bring_forward(campaign)
    ignite(launch.pk)
    offered, refused = meet(offer, lambda: withdraw(made, person=sam))
    assert offered == 1
    assert isinstance(refused, PledgeRefused)
    assert Email.objects.count() == 1


def test_ticks_at_once_offer_once(near, sam, rae):
    campaign, launch = near()
    for person in (sam, rae):
        for network in ("x", "telegram"):
            make_promise(campaign, person, network=network)
    bring_forward(campaign)
    ignite(launch.pk)
    assert sum(together(*[offer] * 4)) == 4
    assert Email.objects.count() == 2


def test_a_hundredfold_report_is_one(near, sam):
    campaign, _ = near()
    made = make_promise(campaign, sam, state=PledgeState.CALLED, offered_at=database_now())
    assert together(*[lambda: report(made, person=sam)] * 4).count(True) == 1
    assert take_back_report(made, person=sam)
    assert AssistedPledge.objects.get().reported_at is None


def test_a_hundredfold_click_is_one_promise(near, sam):
    campaign, _ = near()
    made = together(*[lambda: promise_as_shown(campaign, sam)] * 10)
    assert {each.pk for (each,) in made} == {AssistedPledge.objects.get().pk}
    assert Email.objects.count() == 1


def test_a_link_that_is_pressed_twice_at_once_promises_once(near):
    campaign, _ = near()
    revision = campaign.approved
    seen = sign_words(revision, text=revision.text)
    ask_promise(campaign, email="ada@example.org", networks=["x"], seen=seen)
    token = read_token()
    confirmed = together(*[lambda: confirm(token)] * 4)
    assert sum(each is not None for each in confirmed) == 1
    assert AssistedPledge.objects.count() == 1


def test_two_links_for_one_new_address_make_one_person(near):
    campaign, _ = near()
    revision = campaign.approved
    seen = sign_words(revision, text=revision.text)
    tokens = []
    for network in ("x", "telegram", "whatsapp"):
        ask_promise(campaign, email="ada@example.org", networks=[network], seen=seen)
        tokens.append(read_token())
    outcomes = together(*[lambda token=token: confirm(token) for token in tokens])
    assert not [each for each in outcomes if isinstance(each, Exception) or each is None]
    assert User.objects.filter(email="ada@example.org").count() == 1
    assert AssistedPledge.objects.count() == 3
