"""Counting: in memory, then in the database, by however many at once."""

import threading
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.db import connection

from campaigns.clicking import Tally, add_clicks, tally
from campaigns.models import ClickCount, ShortLink
from tests.campaigns.conftest import schedule
from tests.processes import wait_until
from tests.racing import together

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ONE = NOON.replace(hour=13)


@pytest.fixture
def link(olive, rae):
    """A link that leads on."""
    return ShortLink.objects.get(campaign=schedule(olive, rae))


def counts():
    """What is written, by hour."""
    return dict(ClickCount.objects.values_list("hour", "clicks"))


@pytest.mark.django_db
def test_clicks_are_counted_by_the_hour(link):
    mine = Tally()
    for minute in (0, 30, 59):
        mine.add(link.pk, at=NOON.replace(minute=minute))
    mine.add(link.pk, at=ONE)
    assert counts() == {}, "nobody waits for the database"
    mine.flush()
    assert counts() == {NOON: 3, ONE: 1}
    mine.add(link.pk, at=ONE)
    mine.flush()
    mine.flush()
    assert counts() == {NOON: 3, ONE: 2}


@pytest.mark.django_db
def test_nothing_is_kept_but_the_number(link):
    assert {field.name for field in ClickCount._meta.get_fields()} == {
        "id",
        "link",
        "hour",
        "clicks",
    }


@pytest.mark.django_db
def test_one_statement_for_each_hour_however_many_clicks(link, django_assert_num_queries):
    with django_assert_num_queries(3):  # with the savepoint around it
        add_clicks(Counter({(link.pk, NOON): 5000}))
    assert counts() == {NOON: 5000}


@pytest.mark.django_db(transaction=True)
def test_clicks_are_written_by_themselves(link, settings):
    settings.CLICK_FLUSH_SECONDS = 0.05
    tally.add(link.pk, at=NOON)
    tally.add(link.pk, at=NOON)
    wait_until(lambda: counts() == {NOON: 2}, what="the clicks in the database")
    tally.add(link.pk, at=NOON)
    wait_until(lambda: counts() == {NOON: 3}, what="the next ones")


@pytest.mark.django_db(transaction=True)
def test_clicks_on_what_is_not_there_are_dropped_and_said(link, caplog):
    mine = Tally()
    mine.add(link.pk + 1, at=NOON)
    mine.flush()
    assert [record.message for record in caplog.records] == ["1 clicks were not counted"]
    caplog.clear()
    mine.add(link.pk, at=NOON)
    mine.flush()
    assert counts() == {NOON: 1}
    assert not caplog.records


def test_threads_lose_no_click_between_them():
    mine, barrier = Tally(), threading.Barrier(8)

    def click():
        barrier.wait()
        for _ in range(500):
            mine.add(1, at=NOON)

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mine._clicks == {(1, NOON): 4000}
    mine.forget()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_processes_add_to_the_same_hours_at_once(link, olive, rae):
    assert connection.vendor == "postgresql"
    other = ShortLink.objects.get(campaign=schedule(olive, rae, title="Another"))

    def write(first, second):
        def act():
            for _ in range(25):
                add_clicks(Counter({(first.pk, NOON): 1, (second.pk, NOON): 1}))

        return act

    outcomes = together(write(link, other), write(other, link), write(link, other))
    assert outcomes == [None, None, None], "no deadlock"
    assert list(ClickCount.objects.values_list("clicks", flat=True)) == [75, 75]
