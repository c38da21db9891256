"""Erasing somebody while a launch arms, ignites, claims, sends and records."""

import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

import launches.privacy
import supporters.privacy
from accounts.models import User
from campaigns import reviewing
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, Revision, RevisionState
from crowdspeak import privacy
from launches.claiming import claim, give_back
from launches.delivering import deliver
from launches.igniting import ignite
from launches.models import FINAL_STATES, Attempt, Delivery, DeliveryState, Launch, LaunchState
from launches.planning import arm_launches, create_launches
from launches.recording import Result, record
from launches.sweeping import close_late, expire_leases
from launches.ticking import tick
from supporters.models import LinkedAccount, Pledge
from supporters.unlinking import cut_off
from tests.conftest import make_person
from tests.dumping import find_words
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent
from tests.racing import Actor, hold_open, meet, together, wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = ["xavier", "remote-canary", "permalink-canary", "facts-canary"]


@pytest.fixture
def near(networks, olive):
    """A campaign that launches in a second and has Xavier in it, with so many accounts."""

    def make(number=1, *, launch_in=1.0):
        xavier = make_person("xavier@example.org", "Xavier")
        campaign = make_campaign(olive, launch_in=launch_in)
        for index in range(number):
            account = link_by_consent(networks, xavier, f"xavier{index}", kind="mastodon")
            make_pledge(campaign, account, text=f"Xavier says {index}.")
        create_launches(database_now())
        return xavier, campaign, Launch.objects.get()

    return make


def bring_forward(campaign):
    """The moment is now, for campaign and launch alike."""
    now = database_now() - timedelta(milliseconds=1)
    times = {"launch_at": now, "latest_at": now + timedelta(minutes=45)}
    Campaign.objects.filter(pk=campaign.pk).update(**times)
    Launch.objects.filter(campaign=campaign).update(**times)


def fire(campaign, launch):
    bring_forward(campaign)
    assert ignite(launch.pk).state == LaunchState.FIRING


def note(held, state, **facts):
    """What a worker would record of a claim."""
    outcomes = {"sent": "sent", "waiting": "later", "failed": "failed", "unknown": "unknown"}
    return Result(
        delivery_id=held.delivery_id,
        attempt=held.attempt,
        state=DeliveryState(state),
        outcome=outcomes[state],
        started_at=database_now(),
        ended_at=database_now(),
        **facts,
    )


def sent(held):
    return note(held, "sent", remote_id="remote-canary", permalink="https://permalink-canary/")


def close_all(launch):
    """The latest time is past, and so is every lease."""
    later = database_now() + timedelta(hours=2)
    expire_leases(later)
    Launch.objects.filter(pk=launch.pk).update(latest_at=database_now() - timedelta(hours=1))
    close_late(database_now() + timedelta(hours=1))


def test_a_post_on_its_way_is_recorded_without_what_names_its_owner(near):
    xavier, campaign, launch = near()
    fire(campaign, launch)
    (held,) = claim(launch.pk, most=5).claims
    privacy.erase(xavier)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.pledge) == (DeliveryState.CLAIMED, None)
    assert record([sent(held)]) == 1
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.SENT
    assert delivery.answered_at is not None
    assert (delivery.permalink, delivery.remote_id, delivery.text) == ("", "", "")
    assert Attempt.objects.get().outcome == "sent"
    assert find_words(WORDS) == {}


@pytest.mark.parametrize(
    ("state", "ends"), [("waiting", "withdrawn"), ("unknown", "unconfirmed"), ("failed", "failed")]
)
def test_a_post_that_failed_on_its_way_ends_and_is_not_tried_again(near, state, ends):
    xavier, campaign, launch = near()
    fire(campaign, launch)
    (held,) = claim(launch.pk, most=5).claims
    privacy.erase(xavier)
    reason = "%(host)s said: “%(reason)s”."
    facts = {"host": "facts-canary", "reason": "facts-canary"}
    due_at = database_now() if state != "failed" else None
    assert record([note(held, state, reason=reason, reason_facts=facts, due_at=due_at)]) == 1
    assert claim(launch.pk, most=5).claims == []
    close_all(launch)
    delivery = Delivery.objects.get()
    assert delivery.state == ends
    assert "%(" not in delivery.sentence
    assert find_words(WORDS) == {}


def test_a_post_whose_worker_died_ends_as_not_confirmed(near):
    xavier, campaign, launch = near()
    fire(campaign, launch)
    assert claim(launch.pk, most=5).claims
    privacy.erase(xavier)
    close_all(launch)
    delivery = Delivery.objects.get()
    assert delivery.state == DeliveryState.UNCONFIRMED
    assert delivery.sentence


def test_a_post_that_was_not_begun_and_given_back_is_withdrawn(near):
    xavier, campaign, launch = near()
    fire(campaign, launch)
    claims = claim(launch.pk, most=5).claims
    privacy.erase(xavier)
    give_back(claims)
    assert claim(launch.pk, most=5).claims == []
    delivery = Delivery.objects.get()
    assert delivery.state == DeliveryState.WITHDRAWN
    assert "erased" in delivery.sentence


@pytest.mark.parametrize(
    ("state", "is_uncertain", "ends"),
    [
        ("planned", False, "withdrawn"),
        ("waiting", False, "withdrawn"),
        ("waiting", True, "unconfirmed"),
        ("unknown", True, "unconfirmed"),
        ("failed", False, "failed"),
        ("not_sent", False, "not_sent"),
    ],
)
def test_what_is_open_ends_with_its_owner_and_what_ended_stays(near, state, is_uncertain, ends):
    xavier, campaign, launch = near()
    fire(campaign, launch)
    Delivery.objects.update(state=state, is_uncertain=is_uncertain, attempt=1, host="xavier.org")
    privacy.erase(xavier)
    assert Delivery.objects.get().state == ends
    assert find_words(WORDS) == {}


def test_a_look_that_finds_the_post_afterwards_is_believed(near):
    xavier, campaign, launch = near()
    fire(campaign, launch)
    (held,) = claim(launch.pk, most=5).claims
    Delivery.objects.update(state=DeliveryState.UNKNOWN, lease_until=None)
    privacy.erase(xavier)
    record([sent(held)])
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert find_words(WORDS) == {}


# ── Two connections ───────────────────────────────────────────────────────────────────────────


def erase_posts(person):
    """The part of it that meets a launch."""
    supporters.privacy.cut_off_all(person)
    launches.privacy.erase(person)


@pytest.mark.postgres
def test_a_claim_that_comes_first_leaves_its_post_to_be_recorded(near):
    xavier, campaign, launch = near()
    fire(campaign, launch)
    claimed, failure = meet(lambda: claim(launch.pk, most=5), lambda: erase_posts(xavier))
    assert failure is None
    (held,) = claimed.claims
    record([sent(held)])
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert not Pledge.objects.exists()


@pytest.mark.postgres
def test_an_erasing_that_comes_first_leaves_nothing_to_claim(near):
    xavier, campaign, launch = near()
    fire(campaign, launch)
    account = LinkedAccount.objects.get()
    _cut, claimed = meet(lambda: cut_off(account, person=xavier), lambda: claim(launch.pk, most=5))
    assert claimed.claims == []
    privacy.erase(xavier)
    assert Delivery.objects.get().state == DeliveryState.WITHDRAWN


@pytest.mark.postgres
def test_arming_that_comes_first_leaves_no_delivery_without_its_pledge(near):
    xavier, campaign, launch = near(launch_in=20)
    armed, failure = meet(lambda: arm_launches(database_now()), lambda: erase_posts(xavier))
    assert (armed, failure) == (1, None)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.pledge, delivery.host) == ("withdrawn", None, "")


@pytest.mark.postgres
def test_ignition_that_comes_first_counts_and_nothing_leaves(near):
    xavier, campaign, launch = near()
    bring_forward(campaign)
    fired, failure = meet(lambda: ignite(launch.pk), lambda: erase_posts(xavier))
    assert (fired.pledges, failure) == (1, None)
    assert claim(launch.pk, most=5).claims == []
    assert Delivery.objects.get().state == DeliveryState.WITHDRAWN


@pytest.mark.postgres
def test_recording_many_and_erasing_do_not_wait_for_each_other(near):
    xavier, campaign, launch = near(4)
    fire(campaign, launch)
    claims = claim(launch.pk, most=5).claims
    backwards = [sent(held) for held in reversed(claims)]
    outcomes = together(
        lambda: record(backwards),
        lambda: record([sent(held) for held in claims]),
        lambda: erase_posts(xavier),
    )
    assert not [each for each in outcomes if isinstance(each, Exception)]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    privacy.erase(xavier)
    assert find_words(WORDS) == {}


@pytest.mark.postgres
def test_recording_many_waits_for_the_first_row_before_it_locks_another(near):
    _xavier, campaign, launch = near(4)
    fire(campaign, launch)
    backwards = [sent(held) for held in reversed(claim(launch.pk, most=5).claims)]
    first, *_others, last = Delivery.objects.order_by("pk").values_list("pk", flat=True)

    def record_row_by_row():
        with connection.cursor() as cursor:
            cursor.execute("SET enable_hashjoin = off; SET enable_mergejoin = off")
        return record(backwards)

    with hold_open(lambda: Delivery.objects.select_for_update().get(pk=first)):
        recorder = Actor(record_row_by_row)
        wait_for_waiting()
        with transaction.atomic():
            assert Delivery.objects.select_for_update(skip_locked=True).filter(pk=last).exists()
    assert recorder.finish() == 4


@pytest.mark.postgres
def test_of_two_administrators_who_go_at_once_one_stays(rae):
    other = make_person("ada@example.org", "Ada", is_staff=True, is_superuser=True)
    outcomes = together(lambda: privacy.erase(rae), lambda: privacy.erase(other))
    refused = [each for each in outcomes if isinstance(each, privacy.ErasureRefused)]
    assert len(refused) == 1, outcomes
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1


@pytest.mark.postgres
def test_a_campaign_that_is_just_validated_keeps_its_organiser(olive, rae):
    campaign = make_campaign(olive, launch_in=5 * 86_400)
    Campaign.objects.update(state=CampaignState.IN_REVIEW, approved=None, first_launch_at=None)
    Revision.objects.update(state=RevisionState.IN_REVIEW)
    revision = Revision.objects.get()
    approved, refused = meet(
        lambda: reviewing.approve(revision, reviewer=rae), lambda: privacy.erase(olive)
    )
    assert approved.state == CampaignState.SCHEDULED
    assert isinstance(refused, privacy.ErasureRefused)
    assert campaign.organiser == olive


@pytest.mark.postgres
def test_a_campaign_whose_organiser_just_goes_is_not_validated(olive, rae):
    make_campaign(olive, launch_in=5 * 86_400)
    Campaign.objects.update(state=CampaignState.IN_REVIEW, approved=None, first_launch_at=None)
    Revision.objects.update(state=RevisionState.IN_REVIEW)
    revision = Revision.objects.get()
    _begun, failure = meet(
        lambda: privacy.begin_erasing(olive), lambda: reviewing.approve(revision, reviewer=rae)
    )
    assert isinstance(failure, Campaign.DoesNotExist)
    assert not Campaign.objects.exists()


@pytest.mark.postgres
def test_people_who_are_erased_around_the_moment_are_posted_once_or_not(
    networks, olive, monkeypatch, settings, caplog
):
    """Within 50 ms of it and just after, while real workers arm, ignite, claim, send, record."""
    monkeypatch.setattr("launches.delivering.LINGER_SECONDS", 0.5)
    number = 12
    campaign = make_campaign(olive, launch_in=3)
    people = []
    for index in range(number):
        person = User.objects.create_user(name=f"Xavier {index}")
        account = link_by_consent(networks, person, f"xavier{index}", kind="mastodon")
        make_pledge(campaign, account, text=f"Xavier says {index}.")
        people.append(person)
    create_launches(database_now())
    launch = Launch.objects.get()
    left = (launch.launch_at - database_now()).total_seconds()
    moment = time.monotonic() + left

    def work():
        deliver(launch.pk)

    def keep_ticking():
        until = moment + 2
        while time.monotonic() < until:
            tick(lambda _pk: None)
            time.sleep(0.02)

    def erase_at(person, offset):
        def act():
            time.sleep(max(0.0, moment + offset - time.monotonic()))
            return privacy.erase(person)

        return act

    close = [-0.05 + 0.1 * index / 5 for index in range(6)]
    after = [0.1 + 0.2 * index for index in range(number - 6)]  # while they are sent and recorded
    offsets = [*after, *close]
    acts = [erase_at(person, offset) for person, offset in zip(people, offsets, strict=True)]
    outcomes = together(work, work, keep_ticking, *acts)
    assert not [each for each in outcomes if isinstance(each, Exception)], outcomes
    until = time.monotonic() + 15
    while time.monotonic() < until and not Launch.objects.get().is_over:
        woken = []
        tick(woken.append)
        for launch_id in woken:
            deliver(launch_id)
    assert Launch.objects.get().state == LaunchState.FINISHED
    states = Delivery.objects.values_list("state", flat=True)
    assert set(states) <= set(FINAL_STATES)
    summary = networks.summarise()
    assert summary["duplicates"] == 0
    assert summary["posts"] == len([state for state in states if state == "sent"])
    assert find_words(["xavier"]) == {}
    assert not User.objects.exclude(pk=olive.pk).exists()
    logged = [each for each in caplog.records if each.levelname in ("ERROR", "CRITICAL")]
    assert not [each.getMessage() for each in logged]
    connection.close()
