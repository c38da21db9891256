"""The campaign page: who sees it, in which stage, with which numbers, in how many queries."""

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.models import Revision
from pages.gathering import round_estimate
from supporters.models import LinkedAccount
from tests.making import make_campaign
from tests.pages.showcasing import decide, lend, write

pytestmark = pytest.mark.django_db

EVIL = '<script>alert("x")</script>'


@pytest.mark.parametrize("state", ["draft", "in_review", "changes_asked", "rejected"])
def test_unpublished_campaign_is_for_its_organiser_and_the_staff(
    client, read, olive, sam, rae, settings, state
):
    title = "Unripe"
    write(olive, state=state, title=title, message="Say it.", launch_at=database_now())
    read("/campaigns/draft/", status=404)
    client.force_login(sam)
    read("/campaigns/draft/", status=404)
    client.force_login(olive)
    assert "Only you and the staff see this page." in read("/campaigns/draft/")
    client.force_login(rae)
    read("/campaigns/draft/", status=404)  # no second factor yet
    settings.STAFF_NEEDS_MFA = False
    assert "Only the organiser and the staff see this page." in read("/campaigns/draft/")


def test_empty_draft_is_shown_to_its_organiser(client, read, olive):
    write(olive)
    client.force_login(olive)
    words = read("/campaigns/draft/")
    assert "Untitled campaign" in words
    assert "The moment is not chosen yet." in words
    assert "No words yet" in words


def test_suspended_campaign_is_out_of_public_sight(client, read, olive, sam):
    make_campaign(olive, state="suspended")
    read("/campaigns/river/", status=404)
    client.force_login(sam)
    read("/campaigns/river/", status=404)
    client.force_login(olive)
    assert "nothing of it is sent until an admin resumes it" in read("/campaigns/river/")


def test_unlisted_campaign_is_reachable_and_not_indexed(client, olive):
    make_campaign(olive, visibility="unlisted")
    answer = client.get("/campaigns/river/")
    assert answer.status_code == 200
    assert answer["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in answer.content.decode()


def test_listed_campaign_may_be_indexed_and_tells_what_it_is(client, olive, settings):
    settings.SITE_URL = "https://speak.example"
    make_campaign(olive, title='Say "it"')
    answer = client.get("/campaigns/river/")
    html = answer.content.decode()
    assert "X-Robots-Tag" not in answer
    assert 'content="noindex"' not in html
    assert '<meta property="og:title" content="Say &quot;it&quot;">' in html
    assert 'content="Three barriers would stop the plastic."' in html
    assert '<meta property="og:url" content="https://speak.example/campaigns/river/">' in html


@pytest.mark.parametrize("path", ["/campaigns/nowhere/", "/campaigns/feed/"])
def test_campaign_that_does_not_exist_is_not_found(read, path):
    read(path, status=404)


def test_address_of_the_wizard_is_not_taken_for_a_campaign(client):
    answer = client.get("/campaigns/new/")
    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_open_campaign_counts_people_accounts_and_reach(client, read, olive, sam):
    campaign = make_campaign(olive, threshold=4)
    lend(campaign, person=sam, followers=1234)
    lend(campaign, person=sam, followers=None)
    lend(campaign, followers=4321, state="needs_relink")
    lend(campaign, followers=100_000)
    campaign.pledges.filter(account__followers=100_000).update(state="withdrawn")
    crowd = client.get("/campaigns/river/").context["shown"].crowd
    assert (crowd.people, crowd.accounts, crowd.ready, crowd.renew) == (2, 3, 2, 1)
    assert (crowd.reach, crowd.silent) == (5560, 1)  # 5,555 told, to three digits
    words = read("/campaigns/river/")
    assert "supporters of the 4 needed" in words
    assert "2 more, and it goes out." in words
    assert "about 5,560" in words
    assert "Have to renew their permission" in words


def test_accounts_are_not_called_ready_before_they_were_checked(client, read, olive):
    campaign = make_campaign(olive, launch_in=10 * 86_400)
    lend(campaign)
    lend(campaign, state="needs_relink")
    crowd = client.get("/campaigns/river/").context["shown"].crowd
    assert (crowd.accounts, crowd.ready, crowd.unchecked, crowd.renew) == (2, 0, 1, 1)
    assert "Ready to postnot checked yet" in read("/campaigns/river/")


def test_campaign_calls_nobody_ready_on_a_network_that_is_not_posted_to(
    client, read, olive, settings
):
    lend(make_campaign(olive, launch_in=86_400))
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "assisted"}}
    words = read("/campaigns/river/")
    assert "Ready to post0" in words
    assert "On networks that this site does not post to any more1" in words


def test_campaign_tells_the_ready_from_those_that_still_have_to_be_checked(client, read, olive):
    campaign = make_campaign(olive, launch_in=86_400)
    pledges = [lend(campaign) for _ in range(5)]
    now = database_now()
    change(pledges[0], checked_at=now - timedelta(days=3))
    change(pledges[1], refused_at=now + timedelta(minutes=1))
    change(pledges[2], expires_at=campaign.launch_at, ends_at=campaign.launch_at)
    change(pledges[3], expires_at=campaign.latest_at, ends_at=campaign.launch_at)
    crowd = client.get("/campaigns/river/").context["shown"].crowd
    assert (crowd.accounts, crowd.ready, crowd.unchecked) == (5, 2, 1)
    assert (crowd.renew, crowd.refused) == (1, 1)
    words = read("/campaigns/river/")
    assert "Ready to post2" in words
    assert "Not checked yet1" in words
    assert "Kept from posting by their network1" in words
    assert "Have to renew their permission1" in words


def change(pledge, **facts):
    LinkedAccount.objects.filter(pk=pledge.account_id).update(**facts)


def test_reach_that_nobody_told_is_unknown_and_not_nothing(client, read, olive):
    lend(make_campaign(olive), followers=None)
    assert client.get("/campaigns/river/").context["shown"].crowd.reach is None
    assert "Reach, an estimateunknown" in read("/campaigns/river/")


@pytest.mark.parametrize(
    ("number", "told"), [(0, 0), (999, 999), (1234, 1230), (987_654, 988_000), (5555, 5560)]
)
def test_estimate_has_three_digits(number, told):
    assert round_estimate(number) == told


@pytest.mark.parametrize(
    ("threshold", "sentence"),
    [
        (None, "It goes out whatever the number."),
        (3, "One more, and it goes out."),
        (2, "The goal is reached. It will go out."),
        (1, "The goal is passed. It will go out."),
    ],
)
def test_panel_says_how_far_the_goal_is(read, olive, threshold, sentence):
    campaign = make_campaign(olive, threshold=threshold)
    lend(campaign)
    lend(campaign)
    assert sentence in read("/campaigns/river/")


def test_message_is_shown_in_each_networks_own_count(client, olive):
    make_campaign(olive)
    posts = {post.network: post for post in client.get("/campaigns/river/").context["shown"].posts}
    assert {name: post.length.limit for name, post in posts.items()} == {
        "mastodon": 500,
        "bluesky": 300,
    }
    assert all("https://example.org/river #cleanriver" in post.text for post in posts.values())


def test_only_networks_that_are_posted_to_from_here_are_previewed(client, olive, settings):
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "assisted"}}
    make_campaign(olive)
    posts = client.get("/campaigns/river/").context["shown"].posts
    assert [post.network for post in posts] == ["bluesky"]


def test_wall_shows_only_who_agreed_each_person_once(client, read, olive, sam):
    campaign = make_campaign(olive)
    lend(campaign, person=sam, name="Sam Ferrand", is_shown=True)
    lend(campaign, person=sam, name="Sam Ferrand", is_shown=True)
    lend(campaign, name="Shy Person")
    lend(campaign, name="Gone Person", is_shown=True)
    campaign.pledges.filter(account__display_name="Gone Person").update(state="withdrawn")
    shown = client.get("/campaigns/river/").context["shown"]
    assert [face.name for face in shown.faces] == ["Sam Ferrand"]
    words = read("/campaigns/river/")
    assert "Shy Person" not in words
    assert "and one more" in words


def test_name_of_who_was_shut_out_leaves_the_wall(read, olive, sam):
    lend(make_campaign(olive), person=sam, name="Sam Ferrand", is_shown=True)
    sam.is_active = False
    sam.save()
    assert "Sam Ferrand" not in read("/campaigns/river/")


def test_supporter_is_told_that_they_are_in(client, read, olive, sam):
    lend(make_campaign(olive), person=sam)
    assert "You are in," not in read("/campaigns/river/")
    client.force_login(sam)
    assert "You are in, with one account." in read("/campaigns/river/")


def test_nothing_that_people_typed_runs_as_markup(client, olive):
    campaign = make_campaign(olive, title=EVIL)
    Revision.objects.filter(pk=campaign.approved_id).update(
        summary=EVIL, story=EVIL, message=EVIL, picture_alt=EVIL
    )
    olive.name = EVIL
    olive.save()
    lend(campaign, name=EVIL, is_shown=True)
    client.force_login(olive)
    for path in ("/", "/campaigns/", "/campaigns/river/", "/desk/"):
        html = client.get(path).content.decode()
        assert EVIL not in html, path
        assert "&lt;script&gt;" in html, path


def test_moment_is_told_in_the_campaigns_zone(read, olive):
    campaign = make_campaign(olive)
    moment = campaign.approved.local_launch_at
    words = read("/campaigns/river/")
    assert f"at {moment:%H:%M} in Paris" in words
    assert "Nothing is posted after" in words


def test_launch_room_opens_an_hour_before(client, olive):
    make_campaign(olive, slug="near", launch_in=3000)
    make_campaign(olive, slug="far", launch_in=9000)
    link = 'href="/campaigns/{}/launch/"'
    assert link.format("near") in client.get("/campaigns/near/").content.decode()
    assert link.format("far") not in client.get("/campaigns/far/").content.decode()


@pytest.mark.parametrize(
    ("state", "outcomes", "sentence", "leads_to"),
    [
        ("firing", ["sent", "planned"], "It is being said now", "launch"),
        ("held", ["sent", "planned"], "Too many failed.", "launch"),
        ("finished", ["sent", "failed"], "It has been said", "results"),
        ("cancelled", ["sent", "not_sent"], "Cancelled during the launch", "results"),
        ("missed", ["not_sent", "not_sent"], "Nobody’s account was used.", "results"),
    ],
)
def test_each_stage_of_a_launch_has_its_panel(
    client, read, olive, state, outcomes, sentence, leads_to
):
    campaign = make_campaign(olive, launch_in=-60, threshold=3 if state == "missed" else None)
    pledges = [lend(campaign), lend(campaign)]
    why = "Too many failed." if state == "held" else ""
    decide(campaign, state, pledges=pledges, outcomes=outcomes, held_why=why)
    assert sentence in read("/campaigns/river/")
    html = client.get("/campaigns/river/").content.decode()
    assert f"/campaigns/river/{leads_to}/" in html
    assert "/campaigns/river/support/" not in html


def test_moment_that_has_come_takes_no_more_pledges(client, read, olive):
    make_campaign(olive, launch_in=-1)
    assert "The moment has come." in read("/campaigns/river/")
    assert "/campaigns/river/support/" not in client.get("/campaigns/river/").content.decode()


def test_cancelled_campaign_says_that_nothing_was_posted(read, olive):
    lend(make_campaign(olive, state="cancelled"))
    words = read("/campaigns/river/")
    assert "Nothing of it was posted" in words
    assert "One person had lent an account. It was not used." in words


def test_people_are_those_that_the_launch_counted(client, olive):
    campaign = make_campaign(olive, launch_in=-60)
    pledges = [lend(campaign) for _ in range(3)]
    decide(campaign, "finished", pledges=pledges, outcomes=["sent"] * 3)
    pledges[0].account.delete()
    assert client.get("/campaigns/river/").context["shown"].people == 3


@pytest.mark.parametrize("is_over", [False, True])
def test_campaign_page_takes_few_queries(client, olive, django_assert_max_num_queries, is_over):
    campaign = make_campaign(olive, launch_in=-60 if is_over else 600)
    pledges = [lend(campaign, is_shown=True) for _ in range(30)]
    if is_over:
        decide(campaign, "finished", pledges=pledges, outcomes=["sent"] * 30)
    with django_assert_max_num_queries(14 if is_over else 11):  # one is the clock
        client.get("/campaigns/river/")


def test_numbers_of_a_launch_stay_when_somebody_is_erased_since(client, read, olive):
    campaign = make_campaign(olive, launch_in=-600)
    pledges = [lend(campaign, followers=100) for _ in range(3)]
    decide(campaign, "finished", pledges=pledges, outcomes=["sent"] * 3)
    assert "Accounts lent3" in read("/campaigns/river/")
    assert "still known here" not in read("/campaigns/river/")
    pledges[0].delete()
    words = read("/campaigns/river/")
    assert "Accounts lent3" in words
    assert "Reach of the accounts that are still known here, an estimateabout 200" in words
    client.force_login(olive)
    assert "3 people" in read("/desk/")
