"""How X's adapter takes posts away, and what it makes of what X says."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from networks.adapters.x import X
from networks.base import Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page, fail_of, refuse
from tests.networks.x_boxes import hold, with_x

ONE, LOOK = "/2/tweets/1", "/2/tweets"
PROBLEMS = "https://api.twitter.com/2/problems"


def say_missing(remote_id: str = "1") -> dict[str, Any]:
    kind = f"{PROBLEMS}/resource-not-found"
    return {"title": "Not Found Error", "type": kind, "resource_id": remote_id, "value": remote_id}


def delete(page: Page, look: Page | None = None, **changes: Any) -> tuple[bool, Box]:
    async def work(http: Http, network: X, server: Server) -> bool:
        return await network.delete(http, server, hold(**changes), "1")

    return with_x({ONE: page} | ({} if look is None else {LOOK: look}), work)


def test_deletion_is_one_request_with_the_accounts_token() -> None:
    was_there, box = delete({"data": {"deleted": True}})
    assert was_there is True
    [request] = box.asked
    assert (request.method, request.path) == ("DELETE", ONE)
    assert request.headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("page", [refuse(404, say_missing()), {"errors": [say_missing()]}])
def test_post_that_x_does_not_know_is_gone(page: Page) -> None:
    assert delete(page)[0] is False


def test_what_was_not_deleted_is_gone_only_once_x_does_not_show_it() -> None:
    not_deleted = {"data": {"deleted": False}}
    assert delete(not_deleted, {"errors": [say_missing()]})[0] is False
    error = fail_of(lambda: delete(not_deleted, {"data": [{"id": "1", "text": "Here"}]}))
    assert type(error) is TryLater
    assert type(fail_of(lambda: delete(not_deleted, {"data": []}))) is TryLater


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(404, say_missing("2")), TryLater),
        (refuse(404, "<html>"), TryLater),
        (refuse(302, "", Location="/"), TryLater),
        (refuse(403, "<html>"), TryLater),
        (refuse(402, {"title": "CreditsDepleted"}), TryLater),
        (refuse(429, {"title": "Too Many Requests"}), TryLater),
        (refuse(401, {"title": "Unauthorized"}), NeedsRelink),
        (refuse(403, {"detail": "You are not authorized to delete this Tweet."}), Rejected),
        (refuse(403, {"detail": "This request looks like it might be automated."}), Rejected),
        (refuse(400, {"detail": "The id is not valid"}), Rejected),
        (refuse(503, "<html>"), OutcomeUnknown),
        (refuse(200, "<html>"), OutcomeUnknown),
        ({"data": {}}, OutcomeUnknown),
        ({"data": "deleted"}, OutcomeUnknown),
    ],
)
def test_refused_deletion_becomes_the_right_error(page: Page, expected: type[NetworkError]) -> None:
    assert type(fail_of(lambda: delete(page))) is expected


def test_refusal_is_told_in_words_that_fit_a_deletion() -> None:
    automated = refuse(403, {"detail": "This request looks like it might be automated."})
    assert str(fail_of(lambda: delete(automated))).startswith("X did not delete the post")
    assert "is deleted" in str(fail_of(lambda: delete(refuse(503, "<html>"))))


def test_wait_of_a_limit_is_the_accounts_own() -> None:
    def limit(_request: web.Request) -> web.Response:
        headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "60"}
        return web.json_response({"title": "Too Many Requests"}, status=429, headers=headers)

    error = fail_of(lambda: delete(limit))
    assert isinstance(error, TryLater)
    assert (error.after_seconds, error.scope) == (60, "account")
