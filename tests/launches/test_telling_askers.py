"""Who had a launch recalled, and its organiser, get one mail with what became of the posts."""

import pytest
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from crowdspeak import privacy
from launches.deleting import delete_posts
from launches.keeping import keep_post
from launches.models import AttemptOutcome, Delivery, DeliveryState
from launches.recalling import recall
from launches.recalls import Deletion, DeletionState, Recall
from launches.recording import Result, record
from launches.recounting import summarise_recall
from launches.telling_askers import tell_askers
from tests.launches.elapsing import let_pass
from tests.launches.recalled import count_states, list_standing
from tests.launches.test_recalling import networks, say, tend  # noqa: F401  (fixtures)
from tests.racing import meet, together

pytestmark = pytest.mark.django_db(transaction=True)

LABELS = {
    "deleted": "Deleted again",
    "gone": "Was not there any more",
    "kept": "Kept by its owner",
    "by_hand": "Only its owner can delete it",
    "refused": "Its network refused",
    "given_up": "Given up after a day without a clear answer",
}


def list_mails():
    return list(Email.objects.filter(subject__startswith="The recall is through").order_by("pk"))


def read_numbers(mail):
    """What it says of each state."""
    lines = dict(line[2:].split(": ") for line in mail.message.splitlines() if line[:2] == "- ")
    for name, number in lines.items():
        assert f"{name}: <b>{number}</b>" in mail.html_message
    return {state: int(lines[label]) for state, label in LABELS.items()}


@pytest.fixture
def through(say, olive):  # noqa: F811
    """A recall of two posts that nobody was told of yet: nothing of it is open."""
    assert recall(say("mastodon", "mastodon"), by=olive)
    delete_posts()
    Recall.objects.update(finished_at=database_now())
    return Recall.objects.get()


def test_asker_and_organiser_get_one_mail_with_what_became_of_the_posts(
    say,  # noqa: F811
    networks,  # noqa: F811
    olive,
    rae,
    settings,
):
    settings.STAFF_NEEDS_MFA = False
    launch = say(*["mastodon"] * 7)
    deleted, gone, kept, refused, given_up, unproved, erased = launch.deliveries.order_by("pk")
    keep_post(kept, person=kept.pledge.person)
    Delivery.objects.filter(pk=unproved.pk).update(
        state="unconfirmed", remote_id="", permalink="", reason="Nobody knows."
    )
    assert recall(launch, by=rae, why="Buy this elsewhere")
    privacy.erase(erased.pledge.person)
    for delivery, state in (
        (gone, "gone"),
        (refused, "refused"),
        (given_up, "given_up"),
    ):
        Deletion.objects.filter(delivery=delivery).update(
            state=state, ended_at=database_now(), tries=1, reason="So it is."
        )
    delete_posts()
    for _ in range(3):
        tend(launch)
    mails = list_mails()
    assert [mail.to for mail in mails] == [["olive@example.org"], ["rae@example.org"]]
    told = summarise_recall(Recall.objects.get())
    for mail in mails:
        numbers = read_numbers(mail)
        assert numbers == {
            **dict.fromkeys(("deleted", "gone", "kept", "refused", "given_up"), 1),
            "by_hand": 2,
        }
        assert sum(numbers.values()) == told.total == 7
        assert "the 7 posts that are known" in mail.message
        assert "2 of those that were not deleted may not be there at all" in mail.message
        assert "/campaigns/river/launch/" in mail.message
        assert "Buy this" not in mail.message + mail.html_message
    assert "because you organise" in mails[0].message
    assert "because you had this launch recalled" in mails[1].message


def test_nobody_is_told_before_everything_is_through(say, networks, olive):  # noqa: F811
    launch = say("mastodon", "mastodon")
    assert recall(launch, by=olive)
    tend(launch)
    assert list_mails() == []
    delete_posts()
    tend(launch)
    tend(launch)
    assert len(list_mails()) == 1


def test_a_late_proof_takes_the_recall_up_again_and_makes_no_second_mail(say, networks, olive):  # noqa: F811
    launch = say("mastodon")
    late = Delivery.objects.get()
    remote_id, permalink = late.remote_id, late.permalink
    Delivery.objects.update(state="unconfirmed", remote_id="", permalink="", reason="Lost.")
    assert recall(launch, by=olive)
    tend(launch)
    (mail,) = list_mails()
    assert read_numbers(mail)["by_hand"] == 1
    told_at = Recall.objects.get().told_at
    now = database_now()
    record(
        [
            Result(
                delivery_id=late.pk,
                attempt=late.attempt,
                state=DeliveryState.SENT,
                outcome=AttemptOutcome.SENT,
                started_at=now,
                ended_at=now,
                remote_id=remote_id,
                permalink=permalink,
            )
        ]
    )
    tend(launch)
    assert Recall.objects.get().is_open
    delete_posts()
    for _ in range(3):
        tend(launch)
    assert (count_states(), list_standing(networks)) == ({"deleted": 1}, [])
    assert not Recall.objects.get().is_open
    assert Recall.objects.get().told_at == told_at
    assert list_mails() == [mail]


def test_who_has_no_address_or_is_shut_out_gets_none(through, rae):
    Recall.objects.update(asked_by=rae)
    User.objects.filter(pk=rae.pk).update(is_active=False)
    organiser = through.launch.campaign.organiser_id
    User.objects.filter(pk=organiser).update(email=None)
    assert tell_askers(database_now(), limit=9) == 1
    assert list_mails() == []
    assert Recall.objects.get().told_at is not None


def test_a_recall_at_the_machine_is_told_to_the_organiser(through):
    Recall.objects.update(asked_by=None)
    tell_askers(database_now(), limit=9)
    assert [mail.to for mail in list_mails()] == [["olive@example.org"]]


def test_what_was_through_long_ago_is_no_news(through):
    let_pass(days=3)
    assert tell_askers(database_now(), limit=9) == 0
    assert list_mails() == []


def test_a_recall_of_nothing_says_that_nothing_was_there(through):
    Deletion.objects.all().delete()
    tell_askers(database_now(), limit=9)
    (mail,) = list_mails()
    assert "nothing to delete" in mail.message
    assert "Deleted again" not in mail.message


def test_a_post_that_was_deleted_and_whose_owner_is_erased_since_is_no_post_that_stays(through):
    delivery = Delivery.objects.earliest("pk")
    privacy.erase(delivery.pledge.person)
    assert Deletion.objects.get(delivery=delivery).state == DeletionState.DELETED
    told = summarise_recall(through)
    assert (told.deleted, told.nameless) == (2, 0)


def test_a_mail_that_cannot_be_written_keeps_no_other_waiting(through, monkeypatch, caplog):
    def fail(*_args, **_facts):
        raise RuntimeError("no template")

    monkeypatch.setattr("launches.telling_askers.queue_mail", fail)
    assert tell_askers(database_now(), limit=9) == 1
    assert tell_askers(database_now(), limit=9) == 0
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    caplog.clear()


def test_the_tick_tells_it(through):
    tend(through.launch)
    assert len(list_mails()) == 1


@pytest.mark.postgres
def test_ticks_at_once_tell_once(through):
    now = database_now()
    assert sum(together(*[lambda: tell_askers(now, limit=9)] * 4)) == 1
    assert len(list_mails()) == 1


@pytest.mark.postgres
def test_a_proof_that_comes_while_it_is_told_takes_the_recall_up_all_the_same(through):
    def take_up():
        return Recall.objects.exclude(finished_at=None).update(finished_at=None)

    now = database_now()
    assert meet(lambda: tell_askers(now, limit=9), take_up) == (1, 1)
    made = Recall.objects.get()
    assert made.is_open
    assert made.told_at is not None
    assert len(list_mails()) == 1
