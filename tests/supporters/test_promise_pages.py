"""The page of what one posts oneself: before the moment, at it, after it, and for nobody else."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from supporters.addressing import address_promise
from supporters.models import AssistedPledge, PledgeState
from tests.making import make_campaign, make_promise
from tests.supporters.test_assisting import call

pytestmark = pytest.mark.django_db


@pytest.fixture
def promised(campaign, sam):
    return make_promise(campaign, sam)


@pytest.fixture
def link(promised):
    """As the mail has it."""
    return address_promise(promised.campaign, person_id=promised.person_id)


def press(client, where, promised, button):
    return client.post(where, {"promise": promised.pk, button: "1"})


def read(client, where):
    answer = client.get(where)
    assert answer.status_code == 200
    assert answer["Cache-Control"].count("no-store")
    return unescape(answer.content.decode())


def test_before_the_moment_it_says_when_and_can_be_withdrawn(client, promised, link):
    page = read(client, link)
    assert "You post this yourself" in page
    assert promised.text in page
    assert "x.com/intent" not in page
    assert "I have posted it" not in page
    assert "launch.ics" in page
    answer = press(client, link, promised, "withdraw")
    assert answer["Location"] == link
    assert "we will not ask you to post on X" in read(client, link)
    assert AssistedPledge.objects.get().state == PledgeState.WITHDRAWN


def test_at_the_moment_one_button_opens_the_filled_in_composer(client, promised, link):
    call(promised)
    page = read(client, link)
    assert "It is time: post it now" in page
    assert "https://x.com/intent/tweet?text=Three%20barriers" in page
    assert 'target="_blank" rel="noopener noreferrer"' in page
    assert "withdraw" not in page


def test_where_words_cannot_be_filled_in_they_are_in_a_box_to_be_copied(client, campaign, sam):
    promised = make_promise(campaign, sam, network="facebook")
    call(promised)
    page = read(client, address_promise(campaign, person_id=sam.pk))
    assert f'readonly lang="en" aria-describedby="words-{promised.pk}-hint">{promised.text}' in page
    assert f'data-copy="{promised.text}"' in page
    assert "sharer.php?u=https%3A%2F%2Fexample.org%2Friver" in page


def test_report_and_second_thoughts(client, promised, link):
    call(promised)
    press(client, link, promised, "report")
    page = read(client, link)
    assert "noted as posted on X" in page
    assert "Thank you for posting it" in page
    assert AssistedPledge.objects.get().reported_at
    press(client, link, promised, "not_posted")
    assert AssistedPledge.objects.get().reported_at is None


def test_opening_the_link_changes_nothing_and_signs_nobody_in(client, promised, link):
    call(promised)
    read(client, link)
    assert AssistedPledge.objects.get().reported_at is None
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("promise", args=["river"])).status_code == 302
    assert "Come in by" in read(client, reverse("my_pledges"))


def test_what_comes_too_early_or_too_late_is_said(client, promised, link):
    press(client, link, promised, "report")
    assert "It is not time to post this" in read(client, link)
    call(promised)
    press(client, link, promised, "withdraw")
    assert "The launch has begun" in read(client, link)
    assert AssistedPledge.objects.get().state == PledgeState.CALLED


def test_link_acts_on_that_promise_and_on_no_other(client, olive, sam, rae, promised, link):
    others = [
        make_promise(promised.campaign, rae),
        make_promise(make_campaign(olive, slug="other"), sam),
    ]
    for other in others:
        assert press(client, link, other, "withdraw").status_code == 404
    assert client.post(link, {"promise": "x", "withdraw": "1"}).status_code == 404
    assert set(AssistedPledge.objects.values_list("state", flat=True)) == {PledgeState.LIVE}


@pytest.mark.parametrize("button", ["report", "not_posted", "withdraw"])
def test_nobody_reports_for_somebody_else(client, campaign, sam, rae, button):
    mine, theirs = make_promise(campaign, sam), make_promise(campaign, rae)
    for each in (mine, theirs):
        call(each)
    AssistedPledge.objects.filter(pk=theirs.pk).update(
        reported_at=database_now() if button == "not_posted" else None
    )
    before = AssistedPledge.objects.get(pk=theirs.pk).reported_at
    where = address_promise(campaign, person_id=sam.pk)
    assert press(client, where, theirs, button).status_code == 404
    client.force_login(sam)
    assert press(client, reverse("promise", args=["river"]), theirs, button).status_code == 404
    now = AssistedPledge.objects.get(pk=theirs.pk)
    assert (now.reported_at, now.state) == (before, PledgeState.CALLED)


def test_press_on_another_site_s_page_does_nothing(promised, link):
    call(promised)
    client = Client(enforce_csrf_checks=True)
    assert press(client, link, promised, "report").status_code == 403
    assert client.post(f"{link}{promised.pk}/words/", {"text": "x"}).status_code == 403
    assert AssistedPledge.objects.get().reported_at is None


def test_when_the_link_ended_nothing_is_reported_on_one_s_own_page_either(client, promised, link):
    call(promised)
    past = database_now() - timedelta(days=8)
    Campaign.objects.update(launch_at=past - timedelta(minutes=45), latest_at=past)
    assert press(client, link, promised, "report").status_code == 410
    client.force_login(promised.person)
    press(client, reverse("promise", args=["river"]), promised, "report")
    assert AssistedPledge.objects.get().reported_at is None


def test_link_lasts_until_a_week_after_the_latest_time(client, promised, link):
    for days, status in ((6, 200), (8, 410)):
        past = database_now() - timedelta(days=days)
        Campaign.objects.update(launch_at=past - timedelta(minutes=45), latest_at=past)
        assert client.get(link).status_code == status
        assert press(client, link, promised, "x").status_code == (302 if status == 200 else 410)


@pytest.mark.parametrize("is_shut_out", [True, False])
def test_link_of_who_is_shut_out_or_to_what_is_suspended_leads_nowhere(
    client, promised, link, sam, is_shut_out
):
    if is_shut_out:
        User.objects.filter(pk=sam.pk).update(is_active=False)
    else:
        Campaign.objects.update(state=CampaignState.SUSPENDED)
    assert client.get(link).status_code == 404
    assert press(client, link, promised, "withdraw").status_code == 404


def test_own_page_is_ones_own(client, sam, rae, promised):
    where = reverse("promise", args=["river"])
    assert client.get(where)["Location"].startswith(reverse("account_login"))
    client.force_login(rae)
    assert client.get(where).status_code == 404
    assert press(client, where, promised, "withdraw").status_code == 404
    mine = make_promise(promised.campaign, rae)
    assert press(client, where, promised, "withdraw").status_code == 404
    press(client, where, mine, "withdraw")
    promised.refresh_from_db()
    assert promised.state == PledgeState.LIVE


def test_my_pledges_lists_promises_with_the_way_back(client, sam, promised):
    client.force_login(sam)
    page = read(client, reverse("my_pledges"))
    assert promised.text in page
    assert "Withdraw this promise" in page
    call(promised)
    assert "Post it now" in read(client, reverse("my_pledges"))
    AssistedPledge.objects.update(reported_at=database_now())
    page = read(client, reverse("my_pledges"))
    assert "Posted by hand" in page
    assert "Before" in page


def test_what_was_never_offered_says_why(client, promised, link):
    AssistedPledge.objects.update(ended_at=database_now(), ended_why="missed")
    page = read(client, link)
    assert "There is nothing to post" in page
    assert "Not enough people were in at the moment" in page
    assert "Withdraw" not in page


@pytest.mark.parametrize(("seconds", "looks"), [(3600, False), (60, True), (-60, True)])
def test_page_looks_by_itself_around_the_moment(client, promised, link, seconds, looks):
    at = database_now() + timedelta(seconds=seconds)
    Campaign.objects.update(launch_at=at, latest_at=at + timedelta(minutes=45))
    assert ('hx-trigger="every 2s"' in read(client, link)) is looks
    call(promised)
    assert "hx-trigger" not in read(client, link)
