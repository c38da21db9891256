"""What Mastodon's adapter makes of answers to its posts and of what it reads back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from networks.adapters.mastodon import Mastodon
from networks.base import Credentials, Mode, Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import (
    ACCOUNT,
    CREDENTIALS,
    NOW,
    REGISTRATION,
    SECRET,
    Box,
    Page,
    fail_of,
    make_server,
    refuse,
    with_servers,
    write_post,
)


def publish(page: Page, **changes: Any) -> tuple[Any, Box]:
    box = Box({"/api/v1/statuses": page})

    async def work(http: Http, adapter: Mastodon) -> Any:
        return await adapter.publish(http, make_server(box), CREDENTIALS, write_post(**changes))

    return with_servers([box], work), box


def test_post_is_public_in_its_language_and_under_its_key() -> None:
    receipt, box = publish({"id": "1", "url": "https://m.example/@sam/1"})
    assert (receipt.remote_id, receipt.url) == ("1", "https://m.example/@sam/1")
    sent = json.loads(box.bodies[0])
    assert sent == {"status": "Salut #climat", "visibility": "public", "language": "fr"}
    assert box.asked[0].headers["Idempotency-Key"] == "k" * 32
    assert box.asked[0].headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("entity", "remote_id", "url"),
    [
        ({"id": 12}, "12", ""),
        ({"id": "01ABC", "url": None, "uri": "https://m.example/u/1"}, "01ABC", "https://m.example/u/1"),
        ({"id": "1", "url": "javascript:alert(1)"}, "1", ""),
    ],
)  # fmt: skip
def test_receipt_is_what_can_be_shown(entity: dict[str, Any], remote_id: str, url: str) -> None:
    receipt, _ = publish(entity)
    assert (receipt.remote_id, receipt.url) == (remote_id, url)


OPEN = "gave no clear answer, so it is not known whether the post is out."
AGAIN = "no longer accepts the authorisation. Please link the account again."
AWAY = "is not answering for itself at the moment."

# What https://docs.joinmastodon.org/methods/statuses/ and …/entities/Error/ document, what
# Mastodon's controllers (api/base_controller.rb and its concerns) and Doorkeeper say, and what
# stands in front of servers: what it means for us, who has to wait, and what the owner reads.
ERRORS: list[tuple[Page, type[NetworkError], str, str]] = [
    (refuse(200, "<html>"), OutcomeUnknown, "", OPEN),
    (refuse(200, {}), OutcomeUnknown, "", OPEN),
    (refuse(200, {"id": ""}), OutcomeUnknown, "", OPEN),
    (refuse(200, {"id": None}), OutcomeUnknown, "", OPEN),
    (refuse(200, {"id": True}), OutcomeUnknown, "", OPEN),
    (refuse(200, ["1"]), OutcomeUnknown, "", OPEN),
    (refuse(202, {"id": "1"}), OutcomeUnknown, "", OPEN),
    (refuse(204), OutcomeUnknown, "", OPEN),
    (refuse(301, "", Location="https://new.example/api/v1/statuses"), TryLater, "host", AWAY),
    (refuse(307, "", Location="http://127.0.0.1:9/"), TryLater, "host", AWAY),
    (refuse(400, {"error": "Bad"}), Rejected, "", "refused the post: “Bad”."),
    (refuse(401, {"error": "The access token is invalid"}), NeedsRelink, "", AGAIN),
    (refuse(401, {"error": "The access token was revoked"}), NeedsRelink, "", AGAIN),
    (refuse(401, {"error": "The access token expired"}), NeedsRelink, "", AGAIN),
    (refuse(401, {"error": "This method requires an authenticated user"}), NeedsRelink, "", AGAIN),
    (refuse(401, "<html>"), NeedsRelink, "", AGAIN),
    (refuse(403, {"error": "This action is outside the authorized scopes"}), NeedsRelink, "",
     "does not let this account post: “This action is outside the authorized scopes”."),
    (refuse(403, {"error": "Your login is currently disabled"}), NeedsRelink, "", "“Your login is"),
    (refuse(403, {"error": "Your login is currently pending approval"}), NeedsRelink, "",
     "“Your login is currently pending approval”"),
    (refuse(403, {"error": "Your login is missing a confirmed e-mail address"}), NeedsRelink, "",
     "a confirmed e-mail address”"),
    (refuse(403, {"error": "This action is not allowed"}), Rejected, "",
     "refused the post: “This action is not allowed”."),
    (refuse(403, "<html>"), TryLater, "host", "kept us out before the post reached it."),
    (refuse(404, {"error": "Record not found"}), TryLater, "host",
     "does not take posts at the moment."),
    (refuse(405, {}), Rejected, "", "refused the post: “HTTP 405”."),
    (refuse(406, "<html>"), Rejected, "", "refused the post: “HTTP 406”."),
    (refuse(408, {}), OutcomeUnknown, "", OPEN),
    (refuse(410, {"error": "Gone"}), Rejected, "", "has closed."),
    (refuse(413, "<html>"), Rejected, "", "refused the post: “HTTP 413”."),
    (refuse(422, {"error": "Validation failed: Text can't be blank"}), Rejected, "",
     "“Validation failed: Text can't be blank”"),
    (refuse(422, {"error": "Validation failed: Text character limit of 500 exceeded"}), Rejected,
     "", "“Validation failed: Text character limit of 500 exceeded”"),
    (refuse(422, {"error": "This method requires an authenticated user"}), NeedsRelink, "", AGAIN),
    (refuse(429, {"error": "Too many requests"}), TryLater, "account",
     "has too much to do. It will be asked again later."),
    # Mastodon 4.6.0 answers a repeated key so: it is looked up.
    (refuse(500, {"error": "Internal Server Error"}), OutcomeUnknown, "", OPEN),
    (refuse(500, "<html>"), OutcomeUnknown, "", OPEN),
    (refuse(502, "<html>"), OutcomeUnknown, "", OPEN),
    (refuse(503, {"error": "There was a temporary problem serving your request"}), OutcomeUnknown,
     "", OPEN),
    (refuse(503, {"error": "Remote SSL certificate could not be verified"}), OutcomeUnknown, "",
     OPEN),
    (refuse(504, "<html>"), OutcomeUnknown, "", OPEN),
]  # fmt: skip


@pytest.mark.parametrize(("page", "expected", "scope", "sentence"), ERRORS)
def test_answer_to_a_post_means_one_thing(
    page: Page, expected: type[NetworkError], scope: str, sentence: str
) -> None:
    error = fail_of(lambda: publish(page))
    assert type(error) is expected
    assert getattr(error, "scope", "") == scope
    assert sentence in str(error)


def test_refusal_gives_the_servers_own_words() -> None:
    error = fail_of(lambda: publish(refuse(422, {"error": "Text limit\nof 500 exceeded\u202e"})))
    assert "“Text limit of 500 exceeded”" in str(error)


def test_refusal_that_repeats_the_token_is_not_repeated() -> None:
    error = fail_of(lambda: publish(refuse(422, {"error": f"bad token {SECRET}"})))
    assert "HTTP 422" in str(error)


def test_reset_of_the_rate_limit_is_honoured() -> None:
    at = (datetime.now(UTC) + timedelta(seconds=120)).isoformat()
    error = fail_of(lambda: publish(refuse(429, {}, **{"X-RateLimit-Reset": at})))
    assert isinstance(error, TryLater)
    assert error.scope == "account"
    assert 110 < (error.after_seconds or 0) <= 120


def test_whole_host_waits_where_the_host_is_in_the_way() -> None:
    for status in (404, 302):
        error = fail_of(lambda status=status: publish(refuse(status, {})))
        assert isinstance(error, TryLater)
        assert error.scope == "host"


def write_status(number: int, *, minutes: float = 1, **changes: Any) -> dict[str, Any]:
    at = NOW + timedelta(minutes=minutes)
    usual = {"id": str(number), "created_at": at.isoformat(), "content": "<p>Salut #climat</p>"}
    return {**usual, "url": f"https://m.example/@sam/{number}", "reblog": None, **changes}


def look(page: Page, **changes: Any) -> tuple[list[str], Box]:
    box = Box({"/api/v1/accounts/7/statuses": page})

    async def work(http: Http, adapter: Mastodon) -> list[str]:
        found = await adapter.find(http, make_server(box), CREDENTIALS, write_post(**changes))
        return [receipt.remote_id for receipt in found]

    return with_servers([box], work), box


def page_through(
    statuses: list[dict[str, Any]], **headers: str
) -> Callable[[web.Request], web.Response]:
    def answer(request: web.Request) -> web.Response:
        below = request.query.get("max_id")
        rest = [each for each in statuses if below is None or int(each["id"]) < int(below)]
        return web.json_response(rest[: int(request.query["limit"])], headers=headers)

    return answer


def test_every_post_with_the_same_words_is_found_and_no_other() -> None:
    found, _ = look(
        page_through(
            [
                write_status(9),
                write_status(8, content="<p>Salut #climat !</p>"),
                write_status(7),
                write_status(6, reblog={"id": "1"}),
                write_status(5, minutes=-0.5),
                write_status(4, minutes=-2),
                write_status(3, minutes=-3),
            ]
        )
    )
    assert found == ["9", "7", "5"]


def test_pages_are_read_back_to_the_planned_moment() -> None:
    others = [write_status(number, content="<p>Autre</p>") for number in range(200, 101, -1)]
    found, box = look(page_through([*others, write_status(50), write_status(9, minutes=-5)]))
    assert found == ["50"]
    assert len(box.asked) == 3
    assert box.asked[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_end_of_the_timeline_is_the_end_of_the_search() -> None:
    assert look([])[0] == []
    others = [write_status(number, content="<p>Autre</p>") for number in range(60, 0, -1)]
    assert look(page_through(others))[0] == []


def test_account_that_posts_without_end_is_not_said_to_lack_the_post() -> None:
    others = [write_status(number, content="<p>Autre</p>") for number in range(1000, 0, -1)]
    assert isinstance(fail_of(lambda: look(page_through(others))), OutcomeUnknown)
    found, _ = look(page_through([write_status(1001), *others]))
    assert found == ["1001"]


def test_server_that_shows_the_same_page_again_is_not_believed() -> None:
    page = [write_status(number, content="<p>Autre</p>") for number in range(40, 0, -1)]
    assert isinstance(fail_of(lambda: look(page)), OutcomeUnknown)
    found, box = look([*page, write_status(0)])
    assert found == ["0"]
    assert len(box.asked) == 2


def test_server_with_a_late_clock_is_searched_by_its_own_clock() -> None:
    late = datetime.now(UTC) - timedelta(minutes=30)
    planned_at = datetime.now(UTC) - timedelta(minutes=1)
    status = write_status(9, created_at=(late + timedelta(seconds=1)).isoformat())
    page = page_through([status], Date=format_datetime(late))
    assert look(page, planned_at=planned_at)[0] == ["9"]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(429, {}), TryLater),
        (refuse(500, "<html>"), TryLater),
        (refuse(404, {}), OutcomeUnknown),
        (refuse(410, {}), OutcomeUnknown),
        (refuse(401, {}), OutcomeUnknown),
        (refuse(403, {}), OutcomeUnknown),
        (refuse(302, "", Location="/"), OutcomeUnknown),
        (refuse(200, "<html>"), OutcomeUnknown),
        (refuse(200, {}), OutcomeUnknown),
        (refuse(200, ["1"]), OutcomeUnknown),
    ],
)
def test_nobody_could_look_is_never_said_to_be_absence(
    page: Page, expected: type[NetworkError]
) -> None:
    assert type(fail_of(lambda: look(page))) is expected


def test_without_a_good_token_a_post_can_be_found_but_not_missed() -> None:
    def for_strangers(statuses: list[dict[str, Any]]) -> Page:
        def answer(request: web.Request) -> web.Response:
            if "Authorization" in request.headers:
                return web.json_response({"error": "revoked"}, status=401)
            return web.json_response([] if "max_id" in request.query else statuses)

        return answer

    assert look(for_strangers([write_status(9)]))[0] == ["9"]
    error = fail_of(lambda: look(for_strangers([write_status(9, content="<p>Autre</p>")])))
    assert isinstance(error, OutcomeUnknown)


def test_id_of_the_account_stays_within_its_path() -> None:
    box = Box({})
    credentials = Credentials(network="mastodon", account_id="../../oauth", access_token=SECRET)

    async def work(http: Http, adapter: Mastodon) -> Any:
        return await adapter.find(http, make_server(box), credentials, write_post())

    assert isinstance(fail_of(lambda: with_servers([box], work)), OutcomeUnknown)
    assert {request.raw_path.partition("?")[0] for request in box.asked} == {
        "/api/v1/accounts/..%2F..%2Foauth/statuses"
    }


def test_profile_of_another_account_needs_its_owner() -> None:
    box = Box({"/api/v1/accounts/verify_credentials": {**ACCOUNT, "id": "8"}})

    async def work(http: Http, adapter: Mastodon) -> Any:
        return await adapter.read_profile(http, make_server(box), CREDENTIALS)

    assert isinstance(fail_of(lambda: with_servers([box], work)), NeedsRelink)


def test_tokens_are_not_refreshed() -> None:
    box = Box({})

    async def work(http: Http, adapter: Mastodon) -> Any:
        return await adapter.refresh(http, make_server(box), REGISTRATION, CREDENTIALS)

    assert isinstance(fail_of(lambda: with_servers([box], work)), NeedsRelink)
    assert box.asked == []


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(403, {"error": "unauthorized_client"}), Rejected),
        (None, Rejected),
        (refuse(500, ""), TryLater),
        (refuse(302, "", Location="/"), Rejected),
    ],
)
def test_authorisation_that_could_not_be_taken_back_is_told(
    page: Page, expected: type[NetworkError]
) -> None:
    box = Box({} if page is None else {"/oauth/revoke": page})

    async def work(http: Http, adapter: Mastodon) -> Any:
        return await adapter.revoke(http, make_server(box), REGISTRATION, CREDENTIALS)

    assert type(fail_of(lambda: with_servers([box], work))) is expected


def test_length_is_counted_by_the_servers_rules() -> None:
    adapter = Mastodon(mode=Mode.AUTOMATIC, website="https://speak.example")
    server = Server(
        network="mastodon",
        host="m.example",
        url="https://m.example",
        version="4.5.3",
        facts={"max_characters": 30, "reserved_per_url": 25},
    )
    text = "abcdefg https://voix.example.org/a/long/path"
    assert adapter.measure(server, text).used == 33
    assert adapter.measure(server, text).over == 3
    assert adapter.measure(None, text).used == 31
    assert adapter.measure(None, text).limit == 500


@pytest.mark.parametrize(
    ("version", "software"),
    [
        ("0.20.0+git", "gotosocial"),
        ("2.7.2 (compatible; Pleroma 2.9.1)", "pleroma"),
        ("4.5.3+my-own-patches", ""),
    ],
)
def test_server_that_is_no_mastodon_may_count_links_and_names_in_full(
    version: str, software: str
) -> None:
    adapter = Mastodon(mode=Mode.AUTOMATIC, website="https://speak.example")
    server = Server(
        network="mastodon",
        host="m.example",
        url="https://m.example",
        version=version,
        facts={"max_characters": 50, "reserved_per_url": 25, "software": software},
    )
    text = "@sam@mastodon.social https://voix.example.org/a/long/path"
    assert (adapter.measure(server, text).used, adapter.measure(server, text).over) == (57, 7)
    assert adapter.measure(server, "e\u0301 https://a.fr").used == 27  # a short link in its price
