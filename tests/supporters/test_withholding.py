"""What was written for many and has not left yet is held back once it is not wanted any more."""

from datetime import timedelta

import pytest
from post_office.models import STATUS, Email

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from campaigns.updating import remove_update
from supporters.eves import tell_of_tomorrow
from supporters.soliciting import choose_asks, mute
from supporters.spreading import mail_updates
from supporters.withholding import withhold_mails
from tests.conftest import make_person
from tests.making import make_campaign, make_promise
from tests.supporters.test_spreading import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(olive):
    """Its moment is in twenty hours."""
    return make_campaign(olive, launch_in=20 * 3600)


@pytest.fixture
def readers(campaign):
    """Two who promised days ago."""
    people = [make_person(f"r{number}@example.org", f"R{number}") for number in range(2)]
    for person in people:
        make_promise(campaign, person, pledged_at=database_now() - timedelta(days=5))
    return people


def list_waiting():
    waiting = Email.objects.filter(status=STATUS.queued).order_by("pk")
    return [mail.to[0] for mail in waiting]


def test_news_that_is_taken_off_the_page_does_not_leave(campaign, readers, olive):
    update = tell(campaign)
    mail_updates(limit=10)
    assert withhold_mails(limit=10) == 0
    assert len(list_waiting()) == 2
    remove_update(update, by=olive)
    assert withhold_mails(limit=1) == 1
    assert withhold_mails(limit=10) == 1
    assert list_waiting() == []
    assert withhold_mails(limit=10) == 0


def test_a_mail_that_has_left_stays_as_it_is(campaign, readers, olive):
    update = tell(campaign)
    mail_updates(limit=10)
    Email.objects.update(status=STATUS.sent)
    remove_update(update, by=olive)
    assert withhold_mails(limit=10) == 0


@pytest.mark.parametrize(
    "stop",
    [lambda who, what: mute(who, campaign=what), lambda who, _: choose_asks(who, number=0)],
    ids=["of one", "of all"],
)
def test_who_wants_no_more_gets_none_that_was_written_before(campaign, readers, stop):
    tell(campaign)
    mail_updates(limit=10)
    stop(readers[0], campaign)
    assert withhold_mails(limit=10) == 1
    assert list_waiting() == ["r1@example.org"]


@pytest.mark.parametrize("what", ["cancelled", "moved"])
def test_nobody_is_told_of_a_tomorrow_that_does_not_come(campaign, readers, what):
    tell_of_tomorrow(limit=10)
    assert withhold_mails(limit=10) == 0
    later = campaign.launch_at + timedelta(days=3)
    changes = {
        "cancelled": {"state": CampaignState.CANCELLED},
        "moved": {"launch_at": later, "latest_at": later + timedelta(hours=1)},
    }
    Campaign.objects.filter(pk=campaign.pk).update(**changes[what])
    assert withhold_mails(limit=10) == 2
    assert list_waiting() == []
