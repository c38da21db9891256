"""News of a campaign: who may write, correct and remove it, and until when."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, CampaignUpdate
from campaigns.refusing import Refusal
from campaigns.updates import CORRECTABLE, MAILED_WITHIN
from campaigns.updating import MOST_UPDATES, correct_update, remove_update, write_update
from tests.conftest import make_person
from tests.making import make_campaign

pytestmark = pytest.mark.django_db
WORDS = {"title": "Half way", "text": "Five **hundred** of us.", "wants_mail": True}


@pytest.fixture
def campaign(olive):
    return make_campaign(olive)


@pytest.fixture
def update(campaign, olive):
    return write_update(campaign, by=olive, **WORDS)


def let_pass(**time):
    CampaignUpdate.objects.update(written_at=database_now() - timedelta(**time))


def list_to_mail():
    return list(CampaignUpdate.objects.to_mail(database_now()))


def test_news_is_shown_newest_first_in_harmless_markdown(campaign, update, olive):
    newer = write_update(campaign, by=olive, title="B", text="<script>x</script>", wants_mail=False)
    assert list(campaign.updates.shown()) == [newer, update]
    assert "<strong>hundred</strong>" in update.text_html
    assert "<script>" not in newer.text_html


def test_only_its_organiser_writes_or_corrects_news(campaign, update, rae, sam):
    for other in (rae, sam):
        with pytest.raises(PermissionDenied):
            write_update(campaign, by=other, **WORDS)
        with pytest.raises(PermissionDenied):
            correct_update(update, by=other, **WORDS)
    with pytest.raises(PermissionDenied):
        remove_update(update, by=sam, reason="Mine.")
    assert CampaignUpdate.objects.get().removed_at is None


@pytest.mark.parametrize(
    "state",
    [
        *(CampaignState.DRAFT, CampaignState.IN_REVIEW, CampaignState.REJECTED),
        *(CampaignState.SUSPENDED, CampaignState.CANCELLED),
    ],
)
def test_news_is_written_only_where_the_campaign_is_in_public(campaign, olive, state):
    Campaign.objects.update(state=state)
    with pytest.raises(Refusal, match="in public"):
        write_update(campaign, by=olive, **WORDS)


def test_thanks_are_written_after_the_launch(campaign, olive):
    Campaign.objects.update(state=CampaignState.LAUNCHED)
    assert write_update(campaign, by=olive, **WORDS).pk


def test_a_campaign_has_so_much_news_and_no_more(campaign, olive):
    CampaignUpdate.objects.bulk_create(
        [CampaignUpdate(campaign=campaign, title="x", text="y")] * MOST_UPDATES
    )
    with pytest.raises(Refusal, match="all the news"):
        write_update(campaign, by=olive, **WORDS)


def test_it_is_corrected_before_its_mails_leave_and_not_after(update, olive):
    let_pass(minutes=14)
    correct_update(update, by=olive, title="Two thirds", text="More.", wants_mail=True)
    assert CampaignUpdate.objects.get().title == "Two thirds"
    assert list_to_mail() == []
    let_pass(seconds=CORRECTABLE.total_seconds() + 1)
    with pytest.raises(Refusal, match="too late"):
        correct_update(update, by=olive, title="All", text="!", wants_mail=True)
    assert CampaignUpdate.objects.get().title == "Two thirds"
    assert list_to_mail() == [update]


def test_what_was_removed_is_neither_shown_mailed_nor_corrected(campaign, update, olive):
    assert remove_update(update, by=olive)
    assert not remove_update(update, by=olive)
    with pytest.raises(Refusal):
        correct_update(update, by=olive, **WORDS)
    let_pass(minutes=16)
    assert list_to_mail() == []
    assert not campaign.updates.shown().exists()


def test_mails_wait_while_suspended_and_are_not_sent_once_cancelled_or_old(update, olive):
    let_pass(minutes=16)
    Campaign.objects.update(state=CampaignState.SUSPENDED)
    assert list_to_mail() == []
    Campaign.objects.update(state=CampaignState.SCHEDULED)
    assert list_to_mail() == [update]
    let_pass(days=MAILED_WITHIN.days, minutes=1)
    assert list_to_mail() == []
    let_pass(minutes=16)
    Campaign.objects.update(state=CampaignState.CANCELLED)
    assert list_to_mail() == []


def test_who_was_shut_out_mails_nothing_more(update, olive):
    let_pass(minutes=16)
    olive.is_active = False
    olive.save()
    assert list_to_mail() == []


def test_staff_remove_news_with_a_reason_that_its_organiser_reads(update, rae, settings):
    with pytest.raises(PermissionDenied):  # no second factor
        remove_update(update, by=rae, reason="It names somebody.")
    settings.STAFF_NEEDS_MFA = False
    with pytest.raises(Refusal, match="Say why"):
        remove_update(update, by=rae, reason="  ")
    assert remove_update(update, by=rae, reason="It names somebody.")
    update.refresh_from_db()
    assert (update.removed_by, update.removed_why) == (rae, "It names somebody.")


def test_news_without_words_and_reasons_without_a_removal_are_impossible(update):
    for facts in ({"text": ""}, {"removed_why": "So."}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CampaignUpdate.objects.update(**facts)


def remove_in_admin(client, update, **data):
    return client.post(
        reverse("admin:campaigns_campaignupdate_changelist"),
        {"action": "remove", "_selected_action": [update.pk], **data},
    )


def test_admin_removes_news_by_an_action_that_wants_a_reason(client, update, rae, settings):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    remove_in_admin(client, update)
    assert CampaignUpdate.objects.get().removed_at is None
    remove_in_admin(client, update, reason="Spam.")
    assert CampaignUpdate.objects.get().removed_why == "Spam."


def test_staff_without_the_right_cannot_remove_news_in_the_admin(client, update, settings):
    settings.STAFF_NEEDS_MFA = False
    stan = make_person("stan@example.org", "Stan", is_staff=True)
    client.force_login(stan)
    assert remove_in_admin(client, update, reason="Spam.").status_code == 403
    stan.user_permissions.add(Permission.objects.get(codename="view_campaignupdate"))
    remove_in_admin(client, update, reason="Spam.")
    assert CampaignUpdate.objects.get().removed_at is None
