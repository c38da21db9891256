"""How Facebook's adapter reads posts back, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from networks.adapters.facebook import Facebook
from networks.base import Numbers, Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import NOW, SECRET, Box, Page, fail_of, write_post
from tests.networks.facebook_boxes import CREDENTIALS, FEED, WEBSITE, refuse, say, with_graph

TEXT = "Salut <b> & co.\n\nhttps://voix.example.org/p?a=1&b=%C3%A9 #climat"


def write_entry(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"42_{number}",
        "message": TEXT,
        "created_time": (NOW + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "from": {"id": "42", "name": "River"},
        "permalink_url": f"https://www.facebook.com/42/posts/{number}",
        **changes,
    }


def look(page: Page, *, text: str = TEXT, **changes: Any) -> tuple[list[str], Box]:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        return await adapter.find(http, server, CREDENTIALS, write_post(text=text, **changes))

    found, box = with_graph({FEED: page}, work)
    return [each.remote_id for each in found], box


def list_entries(*entries: dict[str, Any], **headers: str) -> Page:
    def answer(_request: web.Request) -> web.Response:
        return web.json_response({"data": list(entries)}, headers=headers)

    return answer


def test_post_is_found_by_its_exact_words_and_leads_where_facebook_says() -> None:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        return await adapter.find(http, server, CREDENTIALS, write_post(text=TEXT))

    page = list_entries(write_entry(3, message=f"{TEXT}!"), write_entry(2))
    [receipt], box = with_graph({FEED: page}, work)
    assert (receipt.remote_id, receipt.url) == ("42_2", "https://www.facebook.com/42/posts/2")
    assert box.asked[0].query["fields"] == "id,from,message,created_time,permalink_url"
    assert box.asked[0].query["access_token"] == SECRET
    assert box.asked[0].query["appsecret_proof"]


def test_post_without_an_address_that_may_be_shown_gets_one_of_its_id() -> None:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        return await adapter.find(http, server, CREDENTIALS, write_post(text=TEXT))

    [receipt], _ = with_graph(
        {FEED: list_entries(write_entry(2, permalink_url="javascript:1"))}, work
    )
    assert receipt.url == f"{WEBSITE}/42_2"


@pytest.mark.parametrize(
    "changes",
    [
        {"message": f"{TEXT} "},
        {"message": TEXT.replace("\n\n", " ")},
        {"message": TEXT.replace("%C3%A9", "é")},
    ],
)
def test_spaces_and_escapes_make_no_difference(changes: dict[str, Any]) -> None:
    assert look(list_entries(write_entry(2, **changes)))[0] == ["42_2"]


@pytest.mark.parametrize(
    "changes",
    [
        {"message": "Salut"},
        {"message": TEXT.replace("<b>", "")},
        {"message": None},
        {"from": {"id": "43", "name": "A visitor"}},
        {"from": None},
        {"id": ""},
        {"id": None},
        {"created_time": (NOW - timedelta(minutes=2)).isoformat()},
    ],
)
def test_another_post_is_not_taken_for_it(changes: dict[str, Any]) -> None:
    assert look(list_entries(write_entry(2, **changes)))[0] == []


def test_post_without_a_date_is_compared_all_the_same() -> None:
    assert look(list_entries(write_entry(2, created_time="today")))[0] == ["42_2"]


def test_earlier_of_two_moments_is_where_the_look_ends() -> None:
    page = list_entries(write_entry(2))
    assert look(page, planned_at=NOW + timedelta(hours=2))[0] == []
    assert look(page, planned_at=NOW + timedelta(hours=2), moved_to=NOW)[0] == ["42_2"]


def test_clock_behind_ours_hides_nothing() -> None:
    late = datetime.now(UTC) - timedelta(minutes=30)
    page = list_entries(write_entry(2, created_time=late.isoformat()), Date=format_datetime(late))
    assert look(page, planned_at=datetime.now(UTC) - timedelta(minutes=1))[0] == ["42_2"]


def page_through(entries: list[dict[str, Any]], *, size: int = 2) -> Page:
    """A feed in several pages, whose next addresses try to lead elsewhere."""

    def answer(request: web.Request) -> web.Response:
        start = int(request.query.get("after", "0"))
        body: dict[str, Any] = {"data": entries[start : start + size]}
        if start + size < len(entries):
            away = "https://evil.example/v1/?access_token=x&fields=id&method=delete"
            body["paging"] = {"next": f"{away}&after={start + size}"}
        return web.json_response(body)

    return answer


def test_look_goes_on_page_by_page_to_the_planned_moment_and_no_further() -> None:
    newer = [write_entry(100 - number, message="Autre") for number in range(5)]
    older = [write_entry(-number, message="Autre") for number in range(3600, 3610)]
    found, box = look(page_through([*newer, write_entry(2), *older]))
    assert found == ["42_2"]
    assert len(box.asked) == 4
    assert {request.path for request in box.asked} == {FEED}
    assert {request.method for request in box.asked} == {"GET"}
    assert {request.query["access_token"] for request in box.asked} == {SECRET}
    assert all("method" not in request.query for request in box.asked)


def test_empty_page_in_the_middle_is_not_the_end() -> None:
    def answer(request: web.Request) -> web.Response:
        if "until" in request.query:
            return web.json_response({"data": [write_entry(2)]})
        return web.json_response({"data": [], "paging": {"next": "https://x.example/?until=5"}})

    assert look(answer)[0] == ["42_2"]


def test_feed_that_never_ends_is_not_absence() -> None:
    asked: list[str] = []

    def repeat(request: web.Request) -> dict[str, Any]:
        asked.append(request.path)
        entry = write_entry(2, message="Autre")
        return {"data": [entry], "paging": {"next": "https://x.example/?after=1"}}

    assert type(fail_of(lambda: look(repeat))) is OutcomeUnknown
    assert len(asked) == 2


def test_page_that_posted_too_much_is_not_absence_but_what_was_found_counts() -> None:
    def grow(first: str) -> Page:
        def answer(request: web.Request) -> dict[str, Any]:
            after = int(request.query.get("after", "0"))
            entry = write_entry(5000 - after, message="Autre" if after else first)
            return {"data": [entry], "paging": {"next": f"https://x.example/?after={after + 1}"}}

        return answer

    assert type(fail_of(lambda: look(grow("Autre")))) is OutcomeUnknown
    assert look(grow(TEXT))[0] == ["42_5000"]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(190, error_subcode=458), OutcomeUnknown),
        (refuse(10), OutcomeUnknown),
        (refuse(100), OutcomeUnknown),
        (refuse(100, error_subcode=33), OutcomeUnknown),
        (refuse(506), OutcomeUnknown),
        (refuse(1), TryLater),
        (refuse(2, status=500), TryLater),
        (refuse(4), TryLater),
        (refuse(32), TryLater),
        (say(b"<html>", kind="text/html"), TryLater),
        (say(b'{"data": ['), TryLater),
        (say(b"", status=302), TryLater),
        (say(b'{"data": "none"}'), OutcomeUnknown),
        (say(b'{"data": [1]}'), OutcomeUnknown),
        (say(b'{"other": 1}'), OutcomeUnknown),
    ],
)
def test_nobody_could_look_is_never_said_to_be_absence(
    page: Page, expected: type[NetworkError]
) -> None:
    assert type(fail_of(lambda: look(page))) is expected


def test_id_of_the_page_stays_within_its_path() -> None:
    asked: list[str] = []

    def note(request: web.Request) -> dict[str, Any]:
        asked.append(request.raw_path.partition("?")[0])
        return {"data": []}

    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        credentials = replace(CREDENTIALS, account_id="../oauth?x")
        return await adapter.find(http, server, credentials, write_post())

    with_graph({"/v25.0/../oauth?x/feed": note}, work)
    assert asked == ["/v25.0/..%2Foauth%3Fx/feed"]


def count(page: Page, *remote_ids: str) -> tuple[Any, Box]:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        return await adapter.read_numbers(http, server, CREDENTIALS, remote_ids)

    return with_graph({"/v25.0/": page}, work)


def write_numbers(reactions: object, comments: object, shares: object = None) -> dict[str, Any]:
    entity = {
        "reactions": {"data": [], "summary": {"total_count": reactions}},
        "comments": {"data": [], "summary": {"total_count": comments}},
    }
    return entity | ({} if shares is None else {"shares": {"count": shares}})


def test_numbers_of_several_posts_take_one_request() -> None:
    told = {"42_1": write_numbers(5, 2, 1), "42_2": write_numbers(0, 0)}
    numbers, box = count(lambda _request: told, "42_1", "42_2")
    assert numbers == {
        "42_1": Numbers(likes=5, reposts=1, replies=2),
        "42_2": Numbers(likes=0, reposts=None, replies=0),
    }
    assert [request.query["ids"] for request in box.asked] == ["42_1,42_2"]


@pytest.mark.parametrize("value", [-1, True, "5", None, 10**30, 1.5])
def test_number_that_is_none_is_unknown(value: object) -> None:
    told = {"42_1": write_numbers(value, value, value)}
    assert count(lambda _request: told, "42_1")[0] == {"42_1": Numbers()}


@pytest.mark.parametrize(
    "entity", [{}, {"reactions": []}, {"reactions": {"summary": 3}, "shares": 1}]
)
def test_post_without_its_numbers_has_unknown_ones(entity: dict[str, Any]) -> None:
    told = {"42_1": {"id": "42_1", **entity}}
    assert count(lambda _request: told, "42_1")[0] == {"42_1": Numbers()}


def test_posts_that_are_gone_are_told_from_those_that_stand() -> None:
    gone = {"42_2", "42_5"}

    def answer(request: web.Request) -> web.StreamResponse:
        ids = request.query["ids"].split(",")
        if gone & set(ids):
            page = refuse(100, error_subcode=33)
            assert callable(page)
            return page(request)
        return web.json_response({each: write_numbers(1, 1) for each in ids})

    ids = [f"42_{number}" for number in range(7)]
    numbers, box = count(answer, *ids)
    assert {each for each, known in numbers.items() if known is None} == gone
    assert set(numbers) == set(ids)
    assert len(box.asked) <= 2 * len(ids)


def test_post_that_the_answer_leaves_out_could_not_be_read() -> None:
    assert count(lambda _request: {"42_1": write_numbers(1, 1)}, "42_1", "42_2")[0].keys() == {
        "42_1"
    }


def test_no_posts_are_not_asked_about() -> None:
    numbers, box = count({})
    assert (numbers, box.asked) == ({}, [])


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(190), NeedsRelink),
        (refuse(506), Rejected),
        (refuse(2, status=500), TryLater),
        (refuse(32), TryLater),
        (say(b"<html>", kind="text/html"), TryLater),
    ],
)
def test_numbers_that_could_not_be_read_say_why(page: Page, expected: type[NetworkError]) -> None:
    assert type(fail_of(lambda: count(page, "42_1"))) is expected
