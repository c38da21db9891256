"""What came of a launch, as its readers get it: pages, JSON, receipts. Unknown is never 0."""

import json
import re
from datetime import timedelta

import pytest

from launches.models import Delivery
from launches.readings import NUMBERS
from tests.launches.sounding import make_launch, read_one, send

pytestmark = pytest.mark.django_db

HOUR, DAY, WEEK = 3600, 86_400, 7 * 86_400


@pytest.fixture
def read_numbers_of(client):
    """The rounds that ``results.json`` tells."""

    def do():
        return json.loads(client.get("/campaigns/river/results.json").content)["numbers"]

    return do


@pytest.fixture
def read_section(client):
    """The words of the results' section about what came of it."""

    def do():
        page = client.get("/campaigns/river/results/").content.decode()
        html = page.partition('aria-labelledby="echo"')[2].partition("</section>")[0]
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", f"<p {html}"))

    return do


def read_all(deliveries, *, after, gone=0, unread=0, **told):
    """Readings of these: the first ones gone, the last ones not read."""
    known = deliveries[gone : len(deliveries) - unread]
    for delivery in deliveries[:gone]:
        read_one(delivery, after=after, is_gone=True)
    for delivery in known:
        read_one(delivery, after=after, **told)
    for delivery in deliveries[len(deliveries) - unread :]:
        read_one(delivery, after=after, read_at=None)


def test_rounds_for_machines_add_up_what_was_told(olive, read_numbers_of):
    launch = make_launch(olive, ago=DAY + 60)
    mastodon = send(launch, 5)
    x = send(launch, 2, network="x", host="api.x.com")
    send(launch, 3, state="failed")
    read_all(mastodon, after=HOUR, gone=1, unread=1, likes=10, reposts=0, replies=2)
    read_all(x, after=HOUR, likes=5, reposts=1, replies=0, quotes=1, impressions=900)
    first, second, third = read_numbers_of()
    assert [each["after_seconds"] for each in (first, second, third)] == [HOUR, DAY, WEEK]
    assert [each["state"] for each in (first, second, third)] == ["over", "under_way", "to_come"]
    assert {name: first[name] for name in ("posts", "read", "gone", "unread")} == {
        "posts": 7,
        "read": 5,
        "gone": 1,
        "unread": 1,
    }
    assert [first[name] for name in NUMBERS] == [40, 2, 6, 2, 1800]
    assert list(first["told_by"].values()) == [5, 5, 5, 2, 2]
    assert first["networks"]["mastodon"]["likes"] == 30
    assert first["networks"]["mastodon"]["quotes"] is None
    assert first["networks"]["x"]["impressions"] == 1800
    assert list(first["networks"]) == ["mastodon", "x"]
    assert first["first_read_at"] <= first["last_read_at"]


def test_what_is_not_read_is_null_and_what_is_gone_stays_gone(olive, read_numbers_of):
    launch = make_launch(olive, ago=DAY + 60)
    read_all(send(launch, 4), after=HOUR, gone=1, likes=1)
    first, second, third = read_numbers_of()
    assert (first["likes"], first["replies"]) == (3, None)
    assert [second[name] for name in NUMBERS] == [None] * 5
    assert (second["gone"], second["unread"], second["first_read_at"]) == (1, 3, None)
    assert (third["gone"], third["unread"]) == (0, 4)


def test_zero_that_was_told_is_zero(olive, read_numbers_of):
    read_all(send(make_launch(olive, ago=HOUR), 2), after=HOUR, likes=0)
    assert read_numbers_of()[0]["likes"] == 0


def test_post_that_stands_and_tells_nothing_is_not_read(olive, read_numbers_of):
    read_all(send(make_launch(olive, ago=HOUR), 2), after=HOUR)
    first = read_numbers_of()[0]
    assert (first["read"], first["unread"]) == (0, 2)


def test_launch_without_posts_has_no_numbers(olive, client, read_numbers_of):
    launch = make_launch(olive, ago=HOUR, state="missed")
    send(launch, 2, state="not_sent")
    assert read_numbers_of() == []
    assert 'id="echo"' not in client.get("/campaigns/river/results/").content.decode()


def test_rounds_read_by_other_settings_are_still_told(olive, read_numbers_of, settings):
    read_all(send(make_launch(olive, ago=WEEK), 1), after=HOUR, likes=4)
    settings.NUMBERS_AFTER = (timedelta(minutes=5),)
    assert [(each["after_seconds"], each["likes"]) for each in read_numbers_of()] == [
        (300, None),
        (HOUR, 4),
    ]


def test_page_says_beforehand_when_numbers_are_read(olive, read_section):
    send(make_launch(olive, ago=60), 1)
    assert "are read 1 hour, 1 day and 7 days after the launch" in read_section()


def test_page_says_of_how_many_posts_it_speaks(olive, read_section):
    launch = make_launch(olive, ago=DAY)
    deliveries = send(launch, 300)
    read_all(deliveries, after=HOUR, gone=4, unread=6, likes=10, reposts=3, replies=0)
    words = read_section()
    assert "1 hour after the launch: read of 290 of 300 posts." in words
    assert "4 are gone" in words
    assert "6 could not be read." in words
    assert "Likes 2,900" in words
    assert "Replies 0" in words
    assert "Quotes" not in words
    assert "Views" not in words


def test_page_tells_a_round_under_way_from_one_that_is_over(olive, read_section):
    launch = make_launch(olive, ago=HOUR)
    read_all(send(launch, 3), after=HOUR, unread=2, likes=1)
    assert "2 are not read so far." in read_section()


def test_page_says_that_nothing_could_be_read(olive, read_section):
    send(make_launch(olive, ago=9 * DAY), 2)
    words = read_section()
    assert "read of 0 of 2 posts. 2 could not be read." in words
    assert "Likes" not in words


def test_chart_starts_at_nothing_and_has_no_point_for_what_was_not_read(olive, client):
    launch = make_launch(olive, ago=WEEK)
    deliveries = send(launch, 2)
    read_all(deliveries, after=HOUR, likes=50, impressions=9000)
    read_all(deliveries, after=WEEK, likes=100, impressions=9999)
    page = client.get("/campaigns/river/results/").content.decode()
    section = page.partition('aria-labelledby="echo"')[2].partition("</section>")[0]
    assert 'class="plot__line plot__line--1" points="0,100 50,50 100,0"' in section
    assert section.count('class="plot__line plot__line--') == 1 + 1  # and its legend: no views
    assert ">1 day</span>" not in section
    assert '<th scope="row">1 day</th><td class="num">–</td>' in section


def test_number_that_only_some_posts_told_says_so(olive, read_section):
    launch = make_launch(olive, ago=HOUR)
    read_all(send(launch, 3), after=HOUR, likes=1)
    read_all(send(launch, 1, network="x", host="api.x.com"), after=HOUR, likes=1, impressions=70)
    assert "Views 70 told of 1 post" in read_section()


def test_network_that_tells_nobody_is_named(olive, read_section):
    launch = make_launch(olive, ago=HOUR)
    read_all(send(launch, 1), after=HOUR, likes=1)
    send(launch, 1, network="linkedin", host="api.linkedin.com")
    assert "No numbers are told by: LinkedIn." in read_section()


def test_each_supporter_reads_of_their_own_post(olive, client):
    launch = make_launch(olive, ago=DAY)
    mine, others = send(launch, 2)
    read_one(mine, after=HOUR, likes=1, reposts=0, replies=None)
    read_one(mine, after=DAY, likes=1234, reposts=1)
    read_one(others, after=DAY, likes=777)
    client.force_login(mine.pledge.person)
    page = client.get("/me/receipts/").content.decode()
    assert "1,234 likes and 1 repost, 1 day after the launch" in page
    assert "777" not in page
    assert "not there any more" not in page


def test_supporter_is_told_that_their_post_is_gone(olive, client):
    (mine,) = send(make_launch(olive, ago=DAY), 1)
    read_one(mine, after=HOUR, likes=3)
    read_one(mine, after=DAY, is_gone=True)
    client.force_login(mine.pledge.person)
    page = client.get("/me/receipts/").content.decode()
    assert "This post is not there any more" in page
    assert "3 likes, 1 hour after the launch" in page
    assert Delivery.objects.get().state == "sent"


def test_receipt_whose_post_was_not_read_says_nothing_of_numbers(olive, client):
    (mine,) = send(make_launch(olive, ago=DAY), 1)
    read_one(mine, after=DAY, read_at=None)
    client.force_login(mine.pledge.person)
    assert "after the launch</p>" not in client.get("/me/receipts/").content.decode()


def test_receipts_ask_the_database_no_more_for_more_posts(
    olive, client, django_assert_max_num_queries
):
    launch = make_launch(olive, ago=DAY)
    deliveries = send(launch, 6)
    person = deliveries[0].pledge.person
    for delivery in deliveries:
        read_one(delivery, after=HOUR, likes=3)
        type(delivery.pledge).objects.filter(pk=delivery.pledge_id).update(person=person)
    client.force_login(person)
    with django_assert_max_num_queries(14):
        client.get("/me/receipts/")
