"""What the database itself refuses, whoever asks."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, ReviewDecision, Revision


def refuse(name, change):
    """The change breaks the constraint of that name."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        change()
    assert name in str(caught.value) or "UNIQUE constraint failed" in str(caught.value)


def test_campaign_in_public_has_what_a_launch_needs(draft):
    row = Campaign.objects.filter(pk=draft.pk)
    for state in ("scheduled", "suspended", "launched"):
        refuse("campaign_in_public_has_a_moment", lambda state=state: row.update(state=state))


def test_states_are_known(draft):
    row = Campaign.objects.filter(pk=draft.pk)
    refuse("campaign_state_is_known", lambda: row.update(state="live"))
    refuse(
        "revision_state_is_known",
        lambda: Revision.objects.filter(campaign=draft).update(state="live"),
    )


def test_latest_time_is_after_the_launch(scheduled):
    row = Campaign.objects.filter(pk=scheduled.pk)
    refuse("campaign_latest_is_after_launch", lambda: row.update(latest_at=scheduled.launch_at))
    late = database_now() + timedelta(days=900)
    refuse("campaign_latest_is_after_launch", lambda: row.update(launch_at=late))


def test_goal_is_at_least_one(scheduled):
    refuse(
        "campaign_threshold_is_positive",
        lambda: Campaign.objects.filter(pk=scheduled.pk).update(threshold=0),
    )
    refuse("revision_threshold_is_positive", lambda: Revision.objects.update(threshold=0))


def test_latest_time_is_within_a_day(scheduled):
    for minutes in (0, 1441):
        refuse(
            "revision_latest_within_a_day",
            lambda minutes=minutes: Revision.objects.update(latest_minutes=minutes),
        )


@pytest.mark.parametrize("state", ["draft", "in_review", "approved"])
def test_one_revision_at_a_time_is_written_reviewed_or_approved(written, state):
    Revision.objects.update(state=state)
    facts = {"title": "t", "message": "m", "launch_at": written.launch_at}
    refuse(
        f"revision_{state}_once_per_campaign",
        lambda: Revision.objects.create(campaign=written.campaign, number=2, state=state, **facts),
    )


def test_numbers_of_revisions_are_not_shared(written):
    refuse(
        "revision_number_once_per_campaign",
        lambda: Revision.objects.create(campaign=written.campaign, state="rejected"),
    )


@pytest.mark.parametrize("nothing", [{"title": ""}, {"message": ""}, {"launch_at": None}])
def test_nothing_empty_is_reviewed_or_public(scheduled, nothing):
    refuse("revision_shown_has_words_and_moment", lambda: Revision.objects.update(**nothing))


def test_decision_against_has_a_reason(submitted, rae):
    refuse(
        "decision_against_gives_a_reason",
        lambda: ReviewDecision.objects.create(revision=submitted, reviewer=rae, verdict="rejected"),
    )


def test_campaign_of_two_states_moves_once(submitted):
    first, second = Campaign.objects.get(), Campaign.objects.get()
    assert Campaign.objects.move(first, to=CampaignState.DRAFT)
    assert not Campaign.objects.move(second, to=CampaignState.REJECTED)
    assert second.state == CampaignState.IN_REVIEW
    assert not Campaign.objects.amend(second, slug="other")
    with pytest.raises(ValueError, match="no move"):
        Campaign.objects.move(first, to=CampaignState.LAUNCHED)
