"""People who post by their own hand, on the pages: shown apart, and counted where they count."""

import pytest

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from supporters.models import AssistedPledge, PledgeState
from tests.making import make_campaign, make_promise
from tests.pages.showcasing import decide, lend

pytestmark = pytest.mark.django_db


def promise_by(name, campaign, **facts):
    """Somebody of that name promises, with a confirmed address."""
    person = User.objects.create_user(name=name)
    return make_promise(campaign, person, email=f"p{person.pk}@example.org", **facts)


@pytest.mark.parametrize(("counts", "people"), [(True, 3), (False, 1)])
def test_campaign_page_shows_both_numbers(client, read, olive, counts, people):
    campaign = make_campaign(olive, threshold=5)
    Campaign.objects.update(counts_assisted=counts)
    lend(campaign)
    promise_by("Ada", campaign)
    promise_by("Bo", campaign)
    words = read("/campaigns/river/")
    assert client.get("/campaigns/river/").context["shown"].people == people
    assert f"{people} supporter" in words
    assert "Accounts lent1" in words
    toward = "" if counts else " (not toward the goal)"
    assert f"People who post by their own hand{toward}2" in words


def test_board_and_desk_count_as_the_launch_will(client, read, olive):
    campaign = make_campaign(olive, threshold=5)
    Campaign.objects.update(counts_assisted=True)
    promise_by("Ada", campaign)
    client.force_login(olive)
    (entry,) = client.get("/desk/").context["entries"]
    assert (entry.people, entry.turnout.by_hand) == (1, 1)
    assert "One person posts by their own hand. They count." in read("/desk/")
    (row,) = client.get("/campaigns/").context["rows"]
    assert row.people == 1


def test_wall_shows_who_agreed_once_by_name_and_never_an_address(client, olive):
    campaign = make_campaign(olive)
    sam = User.objects.create_user("sam@example.org", name="Sam")
    lend(campaign, person=sam, name="Sam at Mastodon", is_shown=True)
    make_promise(campaign, sam, is_shown=True)
    promise_by("Ada", campaign, is_shown=True)
    promise_by("Hidden", campaign)
    promise_by("", campaign, is_shown=True)
    promise_by("Gone", campaign, is_shown=True, state=PledgeState.WITHDRAWN)
    shown = client.get("/campaigns/river/").context["shown"]
    assert [face.name for face in shown.faces] == ["Ada", "Sam at Mastodon"]


def test_reader_who_promised_is_in(client, read, sam, olive):
    campaign = make_campaign(olive)
    make_promise(campaign, sam)
    assert "You are in" not in read("/campaigns/river/")
    client.force_login(sam)
    assert "You are in, by your own hand." in read("/campaigns/river/")
    AssistedPledge.objects.update(state=PledgeState.WITHDRAWN)
    assert "You are in" not in read("/campaigns/river/")


@pytest.mark.parametrize("state", ["firing", "held", "finished"])
def test_launched_campaign_tells_offered_and_reported_and_never_as_sent(
    client, read, sam, olive, state
):
    campaign = make_campaign(olive, launch_in=-60)
    decide(campaign, state, pledges=[lend(campaign)], outcomes=["sent"])
    now = database_now()
    make_promise(campaign, sam, state=PledgeState.CALLED, offered_at=now, reported_at=now)
    promise_by("Ada", campaign, state=PledgeState.CALLED, offered_at=now)
    words = read("/campaigns/river/")
    assert "Posts asked of people’s own hands2" in words
    assert "Of these, made as they say1" in words
    shown = client.get("/campaigns/river/").context["shown"]
    assert (shown.summary.sent, shown.summary.pledges) == (1, 1)
    client.force_login(sam)
    assert "What you post by your own hand" in read("/campaigns/river/")


def test_message_is_shown_where_everything_is_posted_by_hand(client, olive, settings):
    settings.NETWORKS = {"x": {**settings.NETWORKS["x"], "mode": "assisted"}}
    make_campaign(olive)
    shown = client.get("/campaigns/river/").context["shown"]
    assert [post.label for post in shown.posts] == ["X"]
