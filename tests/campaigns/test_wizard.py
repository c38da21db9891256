"""The wizard as an organiser's browser walks through it, without any script."""

import html
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from accounts.models import User
from campaigns import drafting, reviewing
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, Revision, RevisionState, Theme
from campaigns.pictures import redraw_picture
from tests.campaigns.conftest import draw, fill
from tests.making import make_campaign

STORY = {
    "title": "Keep the 22:14",
    "summary": "The last night train must stay.",
    "story": "It runs through **eleven** towns.",
    "picture_alt": "",
}
MESSAGE = {
    "message": "The 22:14 leaves for good.\r\nWe say no.",
    "link": "https://night.example/2214",
    "hashtag": "KeepThe2214",
    "language": "en",
}
STEPS = ("theme", "story", "message", "moment", "check")
ACTIONS = ("campaign_submit", "campaign_take_back", "campaign_revise", "campaign_cancel")


def moment(days=10, **facts):
    """The moment step, so many days from now at half past six in Paris."""
    day = (database_now() + timedelta(days=days)).astimezone(ZoneInfo("Europe/Paris")).date()
    return {
        "day": day.isoformat(),
        "time": "18:30",
        "zone": "Europe/Paris",
        "threshold": "",
        "latest_minutes": "45",
        "visibility": "public",
        **facts,
    }


def address(campaign, step):
    """Where a step is."""
    return reverse("wizard", args=[campaign.uid, step])


def read(answer):
    """What a page says, entities resolved."""
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def save(desk, campaign, step, **contents):
    """Post a step; what came of it, and the revision as it is then."""
    answer = desk.post(address(campaign, step), contents)
    return answer, campaign.working_revision


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


def test_moment_that_cannot_be_taken_is_shown_again_as_typed(desk, draft):
    typed = moment(days=-3, threshold="50")
    answer, revision = save(desk, draft, "moment", **typed)
    assert "That moment has passed" in read(answer)
    assert (revision.launch_at, revision.threshold) == (None, 50)
    page = read(desk.get(address(draft, "moment")))
    assert f'value="{typed["day"]}"' in page
    assert 'value="18:30"' in page


def test_half_a_moment_is_kept(desk, draft):
    typed = moment(time="")
    answer, revision = save(desk, draft, "moment", **typed)
    assert "Choose the time." in read(answer)
    assert revision.launch_at is None
    assert f'value="{typed["day"]}"' in read(desk.get(address(draft, "moment")))


def test_moment_nearer_than_the_review_is_told_with_the_earliest(desk, draft):
    answer, revision = save(desk, draft, "moment", **moment(days=1))
    page = read(answer)
    assert "too soon: reviewers need 2 days" in page
    assert revision.launch_at is None


def next_change(hours):
    """The next day on which Paris's clocks move by so many hours."""
    zone, day = ZoneInfo("Europe/Paris"), database_now().date() + timedelta(days=4)
    for _ in range(366):
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
        end = start + timedelta(days=1)
        if end.utcoffset() - start.utcoffset() == timedelta(hours=hours):
            return day
        day += timedelta(days=1)
    raise AssertionError("Paris no longer changes its clocks: take another zone")


def test_time_that_clocks_skip_is_told(desk, draft):
    answer, _ = save(desk, draft, "moment", **moment(day=next_change(1).isoformat(), time="02:30"))
    assert "clocks go forward from 02:00 to 03:00" in read(answer)


def test_time_shown_twice_offers_the_choice(desk, draft):
    assert 'name="fold"' not in read(desk.get(address(draft, "moment")))
    typed = moment(day=next_change(-1).isoformat(), time="02:30")
    answer, revision = save(desk, draft, "moment", **typed)
    page = read(answer)
    assert "show 02:30 twice" in page
    assert page.count('name="fold"') == 2
    assert revision.launch_at is None
    answer, revision = save(desk, draft, "moment", **typed, fold="1")
    assert answer.status_code == 302
    assert revision.launch_at.astimezone(UTC).strftime("%H:%M") == "01:30"
    page = read(desk.get(address(draft, "moment")))
    assert page.count('name="fold"') == 2
    answer, again = save(desk, draft, "moment", **typed, fold="0")
    assert revision.launch_at - again.launch_at == timedelta(hours=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("zone", "Mars/Olympus"),
        ("threshold", "0"),
        ("threshold", "-1"),
        ("threshold", "many"),
        ("threshold", "99999999999999999999"),
        ("latest_minutes", "1441"),
        ("visibility", "secret"),
        ("day", "31/02/2027"),
        ("time", "25:00"),
    ],
)
def test_bad_answers_about_the_moment_are_told(desk, draft, field, value):
    answer, revision = save(desk, draft, "moment", **moment(**{field: value}))
    assert "One thing to put right" in read(answer)
    assert revision.latest_minutes == 45
    assert revision.visibility == "public"


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
    assert f'<a href="{address(draft, "moment")}">Choose the moment.</a>' in page


def test_campaign_in_review_is_taken_back_and_changed(desk, submitted):
    campaign = submitted.campaign
    assert desk.get(address(campaign, "story")).url == address(campaign, "check")
    assert save(desk, campaign, "story", **STORY)[0].url == address(campaign, "check")
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


def test_unknown_step_is_not_there(desk, draft):
    assert desk.get(f"/campaigns/{draft.uid}/edit/settings/").status_code == 404
    assert desk.post(f"/campaigns/{draft.uid}/edit/check/preview/").status_code == 404


def test_another_organisers_campaign_is_not_there(client, submitted, sam, rae):
    uid = submitted.campaign.uid
    for stranger in (sam, rae):
        client.force_login(stranger)
        for step in STEPS:
            assert client.get(reverse("wizard", args=[uid, step])).status_code == 404
            assert client.post(reverse("wizard", args=[uid, step]), STORY).status_code == 404
            where = reverse("wizard_preview", args=[uid, step])
            assert client.post(where, STORY).status_code == 404
        for action in ACTIONS:
            assert client.post(reverse(action, args=[uid])).status_code == 404
    assert Revision.objects.get().state == RevisionState.IN_REVIEW


def test_signed_out_people_are_asked_to_sign_in(client, draft):
    wheres = [reverse("start"), address(draft, "story")]
    for where in wheres:
        assert client.get(where).url.startswith(reverse("account_login"))
    for action in ACTIONS:
        answer = client.post(reverse(action, args=[draft.uid]))
        assert answer.url.startswith(reverse("account_login"))


def test_nothing_is_done_by_a_mere_link(desk, draft):
    for action in ACTIONS:
        assert desk.get(reverse(action, args=[draft.uid])).status_code == 405


def test_wizard_says_why_nothing_changes_any_more_before_the_launch(client, olive):
    campaign = make_campaign(olive, launch_in=300)
    client.force_login(olive)
    answer = client.get(reverse("wizard", args=[campaign.uid, "message"]), follow=True)
    assert answer.redirect_chain[-1][0].endswith("/check/")
    assert "less than ten minutes away" in answer.content.decode()
