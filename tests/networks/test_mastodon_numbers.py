"""How Mastodon's adapter reads what became of posts, and where its composer is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from networks.adapters.mastodon import Mastodon
from networks.base import Mode, Numbers, Server
from networks.errors import NeedsRelink, NetworkError, TryLater
from networks.http import Http
from tests.networks.boxes import (
    CREDENTIALS,
    SECRET,
    Box,
    Page,
    Site,
    fail_of,
    make_server,
    refuse,
    with_servers,
)

OLD = "4.2.29"
ONE, TWO = "/api/v1/statuses/1", "/api/v1/statuses/2"
SEVERAL = "/api/v1/statuses"
GONE = refuse(404, {"error": "Record not found"})


def write_status(number: int, **changes: Any) -> dict[str, Any]:
    counts = {"favourites_count": 10 * number, "reblogs_count": 5, "replies_count": 0}
    return {"id": str(number), **counts, **changes}


def for_strangers(page: Page) -> Page:
    """A page that refuses our token, and shows itself to who has none."""

    def answer(request: web.Request) -> Any:
        if "Authorization" in request.headers:
            return web.json_response({"error": "The access token was revoked"}, status=401)
        return page(request) if callable(page) else page

    return answer


def read(site: Site, *remote_ids: str, version: str = "4.5.3", **facts: Any) -> tuple[Any, Box]:
    box = Box(site)

    async def work(http: Http, adapter: Mastodon) -> Any:
        server = replace(make_server(box, **facts), version=version)
        return await adapter.read_numbers(http, server, CREDENTIALS, remote_ids)

    return with_servers([box], work), box


def test_several_posts_are_read_at_once_as_their_owner() -> None:
    page = [write_status(2), write_status(1, quotes_count=3), write_status(9)]
    told, box = read({SEVERAL: page}, "1", "2")
    assert told == {
        "1": Numbers(likes=10, reposts=5, replies=0, quotes=3),
        "2": Numbers(likes=20, reposts=5, replies=0, quotes=None),
    }
    [request] = box.asked
    assert request.query.getall("id[]") == ["1", "2"]
    assert request.headers["Authorization"] == f"Bearer {SECRET}"


def test_post_that_is_not_among_several_is_asked_for_by_itself() -> None:
    told, box = read({SEVERAL: [write_status(1)], TWO: GONE}, "1", "2")
    assert told["1"] is not None
    assert told["2"] is None
    assert box.paths() == [SEVERAL, TWO]
    assert read({SEVERAL: [], TWO: write_status(2)}, "2")[0]["2"].likes == 20


@pytest.mark.parametrize(
    ("version", "software"),
    [
        (OLD, "mastodon"),
        ("4.5.3", "snac"),
        ("4.5.3 (compatible; Sharkey 2026.1)", ""),
        ("0.20.0+git", "gotosocial"),
        ("", ""),
    ],
)
def test_posts_are_read_one_by_one_where_no_list_is_known_to_be_taken(
    version: str, software: str
) -> None:
    site: Site = {ONE: write_status(1), TWO: GONE}
    told, box = read(site, "1", "2", version=version, software=software)
    assert told == {"1": Numbers(likes=10, reposts=5, replies=0), "2": None}
    assert box.paths() == [ONE, TWO]


@pytest.mark.parametrize("version", ["4.3.0", "4.4.0-beta.1", "5.0.1", "4.10.2+glitch"])
def test_list_is_taken_from_the_version_on_that_introduced_it(version: str) -> None:
    assert read({SEVERAL: [write_status(1)]}, "1", version=version)[1].paths() == [SEVERAL]


@pytest.mark.parametrize("page", [refuse(200, "<html>"), refuse(422, {}), {"id": "1"}, ["1"], None])
def test_list_that_is_refused_does_not_keep_posts_from_being_read(page: Page) -> None:
    site: Site = {ONE: write_status(1)} | ({} if page is None else {SEVERAL: page})
    assert read(site, "1")[0]["1"].likes == 10


@pytest.mark.parametrize(
    "page",
    [
        refuse(404, "<html>"),
        refuse(403, {"error": "This action is not allowed"}),
        refuse(302, "", Location="/"),
        refuse(410, {"error": "Gone"}),
        refuse(200, "<html>"),
        refuse(200, ["1"]),
        write_status(2),
        for_strangers(GONE),
    ],
)
def test_what_does_not_say_that_a_post_is_gone_leaves_it_unknown(page: Page) -> None:
    assert read({ONE: page}, "1", version=OLD)[0] == {}


def test_token_that_is_refused_still_reads_what_is_public() -> None:
    told, box = read({SEVERAL: for_strangers([write_status(1)])}, "1")
    assert told["1"].likes == 10
    assert len(box.asked) == 2


@pytest.mark.parametrize("version", ["4.5.3", OLD])
def test_server_that_shows_nothing_without_a_login_needs_a_good_one(version: str) -> None:
    page = refuse(401, {"error": "Unauthorized"})
    error = fail_of(lambda: read({SEVERAL: page, ONE: page}, "1", version=version))
    assert isinstance(error, NeedsRelink)


@pytest.mark.parametrize("page", [refuse(429, {}, **{"Retry-After": "9"}), refuse(503, "<html>")])
def test_trouble_half_way_keeps_what_is_known_by_then(page: Page) -> None:
    told, box = read({ONE: write_status(1), TWO: page}, "1", "2", "3", version=OLD)
    assert set(told) == {"1"}
    assert box.paths() == [ONE, TWO]


@pytest.mark.parametrize(
    ("page", "scope", "seconds"),
    [
        (refuse(429, {}, **{"Retry-After": "9"}), "account", 9),
        (refuse(503, "<html>"), "host", None),
        (refuse(200, "x" * 4_100_000), "host", None),
    ],
)
def test_trouble_at_once_is_tried_later(page: Page, scope: str, seconds: float | None) -> None:
    error: NetworkError = fail_of(lambda: read({SEVERAL: page}, "1"))
    assert isinstance(error, TryLater)
    assert (error.scope, error.after_seconds) == (scope, seconds)


@pytest.mark.parametrize("value", [-1, True, "3", 1.5, None, 10**20])
def test_number_that_is_none_is_unknown(value: object) -> None:
    told, _ = read({SEVERAL: [write_status(1, favourites_count=value)]}, "1")
    assert told["1"] == Numbers(likes=None, reposts=5, replies=0)


def test_id_of_a_post_stays_within_its_path() -> None:
    _, box = read({}, "../../oauth?x", version=OLD)
    assert [request.raw_path for request in box.asked] == ["/api/v1/statuses/..%2F..%2Foauth%3Fx"]


def compose(*, version: str = "", software: str = "", is_there: bool = True) -> str:
    adapter = Mastodon(mode=Mode.AUTOMATIC, website="https://speak.example")
    server = Server(
        network="mastodon",
        host="m.example",
        url="https://m.example",
        version=version,
        facts={"software": software},
    )
    return adapter.compose("a & é #b", link="", server=server if is_there else None).url


def test_composer_is_the_servers_own_where_it_is_known_to_have_one() -> None:
    own, everybodys = "https://m.example/share?text=", "https://share.joinmastodon.org/#text="
    assert compose(version="4.5.3", software="mastodon") == f"{own}a%20%26%20%C3%A9%20%23b"
    assert compose(version="4.2.1+hometown-1.1.1", software="hometown").startswith(own)
    assert compose(version="0.20.0", software="gotosocial").startswith(everybodys)
    assert compose(is_there=False) == f"{everybodys}a%20%26%20%C3%A9%20%23b"
