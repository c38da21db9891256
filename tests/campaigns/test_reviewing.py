"""What reviewers decide."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from campaigns import drafting, reviewing
from campaigns.clock import database_now
from campaigns.models import (
    Campaign,
    CampaignState,
    ReviewDecision,
    Revision,
    RevisionState,
    Verdict,
)
from campaigns.refusing import Refusal
from tests.campaigns.conftest import fill, schedule
from tests.campaigns.test_drafting import set_moment
from tests.conftest import make_person


def test_approval_makes_the_revision_the_campaign(submitted, rae):
    campaign = reviewing.approve(submitted, reviewer=rae, reason="Welcome!")
    campaign.refresh_from_db()
    submitted.refresh_from_db()
    assert campaign.state == CampaignState.SCHEDULED
    assert campaign.approved == submitted
    assert submitted.state == RevisionState.APPROVED
    assert campaign.launch_at == campaign.first_launch_at == submitted.launch_at
    assert campaign.latest_at == submitted.launch_at + timedelta(minutes=45)
    decision = ReviewDecision.objects.get()
    assert (decision.verdict, decision.reviewer, decision.reason) == ("approved", rae, "Welcome!")


def test_goal_and_visibility_are_the_approved_ones(draft, olive, rae):
    revision = fill(draft, olive, threshold=500, visibility="unlisted", latest_minutes=120)
    campaign = reviewing.approve(drafting.submit(revision, by=olive), reviewer=rae)
    campaign.refresh_from_db()
    assert (campaign.threshold, campaign.visibility) == (500, "unlisted")
    assert campaign.latest_at - campaign.launch_at == timedelta(hours=2)


@pytest.mark.parametrize("decide", [reviewing.ask_changes, reviewing.reject])
def test_going_back_needs_a_reason(submitted, rae, decide):
    with pytest.raises(Refusal, match="reason"):
        decide(submitted, reviewer=rae, reason="  ")
    assert not ReviewDecision.objects.exists()


def test_asked_changes_are_made_in_a_new_revision_and_sent_again(submitted, olive, rae):
    campaign = reviewing.ask_changes(submitted, reviewer=rae, reason="Name your source.")
    assert campaign.state == CampaignState.CHANGES_ASKED
    changed = fill(campaign, olive, story="It runs. [Source](https://rail.example)")
    assert (changed.number, changed.state) == (2, RevisionState.DRAFT)
    again = drafting.submit(changed, by=olive)
    campaign = reviewing.approve(again, reviewer=rae)
    assert campaign.state == CampaignState.SCHEDULED
    submitted.refresh_from_db()
    assert submitted.state == RevisionState.CHANGES_ASKED
    assert "Source" not in submitted.story
    assert list(ReviewDecision.objects.order_by("pk").values_list("verdict", flat=True)) == [
        Verdict.CHANGES_ASKED,
        Verdict.APPROVED,
    ]


def test_rejected_campaign_may_be_sent_again(submitted, olive, rae):
    campaign = reviewing.reject(submitted, reviewer=rae, reason="This is an advertisement.")
    assert campaign.state == CampaignState.REJECTED
    again = drafting.submit(submitted, by=olive)
    assert (again.number, again.state) == (2, RevisionState.IN_REVIEW)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.IN_REVIEW


def test_nobody_reviews_their_own(rae, rex):
    revision = drafting.submit(fill(drafting.create_campaign(rae), rae), by=rae)
    for decide in (reviewing.approve, reviewing.ask_changes, reviewing.reject):
        with pytest.raises(PermissionDenied, match="somebody else on the staff"):
            decide(revision, reviewer=rae, reason="Mine is good.")
    assert reviewing.approve(revision, reviewer=rex).state == CampaignState.SCHEDULED


def test_lone_admin_is_told_to_invite_a_second_reviewer(rae, sam):
    revision = drafting.submit(fill(drafting.create_campaign(rae), rae), by=rae)
    with pytest.raises(PermissionDenied, match="Invite a second reviewer"):
        reviewing.approve(revision, reviewer=rae)


def test_staff_without_the_right_is_no_second_reviewer(rae, db):
    make_person("tim@example.org", "Tim", is_staff=True)
    assert "Invite a second reviewer" in reviewing.explain_own(rae)


def test_only_staff_with_the_right_reviews(submitted, sam, olive, rae):
    clerk = make_person("tim@example.org", "Tim", is_staff=True)
    gone = make_person("old@example.org", "Old", is_staff=True, is_superuser=True, is_active=False)
    super_sam = make_person("power@example.org", "Power", is_superuser=True)
    for person in (sam, olive, clerk, gone, super_sam):
        for decide in (reviewing.approve, reviewing.ask_changes, reviewing.reject):
            with pytest.raises(PermissionDenied):
                decide(submitted, reviewer=person, reason="Because.")
    submitted.refresh_from_db()
    assert submitted.state == RevisionState.IN_REVIEW


def test_second_reviewer_comes_too_late(submitted, rae, rex):
    stale = Revision.objects.get(pk=submitted.pk)
    reviewing.approve(submitted, reviewer=rae)
    for decide in (reviewing.approve, reviewing.ask_changes, reviewing.reject):
        with pytest.raises(Refusal, match="Too late"):
            decide(stale, reviewer=rex, reason="I say no.")
    assert ReviewDecision.objects.count() == 1
    assert Campaign.objects.get().state == CampaignState.SCHEDULED


def test_what_was_taken_back_is_not_decided(submitted, olive, rae):
    stale = Revision.objects.get(pk=submitted.pk)
    drafting.take_back(submitted, by=olive)
    with pytest.raises(Refusal, match="taken back"):
        reviewing.approve(stale, reviewer=rae)


def test_cancelled_while_being_read_is_not_approved(submitted, olive, rae):
    drafting.cancel(submitted.campaign, by=olive)
    with pytest.raises(Refusal):
        reviewing.approve(submitted, reviewer=rae)


def test_passed_moment_is_not_approved(submitted, rae):
    Revision.objects.update(launch_at=database_now() - timedelta(seconds=1))
    with pytest.raises(Refusal, match="has passed"):
        reviewing.approve(submitted, reviewer=rae)
    assert Campaign.objects.get().state == CampaignState.IN_REVIEW


def test_revised_campaign_keeps_the_approved_one_until_it_is_validated(scheduled, olive, rae):
    old = scheduled.approved
    drafting.revise(scheduled, by=olive)
    new = drafting.submit(fill(scheduled, olive, message="We still say no."), by=olive)
    scheduled.refresh_from_db()
    assert (scheduled.state, scheduled.approved) == (CampaignState.SCHEDULED, old)
    reviewing.ask_changes(new, reviewer=rae, reason="Louder.")
    scheduled.refresh_from_db()
    assert (scheduled.state, scheduled.approved) == (CampaignState.SCHEDULED, old)
    moment = scheduled.launch_at + timedelta(days=1)
    again = drafting.submit(fill(scheduled, olive, launch_at=moment, threshold=10), by=olive)
    campaign = reviewing.approve(again, reviewer=rae)
    campaign.refresh_from_db()
    old.refresh_from_db()
    assert (campaign.approved, campaign.launch_at, campaign.threshold) == (again, moment, 10)
    assert campaign.first_launch_at == old.launch_at
    assert old.state == RevisionState.SUPERSEDED


def test_revision_is_not_approved_in_the_last_ten_minutes(scheduled, olive, rae):
    drafting.revise(scheduled, by=olive)
    new = drafting.submit(fill(scheduled, olive, message="We still say no."), by=olive)
    set_moment(scheduled, 590)
    with pytest.raises(Refusal, match="ten minutes"):
        reviewing.approve(new, reviewer=rae)
    assert Campaign.objects.get().approved == scheduled.approved


def test_moment_does_not_move_to_within_ten_minutes(scheduled, olive, rae):
    drafting.revise(scheduled, by=olive)
    new = drafting.submit(fill(scheduled, olive, message="We still say no."), by=olive)
    Revision.objects.filter(pk=new.pk).update(launch_at=database_now() + timedelta(seconds=500))
    with pytest.raises(Refusal, match="told in time"):
        reviewing.approve(new, reviewer=rae)


def test_first_approval_just_before_the_moment_is_allowed(submitted, rae):
    Revision.objects.update(launch_at=database_now() + timedelta(seconds=30))
    assert reviewing.approve(submitted, reviewer=rae).state == CampaignState.SCHEDULED


def test_suspending_and_resuming_keep_their_reasons(scheduled, rae):
    assert reviewing.suspend(scheduled, admin=rae, reason="A complaint.").state == "suspended"
    assert reviewing.resume(scheduled, admin=rae, reason="It was settled.").state == "scheduled"
    reasons = ReviewDecision.objects.order_by("pk").values_list("verdict", "reason")
    assert list(reasons)[1:] == [
        ("suspended", "A complaint."),
        ("resumed", "It was settled."),
    ]


def test_suspended_campaign_is_revised_and_stays_suspended(scheduled, olive, rae):
    reviewing.suspend(scheduled, admin=rae, reason="The link is wrong.")
    drafting.revise(scheduled, by=olive)
    new = drafting.submit(fill(scheduled, olive, link="https://right.example"), by=olive)
    campaign = reviewing.approve(new, reviewer=rae)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.approved) == (CampaignState.SUSPENDED, new)


def test_resuming_after_the_moment_asks_for_another(scheduled, rae):
    reviewing.suspend(scheduled, admin=rae, reason="A complaint.")
    set_moment(scheduled, -1)
    with pytest.raises(Refusal, match="passed"):
        reviewing.resume(scheduled, admin=rae, reason="It was settled.")


def test_nobody_resumes_their_own(rae, rex):
    campaign = schedule(rex, rae)
    reviewing.suspend(campaign, admin=rae, reason="A complaint.")
    with pytest.raises(PermissionDenied):
        reviewing.resume(campaign, admin=rex, reason="I am innocent.")


def test_stopping_needs_rights_a_reason_and_the_right_state(scheduled, olive, sam, rae):
    clerk = make_person("tim@example.org", "Tim", is_staff=True)
    for act in (reviewing.suspend, reviewing.resume, reviewing.cancel):
        for person in (olive, sam, clerk):
            with pytest.raises(PermissionDenied):
                act(scheduled, admin=person, reason="Because.")
        with pytest.raises(Refusal, match="reason"):
            act(scheduled, admin=rae, reason="")
    with pytest.raises(Refusal, match="not suspended"):
        reviewing.resume(scheduled, admin=rae, reason="Go on.")
    reviewing.cancel(scheduled, admin=rae, reason="It was a hoax.")
    with pytest.raises(Refusal):
        reviewing.suspend(scheduled, admin=rae, reason="Again.")
    assert Campaign.objects.get().state == CampaignState.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_decides():
    olive = make_person("olive@example.org", "Olive")
    reviewers = [
        make_person(f"{name}@example.org", name, is_staff=True, is_superuser=True)
        for name in ("Rae", "Rex")
    ]
    revision = drafting.submit(fill(drafting.create_campaign(olive), olive), by=olive)
    start, outcomes = threading.Barrier(2), []

    def decide(reviewer, act):
        start.wait(timeout=10)
        try:
            act(Revision.objects.get(pk=revision.pk), reviewer=reviewer, reason="My word.")
            outcomes.append("decided")
        except Refusal as refusal:
            outcomes.append(str(refusal))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=pair)
        for pair in zip(reviewers, (reviewing.approve, reviewing.reject), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == [
        "Too late: it was decided by somebody else, or taken back.",
        "decided",
    ]
    decision = ReviewDecision.objects.get()
    state = Campaign.objects.get().state
    assert state == ("scheduled" if decision.verdict == Verdict.APPROVED else "rejected")
