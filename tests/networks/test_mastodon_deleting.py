"""How Mastodon's adapter takes posts away, and what it makes of servers that answer otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from networks.adapters.mastodon import Mastodon
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import (
    CREDENTIALS,
    SECRET,
    Box,
    Page,
    fail_of,
    make_server,
    refuse,
    with_servers,
)

ONE = "/api/v1/statuses/1"
GONE = refuse(404, {"error": "Record not found"})
MINE = {"id": "1", "account": {"id": "7"}}


def play(deletion: Page, reading: Page = GONE) -> tuple[Any, Box]:
    """Delete the post 1 where deleting and reading it are answered so."""

    def answer(request: web.Request) -> Any:
        page = deletion if request.method == "DELETE" else reading
        return page(request) if callable(page) else page

    box = Box({ONE: answer})

    async def work(http: Http, adapter: Mastodon) -> Any:
        return await adapter.delete(http, make_server(box), CREDENTIALS, "1")

    return with_servers([box], work), box


def test_deletion_is_one_request_with_the_accounts_token() -> None:
    was_there, box = play({**MINE, "text": "Salut"})
    assert was_there is True
    [request] = box.asked
    assert (request.method, request.path) == ("DELETE", ONE)
    assert request.headers["Authorization"] == f"Bearer {SECRET}"


def test_empty_object_of_an_old_server_says_that_it_is_done() -> None:
    assert play({})[0] is True


@pytest.mark.parametrize("nothing", [GONE, refuse(200, None)], ids=["not-found", "null"])
def test_post_is_taken_for_gone_only_once_its_owner_cannot_see_it(nothing: Page) -> None:
    was_there, box = play(nothing)
    assert was_there is False
    assert [(request.method, request.path) for request in box.asked] == [
        ("DELETE", ONE),
        ("GET", ONE),
    ]


def test_server_that_does_not_know_how_to_delete_has_not_deleted() -> None:
    """The post of the account is still shown: what was not found is the way, not the post."""
    error = fail_of(lambda: play(GONE, MINE))
    assert type(error) is TryLater


def test_post_of_somebody_else_that_mastodon_does_not_find_among_ours_is_refused() -> None:
    error = fail_of(lambda: play(GONE, {"id": "1", "account": {"id": "8"}}))
    assert type(error) is Rejected


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (refuse(404, "<html>"), OutcomeUnknown),
        (refuse(200, "<html>"), OutcomeUnknown),
        ({"id": "2"}, OutcomeUnknown),
        (refuse(401, {"error": "The access token was revoked"}), OutcomeUnknown),
        (refuse(500, "<html>"), TryLater),
        (refuse(429, {"error": "Too many requests"}), TryLater),
    ],
)
def test_nothing_is_taken_for_gone_when_it_cannot_be_seen(
    reading: Page, expected: type[NetworkError]
) -> None:
    assert type(fail_of(lambda: play(GONE, reading))) is expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(404, "<html>"), TryLater),
        (refuse(403, "<html>Just a moment"), TryLater),
        (refuse(302, "", Location="/"), TryLater),
        (refuse(429, {"error": "Too many requests"}), TryLater),
        (refuse(401, {"error": "The access token was revoked"}), NeedsRelink),
        (refuse(403, {"error": "This action is outside the authorized scopes"}), NeedsRelink),
        (refuse(403, {"error": "Forbidden: status doesn't belong to you"}), Rejected),
        (refuse(405, {"error": "Method not allowed"}), Rejected),
        (refuse(410, {"error": "Gone"}), Rejected),
        (refuse(200, "<html>"), OutcomeUnknown),
        (refuse(200, ["1"]), OutcomeUnknown),
        (refuse(503, "<html>"), OutcomeUnknown),
        ({"id": "2"}, OutcomeUnknown),
        ({"error": "Record not found"}, OutcomeUnknown),
    ],
)
def test_refused_deletion_becomes_the_right_error(page: Page, expected: type[NetworkError]) -> None:
    assert type(fail_of(lambda: play(page))) is expected


def test_refusal_says_that_it_is_about_a_deletion() -> None:
    refused = fail_of(lambda: play(refuse(422, {"error": "Pinned posts stay"})))
    assert str(refused).endswith("did not delete the post: “Pinned posts stay”.")
    assert "is deleted" in str(fail_of(lambda: play(refuse(503, "<html>"))))
