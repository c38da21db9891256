"""Everything that people can do, within 50 ms of the moment: real connections, real workers' code.

What they do races arming, ignition and claims on threads of this process, each with its own
connection, so that the moment is met to the millisecond.
"""

import time

import pytest

from campaigns import drafting
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import FINAL_STATES, Delivery, DeliveryState, Launch, LaunchState
from launches.planning import arm_launches, create_launches
from launches.ticking import tick
from supporters.models import LinkedAccount, Pledge, PledgeState
from supporters.pledging import PledgeRefused, withdraw
from supporters.rewording import change_words
from supporters.unlinking import unlink
from tests.launches.test_races import lend, move_moment
from tests.making import link_mastodon, make_pledge
from tests.racing import Actor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.faults]
NUMBER = 12
LEAD_SECONDS = 3.0
CLOSE = [-0.05, -0.03, -0.01, 0.0, 0.01, 0.03, 0.05]


@pytest.fixture
def crowd(simulator, settings, olive, monkeypatch):
    """Makes an armed launch that comes in some seconds: campaign, pledges, launch."""
    from accounts.models import User
    from tests.making import make_campaign

    settings.NETWORK_EXCEPTIONS = simulator.hosts
    settings.WORDS_FREEZE_SECONDS = 0
    settings.FREEZE_SECONDS = 0
    monkeypatch.setattr("launches.delivering.LINGER_SECONDS", 0.5)

    def make(number, *, launch_in=LEAD_SECONDS, **facts):
        campaign = make_campaign(olive, launch_in=launch_in, **facts)
        pledges = [
            make_pledge(campaign, link_mastodon(simulator, person, f"voice{index}"))
            for index, person in enumerate(
                User.objects.create_user(name=f"Voice {index}") for index in range(number)
            )
        ]
        create_launches(database_now())
        arm_launches(database_now())
        return campaign, pledges, Launch.objects.get()

    return make


def at(launch, offset, act):
    """What is done so many seconds after the moment, by the database's clock."""
    moment = time.monotonic() + (launch.launch_at - database_now()).total_seconds()

    def do():
        time.sleep(max(0.0, moment + offset - time.monotonic()))
        return act()

    return do


def keep_ticking(launch, *, seconds):
    """Arming, again and again, until some seconds after the moment."""

    def do():
        until = time.monotonic() + LEAD_SECONDS + seconds
        while time.monotonic() < until:
            tick(lambda _pk: None)
            time.sleep(0.01)

    return do


def race(launch, *acts, seconds=1.0):
    """All of that, while two workers and a scheduler are at it; gives the outcomes of the acts."""
    others = [lambda: deliver(launch.pk)] * 2 + [keep_ticking(launch, seconds=seconds)]
    actors = [Actor(act) for act in [*acts, *others]]
    for actor in actors:
        actor.join(60)
        assert not actor.is_alive()
    outcomes = [actor.outcome for actor in actors]
    assert not [each for each in outcomes[len(acts) :] if isinstance(each, Exception)]
    return outcomes[: len(acts)]


def finish():
    """Tick and work until everything is over."""
    until = time.monotonic() + 20
    while not Launch.objects.get().is_over:
        assert time.monotonic() < until
        woken = []
        tick(woken.append)
        for launch_id in woken:
            deliver(launch_id)


def check_wall(simulator):
    """One post for each delivery that is sent, and none for any other."""
    assert simulator.summarise()["duplicates"] == 0
    posts = simulator.list_posts()
    accounts = [post["account_id"] for post in posts]
    assert len(accounts) == len(set(accounts))
    sent = Delivery.objects.filter(state=DeliveryState.SENT)
    assert set(accounts) == set(sent.values_list("pledge__account__account_id", flat=True))
    states = set(Delivery.objects.values_list("state", flat=True))
    assert states <= set(FINAL_STATES)
    return {post["account_id"]: post["text"] for post in posts}


def test_who_withdraws_around_the_moment_is_not_posted_or_told_that_it_is_too_late(
    crowd, simulator
):
    _, pledges, launch = crowd(NUMBER)
    offsets = [*CLOSE, 0.1, 0.2]
    acts = [
        at(launch, offset, lambda each=each: withdraw(each, person=each.person))
        for each, offset in zip(pledges, offsets, strict=False)
    ]
    outcomes = race(launch, *acts)
    finish()
    said = check_wall(simulator)
    for held, outcome in zip(pledges, outcomes, strict=False):
        held.refresh_from_db()
        if outcome is True:
            assert held.state == PledgeState.WITHDRAWN
            assert held.account.account_id not in said
        else:
            assert isinstance(outcome, PledgeRefused)
            assert held.account.account_id in said
    assert len(said) == NUMBER - outcomes.count(True)


def test_words_that_are_changed_around_the_moment_are_posted_or_refused(crowd, simulator):
    _, pledges, launch = crowd(NUMBER)
    offsets = [-0.3, *CLOSE]
    words = "My own words. https://example.org/river"
    acts = [
        at(launch, offset, lambda each=each: change_words(each, person=each.person, text=words))
        for each, offset in zip(pledges, offsets, strict=False)
    ]
    outcomes = race(launch, *acts)
    finish()
    said = check_wall(simulator)
    assert len(said) == NUMBER
    for held, outcome in zip(pledges, outcomes, strict=False):
        assert outcome is None or isinstance(outcome, PledgeRefused)
        expected = words if outcome is None else held.text
        assert said[held.account.account_id] == expected
        held.refresh_from_db()
        assert held.text == expected


def test_who_unlinks_and_comes_back_around_the_moment_has_one_delivery(crowd, simulator):
    campaign, pledges, launch = crowd(NUMBER)

    def leave_and_return(held):
        unlink(LinkedAccount.objects.get(pk=held.account_id), person=held.person)
        name = held.account.handle.split("@")[1]
        account = link_mastodon(simulator, held.person, name)
        return lend(campaign, account)

    acts = [
        at(launch, offset, lambda each=each: leave_and_return(each))
        for each, offset in zip(pledges, [-0.5, -0.2, *CLOSE], strict=False)
    ]
    outcomes = race(launch, *acts)
    finish()
    said = check_wall(simulator)
    for held, outcome in zip(pledges, outcomes, strict=False):
        deliveries = Delivery.objects.filter(account_fingerprint=held.fingerprint)
        assert deliveries.count() <= 1
        if isinstance(outcome, list):  # pledged anew, in time: not forgotten
            assert deliveries.get().pledge == outcome[0]
            assert held.account.account_id in said
        else:
            assert isinstance(outcome, PledgeRefused), outcome


@pytest.mark.parametrize("offset", CLOSE)
def test_a_cancellation_around_the_moment_comes_before_it_or_too_late(
    crowd, simulator, olive, offset
):
    campaign, _, launch = crowd(4)
    (outcome,) = race(launch, at(launch, offset, lambda: drafting.cancel(campaign, by=olive)))
    finish()
    said = check_wall(simulator)
    state = Launch.objects.get().state
    if isinstance(outcome, Campaign):
        assert (state, said) == (LaunchState.CANCELLED, {})
    else:
        assert isinstance(outcome, Exception)
        assert (state, len(said)) == (LaunchState.FINISHED, 4)


@pytest.mark.parametrize("offset", CLOSE)
def test_a_moment_moved_around_the_moment_is_kept_or_comes_too_late(crowd, simulator, rae, offset):
    campaign, _, launch = crowd(4)
    (outcome,) = race(launch, at(launch, offset, lambda: move_moment(campaign, rae, hours=2)))
    campaign.refresh_from_db()
    if isinstance(outcome, Campaign):
        assert campaign.state == CampaignState.SCHEDULED
        assert simulator.list_requests() == []
        launch.refresh_from_db()
        assert launch.state in (LaunchState.SCHEDULED, LaunchState.ARMED)
        assert launch.launch_at in (outcome.launch_at, launch.launch_at)
        ignite(launch.pk)
        assert Launch.objects.get().launch_at == outcome.launch_at
    else:
        finish()
        assert len(check_wall(simulator)) == 4


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_threshold_that_is_reached_and_lost_at_the_moment_is_decided_once(crowd, simulator, more):
    """Ten have pledged; some go and as many come while it is counted."""
    from accounts.models import User

    campaign, pledges, launch = crowd(10, threshold=10 + more)
    newcomers = [
        link_mastodon(simulator, User.objects.create_user(name=f"Late {index}"), f"late{index}")
        for index in range(len(CLOSE))
    ]
    acts = [
        at(launch, offset, lambda each=each: withdraw(each, person=each.person))
        for each, offset in zip(pledges, CLOSE, strict=False)
    ] + [
        at(launch, offset, lambda each=each: lend(campaign, each))
        for each, offset in zip(newcomers, reversed(CLOSE), strict=True)
    ]
    outcomes = race(launch, *acts)
    decided = Launch.objects.get()
    finish()
    ended = Launch.objects.get()
    assert (ended.people, ended.pledges, ended.decided_at, ended.threshold) == (
        decided.people,
        decided.pledges,
        decided.decided_at,
        10 + more,
    )
    fired = decided.people >= 10 + more
    assert ended.state == (LaunchState.FINISHED if fired else LaunchState.MISSED)
    assert ended.pledges == Delivery.objects.count()
    said = check_wall(simulator)
    taken = [each for each in outcomes[len(CLOSE) :] if isinstance(each, list)]
    assert all(isinstance(each, list | PledgeRefused) for each in outcomes[len(CLOSE) :])
    for (made,) in taken:  # who was thanked is counted, and posted if it goes out
        assert Delivery.objects.get(pledge=made).state in ("sent", "not_sent")
    gone = Pledge.objects.filter(state=PledgeState.WITHDRAWN)
    assert not {each.account.account_id for each in gone} & set(said)
    if not fired:
        assert said == {}
