"""How X's adapter finds posts again, and what it reads of their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from networks.adapters.x import X
from networks.base import Numbers, Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page, fail_of, refuse
from tests.networks.x_boxes import (
    NOW,
    POSTS,
    WEB_URL,
    hold,
    refuse_with,
    show,
    with_x,
    write_other,
    write_post,
    write_status,
)

UNAUTHORIZED = refuse_with(401, "Unauthorized", "Unauthorized")


def look(page: Page, *, account_id: str = "7", **changes: Any) -> tuple[list[str], Box]:
    async def work(http: Http, network: X, server: Server) -> list[str]:
        credentials = hold(account_id=account_id)
        found = await network.find(http, server, credentials, write_post(**changes))
        assert all(each.url == f"{WEB_URL}/i/web/status/{each.remote_id}" for each in found)
        return [each.remote_id for each in found]

    return with_x({POSTS: page}, work)


def test_every_post_with_the_same_words_since_the_launch_is_found_and_no_other() -> None:
    found, box = look(
        show(
            write_status(9),
            write_status(8, text="Three barriers &amp; &lt;more&gt;: https://t.co/aBcDeFgHiJ"),
            write_status(7),
            write_other(6),
            write_status(5, minutes=-0.5),
            write_status(4, minutes=-2),
        )
    )
    assert found == ["9", "7", "5"]
    query = box.asked[0].query
    assert query["start_time"] == "2026-11-22T11:45:00Z"
    assert (query["max_results"], query["exclude"]) == ("100", "retweets")
    assert box.asked[0].headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("sent", "text", "expanded"),
    [
        # A link without a scheme gets one, and is led on as it was written.
        ("See voix.example.com/é today", "See https://t.co/a1 today", "http://voix.example.com/é"),
        (
            "See voix.example.com/%C3%A9 today",
            "See https://t.co/a1 today",
            "http://voix.example.com/é",
        ),
        ("See \u212bb.example.com now", "See https://t.co/a1 now", "http://\u00c5b.example.com"),
        ("HTTPS://Voix.Example.com now", "https://t.co/a1 now", "https://voix.example.com/"),
        ("voix.example.com now", "voix.example.com now", ""),
        # Signs as in HTML, also where the words are HTML themselves.
        ("a < b &amp; c > d", "a &lt; b &amp;amp; c &gt; d", ""),
        ("e\u0301te\u0301 ", "été", ""),
        ("two\n\nlines", "two\n\nlines", ""),
        ("a https://a.example.com/x b", "a https://t.co/a1 b", "https://a.example.com/x"),
    ],
)
def test_words_are_the_same_as_x_writes_them_back(sent: str, text: str, expanded: str) -> None:
    links = [{"url": "https://t.co/a1", "expanded_url": expanded}] if expanded else []
    status = write_status(9, text=text, entities={"urls": links})
    assert look(show(status), text=sent)[0] == ["9"]


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("a https://t.co/a1 b", {"urls": [{"url": "https://t.co/a1", "expanded_url": "https://b.example"}]}),
        ("a https://t.co/a1 b", {"urls": [{"url": "https://t.co/a1"}]}),
        ("a https://t.co/a1 b", {"urls": [{"url": 5, "expanded_url": []}, None]}),
        ("a https://t.co/a1 b", {"urls": 5}),
        ("a https://t.co/a1 b", []),
        ("a https://t.co/a1 b", None),
        (None, {}),
        ("A https://a.example.com/x b", {}),
        ("a https://a.example.com/x b c", {}),
    ],
)  # fmt: skip
def test_words_that_differ_are_another_post(text: object, entities: object) -> None:
    status = write_status(9, text=text, entities=entities)
    assert look(show(status), text="a https://a.example.com/x b")[0] == []


def page_through(pages: Sequence[Sequence[dict[str, Any]]], **headers: str) -> Page:
    """Pages one after the other, each of which is asked for by its number."""

    def answer(request: web.Request) -> web.Response:
        number = int(request.query.get("pagination_token", "0"))
        token = str(number + 1) if number + 1 < len(pages) else ""
        return web.json_response(show(*pages[number], next_token=token), headers=headers)

    return answer


def test_pages_are_read_to_their_end() -> None:
    found, box = look(page_through([[write_other(9)], [], [write_status(5)], [write_other(4)]]))
    assert found == ["5"]
    assert [request.query.get("pagination_token") for request in box.asked] == [None, "1", "2", "3"]


def test_account_that_posts_without_end_is_not_said_to_lack_the_post() -> None:
    others = [[write_other(number)] for number in range(99, 50, -1)]
    error = fail_of(lambda: look(page_through(others)))
    assert isinstance(error, OutcomeUnknown)
    assert "too much" in str(error)
    found, box = look(page_through([[write_status(100)], *others]))
    assert found == ["100"]
    assert len(box.asked) == 10


def test_page_that_comes_again_and_again_is_not_believed() -> None:
    page = show(write_other(9), next_token="again")
    assert isinstance(fail_of(lambda: look(page)), OutcomeUnknown)
    found, box = look(show(write_status(9), next_token="again"))
    assert found == ["9"]
    assert len(box.asked) == 2


def test_clock_of_ours_that_is_ahead_does_not_hide_the_post() -> None:
    late = datetime.now(UTC) - timedelta(minutes=10)
    planned_at = datetime.now(UTC) - timedelta(minutes=1)
    status = write_status(9, created_at=(late + timedelta(seconds=1)).isoformat())
    page = page_through([[status]], Date=format_datetime(late))
    assert look(page, planned_at=planned_at)[0] == ["9"]
    assert look(page_through([[status]]), planned_at=planned_at)[0] == []


def test_post_of_a_moment_to_come_is_looked_for_up_to_now() -> None:
    def answer(request: web.Request) -> Any:
        start = datetime.fromisoformat(request.query["start_time"])
        return show() if start < datetime.now(UTC) else refuse(400, {})(request)

    assert look(answer, planned_at=datetime.now(UTC) + timedelta(days=2))[0] == []


def test_post_that_moved_is_looked_for_from_the_earlier_moment_on() -> None:
    earlier = NOW - timedelta(hours=3)
    _, box = look(show(), moved_to=earlier)
    assert box.asked[0].query["start_time"] == "2026-11-22T08:45:00Z"


@pytest.mark.parametrize(
    ("page", "expected", "scope"),
    [
        (refuse(429, {}), TryLater, "account"),
        (refuse_with(402, "CreditsDepleted", "…", "credits"), TryLater, "network"),
        (refuse_with(429, "UsageCapExceeded", "…", "usage-capped"), TryLater, "network"),
        (refuse_with(403, "Client Forbidden", "…", "client-forbidden"), TryLater, "network"),
        (refuse(500, "<html>"), TryLater, "host"),
        (refuse(503, {}), TryLater, "host"),
        (refuse(302, "", Location="/"), TryLater, "host"),
        (refuse(404, {}), TryLater, "host"),
        (UNAUTHORIZED, OutcomeUnknown, ""),
        (refuse_with(403, "Forbidden", "Forbidden"), OutcomeUnknown, ""),
        (refuse(400, {}), OutcomeUnknown, ""),
        (refuse(200, "<html>"), OutcomeUnknown, ""),
        (refuse(200, {}), OutcomeUnknown, ""),
        (refuse(200, []), OutcomeUnknown, ""),
        (refuse(200, {"data": []}), OutcomeUnknown, ""),
        (refuse(200, {"meta": {}}), OutcomeUnknown, ""),
        (refuse(200, {"meta": {"result_count": 1}}), OutcomeUnknown, ""),
        (refuse(200, {"meta": {"result_count": 1}, "data": [5]}), OutcomeUnknown, ""),
        (
            refuse(200, {"errors": [{"detail": "User has been suspended"}]}),
            OutcomeUnknown,
            "",
        ),
    ],
)
def test_nobody_could_look_is_never_said_to_be_absence(
    page: Page, expected: type[NetworkError], scope: str
) -> None:
    error = fail_of(lambda: look(page))
    assert type(error) is expected
    assert getattr(error, "scope", "") == scope


def test_token_that_has_run_out_is_renewed_before_the_look() -> None:
    async def work(http: Http, network: X, server: Server) -> Any:
        past = datetime.now(UTC) - timedelta(seconds=1)
        return await network.find(http, server, hold(expires_at=past), write_post())

    error = fail_of(lambda: with_x({POSTS: UNAUTHORIZED}, work))
    assert isinstance(error, TryLater)
    assert error.token_expired


def test_id_of_the_account_stays_within_its_path() -> None:
    asked: list[str] = []

    async def work(http: Http, network: X, server: Server) -> Any:
        return await network.find(http, server, hold(account_id="../../2/me?a"), write_post())

    def note(request: web.Request) -> Any:
        asked.append(request.raw_path.partition("?")[0])
        return show()

    with_x({"/2/users/../../2/me?a/tweets": note}, work)
    assert asked == ["/2/users/..%2F..%2F2%2Fme%3Fa/tweets"]


def count(page: Page, *ids: str, **facts: Any) -> tuple[Any, Box]:
    async def work(http: Http, network: X, server: Server) -> Any:
        return await network.read_numbers(http, server, hold(**facts), ids)

    return with_x({"/2/tweets": page}, work)


METRICS = {
    "retweet_count": 2,
    "reply_count": 3,
    "like_count": 1,
    "quote_count": 4,
    "bookmark_count": 9,
    "impression_count": 500,
}


def write_missing(number: str, kind: str = "resource-not-found") -> dict[str, Any]:
    return {
        "value": number,
        "resource_id": number,
        "type": f"https://api.twitter.com/2/problems/{kind}",
    }


def test_numbers_of_all_posts_are_asked_for_at_once() -> None:
    body = {
        "data": [{"id": "1", "text": "…", "public_metrics": METRICS}],
        "errors": [write_missing("2"), write_missing("3", "not-authorized-for-resource")],
    }
    numbers, box = count(body, "1", "2", "3", "4", "x")
    all_five = Numbers(likes=1, reposts=2, replies=3, quotes=4, impressions=500)
    assert numbers == {"1": all_five, "2": None}
    assert box.asked[0].query["ids"] == "1,2,3,4"
    assert box.asked[0].query["tweet.fields"] == "public_metrics"


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"repost_count": 6}, Numbers(reposts=6)),
        ({"like_count": -1, "reply_count": "5", "quote_count": True}, Numbers()),
        ({}, Numbers()),
        (None, Numbers()),
        ([], Numbers()),
    ],
)
def test_number_that_is_none_is_unknown(metrics: object, expected: Numbers) -> None:
    assert count({"data": [{"id": "1", "public_metrics": metrics}]}, "1")[0] == {"1": expected}


def test_post_that_is_there_is_not_gone_whatever_else_is_said_of_it() -> None:
    body = {"data": [{"id": "1"}], "errors": [write_missing("1"), 5, {"type": []}]}
    assert count(body, "1")[0] == {"1": Numbers()}


def test_nothing_is_asked_about_no_posts() -> None:
    numbers, box = count({}, "not-a-number")
    assert numbers == {}
    assert box.asked == []


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(200, "<html>"), TryLater),
        (refuse(500, ""), TryLater),
        (refuse(429, {}), TryLater),
        (refuse(402, {}), TryLater),
        (UNAUTHORIZED, NeedsRelink),
        (refuse_with(403, "Forbidden", "You may not read."), Rejected),
    ],
)
def test_numbers_that_could_not_be_read_are_no_numbers(
    page: Page, expected: type[NetworkError]
) -> None:
    error = fail_of(lambda: count(page, "1"))
    assert type(error) is expected
    assert "the post" not in str(error)
