"""A database that went back in time was restored from a backup, and sends nothing by itself."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from post_office.models import STATUS, Email

from campaigns.clock import database_now
from launches import installation, tasks
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import Launch, LaunchState
from launches.pauses import Heartbeat
from launches.planning import create_launches
from tests.campaigns.test_emptying import mailbox  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)


def go_back(seconds):
    """What a restored backup does: the database's last tick is an older one."""
    beat = Heartbeat.objects.get(name=installation.TICK)
    Heartbeat.objects.update(beat_at=beat.beat_at - timedelta(seconds=seconds))


def test_a_backup_restored_within_seconds_is_held_until_it_is_adopted(
    crowd, step, launch_now, networks
):
    campaign, _ = crowd(2, launch_in=-0.01)
    step()
    launch = Launch.objects.get()
    go_back(3)
    assert step() == []
    assert ignite(launch.pk).state == LaunchState.SCHEDULED
    with pytest.raises(CommandError, match="switched off"):
        call_command("adopt", stdout=StringIO())
    out = StringIO()
    call_command("adopt", "--yes", stdout=out)
    assert "last_tick" in out.getvalue()
    assert launch_now(campaign).look_first
    assert networks.summarise() == {"posts": 2, "accounts": 2, "duplicates": 0}


def test_a_firing_launch_of_a_restored_backup_claims_nothing(crowd, step):
    crowd(1, launch_in=-0.01)
    create_launches(database_now())
    step()
    launch = ignite(Launch.objects.get().pk)
    go_back(1)
    assert not claim(launch.pk, most=5).claims
    step()
    launch.refresh_from_db()
    assert (launch.state, launch.held_why) == (LaunchState.HELD, installation.FOREIGN)


def test_a_clock_that_is_set_back_is_no_restored_backup(step, monkeypatch):
    step()
    earlier = database_now() - timedelta(hours=1)
    monkeypatch.setattr("launches.ticking.database_now", lambda: earlier)
    step()
    assert not installation.list_differences()


def test_a_tick_that_comes_while_another_one_looks_is_no_restored_backup(
    crowd, step, networks, monkeypatch
):
    """Two beats, or one whose messages came together: both tick, and neither holds the launch."""
    crowd(1, launch_in=-0.01)
    step()
    ignite(Launch.objects.get().pk)
    read_note = installation._read_note

    def read_after_another_tick():
        monkeypatch.setattr(installation, "_read_note", read_note)
        step()
        return read_note()

    monkeypatch.setattr(installation, "_read_note", read_after_another_tick)
    step()
    assert Launch.objects.get().state == LaunchState.FIRING


def test_a_new_database_beside_an_old_note_is_ours(step, settings):
    settings.LAST_TICK_FILE.write_text(database_now().isoformat())
    assert not installation.list_differences()


def test_a_note_that_cannot_be_written_or_read_stops_nothing(
    step, settings, tmp_path, caplog, crowd, launch_now
):
    settings.LAST_TICK_FILE = tmp_path / "nowhere" / "last_tick"
    campaign, _ = crowd(1, launch_in=0.1)
    assert launch_now(campaign).state == LaunchState.FINISHED
    settings.LAST_TICK_FILE = tmp_path / "last_tick"
    settings.LAST_TICK_FILE.write_text("yesterday")
    assert not installation.list_differences()
    assert "could not be noted" in caplog.text
    assert "cannot be read" in caplog.text
    caplog.clear()


def write(subject):
    return Email.objects.create(
        from_email="site@example.org",
        to=["sam@example.org"],
        subject=subject,
        message="Words",
        status=STATUS.queued,
        priority=2,
    )


@pytest.mark.parametrize("differs", ["restored", "copied"])
def test_a_copy_mails_nothing_of_before_until_it_is_adopted(step, settings, mailbox, differs):  # noqa: F811
    write("Of before")
    Email.objects.update(created=database_now() - timedelta(seconds=1))
    step()
    if differs == "restored":
        go_back(0.001)
    else:
        settings.SITE_URL = "https://copy.example"
    write("Of the copy")
    for _ in range(2):
        tasks.send_mails()
    assert [mail.subject for mail in mailbox] == ["Of the copy"]
    installation.adopt()
    tasks.send_mails()
    assert [mail.subject for mail in mailbox] == ["Of the copy", "Of before"]


def test_mails_of_one_s_own_database_are_not_kept_back(step, mailbox):  # noqa: F811
    write("Of ours")
    step()
    assert installation.withhold_mails() == 0
    tasks.send_mails()
    assert [mail.subject for mail in mailbox] == ["Of ours"]
