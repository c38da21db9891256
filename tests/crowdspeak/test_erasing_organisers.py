"""Erasing organisers, reviewers and administrators: what people rely on stays, without the name."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.mails import tell_reviewers
from campaigns.models import Campaign, CampaignState, ReviewDecision, Revision
from crowdspeak import privacy
from launches.models import Launch, LaunchState
from tests.conftest import make_person
from tests.crowdspeak.coming_in import ERASE, come_in
from tests.dumping import find_words
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("state", [CampaignState.SCHEDULED, CampaignState.SUSPENDED])
def test_an_organiser_with_a_campaign_to_come_is_told_to_cancel_it_first(client, olive, state):
    make_campaign(olive, state=state)
    come_in(client, olive)
    for page in (client.get(ERASE), client.post(ERASE, {"word": "erase"})):
        said = page.content.decode()
        assert "cancel it first" in said
        assert 'name="word"' not in said
    with pytest.raises(privacy.ErasureRefused, match="still to come"):
        privacy.erase(olive)
    olive.refresh_from_db()
    assert olive.is_active
    assert client.get(reverse("desk")).status_code == 200


def test_an_organiser_whose_launch_is_under_way_waits(olive):
    campaign = make_campaign(olive, state=CampaignState.LAUNCHED, launch_in=-1)
    Launch.objects.create(
        campaign=campaign,
        launch_at=campaign.launch_at,
        latest_at=campaign.latest_at,
        state=LaunchState.HELD,
        decided_at=database_now(),
        people=1,
        pledges=1,
    )
    with pytest.raises(privacy.ErasureRefused, match="under way"):
        privacy.erase(olive)


def test_what_was_in_public_stays_without_its_organiser_and_drafts_go(
    client, olive, rae, django_capture_on_commit_callbacks, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    olive.name = "Olive Quillfeather"
    olive.save()
    past = make_campaign(olive, launch_in=-9000, state=CampaignState.LAUNCHED, slug="past")
    newer = Revision.objects.create(campaign=past, number=2, title="Never seen", language="en")
    draft = Campaign.objects.create(organiser=olive, slug="draft")
    revision = Revision.objects.create(campaign=draft, title="Secret plans", language="en")
    revision.picture.save("plan.jpg", ContentFile(b"picture"))
    ReviewDecision.objects.create(
        revision=revision, reviewer=rae, verdict="rejected", reason="Too quillfeather."
    )
    tell_reviewers(revision)
    assert Email.objects.get().to == ["rae@example.org"]
    privacy.erase(olive)
    assert list(Campaign.objects.all()) == [past]
    assert not Revision.objects.filter(pk__in=[newer.pk, revision.pk]).exists()
    assert find_words(["quillfeather", "olive", "Secret plans", "Never seen"]) == {}
    assert not list(tmp_path.rglob("plan*"))
    olive.refresh_from_db()
    assert (str(olive), olive.is_active) == ("a person who was erased", False)
    page = client.get(past.get_absolute_url()).content.decode()
    assert "A campaign by <bdi>a person who was erased</bdi>" in page


def test_what_reviewers_were_sent_is_gone_with_the_first_step(olive, rae):
    """What was never public is gone once it is decided, whatever becomes of the rest."""
    draft = Campaign.objects.create(organiser=olive, slug="draft")
    tell_reviewers(Revision.objects.create(campaign=draft, title="Secret plans", language="en"))
    privacy.begin_erasing(olive)
    assert find_words(["Secret plans"]) == {}


def test_a_cancelled_campaign_still_tells_its_supporters(networks, olive, sam, launch_now):
    campaign = make_campaign(olive, state=CampaignState.CANCELLED)
    account = link_by_consent(networks, sam, "sam", kind="mastodon")
    make_pledge(campaign, account, receipt_email="sam@example.org")
    privacy.erase(olive)
    launch_now(campaign)
    assert Email.objects.get(to="sam@example.org")


def test_decisions_of_a_reviewer_stay_without_the_name(olive, rae, make_admin):
    make_admin("ada@example.org")
    campaign = make_campaign(olive)
    decision = ReviewDecision.objects.create(
        revision=campaign.approved, reviewer=rae, verdict="approved", reason="Good."
    )
    privacy.erase(rae)
    decision.refresh_from_db()
    assert (decision.reason, str(decision.reviewer)) == ("Good.", "a person who was erased")
    assert not decision.reviewer.is_staff
    assert find_words(["rae@"]) == {}


@pytest.fixture
def make_admin(db):
    return lambda email: make_person(email, "Ada", is_staff=True, is_superuser=True)


def test_the_last_administrator_cannot_be_erased(client, rae, make_admin):
    come_in(client, rae)
    assert "only administrator" in client.post(ERASE, {"word": "erase"}).content.decode()
    other = make_admin("ada@example.org")
    other.is_active = False
    other.save()
    with pytest.raises(privacy.ErasureRefused):
        privacy.erase(rae)
    other.is_active = True
    other.save()
    privacy.erase(rae)
    assert list(User.objects.all()) == [other]
