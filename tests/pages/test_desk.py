"""The organiser's desk: where each campaign stands, and its next step."""

import pytest

from campaigns.clock import database_now
from campaigns.models import Campaign, ClickCount, Revision, ShortLink, Theme
from tests.making import make_campaign
from tests.pages.showcasing import decide, lend, say, write

pytestmark = pytest.mark.django_db


def test_desk_is_for_who_is_signed_in(client):
    answer = client.get("/desk/")
    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_desk_holds_nobody_elses_campaigns(client, read, olive, sam):
    make_campaign(olive, title="Of Olive")
    client.force_login(sam)
    words = read("/desk/")
    assert "Of Olive" not in words
    assert "No campaign yet" in words


def open_desk(client, person):
    client.force_login(person)
    answer = client.get("/desk/")
    assert answer.status_code == 200
    return answer.context["entries"][0], answer.content.decode()


def test_desk_says_what_a_draft_still_lacks_and_leads_there(client, olive):
    campaign = write(olive, title="Unripe")
    entry, html = open_desk(client, olive)
    assert entry.next_step == "theme"
    assert f"/campaigns/{campaign.uid}/edit/theme/" in html
    assert "Go on writing" in html
    assert "Send it for review" not in html


def test_desk_sends_a_complete_draft_for_review(client, olive):
    campaign = make_campaign(olive, launch_in=9 * 86400)
    Revision.objects.update(state="draft", theme=Theme.objects.first())
    Campaign.objects.update(state="draft", approved=None, launch_at=None, latest_at=None)
    _entry, html = open_desk(client, olive)
    assert f'formaction="/campaigns/{campaign.uid}/submit/"' in html
    answer = client.post(f"/campaigns/{campaign.uid}/submit/")
    assert answer.status_code == 302
    campaign.refresh_from_db()
    assert campaign.state == "in_review"


def test_desk_takes_back_what_waits_for_a_reviewer(client, olive):
    write(olive, state="in_review", title="T", message="M", launch_at=database_now())
    entry, html = open_desk(client, olive)
    assert entry.can_take_back
    assert not entry.can_write
    assert "Take it back to change it" in html


@pytest.mark.parametrize("state", ["changes_asked", "rejected"])
def test_desk_repeats_what_the_reviewer_said(client, olive, rae, state):
    campaign = write(olive, state=state, title="T", message="M")
    say(campaign, rae, verdict=state, reason="Say who pays.")
    entry, html = open_desk(client, olive)
    assert "Say who pays." in html
    assert entry.can_write
    assert entry.can_cancel == (state != "rejected")


def test_desk_repeats_no_words_that_were_answered(client, olive, rae):
    campaign = write(olive, state="changes_asked", title="T", message="M")
    say(campaign, rae, verdict="changes_asked", reason="Say who pays.")
    Revision.objects.create(
        campaign=campaign, number=2, state="in_review", title="T", message="M",
        launch_at=database_now(),
    )  # fmt: skip
    Campaign.objects.update(state="in_review")
    assert "Say who pays." not in open_desk(client, olive)[1]


def test_desk_offers_to_change_or_cancel_a_scheduled_campaign(client, olive):
    campaign = make_campaign(olive, threshold=5)
    lend(campaign)
    entry, html = open_desk(client, olive)
    assert (entry.people, entry.threshold) == (1, 5)
    assert f"/campaigns/{campaign.uid}/revise/" in html
    assert f"/campaigns/{campaign.uid}/cancel/" in html


def test_desk_goes_on_with_a_change_of_what_is_public(client, olive):
    campaign = make_campaign(olive, title="As approved")
    Revision.objects.create(campaign=campaign, number=2, title="As changed", message="M")
    entry, html = open_desk(client, olive)
    assert entry.is_changing
    assert entry.title == "As approved"
    assert "You are writing a change of it." in html
    assert not entry.can_revise


def test_desk_freezes_with_the_last_ten_minutes(client, olive):
    make_campaign(olive, launch_in=300)
    entry, html = open_desk(client, olive)
    assert not entry.can_revise
    assert entry.can_cancel
    assert "/campaigns/river/launch/" in html


def test_desk_leads_to_the_room_and_to_the_results(client, olive):
    campaign = make_campaign(olive, launch_in=-60)
    pledges = [lend(campaign)]
    launch = decide(campaign, "firing", pledges=pledges, outcomes=["sent"])
    entry, html = open_desk(client, olive)
    assert "/campaigns/river/launch/" in html
    assert not entry.can_cancel
    launch.state = "finished"
    launch.save()
    assert "/campaigns/river/results/" in open_desk(client, olive)[1]


def test_desk_says_how_many_accounts_are_ready(client, olive):
    campaign = make_campaign(olive)
    for state in ("linked", "linked", "needs_relink"):
        lend(campaign, state=state)
    html = open_desk(client, olive)[1]
    assert "2 of 3 accounts lent are ready." in html
    assert "One has to be authorised again; its owner was told." in html
    assert "not checked yet" not in html


@pytest.mark.parametrize("launch_in", [3600, 9 * 86_400])
def test_desk_says_how_many_accounts_are_not_posted_to_any_more(client, olive, settings, launch_in):
    campaign = make_campaign(olive, launch_in=launch_in)
    lend(campaign)
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "assisted"}}
    html = open_desk(client, olive)[1]
    assert "0 of one account lent is ready." in html
    assert "One is on a network that this site does not post to any more." in html


def test_desk_says_that_nothing_is_checked_so_long_before(client, olive):
    campaign = make_campaign(olive, launch_in=9 * 86_400)
    assert "not checked yet" not in open_desk(client, olive)[1]
    lend(campaign)
    assert "One account lent, not checked yet" in open_desk(client, olive)[1]


def test_desk_takes_few_queries(client, olive, rae, django_assert_max_num_queries):
    for number in range(6):
        lend(make_campaign(olive, slug=f"c{number}"))
        campaign = write(olive, slug=f"d{number}", state="changes_asked", title="T", message="M")
        say(campaign, rae, verdict="changes_asked", reason="Why?")
    client.force_login(olive)
    with django_assert_max_num_queries(14):
        client.get("/desk/")


def test_desk_tells_the_clicks_where_they_are_counted(client, olive):
    campaign = make_campaign(olive, launch_in=-60, counts_clicks=True)
    decide(campaign, "finished")
    make_campaign(olive, slug="other")
    assert "No click on its short link was counted so far." in open_desk(client, olive)[1]
    link = ShortLink.objects.get(campaign=campaign)
    ClickCount.objects.create(link=link, hour=campaign.launch_at, clicks=1234)
    page = open_desk(client, olive)[1]
    assert "At least 1,234 clicks on its short link, robots left out." in page
    assert page.count("short link") == 1
