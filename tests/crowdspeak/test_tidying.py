"""What is done every minute: old things go, and nothing keeps the rest from being done."""

from datetime import timedelta
from pathlib import Path

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from post_office.models import STATUS, Email, Log

from campaigns.clock import database_now
from campaigns.mailing import queue_mail
from crowdspeak import purging, tasks
from crowdspeak.celery import app
from crowdspeak.purging import purge_old
from launches.pauses import Installation
from supporters.models import ErasureRequest
from tests.making import make_campaign

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def write_mail(campaign, *, days_ago, status=STATUS.sent):
    context = {"campaign": campaign, "revision": campaign.approved, "pledges": []}
    mail = queue_mail(
        "sam@example.org", person=None, template="changed", language="en", context=context
    )
    Email.objects.filter(pk=mail.pk).update(created=database_now() - days_ago * DAY, status=status)
    Log.objects.create(email=mail, status=0, message="sent")
    return mail


def test_mails_go_after_ninety_days_and_their_logs_with_them(olive):
    campaign = make_campaign(olive)
    write_mail(campaign, days_ago=91)
    kept = write_mail(campaign, days_ago=89)
    assert purge_old() == 1
    assert list(Email.objects.all()) == [kept]
    assert Log.objects.count() == 1


@pytest.mark.parametrize("status", [STATUS.queued, STATUS.requeued])
def test_a_mail_that_waits_is_kept_however_old_it_is(olive, status):
    write_mail(make_campaign(olive), days_ago=900, status=status)
    assert purge_old() == 0


def test_notes_of_sign_ins_go_after_thirty_days(db):
    for days in (29, 31):
        attempt = AccessAttempt.objects.create(
            username=f"sam{days}", ip_address="192.0.2.1", failures_since_start=1
        )
        note = AccessLog.objects.create(username=f"sam{days}", ip_address="192.0.2.1")
        for row in (attempt, note):
            type(row).objects.filter(pk=row.pk).update(attempt_time=database_now() - days * DAY)
    assert purge_old() == 2
    assert AccessAttempt.objects.get().username == AccessLog.objects.get().username == "sam29"


def test_sessions_that_are_over_and_old_requests_go(db):
    now = database_now()
    for number, ends_at in enumerate((now - DAY, now + DAY)):
        Session.objects.create(session_key=f"s{number}", session_data="", expire_date=ends_at)
        ErasureRequest.objects.create(code=f"c{number}", network="threads", asked_at=now)
    ErasureRequest.objects.filter(code="c0").update(asked_at=now - 91 * DAY)
    assert purge_old() == 2
    assert Session.objects.get().session_key == "s1"
    assert ErasureRequest.objects.get().code == "c1"


def test_a_little_at_a_time(olive, monkeypatch):
    monkeypatch.setattr(purging, "AT_ONCE", 2)
    campaign = make_campaign(olive)
    for _ in range(3):
        write_mail(campaign, days_ago=100)
    assert [purge_old(), purge_old(), purge_old()] == [2, 1, 0]


def test_a_part_that_fails_does_not_keep_the_others_from_their_work(monkeypatch, caplog, db):
    done = []

    def fail():
        raise RuntimeError("no")

    monkeypatch.setattr(tasks, "PARTS", (fail, lambda: done.append(1)))
    tasks.tidy()
    assert done
    assert "fail" in caplog.text


def test_on_a_copy_of_the_database_nothing_is_tidied(monkeypatch, db):
    done = []
    monkeypatch.setattr(tasks, "PARTS", (lambda: done.append(1),))
    Installation.objects.create(
        site_url="https://elsewhere.example", instance_id="other", fingerprint_check="x"
    )
    tasks.tidy()
    assert not done


def test_the_schedule_names_the_task_and_a_worker_listens_to_its_queue(settings):
    name = settings.CELERY_BEAT_SCHEDULE["tidy"]["task"]
    assert name == tasks.tidy.name
    app.loader.import_default_modules()
    assert name in app.tasks
    queue = settings.CELERY_TASK_ROUTES[name]["queue"]
    assert queue in Path("Procfile").read_text()


def test_the_page_says_how_long_things_are_kept(client, db):
    page = client.get("/what-we-keep/").content.decode()
    assert f"{purging.MAILS_LAST.days} days" in page
    assert f"{purging.SIGN_INS_LAST.days} days" in page
