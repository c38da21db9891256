"""Ticks that find the same launch late, or over, at the same time tell of it once."""

from datetime import timedelta

import pytest
from post_office.models import Email

from campaigns.clock import database_now
from launches import alerting, installation
from launches.models import Delivery, Launch
from launches.planning import create_launches
from tests.racing import meet, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def late(crowd, rae):
    """A launch whose moment has passed."""
    crowd(1, launch_in=-30)
    create_launches(database_now())
    return Launch.objects.get()


def test_a_tick_that_meets_another_finds_the_launch_told(late):
    now = database_now()
    told = meet(lambda: alerting.tell_late(now), lambda: alerting.tell_late(now))
    assert told == (1, 0)
    assert Email.objects.filter(subject__startswith="Not begun").count() == 1


def test_four_ticks_at_once_tell_once(late):
    now = database_now()
    assert sum(together(*[lambda: alerting.tell_late(now)] * 4)) == 1
    assert Email.objects.filter(subject__startswith="Not begun").count() == 1


def test_four_ticks_at_once_tell_once_how_it_ended(late):
    now = database_now()
    Delivery.objects.create(
        launch=late,
        network="mastodon",
        host="a.example",
        state="unconfirmed",
        account_fingerprint="x",
    )
    Launch.objects.update(
        state="finished",
        decided_at=now,
        people=1,
        pledges=1,
        finished_at=now - timedelta(minutes=1),
    )
    assert sum(together(*[lambda: alerting.tell_ended(limit=9)] * 4)) == 1
    assert Email.objects.filter(subject__startswith="Not all went out").count() == 1


def test_two_ticks_that_hold_on_a_copy_of_the_database_tell_once(late, settings):
    installation.list_differences()
    Launch.objects.update(state="firing", decided_at=database_now(), people=1, pledges=1)
    settings.INSTANCE_ID = "another"
    meet(installation.hold_if_foreign, installation.hold_if_foreign)
    assert Email.objects.filter(subject__startswith="Held by itself").count() == 1
