"""The outbox is emptied by one worker at a time, on however many machines."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from post_office.models import STATUS, Email

from campaigns.emptying import OUTBOX_LOCK, empty_outbox
from tests.racing import Actor

pytestmark = [pytest.mark.django_db(transaction=True)]


def queue(number):
    for index in range(number):
        Email.objects.create(
            from_email="site@example.org",
            to=[f"voice{index}@example.org"],
            subject=f"Mail {index}",
            message="Words",
            status=STATUS.queued,
            priority=2,
        )


def test_everything_that_is_due_is_sent(mailbox):
    queue(3)
    assert empty_outbox()
    assert Email.objects.filter(status=STATUS.sent).count() == 3
    assert sorted(each.subject for each in mailbox) == ["Mail 0", "Mail 1", "Mail 2"]


@pytest.mark.postgres
def test_who_comes_while_another_one_is_at_it_sends_nothing(mailbox):
    """The other one may be on another machine: what they share is the database."""
    queue(3)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [OUTBOX_LOCK])
        assert not empty_outbox()
        assert mailbox == []
    finally:
        other.close()
    assert empty_outbox()
    assert len(mailbox) == 3


@pytest.mark.postgres
def test_two_at_once_send_each_mail_once(mailbox):
    queue(40)
    actors = [Actor(empty_outbox) for _ in range(2)]
    for actor in actors:
        actor.finish()
    empty_outbox()
    assert len(mailbox) == 40
    assert len({each.subject for each in mailbox}) == 40


@pytest.mark.postgres
def test_a_lock_that_a_killed_worker_left_holds_nobody_up(mailbox):
    """In containers every worker is process 1, so that the dead one's number is alive again."""
    queue(1)
    lock = Path(f"{settings.POST_OFFICE['LOCK_FILE_NAME']}.lock")
    lock.write_text(str(os.getpid()))
    try:
        assert empty_outbox()
    finally:
        lock.unlink()
    assert len(mailbox) == 1


@pytest.fixture
def mailbox(settings):
    """What was sent, in this process's memory."""
    settings.POST_OFFICE = {
        **settings.POST_OFFICE,
        "BACKENDS": {"default": "django.core.mail.backends.locmem.EmailBackend"},
    }
    mail.outbox = []
    return mail.outbox
