"""How Threads' adapter takes posts away, and what it makes of what Threads says."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from networks.adapters.threads import Threads
from networks.base import Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import Box, Page, fail_of, refuse
from tests.networks.threads_boxes import (
    CREDENTIALS,
    ME,
    MEDIA,
    PROFILE,
    SHOW,
    complain,
    with_threads,
)

MISSING = complain(100, error_subcode=33)


def delete(
    deletion: Page, reading: Page = MISSING, *, deletes: bool = True, **pages: Page
) -> tuple[bool, Box]:
    def answer(request: web.Request) -> Any:
        page = deletion if request.method == "DELETE" else reading
        return page(request) if callable(page) else page

    box = Box({SHOW: answer, PROFILE: {"id": ME}, **pages})

    async def work(http: Http, network: Threads, server: Server) -> bool:
        return await network.delete(http, server, CREDENTIALS, MEDIA)

    return with_threads(box, work, deletes=deletes), box


def test_deletion_is_one_request() -> None:
    was_there, box = delete({"success": True, "deleted_id": MEDIA})
    assert was_there is True
    assert [(each.method, each.path) for each in box.asked] == [("DELETE", SHOW)]


def test_without_the_operators_setting_nothing_is_asked_for_and_nothing_sent() -> None:
    box = Box({})

    async def work(http: Http, network: Threads, server: Server) -> bool:
        assert "threads_delete" not in network.scopes
        return await network.delete(http, server, CREDENTIALS, MEDIA)

    error = fail_of(lambda: with_threads(box, work))
    assert type(error) is Rejected
    assert "with your own hand" in str(error)
    assert box.asked == []


@pytest.mark.parametrize("page", [complain(10, status=403), complain(200, status=403)])
def test_link_from_before_that_leave_was_asked_for_says_what_to_do_and_stays(page: Page) -> None:
    error = fail_of(lambda: delete(page))
    assert type(error) is Rejected
    assert "link the account again" in str(error)


@pytest.mark.parametrize("missing", [MISSING, complain(24, error_subcode=4279009)])
def test_post_is_taken_for_gone_only_once_it_cannot_be_read_either(missing: Page) -> None:
    was_there, box = delete(missing)
    assert was_there is False
    assert [(each.method, each.path) for each in box.asked] == [
        ("DELETE", SHOW),
        ("GET", SHOW),
        ("GET", PROFILE),
    ]
    assert type(fail_of(lambda: delete(missing, {"id": MEDIA}))) is Rejected
    assert type(fail_of(lambda: delete(missing, refuse(500, "<html>")))) is TryLater


def test_token_that_reads_nothing_any_more_proves_nothing() -> None:
    dead = complain(190, error_subcode=458, status=401)
    assert type(fail_of(lambda: delete(MISSING, **{PROFILE: dead}))) is NeedsRelink


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (complain(190, status=401), NeedsRelink),
        (complain(17), TryLater),
        (complain(4), TryLater),
        (refuse(429, "<html>"), TryLater),
        (refuse(404, "<html>"), TryLater),
        (refuse(302, "", Location="/"), TryLater),
        (complain(368), Rejected),
        (complain(100), Rejected),
        (complain(2, status=500), OutcomeUnknown),
        (complain(77777), OutcomeUnknown),
        (refuse(200, "<html>"), OutcomeUnknown),
        ({"success": False}, OutcomeUnknown),
        ({"id": MEDIA}, OutcomeUnknown),
    ],
)
def test_refused_deletion_becomes_the_right_error(page: Page, expected: type[NetworkError]) -> None:
    assert type(fail_of(lambda: delete(page))) is expected
