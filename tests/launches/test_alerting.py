"""Operators hear of a launch that is late, held by itself, or ended badly: each of it once."""

from datetime import timedelta

import pytest
from post_office.models import Email

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import alerting, holding
from launches.delivering import deliver
from launches.models import Delivery, DeliveryState, Launch, LaunchKind, LaunchState
from launches.ticking import tick
from tests.launches.elapsing import let_pass

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def operator(rae):
    """Somebody to be told."""
    return rae


def read_mails(subject):
    """The operators' mails whose subjects begin so."""
    return list(Email.objects.filter(subject__startswith=subject, to=["rae@example.org"]))


def read_late():
    return read_mails("Not begun in time")


def test_a_launch_that_nobody_begins_is_told_once_however_many_ticks(crowd, step):
    crowd(1, launch_in=-11)
    for _ in range(5):
        step()
    (mail,) = read_late()
    assert "“Let the river run clean” was to begin on" in mail.message
    assert "(Europe/Paris)" in mail.message
    assert "/campaigns/river/launch/" in mail.message
    assert "/readyz" in mail.html_message


def test_it_is_not_late_before_the_operators_own_time(crowd, step, settings):
    settings.LATE_SECONDS = 60
    crowd(1, launch_in=-50)
    step()
    assert not read_late()
    let_pass(seconds=15)
    step()
    assert len(read_late()) == 1


def test_what_was_begun_in_time_is_not_late(crowd, launch_now, step):
    campaign, _ = crowd(1, launch_in=0.3)
    launch_now(campaign)
    let_pass(seconds=60)
    step()
    assert not read_late()


@pytest.mark.parametrize("state", ["suspended", "cancelled"])
def test_a_campaign_that_somebody_stopped_is_not_late(crowd, step, state):
    campaign, _ = crowd(1, launch_in=-30)
    Campaign.objects.filter(pk=campaign.pk).update(state=state)
    step()
    step()
    assert not read_late()


def test_one_whose_moment_was_moved_is_late_by_the_new_one_alone(crowd, step):
    campaign, _ = crowd(1, launch_in=-30)
    step()
    later = database_now() + timedelta(hours=1)
    Campaign.objects.update(launch_at=later, latest_at=later + timedelta(minutes=45))
    launch = Launch.objects.get()
    deliver(launch.pk)
    step()
    assert len(read_late()) == 1
    let_pass(hours=1, seconds=20)
    step()
    assert len(read_late()) == 2


def test_a_rehearsal_is_nobodys_alarm(crowd, step):
    crowd(1, launch_in=20)
    step()
    Launch.objects.update(kind=LaunchKind.REHEARSAL)
    assert alerting.tell_late(database_now() + timedelta(minutes=5)) == 0


def test_on_a_copy_of_the_database_the_mail_says_what_to_do(crowd, step, settings):
    crowd(1, launch_in=20)
    step()
    let_pass(seconds=60)
    settings.INSTANCE_ID = "another"
    step()
    step()
    (mail,) = read_late()
    assert "manage.py adopt" in mail.message
    assert "readyz" not in mail.message


def test_past_the_latest_time_it_does_not_promise_to_begin(crowd, step):
    crowd(1, launch_in=-3600 * 2)
    step()
    (mail,) = read_late()
    assert "Its latest time has passed" in mail.message
    assert "begins by itself" not in mail.message


@pytest.fixture
def firing(crowd, step):
    """A launch under way, with nothing sent yet."""
    crowd(2, launch_in=20)
    step()
    launch = Launch.objects.get()
    Launch.objects.update(state=LaunchState.FIRING, decided_at=database_now(), people=2, pledges=2)
    return launch


def test_a_launch_that_a_copy_of_its_database_holds_is_told_once_for_each_hold(
    firing, step, settings
):
    settings.INSTANCE_ID = "another"
    for _ in range(3):
        step()
    (mail,) = read_mails("Held by itself")
    assert "This database was copied" in mail.message
    assert "This database was copied" in mail.html_message
    Launch.objects.update(state=LaunchState.FIRING, held_at=None, held_why="")
    step()
    assert len(read_mails("Held by itself")) == 2


def test_what_the_site_holds_by_itself_is_told_and_what_people_hold_is_not(firing):
    assert holding.hold(firing)
    assert not read_mails("Held by itself")
    Launch.objects.update(state=LaunchState.FIRING)
    assert holding.hold(firing, why="Too many of the first posts failed.")
    assert not holding.hold(firing, why="Too many of the first posts failed.")
    (mail,) = read_mails("Held by itself")
    assert "Too many of the first posts failed." in mail.message


def test_a_mail_that_cannot_be_written_keeps_no_launch_from_being_held(
    firing, step, settings, monkeypatch, caplog
):
    def fail(*_, **__):
        raise ValueError("no such template")

    monkeypatch.setattr("launches.operators.queue_mail", fail)
    settings.INSTANCE_ID = "another"
    step()
    firing.refresh_from_db()
    assert firing.state == LaunchState.HELD
    assert "could not be told" in caplog.text
    caplog.clear()


def end(crowd, step, counts, *, state=LaunchState.FINISHED, ago=timedelta()):
    """A launch that is over, with so many deliveries in each state; some ticks later."""
    campaign, _ = crowd(sum(counts.values()), launch_in=20)
    step()
    now = database_now()
    rows = list(Delivery.objects.order_by("pk"))
    for delivery_state, number in counts.items():
        for row in rows[:number]:
            proof = {"remote_id": str(row.pk)} if delivery_state == "sent" else {}
            Delivery.objects.filter(pk=row.pk).update(state=delivery_state, **proof)
        rows = rows[number:]
    Launch.objects.update(state=state, decided_at=now, people=1, pledges=1, finished_at=now - ago)
    Campaign.objects.update(state="launched")
    for _ in range(3):
        step()
    return campaign


def read_ended():
    return read_mails("Not all went out")


def test_posts_that_nobody_can_prove_are_told_once_with_their_networks(crowd, step):
    end(crowd, step, {"sent": 2, "unconfirmed": 1})
    (mail,) = read_ended()
    assert "prove whether they are there: 1." in mail.message
    assert "Mastodon: sent 2, not sent 0, not confirmed 1" in mail.message
    assert "Mastodon: sent 2, not sent 0, not confirmed 1" in mail.html_message
    assert "/campaigns/river/results/" in mail.message


@pytest.mark.parametrize(
    ("counts", "is_told"),
    [
        ({"sent": 4}, False),
        ({"sent": 2, "failed": 2}, False),  # mishaps
        ({"sent": 2, "failed": 3}, True),
        ({"sent": 2, "failed": 1, "not_sent": 2}, True),
        ({"sent": 1, "withdrawn": 4}, False),
    ],
)
def test_many_that_did_not_go_out_are_told_and_a_few_are_not(crowd, step, counts, is_told):
    end(crowd, step, counts)
    assert len(read_ended()) == is_told


def test_many_is_a_tenth_of_all():
    assert alerting.is_many(30, of=300)
    assert not alerting.is_many(29, of=300)
    assert not alerting.is_many(2, of=2)


def test_what_somebody_cancelled_has_not_failed(crowd, step):
    end(crowd, step, {"sent": 1, "not_sent": 4}, state=LaunchState.CANCELLED)
    assert not read_ended()


def test_while_something_is_open_nobody_is_told(crowd, step, monkeypatch):
    end(crowd, step, {"unconfirmed": 1, "unknown": 1}, state=LaunchState.CANCELLED)
    assert not read_ended()
    Delivery.objects.filter(state="unknown").update(state=DeliveryState.UNCONFIRMED)
    step()
    assert len(read_ended()) == 1


def test_launches_that_were_over_before_this_was_there_are_left_alone(crowd, step):
    end(crowd, step, {"unconfirmed": 3}, ago=timedelta(days=3))
    assert not read_ended()


def test_only_who_may_steer_launches_is_told(crowd, sam, olive):
    from accounts.models import User

    User.objects.create_user("staff@example.org", name="Staff", is_staff=True)
    crowd(1, launch_in=-11)
    tick(lambda _: None)
    assert {mail.to[0] for mail in Email.objects.all()} == {"rae@example.org"}
