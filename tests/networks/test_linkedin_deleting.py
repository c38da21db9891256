"""How LinkedIn's adapter takes posts away, and what it makes of what LinkedIn says."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from networks.adapters.linkedin import LinkedIn
from networks.base import Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page, fail_of, refuse
from tests.networks.linkedin_boxes import CREDENTIALS, URN, fault, with_linkedin

NAMED = f"Could not find entity {URN}"


def gone(_request: web.Request) -> web.Response:
    return web.Response(status=204)


def delete(page: Page) -> tuple[bool, Box]:
    box = Box({f"/rest/posts/{URN}": page})

    async def work(http: Http, network: LinkedIn, server: Server) -> Any:
        return await network.delete(http, server, CREDENTIALS, URN)

    return with_linkedin(box, work, version="202609"), box


def test_deletion_names_the_post_with_its_colons_encoded() -> None:
    was_there, box = delete(gone)
    assert was_there is True
    [request] = box.asked
    assert request.method == "DELETE"
    assert request.rel_url.raw_path == f"/rest/posts/{URN.replace(':', '%3A')}"
    assert request.headers["X-RestLi-Method"] == "DELETE"
    assert request.headers["LinkedIn-Version"] == "202609"
    assert request.headers["Authorization"] == f"Bearer {SECRET}"


def test_post_that_linkedin_says_it_did_not_find_is_gone() -> None:
    assert delete(refuse(404, fault(404, "NOT_FOUND", NAMED)))[0] is False


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(404, fault(404, "NOT_FOUND", "Not Found")), TryLater),
        (refuse(404, fault(404, "RESOURCE_NOT_FOUND", NAMED)), TryLater),
        (refuse(404, "<html>"), TryLater),
        (refuse(403, "<html>"), TryLater),
        (refuse(302, "", Location="/"), TryLater),
        (refuse(409, fault(409, "CONFLICT")), TryLater),
        (refuse(426, fault(426, "NONEXISTENT_VERSION")), TryLater),
        (refuse(429, fault(429, "TOO_MANY_REQUESTS")), TryLater),
        (refuse(401, fault(401, "REVOKED_ACCESS_TOKEN")), NeedsRelink),
        (refuse(403, fault(403, "ACCESS_DENIED")), Rejected),
        (refuse(400, fault(400, "ILLEGAL_ARGUMENT")), Rejected),
        (refuse(500, fault(500, "INTERNAL_SERVER_ERROR")), OutcomeUnknown),
        (refuse(200, "<html>"), OutcomeUnknown),
        ({}, OutcomeUnknown),
    ],
)
def test_refused_deletion_becomes_the_right_error(page: Page, expected: type[NetworkError]) -> None:
    assert type(fail_of(lambda: delete(page))) is expected


def test_post_that_may_not_be_deleted_is_no_reason_to_link_again() -> None:
    error = fail_of(lambda: delete(refuse(403, fault(403, "ACCESS_DENIED", "Not yours"))))
    assert str(error) == "LinkedIn did not delete the post: “Not yours”."
