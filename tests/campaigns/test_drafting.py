"""What an organiser does with a campaign."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import User
from campaigns import drafting, reviewing
from campaigns.checking import list_missing
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, Revision, RevisionState, Theme
from campaigns.refusing import Incomplete, Refusal
from tests.campaigns.conftest import fill


def missing_steps(revision):
    """The steps in which something is missing."""
    return {each.step for each in list_missing(revision, now=database_now())}


def set_moment(campaign, seconds):
    """Let the approved moment be so many seconds from now."""
    moment = database_now() + timedelta(seconds=seconds)
    Campaign.objects.filter(pk=campaign.pk).update(
        launch_at=moment, latest_at=moment + timedelta(minutes=45)
    )
    campaign.refresh_from_db()


def test_there_are_seventeen_themes_in_both_languages(db):
    themes = Theme.objects.all()
    assert len(themes) == 17
    assert all(theme.name_en and theme.name_fr for theme in themes)


def test_new_campaign_is_a_draft_in_its_organisers_language_and_zone(db):
    marie = User.objects.create_user("marie@example.org", language="fr", zone="America/Guadeloupe")
    campaign = drafting.create_campaign(marie)
    revision = campaign.working_revision
    assert campaign.state == CampaignState.DRAFT
    assert revision.state == RevisionState.DRAFT
    assert (revision.language, revision.zone) == ("fr", "America/Guadeloupe")


def test_organiser_without_an_address_is_asked_for_one(db):
    with pytest.raises(Refusal, match="e-mail"):
        drafting.create_campaign(User.objects.create_user())
    assert not Campaign.objects.exists()


def test_nobody_begins_campaigns_without_end(olive, monkeypatch):
    monkeypatch.setattr(drafting, "MOST_DRAFTS", 2)
    first = drafting.create_campaign(olive)
    drafting.create_campaign(olive)
    with pytest.raises(Refusal, match="on your desk"):
        drafting.create_campaign(olive)
    Campaign.objects.filter(pk=first.pk).update(created_at=first.created_at - timedelta(days=31))
    drafting.create_campaign(olive)


def test_address_follows_the_title_until_the_first_approval(draft, olive, rae):
    fill(draft, olive, title="Sauvons l’été !")
    draft.refresh_from_db()
    assert draft.slug == "sauvons-lete"
    revision = drafting.submit(fill(draft, olive, title="Keep the 22:14"), by=olive)
    campaign = reviewing.approve(revision, reviewer=rae)
    assert campaign.slug == "keep-the-2214"
    drafting.revise(campaign, by=olive)
    fill(campaign, olive, title="Something else")
    campaign.refresh_from_db()
    assert campaign.slug == "keep-the-2214"


def test_addresses_are_never_shared(olive, sam):
    slugs = []
    for person in (olive, sam, olive):
        campaign = drafting.create_campaign(person)
        fill(campaign, person, title="New")
        campaign.refresh_from_db()
        slugs.append(campaign.slug)
    assert slugs == ["new-campaign", "new-campaign-2", "new-campaign-3"]


def test_title_in_another_script_keeps_the_first_address(draft, olive):
    fill(draft, olive, title="夜行列車を守ろう")
    before = draft.slug
    draft.refresh_from_db()
    assert draft.slug == before


def test_empty_campaign_lacks_every_step(draft):
    assert missing_steps(draft.working_revision) == {"theme", "story", "message", "moment"}


def test_complete_campaign_lacks_nothing(written):
    assert list_missing(written, now=database_now()) == []


def test_text_too_long_for_a_network_is_told_with_its_excess(draft, olive):
    revision = fill(draft, olive, message="x" * 301, link="", hashtag="")
    sentences = [each.sentence for each in list_missing(revision, now=database_now())]
    assert sentences == ["1 character too long for Bluesky (301 of 300)"]


def test_picture_needs_words(written):
    written.picture = "campaigns/x.jpg"
    assert missing_steps(written) == {"story"}


def test_moment_too_near_for_a_review_is_told(draft, olive, settings):
    soon = database_now() + timedelta(seconds=settings.REVIEW_LEAD_SECONDS - 60)
    assert missing_steps(fill(draft, olive, launch_at=soon)) == {"moment"}


def test_incomplete_draft_is_not_submitted(draft, olive):
    with pytest.raises(Incomplete) as caught:
        drafting.submit(draft.working_revision, by=olive)
    assert ("message", "Write the message.", "message") in caught.value.missing
    draft.refresh_from_db()
    assert draft.state == CampaignState.DRAFT


def test_what_is_pending_keeps_a_draft_from_review(draft, written, olive):
    drafting.save_step(
        draft, by=olive, values={}, pending={"link": "htp:/nowhere"}, fields=["link"]
    )
    with pytest.raises(Incomplete):
        drafting.submit(written, by=olive)
    drafting.save_step(draft, by=olive, values={"link": ""}, pending={}, fields=["link"])
    assert drafting.submit(written, by=olive).state == RevisionState.IN_REVIEW


def test_submitted_campaign_is_in_review(submitted):
    assert submitted.state == RevisionState.IN_REVIEW
    assert submitted.submitted_at is not None
    assert submitted.campaign.state == CampaignState.IN_REVIEW


def test_double_submit_changes_nothing(submitted, olive):
    with pytest.raises(Refusal, match="in review"):
        drafting.submit(submitted, by=olive)
    assert Revision.objects.count() == 1


def test_campaign_in_review_is_not_written_in(submitted, olive):
    with pytest.raises(Refusal, match="Take it back"):
        fill(submitted.campaign, olive, title="Other")
    submitted.refresh_from_db()
    assert submitted.title == "Keep the 22:14"


def test_taken_back_it_is_a_draft_again(submitted, olive):
    revision = drafting.take_back(submitted, by=olive)
    assert revision.state == RevisionState.DRAFT
    assert revision.campaign.state == CampaignState.DRAFT
    with pytest.raises(Refusal, match="not in review"):
        drafting.take_back(submitted, by=olive)


def test_validated_campaign_is_changed_only_after_asking(scheduled, olive):
    with pytest.raises(Refusal, match="validated"):
        fill(scheduled, olive, title="Other")


def test_revising_copies_what_was_approved(scheduled, olive):
    draft = drafting.revise(scheduled, by=olive)
    assert draft.pk != scheduled.approved_id
    assert (draft.number, draft.state) == (2, RevisionState.DRAFT)
    for name in drafting.CONTENT:
        assert getattr(draft, name) == getattr(scheduled.approved, name)
    assert drafting.revise(scheduled, by=olive).pk == draft.pk


def test_only_a_validated_campaign_is_revised(draft, olive):
    with pytest.raises(Refusal, match="validated"):
        drafting.revise(draft, by=olive)


def test_unmoved_moment_needs_no_new_review_time(scheduled, olive):
    set_moment(scheduled, 3600)
    Revision.objects.update(launch_at=scheduled.launch_at)
    draft = drafting.revise(scheduled, by=olive)
    assert list_missing(draft, now=database_now()) == []
    later = scheduled.launch_at + timedelta(minutes=5)
    draft.launch_at = later
    assert missing_steps(draft) == {"moment"}


@pytest.mark.parametrize("seconds", [599, 5, -60])
def test_from_ten_minutes_before_nothing_changes(scheduled, olive, seconds):
    draft = drafting.revise(scheduled, by=olive)
    set_moment(scheduled, seconds)
    with pytest.raises(Refusal, match="ten minutes"):
        fill(scheduled, olive, title="Other")
    with pytest.raises(Refusal, match="ten minutes"):
        drafting.submit(draft, by=olive)
    draft.delete()
    with pytest.raises(Refusal, match="ten minutes"):
        drafting.revise(scheduled, by=olive)


def test_cancelling_works_to_the_moment_and_not_past_it(scheduled, olive):
    set_moment(scheduled, -1)
    with pytest.raises(Refusal, match="too late"):
        drafting.cancel(scheduled, by=olive)
    set_moment(scheduled, 5)
    assert drafting.cancel(scheduled, by=olive).state == CampaignState.CANCELLED
    with pytest.raises(Refusal, match="already"):
        drafting.cancel(scheduled, by=olive)


def test_suspended_campaign_is_cancelled_even_past_its_moment(scheduled, olive, rae):
    reviewing.suspend(scheduled, admin=rae, reason="Somebody complained.")
    set_moment(scheduled, -60)
    assert drafting.cancel(scheduled, by=olive).state == CampaignState.CANCELLED


def test_launched_campaign_is_neither_cancelled_nor_changed(scheduled, olive):
    Campaign.objects.filter(pk=scheduled.pk).update(state=CampaignState.LAUNCHED)
    with pytest.raises(Refusal, match="launch has begun"):
        drafting.cancel(scheduled, by=olive)
    with pytest.raises(Refusal):
        drafting.revise(scheduled, by=olive)
    with pytest.raises(Refusal, match="over"):
        fill(scheduled, olive, title="Other")


def test_cancelling_takes_it_out_of_the_queue(submitted, olive):
    drafting.cancel(submitted.campaign, by=olive)
    assert not Revision.objects.in_queue().exists()


def test_nobody_but_the_organiser_does_any_of_it(submitted, scheduled, sam, rae):
    for stranger in (sam, rae):
        with pytest.raises(PermissionDenied):
            fill(scheduled, stranger, title="Mine now")
        with pytest.raises(PermissionDenied):
            drafting.submit(submitted, by=stranger)
        with pytest.raises(PermissionDenied):
            drafting.take_back(submitted, by=stranger)
        with pytest.raises(PermissionDenied):
            drafting.revise(scheduled, by=stranger)
        with pytest.raises(PermissionDenied):
            drafting.cancel(scheduled, by=stranger)
    scheduled.refresh_from_db()
    assert scheduled.state == CampaignState.SCHEDULED
