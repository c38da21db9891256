"""Review in Django's admin."""

import html

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from campaigns import drafting, reviewing
from campaigns.admin import CampaignAdmin
from campaigns.models import Campaign, CampaignState, ReviewDecision, Revision, RevisionState
from tests.campaigns.conftest import fill
from tests.conftest import make_person

QUEUE = "admin:campaigns_revision_changelist"


@pytest.fixture(autouse=True)
def _first_factor_is_enough(settings):
    settings.STAFF_NEEDS_MFA = False


@pytest.fixture
def office(client, rae):
    """Rae's browser."""
    client.force_login(rae)
    return client


def address(revision):
    """Where a revision is reviewed."""
    return reverse("admin:campaigns_campaign_review", args=[revision.campaign_id, revision.pk])


def read(answer):
    """What a page says, entities resolved."""
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_queue_shows_what_waits_the_oldest_first(office, submitted, olive, sam, scheduled):
    first = drafting.submit(fill(drafting.create_campaign(olive), olive, title="One"), by=olive)
    second = drafting.submit(fill(drafting.create_campaign(sam), sam, title="Two"), by=sam)
    fill(drafting.create_campaign(sam), sam, title="Only a draft")
    page = read(office.get(reverse(QUEUE)))
    assert "Only a draft" not in page
    assert "Keep the 22:14" not in page
    assert 0 < page.index(address(first)) < page.index(address(second))
    assert "0\xa0minutes" in page
    assert "Sam" in page


def test_review_page_shows_it_as_people_will_see_it(office, draft, olive):
    story = "It runs through **eleven** towns. <script>alert(1)</script>"
    revision = drafting.submit(fill(draft, olive, story=story, threshold=500), by=olive)
    answer = office.get(address(revision))
    page = read(answer)
    assert "<strong>eleven</strong>" in page
    assert "<script>alert(1)</script>" not in answer.content.decode()
    assert "We say no." in page
    assert "of 300 characters" in page
    assert "of 500 characters" in page
    assert "in Paris" in page
    assert "500" in page
    assert "olive@example.org" in page
    for button in ("Validate", "Ask for changes", "Reject"):
        assert button in page


@pytest.mark.parametrize(
    ("verdict", "state"),
    [("approve", "scheduled"), ("ask_changes", "changes_asked"), ("reject", "rejected")],
)
def test_three_buttons_decide(office, submitted, verdict, state):
    answer = office.post(address(submitted), {"verdict": verdict, "reason": "My word."})
    assert answer.url == reverse(QUEUE)
    assert Campaign.objects.get().state == state
    assert ReviewDecision.objects.get().reason == "My word."


@pytest.mark.parametrize("verdict", ["ask_changes", "reject", "", "publish"])
def test_button_without_what_it_needs_decides_nothing(office, submitted, verdict):
    read(office.post(address(submitted), {"verdict": verdict, "reason": ""}))
    submitted.refresh_from_db()
    assert submitted.state == RevisionState.IN_REVIEW
    assert not ReviewDecision.objects.exists()


def test_late_reviewer_is_told_and_nothing_changes(office, submitted, rex):
    reviewing.approve(submitted, reviewer=rex)
    page = read(office.post(address(submitted), {"verdict": "reject", "reason": "No."}))
    assert "Too late" in page
    assert "not waiting for a decision" in page
    assert Campaign.objects.get().state == CampaignState.SCHEDULED


def test_own_campaign_has_no_buttons_and_a_post_is_forbidden(office, rae):
    revision = drafting.submit(fill(drafting.create_campaign(rae), rae), by=rae)
    page = read(office.get(address(revision)))
    assert "Invite a second reviewer" in page
    assert "Validate" not in page
    answer = office.post(address(revision), {"verdict": "approve", "reason": ""})
    assert answer.status_code == 403
    assert Campaign.objects.get().state == CampaignState.IN_REVIEW


def test_review_needs_the_right(client, submitted):
    clerk = make_person("tim@example.org", "Tim", is_staff=True)
    client.force_login(clerk)
    where = address(submitted)
    assert client.get(where).status_code == 403
    assert client.post(where, {"verdict": "approve"}).status_code == 403
    assert client.get(reverse(QUEUE)).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="change_revision"))
    assert "Validate" in read(client.get(where))
    assert address(submitted) in read(client.get(reverse(QUEUE)))
    stop = reverse("admin:campaigns_campaign_stop", args=[submitted.campaign_id, "cancel"])
    assert client.post(stop, {"reason": "No."}).status_code == 403


def test_organisers_and_supporters_do_not_get_in(client, submitted, olive, sam):
    for person in (olive, sam):
        client.force_login(person)
        assert client.get(address(submitted)).status_code == 302
        assert client.post(address(submitted), {"verdict": "approve"}).status_code == 302
    assert Campaign.objects.get().state == CampaignState.IN_REVIEW


def test_staff_without_a_second_factor_does_not_get_in(office, submitted, settings):
    settings.STAFF_NEEDS_MFA = True
    assert office.post(address(submitted), {"verdict": "approve"}).status_code == 302
    assert Campaign.objects.get().state == CampaignState.IN_REVIEW


def test_revision_of_another_campaign_is_not_there(office, submitted, sam):
    other = drafting.create_campaign(sam)
    where = reverse("admin:campaigns_campaign_review", args=[other.pk, submitted.pk])
    assert office.get(where).status_code == 404


def test_changes_to_what_was_approved_are_shown(office, scheduled, olive):
    drafting.revise(scheduled, by=olive)
    revision = drafting.submit(fill(scheduled, olive, message="We say no, loudly."), by=olive)
    page = read(office.get(address(revision)))
    assert "What changes" in page
    assert "We say no, loudly." in page
    assert "unless somebody says no" in page


def test_history_and_similar_campaigns_are_shown(office, scheduled, olive, sam):
    copy = drafting.submit(fill(drafting.create_campaign(sam), sam, title="A copy"), by=sam)
    page = read(office.get(address(copy)))
    assert reverse("admin:campaigns_campaign_change", args=[scheduled.pk]) in page


def test_campaign_is_suspended_resumed_and_cancelled_with_reasons(office, scheduled):
    page = read(office.get(reverse("admin:campaigns_campaign_change", args=[scheduled.pk])))
    assert "Suspend" in page
    for action, state in (
        ("suspend", "suspended"),
        ("resume", "scheduled"),
        ("cancel", "cancelled"),
    ):
        stop = reverse("admin:campaigns_campaign_stop", args=[scheduled.pk, action])
        assert office.get(stop).status_code == 405
        office.post(stop, {"reason": ""})
        assert Campaign.objects.get().state != state
        office.post(stop, {"reason": "Because."})
        assert Campaign.objects.get().state == state
        read(office.get(reverse("admin:campaigns_campaign_change", args=[scheduled.pk])))


def test_no_field_is_edited_by_hand(office, scheduled, submitted):
    where = reverse("admin:campaigns_campaign_change", args=[scheduled.pk])
    assert office.post(where, {"state": "launched", "slug": "mine"}).status_code == 403
    assert office.get(reverse("admin:campaigns_campaign_add")).status_code == 403
    where = reverse("admin:campaigns_campaign_delete", args=[scheduled.pk])
    assert office.post(where, {"post": "yes"}).status_code == 403
    where = reverse("admin:campaigns_revision_change", args=[submitted.pk])
    assert office.post(where, {"title": "Other"}).status_code in (302, 403)
    decision = ReviewDecision.objects.get()
    where = reverse("admin:campaigns_reviewdecision_change", args=[decision.pk])
    assert office.post(where, {"reason": "Other"}).status_code == 403
    assert Campaign.objects.get().state == CampaignState.SCHEDULED
    assert Revision.objects.get().title == "Keep the 22:14"


def test_lists_and_themes_open(office, scheduled):
    for name in ("campaign", "reviewdecision", "theme"):
        read(office.get(reverse(f"admin:campaigns_{name}_changelist")))
    assert "Keep the 22:14" in read(office.get(reverse("admin:campaigns_campaign_changelist")))


def test_later_stage_adds_its_panels(rf, rae, submitted):
    from django.utils.safestring import SafeString

    class Wider(CampaignAdmin):
        def list_panels(self, request, revision):
            return [("Authenticity", SafeString("<b>3 young accounts</b>"))]

    request = rf.get("/")
    request.user = rae
    answer = Wider(Campaign, admin.site).review_view(request, submitted.campaign_id, submitted.pk)
    page = answer.render().content.decode()
    assert "Authenticity" in page
    assert "<b>3 young accounts</b>" in page
