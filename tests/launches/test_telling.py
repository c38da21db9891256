"""Who is told what: receipts, the organiser's mail, and cancelled campaigns."""

from dataclasses import replace
from datetime import timedelta

import pytest
from post_office.models import Email

from campaigns import drafting
from campaigns.clock import database_now
from campaigns.models import Campaign
from launches.claiming import claim
from launches.igniting import ignite
from launches.models import AttemptOutcome, Delivery, DeliveryState, Launch, LaunchState
from launches.planning import create_launches
from launches.recording import Result, record
from launches.results import summarise
from launches.ticking import RUSH_SECONDS
from supporters.models import Pledge

pytestmark = pytest.mark.django_db(transaction=True)


def addresses():
    return sorted(mail.to[0] for mail in Email.objects.all())


def note_sent(held):
    return Result(
        delivery_id=held.delivery_id,
        attempt=held.attempt,
        state=DeliveryState.SENT,
        outcome=AttemptOutcome.SENT,
        started_at=database_now(),
        ended_at=database_now(),
        remote_id="7",
        permalink="https://one.example/@voice/7",
    )


def note_later(held):
    return replace(
        note_sent(held),
        state=DeliveryState.WAITING,
        outcome=AttemptOutcome.LATER,
        due_at=database_now() + timedelta(minutes=5),
        remote_id="",
        permalink="",
    )


def give_address(pledge, address="sam@example.org"):
    Pledge.objects.filter(pk=pledge.pk).update(receipt_email=address)


def test_who_gave_an_address_gets_a_receipt_once(crowd, launch_now, step):
    campaign, pledges = crowd(2, launch_in=0.1)
    give_address(pledges[0])
    launch_now(campaign)
    for _ in range(3):
        step()
    assert addresses() == ["olive@example.org", "sam@example.org"]
    receipt = Email.objects.get(to=["sam@example.org"])
    assert Delivery.objects.get(pledge=pledges[0]).permalink in receipt.message
    assert campaign.approved.text.split()[0] in receipt.message


def test_receipts_wait_while_a_launch_has_just_begun_and_still_posts(crowd, step, networks):
    campaign, pledges = crowd(2, launch_in=-0.01)
    give_address(pledges[0])
    create_launches(database_now())
    launch = ignite(Launch.objects.get().pk)
    first, second = claim(launch.pk, most=2).claims
    record([note_sent(first), note_later(second)])
    step()
    assert addresses() == []
    Launch.objects.update(decided_at=launch.decided_at - timedelta(seconds=RUSH_SECONDS))
    step()
    assert addresses() == ["sam@example.org"]


def test_receipt_keeps_own_words_from_an_address_that_nobody_confirmed(crowd, launch_now, step):
    campaign, pledges = crowd(1, launch_in=0.1)
    give_address(pledges[0], "victim@example.org")
    Pledge.objects.update(text="Buy pills.", has_own_words=True)
    launch_now(campaign)
    step()
    receipt = Email.objects.get(to=["victim@example.org"])
    assert "Buy pills." not in receipt.message + receipt.html_message
    assert "The words are your own" in receipt.message


def test_under_the_threshold_everybody_is_told_that_nothing_was_posted(crowd, launch_now, step):
    campaign, pledges = crowd(1, launch_in=0.1, threshold=5)
    give_address(pledges[0])
    launch_now(campaign)
    step()
    assert addresses() == ["olive@example.org", "sam@example.org"]
    assert "Nothing was posted" in Email.objects.get(to=["sam@example.org"]).subject


@pytest.mark.parametrize("launch_in", [20, 9999])
def test_a_cancelled_campaign_tells_who_had_pledged(crowd, step, olive, launch_in):
    campaign, pledges = crowd(1, launch_in=launch_in)
    give_address(pledges[0])
    step()
    campaign = drafting.cancel(campaign, by=olive)
    step()
    step()
    assert "sam@example.org" in addresses()
    assert Launch.objects.get().state == LaunchState.CANCELLED
    summary = summarise(campaign)
    assert (summary.state, summary.tally["not_sent"]) == ("cancelled", 1)


def test_a_suspended_campaign_past_its_latest_time_is_missed_and_told(crowd, step, launch_now):
    campaign, pledges = crowd(1, launch_in=-3600 * 2, latest_minutes=45)
    give_address(pledges[0])
    Campaign.objects.filter(pk=campaign.pk).update(state="suspended")
    assert launch_now(campaign).state == LaunchState.MISSED
    step()
    assert "sam@example.org" in addresses()


def test_a_mail_that_cannot_be_written_keeps_no_other_waiting(
    crowd, launch_now, step, monkeypatch, caplog
):
    from launches import receipts

    campaign, pledges = crowd(2, launch_in=0.1)
    for pledge, address in zip(pledges, ["a@example.org", "b@example.org"], strict=True):
        give_address(pledge, address)
    write = receipts.queue_mail

    def fail_once(to, **facts):
        if to == "a@example.org":
            raise ValueError("no such template")
        return write(to, **facts)

    monkeypatch.setattr(receipts, "queue_mail", fail_once)
    launch_now(campaign)
    step()
    caplog.clear()
    assert "b@example.org" in addresses()
