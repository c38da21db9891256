"""Reporting a campaign: anybody, bounded, and for the operators' eyes only."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from limits import RateLimitItemPerMinute
from post_office.models import Email

from campaigns import reporting
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignReport, CampaignState
from campaigns.reporting import report, tell_of_reports
from crowdspeak.privacy import erase, export
from crowdspeak.purging import purge_old
from supporters import throttling
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
WORDS = {"reason": "false", "words": "The river is a lake.", "email": "Ann@example.org"}


@pytest.fixture
def path(campaign):
    return reverse("report", args=[campaign.slug])


def test_anybody_reports_a_campaign_and_nothing_is_shown(client, campaign, path):
    assert path in client.get(campaign.get_absolute_url()).content.decode()
    answer = client.post(path, WORDS, follow=True)
    assert "Whoever runs this site looks at it" in answer.content.decode()
    kept = CampaignReport.objects.get()
    assert (kept.reason, kept.words, kept.email) == ("false", WORDS["words"], "ann@example.org")
    assert "The river is a lake." not in client.get(campaign.get_absolute_url()).content.decode()


def test_a_report_without_a_reason_comes_back_with_what_was_typed(client, path):
    answer = client.post(path, {"words": "So."})
    assert answer.status_code == 422
    assert "Choose what comes nearest." in answer.content.decode()
    assert "So." in answer.content.decode()
    assert not CampaignReport.objects.exists()


def test_what_nobody_sees_cannot_be_reported(client, path):
    Campaign.objects.update(state=CampaignState.SUSPENDED)
    assert client.post(path, WORDS).status_code == 404


def test_one_connection_sends_so_many_and_then_waits(client, path, monkeypatch):
    monkeypatch.setattr(throttling, "WINDOW", RateLimitItemPerMinute(2, 10))
    throttling._shared.cache_clear()
    answers = [client.post(path, WORDS) for _ in range(3)]
    assert [each.status_code for each in answers] == [302, 302, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert CampaignReport.objects.count() == 2
    throttling._shared.cache_clear()


def test_enough_open_reports_are_enough(client, campaign, path, monkeypatch):
    monkeypatch.setattr(reporting, "MOST_OPEN", 1)
    report(campaign, reason="spam")
    answer = client.post(path, WORDS)
    assert answer.status_code == 422
    assert "reported this campaign already" in answer.content.decode()
    CampaignReport.objects.update(settled_at=database_now())
    assert client.post(path, WORDS).status_code == 302


def test_operators_get_one_mail_an_hour_without_a_strangers_words(campaign, rae):
    for _ in range(3):
        report(campaign, **WORDS)
    assert tell_of_reports() == 3
    report(campaign, **WORDS)
    assert tell_of_reports() == 0
    mail = Email.objects.get()
    assert mail.to == [rae.email]
    assert f"{campaign.title}: 3" in mail.message
    for part in (mail.message, mail.html_message):
        assert "lake" not in part
        assert "ann@example.org" not in part
    CampaignReport.objects.exclude(told_at=None).update(told_at=database_now() - timedelta(hours=2))
    assert tell_of_reports() == 1


def test_staff_without_the_right_are_not_told_and_do_not_settle(campaign, client, settings):
    settings.STAFF_NEEDS_MFA = False
    stan = make_person("stan@example.org", "Stan", is_staff=True)
    report(campaign, **WORDS)
    tell_of_reports()
    assert not Email.objects.exists()
    client.force_login(stan)
    assert settle(client).status_code == 403
    stan.user_permissions.add(Permission.objects.get(codename="view_campaignreport"))
    settle(client)
    assert CampaignReport.objects.get().settled_at is None


def settle(client):
    keys = list(CampaignReport.objects.values_list("pk", flat=True))
    where = reverse("admin:campaigns_campaignreport_changelist")
    return client.post(where, {"action": "settle", "_selected_action": keys})


def test_a_reviewer_settles_reports_in_the_admin(campaign, client, rae, settings):
    settings.STAFF_NEEDS_MFA = False
    report(campaign, **WORDS)
    client.force_login(rae)
    listed = client.get(reverse("admin:campaigns_campaignreport_changelist")).content.decode()
    assert "The river is a lake." in listed
    settle(client)
    assert CampaignReport.objects.get().settled_by == rae


def test_reports_are_given_to_who_sent_them_and_lose_address_and_words(campaign, sam):
    report(campaign, reason="spam", words="I am Sam.", email=sam.email)
    (told,) = export(sam)["reports"]
    assert told["words"] == "I am Sam."
    erase(sam)
    kept = CampaignReport.objects.get()
    assert (kept.reason, kept.words, kept.email) == ("spam", "", "")


def test_reports_go_after_ninety_days(campaign):
    for days in (89, 91):
        report(campaign, reason="spam", words=str(days))
        CampaignReport.objects.filter(words=str(days)).update(
            reported_at=database_now() - timedelta(days=days)
        )
    purge_old()
    assert CampaignReport.objects.get().words == "89"
