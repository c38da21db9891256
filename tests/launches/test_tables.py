"""The pictures of a results page and their tables: on the page, and for a spreadsheet."""

import csv
import io
import re
from datetime import timedelta

import pytest

from launches.gathering import Day, trace_supporters
from launches.lagging import measure_lags
from launches.models import Delivery, Launch
from launches.readings import Reading
from launches.tabling import PRIVATE_TABLES, TABLES
from supporters.models import LinkedAccount, Pledge
from tests.making import make_campaign, make_promise
from tests.pages.showcasing import decide, lend

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(olive):
    """Gives a launch of an hour ago with one delivery for each lag in seconds; None: it failed."""

    def make(*lags, state="finished", **facts):
        campaign = make_campaign(olive, launch_in=-3600, **facts)
        pledges = [lend(campaign) for _ in lags]
        outcomes = ["failed" if lag is None else "sent" for lag in lags]
        launch = decide(campaign, state, pledges=pledges, outcomes=outcomes)
        for delivery, lag in zip(Delivery.objects.order_by("pk"), lags, strict=True):
            if lag is not None:
                answered_at = launch.launch_at + timedelta(seconds=lag)
                Delivery.objects.filter(pk=delivery.pk).update(answered_at=answered_at)
        return launch

    return make


def export(client, table, *, slug="river", status=200):
    answer = client.get(f"/campaigns/{slug}/results/{table}.csv")
    assert answer.status_code == status
    if status != 200:
        return []
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f"{slug}-{table}.csv" in answer["Content-Disposition"]
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def read(client):
    answer = client.get("/campaigns/river/results/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_lags_are_told_of_half_of_nine_in_ten_and_of_the_last(said):
    launch = said(*(number / 10 for number in range(1, 21)), None)  # 0.1 s to 2.0 s
    lags = measure_lags(launch)
    assert (lags.median_ms, lags.ninetieth_ms, lags.last_ms) == (1100, 1800, 2000)
    spans = [(span.from_seconds, span.to_seconds, span.number, span.so_far) for span in lags.spans]
    assert spans == [(0, 1, 9, 9), (1, 2, 10, 19), (2, 5, 1, 20)]


def test_one_post_is_its_own_median_and_nobody_is_no_lag_at_all(said):
    launch = said(0.25)
    lags = measure_lags(launch)
    assert (lags.median_ms, lags.ninetieth_ms, lags.last_ms) == (250, 250, 250)
    assert lags.values == [1, 0, 0]
    Delivery.objects.update(state="failed")
    assert measure_lags(launch) is None


def test_very_late_post_is_in_a_span_without_an_end(said, client):
    said(1.5, 5000)
    rows = export(client, "lag")
    assert rows[-1] == ["1800", "", "1", "2"]
    assert "more than 30 min" in read(client)


def test_supporters_are_people_and_accounts_at_the_end_of_each_day(olive, sam):
    campaign = make_campaign(olive)
    when = campaign.launch_at - timedelta(days=9)
    noon = when.replace(hour=12, minute=0)
    for person, days in ((sam, 0), (sam, 3), (None, 3), (None, 3)):
        pledge = lend(campaign, person=person)
        Pledge.objects.filter(pk=pledge.pk).update(pledged_at=noon + timedelta(days=days))
    Pledge.objects.filter(pk=pledge.pk).update(state="withdrawn")
    day = noon.date()
    assert trace_supporters(campaign) == [
        Day(day, 1, 1),
        Day(day + timedelta(days=1), 1, 1),
        Day(day + timedelta(days=2), 1, 1),
        Day(day + timedelta(days=3), 2, 3),
    ]


def test_day_of_a_pledge_is_the_campaigns_own(olive):
    campaign = make_campaign(olive)
    type(campaign.approved).objects.update(zone="America/New_York")
    campaign.refresh_from_db()
    pledge = lend(campaign)
    early = campaign.launch_at.replace(month=7, day=2, hour=2, minute=30)  # the 1st there
    Pledge.objects.filter(pk=pledge.pk).update(pledged_at=early)
    assert trace_supporters(campaign)[0].day.day == 1


def test_who_posts_by_hand_is_a_supporter_where_the_threshold_counts_them(olive, sam):
    campaign = make_campaign(olive)
    lend(campaign, person=sam)
    make_promise(campaign, sam)
    make_promise(campaign, olive)
    assert trace_supporters(campaign)[-1].people == 1
    type(campaign).objects.update(counts_assisted=True)
    campaign.refresh_from_db()
    assert (trace_supporters(campaign)[-1].people, trace_supporters(campaign)[-1].accounts) == (
        2,
        1,
    )


def test_campaign_nobody_supported_has_no_such_picture(said, client):
    said()
    page = read(client)
    assert "How they came together" not in page
    assert "How late they were" not in page
    assert export(client, "supporters") == [["day", "people", "accounts"]]


def test_every_picture_has_a_name_its_table_and_a_file(said, client):
    said(0.2, 0.7, 3.0, None, counts_clicks=True)
    page = read(client)
    for heading, table in (
        ("minute", "seconds"),
        ("lag", "lag"),
        ("networks", "networks"),
        ("gathered", "supporters"),
    ):
        part = page.partition(f'aria-labelledby="{heading}"')[2].partition("</section>")[0]
        assert re.search(r'<svg[^>]*role="img"[^>]*aria-label="[^"]{20,}"', part), heading
        assert "<details" in part
        assert "<table" in part
        assert f'href="/campaigns/river/results/{table}.csv"' in part
        assert "style=" not in part


def test_unknown_number_is_an_empty_cell_and_never_0(said, client):
    launch = said(0.5, 0.6)
    read_at = launch.launch_at + timedelta(minutes=61)
    for delivery, likes in zip(Delivery.objects.order_by("pk"), (3, None), strict=True):
        Reading.objects.create(
            delivery=delivery, launch=launch, after_seconds=3600, read_at=read_at, likes=likes
        )
    Launch.objects.update(launch_at=launch.launch_at - timedelta(hours=1))
    head, row = export(client, "numbers")[:2]
    told = dict(zip(head, row, strict=True))
    assert (told["likes"], told["reposts"], told["posts"], told["read"]) == ("3", "", "2", "1")
    assert export(client, "numbers-by-network")[1][:2] == ["3600", "mastodon"]


def test_tables_say_what_the_page_says(said, client):
    said(0.2, 0.7, 3.0, None)
    assert export(client, "seconds")[:5] == [
        ["second", "posts", "so_far"],
        ["0", "2", "2"],
        ["1", "0", "2"],
        ["2", "0", "2"],
        ["3", "1", "3"],
    ]
    assert export(client, "networks")[1:] == [["mastodon", "3", "0", "1", "0"]]
    assert export(client, "clicks") == [["from", "clicks"]]  # not counted: nothing, and not 0
    assert export(client, "recalled")[1:] == []


def test_reasons_are_for_who_may_steer_the_launch(said, client, olive, sam):
    said(0.2, None)
    export(client, "unsent", status=403)
    client.force_login(sam)
    export(client, "unsent", status=403)
    client.force_login(olive)
    assert [row[2] for row in export(client, "unsent")] == ["state", "failed"]


def test_no_cell_is_a_formula(said, client, olive):
    said(None)
    LinkedAccount.objects.update(handle="=HYPERLINK(1)")
    Delivery.objects.update(reason="@SUM(1)")
    client.force_login(olive)
    row = export(client, "unsent")[1]
    assert (row[0], row[3]) == ("'=HYPERLINK(1)", "'@SUM(1)")


@pytest.mark.parametrize("table", [*TABLES, *PRIVATE_TABLES])
def test_tables_are_for_who_may_read_the_page(said, client, sam, table):
    launch = said(0.2)
    type(launch.campaign).objects.update(state="suspended")
    client.force_login(sam)
    export(client, table, status=404)
    assert client.post(f"/campaigns/river/results/{table}.csv").status_code == 405


def test_there_is_no_table_before_the_decision_and_none_of_another_name(said, client, olive):
    make_campaign(olive, slug="brook")
    export(client, "seconds", slug="brook", status=404)
    said(0.2)
    export(client, "passwords", status=404)


@pytest.mark.parametrize("visibility", ["unlisted", "public"])
def test_table_is_for_anybody_who_has_the_address(said, client, visibility):
    said(0.2, visibility=visibility)
    assert export(client, "lag")[1] == ["0", "1", "1", "1"]


def test_launch_rooms_table_has_its_file_once_the_launch_was_decided(said, client, olive):
    said(0.2, None)
    file = "/campaigns/river/results/networks.csv"
    assert f'href="{file}"' in client.get("/campaigns/river/launch/").content.decode()
    client.force_login(olive)  # for whom nothing is kept for a second
    Launch.objects.update(state="armed", decided_at=None)
    assert f'href="{file}"' not in client.get("/campaigns/river/launch/").content.decode()


def test_every_bar_of_the_lags_has_a_label(said, client):
    launch = said(0.2, 15.0)
    page = read(client)
    labels = page.partition("chart__x--each")[2].partition("</div>")[0]
    assert labels.count("<span>") == len(measure_lags(launch).spans) == 5
