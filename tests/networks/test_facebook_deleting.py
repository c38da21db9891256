"""How Facebook's adapter takes posts away, and what it makes of the Graph API's refusals."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from networks.adapters.facebook import Facebook
from networks.base import Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import Box, Page, fail_of
from tests.networks.facebook_boxes import CREDENTIALS, refuse, say, with_graph

ONE = "42_1"
MISSING = refuse(100, error_subcode=33)


def delete(deletion: Page, reading: Page = MISSING, remote_id: str = ONE) -> tuple[bool, Box]:
    def answer(request: web.Request) -> Any:
        page = deletion if request.method == "DELETE" else reading
        return page(request) if callable(page) else page

    async def work(http: Http, network: Facebook, server: Server) -> bool:
        return await network.delete(http, server, CREDENTIALS, remote_id)

    return with_graph({f"/v25.0/{remote_id}": answer}, work)


@pytest.mark.parametrize("page", [{"success": True}, say(b"true")])
@pytest.mark.parametrize("remote_id", [ONE, "17"])
def test_deletion_is_one_request(page: Page, remote_id: str) -> None:
    was_there, box = delete(page, remote_id=remote_id)
    assert was_there is True
    assert [(each.method, each.path) for each in box.asked] == [("DELETE", f"/v25.0/{remote_id}")]


def test_post_of_another_page_is_refused_before_anything_is_sent() -> None:
    asked: list[object] = []

    async def work(http: Http, network: Facebook, server: Server) -> bool:
        return await network.delete(http.heard_by(asked.append), server, CREDENTIALS, "43_1")

    error = fail_of(lambda: with_graph({}, work))
    assert type(error) is Rejected
    assert "belongs to another account" in str(error)
    assert asked == []


def test_post_is_taken_for_gone_only_once_it_cannot_be_read_either() -> None:
    was_there, box = delete(MISSING)
    assert was_there is False
    assert [each.method for each in box.asked] == ["DELETE", "GET"]
    error = fail_of(lambda: delete(MISSING, {"id": ONE}))
    assert type(error) is Rejected
    assert "does not let this site delete" in str(error)
    assert type(fail_of(lambda: delete(MISSING, refuse(190, error_subcode=463)))) is NeedsRelink
    assert type(fail_of(lambda: delete(MISSING, refuse(2, status=500)))) is TryLater


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(190, error_subcode=460), NeedsRelink),
        (refuse(10), Rejected),
        (refuse(200, status=403), Rejected),
        (refuse(368), Rejected),
        (refuse(100), Rejected),
        (refuse(4), TryLater),
        (refuse(32), TryLater),
        (say(b"", status=429), TryLater),
        (refuse(1), OutcomeUnknown),
        (refuse(2, status=500), OutcomeUnknown),
        (say(b"<html>", kind="text/html"), OutcomeUnknown),
        (say(b"<html>", kind="text/html", status=404), OutcomeUnknown),
        ({"success": False}, OutcomeUnknown),
        ({"id": ONE}, OutcomeUnknown),
    ],
)
def test_refused_deletion_becomes_the_right_error(page: Page, expected: type[NetworkError]) -> None:
    assert type(fail_of(lambda: delete(page))) is expected
