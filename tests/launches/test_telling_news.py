"""News waits for launches: none is mailed while one is about to begin or has just begun."""

from datetime import timedelta

import pytest
from post_office.models import STATUS, Email

from campaigns.clock import database_now
from campaigns.updating import remove_update
from launches.igniting import ignite
from launches.models import Launch
from launches.planning import create_launches
from launches.ticking import RUSH_SECONDS
from tests.making import make_campaign, make_promise
from tests.supporters.test_spreading import tell

pytestmark = pytest.mark.django_db(transaction=True)


def count_news():
    return Email.objects.filter(subject__startswith="News: ").count()


def test_the_tick_mails_news_in_portions(step, olive, sam, rae):
    campaign = make_campaign(olive)
    make_promise(campaign, sam)
    make_promise(campaign, rae)
    tell(campaign)
    step()
    step()
    assert count_news() == 2


def test_the_tick_holds_back_news_that_is_taken_off_the_page(step, olive, sam):
    campaign = make_campaign(olive)
    make_promise(campaign, sam)
    update = tell(campaign)
    step()
    assert Email.objects.get(subject__startswith="News: ").status == STATUS.queued
    remove_update(update, by=olive)
    step()
    assert Email.objects.get(subject__startswith="News: ").status == STATUS.failed


def test_no_more_news_is_written_than_the_outbox_lets_go(step, olive, sam, rae, monkeypatch):
    monkeypatch.setattr("supporters.spreading.MOST_WAITING", 1)
    for slug in ("one", "two"):
        campaign = make_campaign(olive, slug=slug)
        make_promise(campaign, sam)
        tell(campaign)
        step()
    step()
    assert count_news() == 1
    Email.objects.update(status=STATUS.sent)
    step()
    assert count_news() == 2


def test_news_waits_while_a_launch_has_just_begun(crowd, step, olive, sam):
    crowd(1, launch_in=-0.01)
    other = make_campaign(olive, slug="other")
    make_promise(other, sam)
    tell(other)
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    step()
    assert count_news() == 0
    Launch.objects.update(decided_at=launch.decided_at - timedelta(seconds=RUSH_SECONDS))
    step()
    assert count_news() == 1


def test_news_waits_while_a_launch_is_about_to_begin(step, olive, sam):
    near = make_campaign(olive, launch_in=RUSH_SECONDS - 5)
    create_launches(database_now())
    other = make_campaign(olive, slug="other")
    make_promise(other, sam)
    tell(other)
    step()
    assert count_news() == 0
    Launch.objects.filter(campaign=near).update(state="cancelled")
    near.state = "cancelled"
    near.save()
    step()
    assert count_news() == 1
