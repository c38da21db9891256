"""A few go first; when too many of them fail, the launch holds by itself and somebody is told."""

from collections import Counter
from datetime import timedelta

import pytest
from post_office.models import Email

from campaigns.clock import database_now
from launches import canary, holding
from launches.canary import Outcomes
from launches.claiming import claim
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import Attempt, Delivery, Launch, LaunchState
from launches.planning import arm_launches, create_launches
from supporters.models import AccountState, LinkedAccount
from tests.launches.crowding import lend_many
from tests.making import make_campaign

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = 20
SIZE = canary.LEAST


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(canary, "PLEDGES_LEAST", NUMBER)


@pytest.fixture
def firing(crowd):
    """A launch that fires, with so many deliveries, none claimed yet."""

    def make(number=NUMBER):
        crowd(number, launch_in=-0.01)
        create_launches(database_now())
        return ignite(Launch.objects.get().pk)

    return make


def list_canary():
    return Delivery.objects.filter(is_canary=True)


def let_wait_pass():
    Launch.objects.update(canary_until=database_now() - timedelta(seconds=0.01))


def test_the_others_wait_until_the_first_are_answered(firing, networks):
    launch = firing()
    assert launch.canary == list_canary().count() == SIZE
    networks.set_faults({"latency_ms": 200})
    deliver(launch.pk)
    assert networks.summarise() == {"posts": NUMBER, "accounts": NUMBER, "duplicates": 0}
    others = Attempt.objects.exclude(delivery__in=list_canary()).order_by("started_at")
    last = list_canary().order_by("-answered_at").first()
    assert last.answered_at <= others.first().started_at
    launch.refresh_from_db()
    assert (launch.state, launch.canary_until) == (LaunchState.FIRING, None)


def test_all_workers_share_one_canary(firing):
    launch = firing()
    taken = [claim(launch.pk, most=3).claims for _ in range(4)]
    assert [len(each) for each in taken] == [3, 2, 0, 0]


def test_the_others_wait_no_longer_than_two_seconds(firing):
    launch = firing()
    assert launch.canary_until - launch.decided_at == timedelta(seconds=2)
    assert len(claim(launch.pk, most=NUMBER).claims) == SIZE
    let_wait_pass()
    assert len(claim(launch.pk, most=NUMBER).claims) == NUMBER - SIZE


def test_a_launch_holds_by_itself_when_the_first_fail_and_goes_on_when_it_is_resumed(
    firing, networks, launch_now, rae, client, olive
):
    launch = firing()
    networks.set_faults({"500_before": 1.0})
    deliver(launch.pk)
    launch.refresh_from_db()
    assert (launch.state, launch.held_why) == (LaunchState.HELD, canary.TOO_MANY_FAILED)
    assert launch.held_at is not None
    assert launch.canary_until is None  # the same again would hold it again
    assert Delivery.objects.tally()["planned"] == NUMBER - SIZE
    assert len(networks.list_requests()) == SIZE
    mails = {mail.to[0]: mail for mail in Email.objects.all()}
    assert set(mails) == {"rae@example.org", "olive@example.org"}
    for text in (mails["olive@example.org"].message, mails["olive@example.org"].html_message):
        assert "5 of the 5 that were answered failed" in text
    client.force_login(olive)
    room = f"/campaigns/{launch.campaign.slug}/launch/"
    assert "Too many of the first posts failed" in client.get(room).content.decode()

    client.post(f"{room}resume/")
    networks.clear_faults()
    assert launch_now(launch.campaign).state == LaunchState.FINISHED
    assert networks.summarise() == {"posts": NUMBER, "accounts": NUMBER, "duplicates": 0}
    assert Email.objects.filter(subject__startswith="Held by itself").count() == 1


def test_authorisations_that_have_ended_hold_nobody_else(firing, networks):
    launch = firing()
    for handle in list_canary().values_list("pledge__account__handle", flat=True):
        networks.revoke(network="mastodon", account=handle[1:].partition("@")[0])
    deliver(launch.pk)
    assert Launch.objects.get().state == LaunchState.FIRING
    tally = Delivery.objects.tally()
    assert (tally["failed"], tally["sent"]) == (SIZE, NUMBER - SIZE)


def test_what_is_to_be_tried_later_holds_nobody_else(firing, networks):
    launch = firing()
    networks.set_faults({"429": 1.0, "times": SIZE, "retry_after": 60})
    deliver(launch.pk)
    let_wait_pass()
    deliver(launch.pk)
    tally = Delivery.objects.tally()
    assert (tally["waiting"], tally["sent"]) == (SIZE, NUMBER - SIZE)


def test_a_hold_by_hand_during_the_canary_is_no_verdict(firing, networks):
    launch = firing()
    holding.hold(launch)
    assert not claim(launch.pk, most=NUMBER).claims
    holding.resume(launch)
    let_wait_pass()
    deliver(launch.pk)
    assert networks.summarise()["posts"] == NUMBER


@pytest.mark.parametrize("why", ["few", "off"])
def test_without_a_canary_everything_goes_at_once(crowd, firing, settings, why):
    settings.CANARY = why != "off"
    launch = firing(NUMBER - (why == "few"))
    assert (launch.canary, launch.canary_until) == (0, None)
    assert len(claim(launch.pk, most=NUMBER).claims) == NUMBER - (why == "few")


def test_it_is_chosen_once_while_the_launch_is_armed(crowd):
    crowd(NUMBER, launch_in=20)
    create_launches(database_now())
    arm_launches(database_now())
    chosen = set(list_canary().values_list("pk", flat=True))
    assert len(chosen) == SIZE
    arm_launches(database_now())
    assert set(list_canary().values_list("pk", flat=True)) == chosen
    assert Launch.objects.get().canary_until is None


def test_one_in_a_hundred_goes_first_and_no_network_or_host_is_left_out(olive, monkeypatch):
    campaign = make_campaign(olive, launch_in=20)
    for host, number in {"big.example": 700, "small.example": 60, "one.example": 1}.items():
        lend_many(campaign, host, number)
    campaign.pledges.filter(host="small.example").update(network="bluesky")
    create_launches(database_now())
    arm_launches(database_now())
    hosts = Counter(list_canary().values_list("host", flat=True))
    # Half for each of the two networks; on one of them the single host has its one.
    assert hosts == {"big.example": 3, "one.example": 1, "small.example": 4}


@pytest.mark.parametrize(
    ("state", "speaks_against"),
    [("failed", True), ("unknown", True), ("unconfirmed", True), ("waiting", False)],
)
def test_what_speaks_against_the_others_is_a_refusal_or_nonsense(firing, state, speaks_against):
    launch = firing()
    list_canary().update(state=state)
    assert canary.read_outcomes(launch).failed == (SIZE if speaks_against else 0)
    LinkedAccount.objects.update(state=AccountState.NEEDS_RELINK)
    mine = canary.read_outcomes(launch).failed
    assert mine == (SIZE if speaks_against and state != "failed" else 0)


@pytest.mark.parametrize(
    ("sent", "failed", "bad"),
    [(5, 0, False), (3, 2, False), (3, 3, True), (0, 4, False), (1, 4, True), (0, 0, False)],
)
def test_half_of_at_least_five_answers_are_too_many(sent, failed, bad):
    outcomes = Outcomes(total=10, sent=sent, failed=failed, open=10 - sent - failed)
    assert outcomes.are_bad is bad


def test_when_half_of_all_have_failed_nobody_waits_for_the_rest(firing):
    assert Outcomes(total=10, sent=0, failed=5, open=5).cannot_turn_good
    assert not Outcomes(total=10, sent=0, failed=4, open=6).cannot_turn_good
    assert not Outcomes(total=12, sent=0, failed=5, open=7).cannot_turn_good
    launch = firing()
    list_canary().update(state="failed")
    assert canary.look(launch, now=database_now()) == canary.Verdict.HELD
    assert Launch.objects.get().state == LaunchState.HELD
