"""Home, explore and what we keep: what is found there, and in how many queries."""

import pytest

from campaigns.models import Revision, Theme
from tests.making import make_campaign
from tests.pages.showcasing import decide, lend, write

pytestmark = pytest.mark.django_db


def test_home_says_what_this_is_when_there_is_nothing_yet(read):
    words = read("/")
    assert "The same second." in words
    assert "Nothing is leaving just now" in words
    assert "Never twice." in words


def test_home_shows_the_next_launch_first_and_counts_down_to_it(client, olive):
    make_campaign(olive, slug="later", title="Later", launch_in=9000)
    make_campaign(olive, slug="sooner", title="Sooner", launch_in=600)
    answer = client.get("/")
    assert answer.context["next"].campaign.slug == "sooner"
    assert [row.campaign.slug for row in answer.context["coming"]] == ["sooner", "later"]
    assert b"data-countdown" in answer.content


def test_home_leads_to_a_launch_that_is_under_way(client, olive):
    campaign = make_campaign(olive, launch_in=-2)
    decide(campaign, "firing", pledges=[lend(campaign)], outcomes=["planned"])
    html = client.get("/").content.decode()
    assert "Being said now" in html
    assert "/campaigns/river/launch/" in html


def test_home_tells_what_came_of_the_latest_launch(read, olive):
    campaign = make_campaign(olive, launch_in=-7200, title="Saturdays")
    pledges = [lend(campaign) for _ in range(4)]
    decide(campaign, "finished", pledges=pledges, outcomes=["sent", "sent", "failed", "sent"])
    words = read("/")
    assert "Saturdays" in words
    assert "3of 4 pledged" in words
    assert "0.25 s" in words


def test_home_keeps_unlisted_and_suspended_campaigns_to_itself(read, olive):
    make_campaign(olive, slug="a", title="Whispered", visibility="unlisted")
    make_campaign(olive, slug="b", title="Doubtful", state="suspended")
    write(olive, title="Unripe")
    words = read("/")
    assert not any(title in words for title in ("Whispered", "Doubtful", "Unripe"))


def test_home_takes_few_queries(client, olive, django_assert_max_num_queries):
    for number in range(8):
        lend(make_campaign(olive, slug=f"c{number}"))
    for number in range(4):
        past = make_campaign(olive, slug=f"p{number}", launch_in=-9000)
        decide(past, "finished", pledges=[lend(past)], outcomes=["sent"])
    with django_assert_max_num_queries(7):
        client.get("/")


def test_explore_parts_what_is_coming_from_what_is_past(read, olive):
    make_campaign(olive, slug="a", title="Coming one")
    make_campaign(olive, slug="b", title="Cancelled one", state="cancelled")
    said = make_campaign(olive, slug="c", title="Said one", launch_in=-9000)
    decide(said, "finished", pledges=[lend(said)], outcomes=["sent"])
    held = make_campaign(olive, slug="d", title="Held one", launch_in=-90)
    decide(held, "held", pledges=[lend(held)], outcomes=["planned"])
    coming, past = read("/campaigns/"), read("/campaigns/?state=past")
    assert "Coming one" in coming
    assert "Held one" in coming
    assert "Said one" not in coming
    assert "Cancelled one" not in coming
    assert "Said one" in past
    assert "Cancelled one" in past
    assert "Coming one" not in past


def test_explore_finds_by_words_of_the_title_and_by_theme(client, olive):
    rivers, trains = Theme.objects.order_by("pk")[:2]
    for slug, title, theme in (
        ("a", "The river runs clean", rivers),
        ("b", "Clean trains", trains),
        ("c", "Night trains", trains),
    ):
        campaign = make_campaign(olive, slug=slug, title=title)
        Revision.objects.filter(pk=campaign.approved_id).update(theme=theme)

    def find(**asked):
        rows = client.get("/campaigns/", asked).context["rows"]
        return {row.campaign.slug for row in rows}

    assert find(words="clean") == {"a", "b"}
    assert find(words="clean river") == {"a"}
    assert find(theme=trains.slug) == {"b", "c"}
    assert find(theme=trains.slug, words="clean") == {"b"}
    assert find(words="nothing like it") == set()


def test_explore_offers_to_show_all_once(client, olive):
    make_campaign(olive)
    some = client.get("/campaigns/?words=river").content.decode()
    none = client.get("/campaigns/?words=mountain&state=past").content.decode()
    assert (some.count("Show all"), none.count("Show all")) == (1, 1)
    assert 'href="?state=past">Show all campaigns' in none


@pytest.mark.parametrize(
    "query",
    ["?page=99&state=zz", "?theme=nowhere", "?page=-1", "?words=%00", "?words=" + "x" * 200],
)
def test_explore_bears_what_anybody_types(client, olive, query):
    make_campaign(olive)
    answer = client.get("/campaigns/" + query)
    assert answer.status_code == 200
    assert len(answer.context["rows"]) == 1


def test_explore_turns_pages_and_keeps_what_was_sought(client, olive):
    for number in range(21):
        make_campaign(olive, slug=f"c{number}", launch_in=1000 + number)
    first = client.get("/campaigns/?words=river")
    assert len(first.context["rows"]) == 20
    assert "?words=river&amp;page=2" in first.content.decode()
    second = client.get("/campaigns/?words=river&page=2")
    assert [row.campaign.slug for row in second.context["rows"]] == ["c20"]


def test_tab_of_the_coming_ones_leads_back_from_the_past(client):
    html = client.get("/campaigns/?state=past&page=2").content.decode()
    assert 'href="?"' in html


def test_explore_takes_few_queries(client, olive, django_assert_max_num_queries):
    for number in range(12):
        campaign = make_campaign(olive, slug=f"c{number}", launch_in=-9000)
        decide(campaign, "finished", pledges=[lend(campaign)], outcomes=["sent"])
    with django_assert_max_num_queries(9):
        client.get("/campaigns/?state=past")


def test_what_we_keep_is_linked_from_every_page(client, read):
    assert 'href="/what-we-keep/"' in client.get("/").content.decode()
    words = read("/what-we-keep/")
    assert "The exact words you agreed to" in words
    assert "keyed hash" in words


@pytest.mark.parametrize("path", ["/", "/campaigns/", "/desk/", "/what-we-keep/"])
def test_reading_pages_take_nothing_but_reading(client, olive, path):
    client.force_login(olive)
    assert client.post(path).status_code == 405
