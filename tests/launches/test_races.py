"""What happens when two things happen at once: two real connections on PostgreSQL."""

from datetime import timedelta

import pytest

from campaigns import drafting, reviewing
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, RevisionState
from campaigns.refusing import Refusal
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import Delivery, DeliveryState, Launch, LaunchState
from launches.planning import arm_launches, create_launches
from supporters.models import LinkedAccount, Pledge, PledgeState
from supporters.pledging import PledgeRefused, join_words, pledge, sign_words, withdraw
from supporters.unlinking import unlink
from tests.making import link_mastodon, make_campaign, make_pledge
from tests.racing import Actor, hold_open, meet, together, wait_for_waiting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def near(crowd):
    """A campaign whose moment comes in a second, with a launch that is armed."""

    def make(number, *, launch_in=1.0, **facts):
        campaign, pledges = crowd(number, launch_in=launch_in, **facts)
        create_launches(database_now())
        arm_launches(database_now())
        return campaign, pledges, Launch.objects.get()

    return make


def bring_forward(campaign):
    """The moment is now, for campaign and launch alike."""
    now = database_now() - timedelta(milliseconds=1)
    latest = now + timedelta(minutes=45)
    Campaign.objects.filter(pk=campaign.pk).update(launch_at=now, latest_at=latest)
    Launch.objects.filter(campaign=campaign).update(launch_at=now, latest_at=latest)


def lend(campaign, account):
    """The account's owner pledges, having read the words."""
    revision = campaign.approved
    seen = sign_words(revision, text=join_words(revision))
    return pledge(campaign, person=account.person, account_ids=[account.pk], seen=seen)


def test_a_withdrawal_that_meets_a_claim_is_too_late(near):
    campaign, pledges, launch = near(1)
    bring_forward(campaign)
    ignite(launch.pk)
    claimed, refused = meet(
        lambda: claim(launch.pk, most=1), lambda: withdraw(pledges[0], person=pledges[0].person)
    )
    assert len(claimed.claims) == 1
    assert isinstance(refused, PledgeRefused)
    assert Pledge.objects.get().state == PledgeState.CALLED


def test_a_claim_that_meets_a_withdrawal_does_not_send(near):
    campaign, pledges, launch = near(1)
    bring_forward(campaign)
    ignite(launch.pk)
    withdrawn, claimed = meet(
        lambda: withdraw(pledges[0], person=pledges[0].person), lambda: claim(launch.pk, most=1)
    )
    assert withdrawn
    assert not claimed.claims
    assert Delivery.objects.get().state == DeliveryState.WITHDRAWN


def test_two_workers_never_claim_the_same(near):
    campaign, _, launch = near(6)
    bring_forward(campaign)
    ignite(launch.pk)
    rounds = together(*[lambda: claim(launch.pk, most=3).claims] * 4)
    claimed = [held.delivery_id for claims in rounds for held in claims]
    assert len(claimed) == len(set(claimed)) == 6


def test_a_pledge_that_is_made_before_the_ignition_is_counted(near, networks, sam):
    campaign, _, launch = near(1, threshold=2)
    account = link_mastodon(networks, sam, "sam")

    def pledge_then_reach_the_moment():
        made = lend(campaign, account)
        Launch.objects.filter(pk=launch.pk).update(launch_at=launch.launch_at)
        return made

    pledged, fired = meet(pledge_then_reach_the_moment, lambda: ignite_when_due(launch.pk))
    assert len(pledged) == 1
    assert (fired.state, fired.people) == (LaunchState.FIRING, 2)


def ignite_when_due(launch_id):
    """As a worker does: again until the moment has come."""
    while True:
        launch = ignite(launch_id)
        if launch.state not in (LaunchState.SCHEDULED, LaunchState.ARMED):
            return launch


def test_a_pledge_that_meets_the_ignition_is_refused(near, networks, sam):
    campaign, _, launch = near(1)
    account = link_mastodon(networks, sam, "sam")
    bring_forward(campaign)
    fired, refused = meet(lambda: ignite(launch.pk), lambda: lend(campaign, account))
    assert fired.state == LaunchState.FIRING
    assert isinstance(refused, PledgeRefused)
    assert fired.pledges == Pledge.objects.count() == 1


def test_a_cancellation_before_the_ignition_wins(near, olive):
    campaign, _, launch = near(1, launch_in=2)
    cancelled, fired = meet(lambda: drafting.cancel(campaign, by=olive), lambda: ignite(launch.pk))
    assert cancelled.state == CampaignState.CANCELLED
    assert fired.state == LaunchState.CANCELLED
    assert Delivery.objects.get().state == DeliveryState.NOT_SENT


def test_a_cancellation_that_meets_the_ignition_is_too_late(near, olive):
    campaign, _, launch = near(1)
    bring_forward(campaign)
    fired, refused = meet(lambda: ignite(launch.pk), lambda: drafting.cancel(campaign, by=olive))
    assert fired.state == LaunchState.FIRING
    assert isinstance(refused, Refusal)


def move_moment(campaign, reviewer, *, hours):
    """A reviewer validates a revision with another moment."""
    revision = campaign.approved
    later = database_now() + timedelta(hours=hours)
    revision.pk, revision.number, revision.state = None, 2, RevisionState.IN_REVIEW
    revision.launch_at = later
    revision.save()
    return reviewing.approve(revision, reviewer=reviewer)


def test_a_moment_moved_before_the_ignition_takes_the_launch_along(near, rae, settings):
    settings.FREEZE_SECONDS = 0
    campaign, _, launch = near(1, launch_in=5)
    moved, waited = meet(lambda: move_moment(campaign, rae, hours=2), lambda: ignite(launch.pk))
    assert waited.state == LaunchState.SCHEDULED
    assert waited.launch_at == moved.launch_at
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SCHEDULED


def test_a_moment_cannot_be_moved_once_the_ignition_has_begun(near, rae, settings):
    settings.FREEZE_SECONDS = 0
    campaign, _, launch = near(1)
    bring_forward(campaign)
    fired, refused = meet(lambda: ignite(launch.pk), lambda: move_moment(campaign, rae, hours=2))
    assert fired.state == LaunchState.FIRING
    assert isinstance(refused, Exception)
    launch.refresh_from_db()
    assert launch.state == LaunchState.FIRING


def test_arming_twice_at_once_plans_each_delivery_once(crowd):
    crowd(8, launch_in=20)
    now = database_now()
    create_launches(now)
    together(*[lambda: arm_launches(now)] * 4)
    assert Delivery.objects.count() == 8


def test_arming_waits_for_whoever_is_in_the_middle_of_a_pledge(near, networks, sam, rae):
    """Else a key lower than those that were armed would come to light, and never be looked at."""
    campaign, _, launch = near(1, launch_in=20)
    first, second = link_mastodon(networks, sam, "sam"), link_mastodon(networks, rae, "rae")
    with hold_open(lambda: lend(campaign, first)):
        lend(campaign, second)
        arming = Actor(lambda: arm_launches(database_now()))
        wait_for_waiting()
    assert arming.finish() == 2
    bring_forward(campaign)
    assert ignite(launch.pk).pledges == 3


def test_ticks_at_once_create_one_launch(olive):
    for number in range(5):
        make_campaign(olive, launch_in=20, slug=f"river-{number}")
    now = database_now()
    outcomes = together(*[lambda: create_launches(now)] * 4)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert Launch.objects.count() == 5


def test_workers_at_once_decide_once(near):
    campaign, _, launch = near(3)
    bring_forward(campaign)
    decided = together(*[lambda: ignite(launch.pk)] * 4)
    assert len({each.decided_at for each in decided}) == 1
    assert Delivery.objects.count() == 3


def test_unlinked_and_linked_again_while_arming_has_one_delivery(near, networks):
    campaign, pledges, _ = near(1, launch_in=20)
    old = pledges[0]

    def unlink_and_return():
        unlink(LinkedAccount.objects.get(pk=old.account_id), person=old.person)
        return make_pledge(campaign, link_mastodon(networks, old.person, "voice0"))

    now = database_now()
    returned, *_ = together(unlink_and_return, *[lambda: arm_launches(now)] * 3)
    arm_launches(now)
    assert Delivery.objects.get().pledge == returned
    assert returned.fingerprint == old.fingerprint
