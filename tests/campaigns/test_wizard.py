"""The wizard as an organiser's browser walks through it, without any script."""

import re
from datetime import UTC

import pytest
from django.urls import reverse

from accounts.models import User
from campaigns import drafting, reviewing
from campaigns.models import Campaign, CampaignState, RevisionState, Theme
from campaigns.pictures import redraw_picture
from tests.campaigns.answering import MESSAGE, STORY, address, moment, read, save
from tests.campaigns.conftest import draw, fill
from tests.making import make_campaign

STEPS = ("theme", "story", "message", "moment", "check")


def test_whole_way_from_the_theme_to_review(desk, olive, rae):
    theme = Theme.objects.get(slug="environment")
    assert "Environment" in read(desk.get(reverse("start")))
    answer = desk.post(reverse("start"), {"theme": theme.pk})
    campaign = Campaign.objects.get()
    assert answer.url == address(campaign, "story")

    answer, _ = save(desk, campaign, "story", **STORY)
    assert answer.url == address(campaign, "message")
    answer, _ = save(desk, campaign, "message", **MESSAGE)
    assert answer.url == address(campaign, "moment")
    answer, revision = save(desk, campaign, "moment", **moment(threshold="500"))
    assert answer.url == address(campaign, "check")

    assert revision.theme == theme
    assert revision.message == "The 22:14 leaves for good.\nWe say no."
    assert revision.text.endswith("We say no.\n\nhttps://night.example/2214 #KeepThe2214")
    assert (revision.threshold, revision.zone) == (500, "Europe/Paris")
    assert revision.local_launch_at.strftime("%H:%M") == "18:30"
    assert revision.launch_at.tzinfo == UTC

    page = read(desk.get(address(campaign, "check")))
    assert "Send for review" in page
    assert "Before it can go to review" not in page
    answer = desk.post(reverse("campaign_submit", args=[campaign.uid]), follow=True)
    assert "It is being reviewed" in read(answer)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.IN_REVIEW


def test_looking_at_the_start_makes_nothing(desk):
    desk.get(reverse("start"))
    assert not Campaign.objects.exists()


def test_starting_without_a_theme_begins_at_the_first_step(desk):
    answer = desk.post(reverse("start"))
    assert answer.url == address(Campaign.objects.get(), "theme")


def test_starting_with_an_unknown_theme_is_told(desk):
    page = read(desk.post(reverse("start"), {"theme": "999999"}))
    assert "One thing to put right" in page
    assert not Campaign.objects.exists()


def test_person_without_an_address_is_sent_to_give_one(client, db):
    client.force_login(User.objects.create_user(name="Linked only"))
    answer = client.post(reverse("start"))
    assert answer.url == reverse("account_email")


@pytest.mark.parametrize("step", STEPS)
def test_every_step_opens_empty_and_full(desk, draft, olive, step):
    read(desk.get(address(draft, step)))
    fill(draft, olive)
    read(desk.get(address(draft, step)))


def test_empty_answers_are_told_above_and_at_the_field(desk, draft):
    answer, revision = save(desk, draft, "story", title="", summary="", story="")
    page = read(answer)
    assert "3 things to put right" in page
    assert 'href="#id_title"' in page
    assert page.count("Give the campaign a title.") == 2
    assert 'aria-invalid="true"' in page
    assert revision.title == ""


def test_one_wrong_answer_does_not_cost_the_others(desk, draft):
    answer, revision = save(desk, draft, "message", **{**MESSAGE, "link": "no link at all"})
    assert "Enter a valid URL" in read(answer)
    assert revision.message == "The 22:14 leaves for good.\nWe say no."
    assert revision.hashtag == "#KeepThe2214"
    assert revision.link == ""


def test_leaving_and_coming_back_loses_nothing(desk, draft):
    save(desk, draft, "message", **{**MESSAGE, "link": "no link at all"})
    desk.get(reverse("start"))
    page = read(desk.get(address(draft, "message")))
    assert 'value="no link at all"' in page
    assert "We say no." in page
    assert "Enter a valid URL" in page
    assert "Something in the message has to be put right." in read(
        desk.get(address(draft, "check"))
    )
    answer, revision = save(desk, draft, "message", **MESSAGE)
    assert answer.status_code == 302
    assert revision.pending == {}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("link", "javascript:alert(1)", "Enter a valid URL"),
        ("link", "ftp://a.example/x", "Enter a valid URL"),
        ("link", "https://bank.example@evil.example/", "Leave out the name or password"),
        ("hashtag", "two words", "A hashtag is one word"),
        ("hashtag", "2214", "A hashtag is one word"),
        ("message", "x" * 501, "too long for Mastodon"),
        ("language", "tlh", "Select a valid choice"),
    ],
)
def test_bad_messages_are_told(desk, draft, field, value, sentence):
    answer, _ = save(desk, draft, "message", **{**MESSAGE, field: value})
    assert sentence in read(answer)
    assert sentence in read(desk.get(address(draft, "message")))


def test_nul_is_told_and_the_rest_is_kept(desk, draft):
    answer, _ = save(desk, draft, "message", **{**MESSAGE, "message": "Hello \x00you"})
    assert "Null characters are not allowed" in read(answer)
    assert "Hello you" in read(desk.get(address(draft, "message")))
    assert save(desk, draft, "moment", **moment(day="\x00", zone="\x00"))[0].status_code == 200


def test_too_long_message_is_told_network_by_network_and_kept(desk, draft):
    plain = {**MESSAGE, "link": "", "hashtag": ""}
    answer, _ = save(desk, draft, "message", **{**plain, "message": "é" * 312})
    page = read(answer)
    assert "12 characters too long for Bluesky (312 of 300)" in page
    assert "too long for Mastodon" not in page
    assert f"<mark>{'é' * 12}</mark>" in page
    again = read(desk.get(address(draft, "message")))
    assert "é" * 312 in again
    assert "12 characters too long for Bluesky" in again
    assert "12 characters too long for Bluesky" in read(desk.get(address(draft, "check")))
    answer, revision = save(desk, draft, "message", **{**plain, "message": "é" * 300})
    assert answer.status_code == 302
    assert revision.message == "é" * 300


def test_nothing_that_is_typed_is_cut_off(desk, draft):
    where = address(draft, "message")
    assert "maxlength" not in re.findall(r"<textarea[^>]*>", read(desk.get(where)))[0]
    typed = "Save the river! " * 3_000
    answer, revision = save(desk, draft, "message", **{**MESSAGE, "message": typed})
    assert "at most 3000 characters" in read(answer)
    assert revision.pending["message"] == typed
    assert typed in read(desk.get(where))


def test_ten_megabytes_of_text_are_refused(desk, draft):
    answer = desk.post(address(draft, "story"), {**STORY, "story": "x" * 10_000_000})
    assert answer.status_code == 400


def test_picture_is_kept_shown_replaced_and_taken_away(
    desk, draft, media, django_capture_on_commit_callbacks
):
    answer, revision = save(
        desk, draft, "story", **{**STORY, "picture": draw(), "picture_alt": "Orange"}
    )
    assert answer.status_code == 302
    first = revision.picture.name
    assert revision.picture_url in read(desk.get(address(draft, "story")))
    _, revision = save(desk, draft, "story", **{**STORY, "picture_alt": "Orange"})
    assert revision.picture.name == first
    with django_capture_on_commit_callbacks(execute=True):
        _, revision = save(
            desk, draft, "story", **{**STORY, "picture": draw("JPEG"), "picture_alt": "Orange"}
        )
    assert revision.picture.name != first
    assert not (media / first).exists()
    _, revision = save(desk, draft, "story", **{**STORY, "remove_picture": "on"})
    assert revision.picture.name == ""


def test_bad_picture_is_told_and_the_rest_is_kept(desk, draft, media):
    upload = draw()
    upload.file.write(b"GIF89a not really")
    upload.file.seek(0)
    answer, revision = save(desk, draft, "story", **{**STORY, "picture": upload})
    assert "not a picture we can read" in read(answer)
    assert revision.title == STORY["title"]


def test_approved_picture_outlives_its_replacement(
    desk, draft, olive, rae, media, django_capture_on_commit_callbacks
):
    picture = redraw_picture(draw())
    revision = drafting.submit(fill(draft, olive, picture=picture, picture_alt="Orange"), by=olive)
    campaign = reviewing.approve(revision, reviewer=rae)
    drafting.revise(campaign, by=olive)
    with django_capture_on_commit_callbacks(execute=True):
        save(desk, campaign, "story", **{**STORY, "remove_picture": "on"})
    assert (media / revision.picture.name).exists()


def test_preview_saves_what_is_typed_and_shows_it(desk, draft):
    answer = desk.post(reverse("wizard_preview", args=[draft.uid, "message"]), MESSAGE)
    page = read(answer)
    assert "We say no." in page
    assert 'hx-swap-oob="true"' in page
    assert "<html" not in page
    assert draft.working_revision.hashtag == "#KeepThe2214"


@pytest.mark.parametrize("step", ["theme", "story", "message", "moment"])
def test_preview_of_every_step_answers_to_nothing_typed(desk, draft, step):
    read(desk.post(reverse("wizard_preview", args=[draft.uid, step])))


def test_preview_of_a_campaign_in_review_says_so(desk, submitted):
    where = reverse("wizard_preview", args=[submitted.campaign.uid, "message"])
    assert "Take it back" in read(desk.post(where, MESSAGE))


def test_submitting_too_early_tells_what_is_missing(desk, draft):
    answer = desk.post(reverse("campaign_submit", args=[draft.uid]), follow=True)
    page = read(answer)
    assert "Before it can go to review" in page
    assert f'<a href="{address(draft, "moment")}#id_day">Choose the moment.</a>' in page


def test_campaign_in_review_is_taken_back_and_changed(desk, submitted):
    campaign = submitted.campaign
    assert desk.get(address(campaign, "story")).url == address(campaign, "check")
    assert save(desk, campaign, "story", **STORY)[0].status_code == 409
    desk.post(reverse("campaign_take_back", args=[campaign.uid]))
    _, revision = save(desk, campaign, "story", **{**STORY, "title": "Another title"})
    assert revision.title == "Another title"


def test_what_review_said_is_on_the_check_page(desk, submitted, rae):
    reviewing.ask_changes(submitted, reviewer=rae, reason="Name <b>your</b> source.")
    answer = desk.get(address(submitted.campaign, "check"))
    assert "Name &lt;b&gt;your&lt;/b&gt; source." in answer.content.decode()


def test_scheduled_campaign_is_changed_through_a_new_revision(desk, scheduled):
    assert "Change it" in read(desk.get(address(scheduled, "check")))
    desk.post(reverse("campaign_revise", args=[scheduled.uid]))
    save(desk, scheduled, "story", **{**STORY, "title": "Keep both trains"})
    assert Campaign.objects.get().approved.title == "Keep the 22:14"
    desk.post(reverse("campaign_submit", args=[scheduled.uid]))
    assert scheduled.working_revision.state == RevisionState.IN_REVIEW
    assert Campaign.objects.get().state == CampaignState.SCHEDULED


def test_campaign_is_cancelled_from_the_check_page(desk, scheduled):
    desk.post(reverse("campaign_cancel", args=[scheduled.uid]))
    page = read(desk.get(address(scheduled, "check")))
    assert "Cancelled" in page
    assert "Cancel the campaign for good" not in page


def test_wizard_says_why_nothing_changes_any_more_before_the_launch(client, olive):
    campaign = make_campaign(olive, launch_in=300)
    client.force_login(olive)
    answer = client.get(reverse("wizard", args=[campaign.uid, "message"]), follow=True)
    assert answer.redirect_chain[-1][0].endswith("/check/")
    assert "less than ten minutes away" in answer.content.decode()
