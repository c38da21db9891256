"""A step saves itself while one types, by the same rules as by its button."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from campaigns import drafting, reviewing
from campaigns.clock import database_now
from campaigns.models import Campaign, RevisionState
from tests.campaigns.answering import MESSAGE, STORY, address, read


def save_itself(desk, campaign, step, contents):
    """What is shown after a step sent itself."""
    return read(desk.post(reverse("wizard_preview", args=[campaign.uid, step]), contents))


def read_state(page):
    """What the page says of itself: the state, and the sentence."""
    return re.search(r'id="saved"[^>]* data-state="(\w+)"[^>]*>([^<]*)<', page).groups()


def test_answer_says_that_it_is_saved_and_when(desk, draft):
    page = save_itself(desk, draft, "story", STORY)
    assert read_state(page) == ("saved", "Saved a moment ago")
    assert re.search(r'data-then="Saved at \d\d:\d\d"', page)
    assert draft.working_revision.title == STORY["title"]


def test_what_is_half_written_is_kept_and_no_error_is_shown_while_typing(desk, draft):
    page = save_itself(desk, draft, "message", {**MESSAGE, "link": "https:/"})
    assert read_state(page) == ("saved", "Saved a moment ago")
    assert "valid URL" not in page
    assert draft.working_revision.pending == {"link": "https:/"}
    assert draft.working_revision.message.startswith("The 22:14 leaves")
    assert 'value="https:/"' in read(desk.get(address(draft, "message")))


def test_page_says_later_when_it_was_saved(desk, draft, olive):
    olive.zone = "UTC"
    olive.save()
    with time_machine.travel("2026-03-03T09:41:00Z", tick=False):
        save_itself(desk, draft, "story", STORY)
    with time_machine.travel("2026-03-03T11:00:00Z", tick=False):
        assert "Saved at 09:41" in read(desk.get(address(draft, "story")))
    with time_machine.travel("2026-03-05T11:00:00Z", tick=False):
        assert "Saved on 3 March at 09:41" in read(desk.get(address(draft, "story")))


def test_campaign_in_review_does_not_save_itself_and_says_so(desk, submitted):
    page = save_itself(desk, submitted.campaign, "message", {**MESSAGE, "message": "Other."})
    assert read_state(page)[0] == "not"
    assert "Take it back to change it" in page
    assert "Copy it before you leave" in page
    assert submitted.campaign.working_revision.message != "Other."


def test_approved_campaign_does_not_save_itself_either(desk, scheduled):
    page = save_itself(desk, scheduled, "message", {**MESSAGE, "message": "Other."})
    assert read_state(page)[0] == "not"
    assert scheduled.working_revision.state == RevisionState.APPROVED
    assert scheduled.working_revision.message != "Other."


def test_refused_page_learns_no_version_that_its_organiser_has_not_seen(desk, submitted, olive):
    campaign = submitted.campaign
    drafting.take_back(submitted, by=olive)
    mine = {**MESSAGE, "version": "0", "page": "mine"}
    save_itself(desk, campaign, "message", {**MESSAGE, "message": "There.", "version": "0"})
    drafting.submit(campaign.working_revision, by=olive)
    page = save_itself(desk, campaign, "message", mine)
    assert 'id="version" value="0"' in page


@pytest.mark.parametrize("state", ["in review", "approved", "over", "frozen"])
def test_step_that_is_refused_gives_back_what_was_typed(desk, submitted, olive, rae, state):
    campaign = submitted.campaign
    if state != "in review":
        campaign = reviewing.approve(submitted, reviewer=rae)
    if state == "over":
        drafting.cancel(campaign, by=olive)
    if state == "frozen":
        Campaign.objects.update(launch_at=database_now() + timedelta(minutes=5))
    kept = campaign.working_revision.message
    answer = desk.post(address(campaign, "message"), {**MESSAGE, "message": "Typed <b>late</b>."})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This was not saved" in page
    assert "Typed &lt;b&gt;late&lt;/b&gt;.</textarea>" in page
    assert campaign.working_revision.message == kept


def test_step_that_is_refused_and_says_nothing_new_only_says_why(desk, submitted):
    campaign = submitted.campaign
    revision = campaign.working_revision
    same = {
        "title": revision.title,
        "summary": revision.summary,
        "story": revision.story,
    }
    answer = desk.post(address(campaign, "story"), same)
    assert answer.url == address(campaign, "check")
    assert "Take it back to change it." in read(desk.get(answer.url))


def test_without_a_script_a_button_saves_and_stays(desk, draft):
    page = read(desk.get(address(draft, "message")))
    assert re.search(r'<noscript><button[^>]*name="look"', page)
    answer = desk.post(address(draft, "message"), {**MESSAGE, "look": "1"})
    assert answer.url == address(draft, "message")
    assert draft.working_revision.hashtag == "#KeepThe2214"


@pytest.mark.parametrize("step", ["theme", "story", "message", "moment"])
def test_save_is_announced_politely_and_apart_from_what_changes(desk, draft, step):
    page = read(desk.get(address(draft, step)))
    assert '<p class="visually-hidden" id="saved-said" role="status"></p>' in page
    line = re.search(r'<p class="saved"[^>]*>', page)[0]
    assert "role=" not in line


def test_strangers_and_who_is_signed_out_save_nothing(client, draft, sam):
    where = reverse("wizard_preview", args=[draft.uid, "story"])
    assert client.post(where, STORY).url.startswith(reverse("account_login"))
    client.force_login(sam)
    assert client.post(where, STORY).status_code == 404
    assert draft.working_revision.title == ""
