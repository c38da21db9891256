"""A recall against real HTTP: what is deleted, what is not and why, and what is never touched."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from launches import holding, tasks
from launches.claiming import claim
from launches.deleting import delete_posts
from launches.igniting import ignite
from launches.keeping import keep_post
from launches.models import Delivery, DeliveryState, Launch, LaunchState
from launches.pauses import Heartbeat, Installation
from launches.planning import create_launches
from launches.recalling import RecallRefused, recall
from launches.recalls import Deletion, DeletionState, Recall
from launches.recording import Result, record
from launches.recounting import foresee, summarise_recall
from supporters.models import AccountState, LinkedAccount, Pledge
from supporters.unlinking import unlink
from tests.launches.elapsing import let_pass
from tests.launches.recalled import (
    count_states,
    launch_with,
    lend,
    list_standing,
    recall_now,
)
from tests.making import make_campaign
from tests.platforms import switch_on
from tests.racing import together

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = (
    *("mastodon", "mastodon-4.2", "gotosocial", "bluesky"),
    *("x", "facebook", "linkedin", "threads"),
)


@pytest.fixture
def networks(settings, simulator):
    """The product reaches every simulated network, Threads with its leave to delete."""
    switch_on(settings, simulator, threads={"deletes": True})
    return simulator


@pytest.fixture
def say(networks, olive, launch_now):
    """A launch that is over, with a post from an account of each of these kinds."""

    def do(*kinds, **facts):
        return launch_with(networks, olive, launch_now, *kinds, **facts)

    return do


@pytest.fixture
def firing(networks, olive):
    """A launch that fires, with an account of each of these kinds, none claimed yet."""

    def make(*kinds):
        campaign = make_campaign(olive, launch_in=-0.01)
        lend(networks, campaign, *kinds)
        create_launches(database_now())
        return ignite(Launch.objects.get().pk)

    return make


def watch_deletions(networks, **rule):
    """Count the requests to delete from here on, with a fault if one is named."""
    networks.set_faults({"endpoints": "delete", "latency_ms": 0, **rule})


def count_requests(networks):
    (rule,) = networks._ask("GET", "/_simulator/faults")
    return rule["matched"]


@pytest.mark.parametrize("kind", KINDS)
def test_posts_are_deleted_on_each_network_and_no_others(say, networks, olive, kind):
    say(kind, slug="sea")
    launch = say(kind, kind)
    made = recall_now(launch, by=olive)
    assert count_states() == {"deleted": 2}
    assert list_standing(networks, "river") == []
    assert len(list_standing(networks, "sea")) == 1
    tend(launch)
    made.refresh_from_db()
    assert made.finished_at is not None
    assert set(launch.deliveries.values_list("state", flat=True)) == {DeliveryState.SENT}


def tend(launch):
    """One tick, whose turn it is."""
    from launches.ticking import tick

    Heartbeat.objects.filter(name="recalls").delete()
    tick(lambda _pk: None)


def test_who_is_asked_a_second_time_changes_nothing(say, networks, olive):
    launch = say("mastodon")
    assert recall(launch, by=olive, why=" A wrong link. ")
    assert not recall(launch, by=olive, why="Another one")
    assert Recall.objects.get().why == "A wrong link."
    assert Deletion.objects.count() == 1


def test_only_organiser_and_admins_recall(say, sam, rae, settings):
    launch = say("mastodon")
    for person in (sam, rae):  # her second factor is missing
        with pytest.raises(RecallRefused):
            recall(launch, by=person)
    assert not Recall.objects.exists()
    settings.STAFF_NEEDS_MFA = False
    assert recall(launch, by=rae)
    assert Recall.objects.get().asked_by == rae


def test_what_was_never_posted_is_not_recalled(networks, olive, crowd):
    campaign, _ = crowd(1, launch_in=20)
    create_launches(database_now())
    launch = Launch.objects.get()
    with pytest.raises(RecallRefused):
        recall(launch, by=olive)
    assert holding.cancel(launch)
    launch.refresh_from_db()
    with pytest.raises(RecallRefused):
        recall(launch, by=olive)
    assert not Recall.objects.exists()


def test_copy_of_the_database_recalls_nothing(say, networks, olive):
    launch = say("mastodon")
    other = say("mastodon", slug="sea")
    assert recall(launch, by=olive)
    Installation.objects.update(instance_id="another one")
    with pytest.raises(RecallRefused):
        recall(other, by=olive)
    watch_deletions(networks)
    assert delete_posts() == 0
    assert count_requests(networks) == 0
    assert count_states() == {"waiting": 1}


def test_recall_stops_first_what_has_not_left(firing, networks, olive, step):
    launch = firing("mastodon", "mastodon", "mastodon")
    (held,) = claim(launch.pk, most=1).claims
    assert recall(launch, by=olive)
    launch.refresh_from_db()
    assert launch.state == LaunchState.CANCELLED
    assert not claim(launch.pk, most=10).claims
    assert not holding.resume(launch)
    assert Delivery.objects.tally()["not_sent"] == 2
    step()
    made = Recall.objects.get()
    assert (made.is_open, count_states()) == (True, {})
    # What was in a worker's hands is proved to be there after that, and deleted too.
    now = database_now()
    proof = {"started_at": now, "ended_at": now, "remote_id": "4711", "outcome": "sent"}
    record(
        [
            Result(
                delivery_id=held.delivery_id,
                attempt=held.attempt,
                state=DeliveryState.SENT,
                **proof,
            )
        ]
    )
    tend(launch)
    assert count_states() == {"waiting": 1}
    delete_posts()
    assert count_states() == {"gone": 1}
    tend(launch)
    made.refresh_from_db()
    assert not made.is_open


def test_late_proof_takes_a_recall_up_again(say, networks, olive):
    launch = say("mastodon", "mastodon")
    late, other = launch.deliveries.order_by("pk")
    there = late.remote_id
    Delivery.objects.filter(pk=late.pk).update(state="unconfirmed", remote_id="", reason="x")
    made = recall_now(launch, by=olive)
    assert count_states() == {"by_hand": 1, "deleted": 1}
    tend(launch)
    made.refresh_from_db()
    assert not made.is_open
    Delivery.objects.filter(pk=late.pk).update(state="sent", remote_id=there)
    tend(launch)
    made.refresh_from_db()
    assert made.is_open
    delete_posts()
    assert count_states() == {"deleted": 2}
    assert list_standing(networks) == []


def test_both_posts_of_a_delivery_are_deleted(say, networks, olive):
    launch = say("mastodon", "mastodon")
    first, second = launch.deliveries.order_by("pk")
    Delivery.objects.filter(pk=first.pk).update(other_remote_id="123456")
    recall_now(launch, by=olive)
    assert count_states(delivery=first) == {"deleted": 1, "gone": 1}
    assert count_states(delivery=second) == {"deleted": 1}
    tend(launch)
    assert Email.objects.filter(subject__startswith="Deleted again").count() == 2


def unlink_it(account):
    unlink(account, person=account.person)


def shut_out(account):
    User.objects.filter(pk=account.person_id).update(is_active=False)


def need_relink(account):
    LinkedAccount.objects.filter(pk=account.pk).update(state=AccountState.NEEDS_RELINK)


def agreed_before_it_was_said(account):
    Pledge.objects.filter(account=account).update(told_of_recall=False)


@pytest.mark.parametrize("end", [unlink_it, shut_out, need_relink, agreed_before_it_was_said])
def test_nothing_is_deleted_in_the_name_of_who_did_not_agree_or_is_not_there(
    say, networks, olive, end
):
    launch = say("mastodon")
    end(LinkedAccount.objects.get())
    (part,) = foresee(launch).parts
    watch_deletions(networks)
    recall_now(launch, by=olive)
    assert count_requests(networks) == 0
    line = Deletion.objects.get()
    assert (line.state, line.tries) == (DeletionState.BY_HAND, 0)
    assert (part.deletable, part.left) == (0, [(line.sentence, 1)])
    tend(launch)
    tend(launch)
    mail = Email.objects.get(subject__startswith="Please delete it yourself")
    assert line.sentence in mail.message
    assert Delivery.objects.get().permalink in mail.message


def test_network_without_deletion_leaves_it_to_the_owners(say, networks, olive, settings):
    launch = say("threads", "mastodon")
    switch_on(settings, networks, threads={"deletes": False})
    assert foresee(launch).deletable == 1
    recall_now(launch, by=olive)
    assert count_states(delivery__network="threads") == {"by_hand": 1}
    assert count_states(delivery__network="mastodon") == {"deleted": 1}


def test_network_that_is_switched_off_is_not_asked(say, networks, olive, settings):
    launch = say("mastodon")
    switch_on(settings, networks, mastodon={"mode": "assisted"})
    watch_deletions(networks)
    recall_now(launch, by=olive)
    assert count_requests(networks) == 0
    assert count_states() == {"by_hand": 1}


def test_revoked_authorisation_ends_it_and_marks_the_account(say, networks, olive):
    launch = say("mastodon")
    networks.revoke(network="mastodon", account="river0")
    recall_now(launch, by=olive)
    assert count_states() == {"by_hand": 1}
    assert LinkedAccount.objects.get().state == AccountState.NEEDS_RELINK
    assert Deletion.objects.get().sentence


def test_numbers_add_up_and_every_state_is_told(say, networks, olive):
    launch = say("mastodon", "mastodon", "mastodon", "gotosocial")
    kept, untold, doubtful, _other = launch.deliveries.order_by("pk")
    keep_post(kept, person=kept.pledge.person)
    Pledge.objects.filter(pk=untold.pledge_id).update(told_of_recall=False)
    Delivery.objects.filter(pk=doubtful.pk).update(
        state="unconfirmed", remote_id="", reason="Nobody knows."
    )
    will = foresee(launch)
    assert (will.posts, will.deletable, will.unproved, will.unsent) == (3, 1, 1, 0)
    made = recall_now(launch, by=olive)
    told = summarise_recall(made)
    assert set(told.counts) == set(DeletionState.values)
    assert (told.deleted, told.kept, told.left, told.waiting) == (1, 1, 2, 0)
    assert told.total == launch.deliveries.count() == sum(each.total for each in told.networks)
    assert told.nameless == 1


def test_posts_that_were_recalled_are_not_read_again_for_their_numbers(say, networks, olive):
    from launches.measuring import read_numbers

    launch = say("mastodon", "mastodon")
    kept = launch.deliveries.earliest("pk")
    keep_post(kept, person=kept.pledge.person)
    recall_now(launch, by=olive)
    let_pass(seconds=3660)
    assert read_numbers() == 1


def test_tick_has_somebody_delete_at_once_and_every_ten_seconds(say, networks, olive):
    from launches.ticking import tick

    launch = say("mastodon")
    asked = []
    ask = {"delete": lambda: asked.append(1)}
    tick(lambda _pk: None, **ask)
    assert not asked
    recall(launch, by=olive)
    tick(lambda _pk: None, **ask)
    tick(lambda _pk: None, **ask)
    assert len(asked) == 1
    let_pass(seconds=10)
    tick(lambda _pk: None, **ask)
    assert len(asked) == 2
    delete_posts()
    let_pass(seconds=10)
    tick(lambda _pk: None, **ask)
    assert len(asked) == 2


def test_task_deletes_one_turn_at_a_time(say, networks, olive):
    launch = say("mastodon")
    recall(launch, by=olive)
    with tasks._deleting:
        tasks.delete_recalled()
    assert count_states() == {"waiting": 1}
    tasks.delete_recalled()
    assert count_states() == {"deleted": 1}


def test_workers_at_once_delete_each_post_once(say, networks, olive):
    launch = say("mastodon", "mastodon", "mastodon-4.2", "gotosocial", "gotosocial")
    recall(launch, by=olive)
    watch_deletions(networks)
    assert sum(together(delete_posts, delete_posts, delete_posts)) == 5
    assert count_requests(networks) == 5
    assert count_states() == {"deleted": 5}


def run(*arguments):
    said = StringIO()
    call_command("recall_launch", *arguments, stdout=said)
    return said.getvalue()


def test_operator_recalls_at_the_machine_and_sees_how_far_it_is(say, networks):
    say("mastodon", "mastodon")
    assert "2 waiting" in run("river", "--reason", "A wrong link.", "--yes")
    assert (Recall.objects.get().asked_by, Recall.objects.get().why) == (None, "A wrong link.")
    delete_posts()
    assert "of 2 posts: 2 deleted" in run("river")


def test_command_recalls_nothing_that_was_not_posted(olive):
    make_campaign(olive)
    for name in ("river", "sea"):
        with pytest.raises(CommandError):
            run(name, "--yes")
    assert not Recall.objects.exists()
