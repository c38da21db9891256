"""How LinkedIn's adapter knows its members again, renews their tokens and takes them back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from networks.adapters.linkedin import LinkedIn
from networks.base import Credentials, Server
from networks.errors import NeedsRelink, NetworkError, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page, Site, fail_of, refuse
from tests.networks.linkedin_boxes import (
    CLAIMS,
    CLIENT_SECRET,
    CREDENTIALS,
    INTROSPECT,
    PARTNER,
    REFRESH,
    REGISTRATION,
    REVOKE,
    TOKEN,
    TOKENS,
    USERINFO,
    fault,
    read_form,
    with_linkedin,
)

INVALID_GRANT = "The provided authorization grant or refresh token is invalid, expired or revoked"


def read_profile(page: Page, credentials: Credentials = CREDENTIALS) -> Any:
    async def work(http: Http, adapter: LinkedIn, server: Server) -> Any:
        return await adapter.read_profile(http, server, credentials)

    return with_linkedin(Box({USERINFO: page}), work)


def test_profile_is_read_anew() -> None:
    assert read_profile(CLAIMS | {"name": "Samuel"}).handle == "Samuel"


@pytest.mark.parametrize(
    ("page", "credentials", "expected"),
    [
        (CLAIMS | {"sub": "another"}, CREDENTIALS, NeedsRelink),
        (refuse(401, fault(401, "REVOKED_ACCESS_TOKEN")), CREDENTIALS, NeedsRelink),
        (refuse(401, fault(401, "REVOKED_ACCESS_TOKEN")), PARTNER, NeedsRelink),
        (refuse(401, fault(401, "EXPIRED_ACCESS_TOKEN")), CREDENTIALS, NeedsRelink),
        (refuse(401, fault(401, "EXPIRED_ACCESS_TOKEN")), PARTNER, TryLater),
        (refuse(403, fault(403, "ACCESS_DENIED")), CREDENTIALS, NeedsRelink),
        (refuse(429, {}), CREDENTIALS, TryLater),
        (refuse(500, "<html>"), CREDENTIALS, TryLater),
        (refuse(404, CLAIMS), CREDENTIALS, TryLater),
        (refuse(200, "<html>"), CREDENTIALS, TryLater),
    ],
)
def test_profile_that_cannot_be_read_says_why(
    page: Page, credentials: Credentials, expected: type[NetworkError]
) -> None:
    assert type(fail_of(lambda: read_profile(page, credentials))) is expected


def refresh(page: Page, credentials: Credentials = PARTNER) -> tuple[Any, Box]:
    box = Box({TOKEN: page})

    async def work(http: Http, adapter: LinkedIn, server: Server) -> Any:
        return await adapter.refresh(http, server, REGISTRATION, credentials)

    return with_linkedin(box, work), box


def test_token_is_renewed_and_everything_else_stays() -> None:
    fresh, box = refresh({"access_token": "new", "expires_in": 60, "refresh_token": "r2"})
    assert fresh == replace(
        PARTNER, access_token="new", refresh_token="r2", expires_at=fresh.expires_at
    )
    assert fresh.expires_at < datetime.now(UTC) + timedelta(seconds=61)
    assert read_form(box) == {
        "grant_type": "refresh_token",
        "refresh_token": REFRESH,
        "client_id": "app",
        "client_secret": CLIENT_SECRET,
    }


def test_refresh_token_that_is_not_repeated_is_kept() -> None:
    fresh, _ = refresh({"access_token": "new", "expires_in": 60})
    assert fresh.refresh_token == REFRESH


def test_without_a_refresh_token_only_the_owner_can_renew() -> None:
    error = fail_of(lambda: refresh(TOKENS, CREDENTIALS))
    assert type(error) is NeedsRelink
    assert "link the account again" in str(error)


@pytest.mark.parametrize(
    ("page", "expected", "scope"),
    [
        (
            refuse(400, {"error": "invalid_request", "error_description": INVALID_GRANT}),
            NeedsRelink,
            None,
        ),
        (refuse(400, {"error": "invalid_grant"}), NeedsRelink, None),
        (refuse(400, {"error": "invalid_request", "error_description": "missing"}), Rejected, None),
        (
            refuse(401, {"error": "invalid_client", "error_description": "failed"}),
            TryLater,
            "network",
        ),
        (refuse(400, {"error": "invalid_client_id"}), TryLater, "network"),
        (refuse(400, "<html>"), TryLater, "host"),
        (refuse(200, "<html>"), TryLater, "host"),
        (refuse(200, {}), TryLater, "host"),
        (refuse(302, "", Location="/"), TryLater, "host"),
        (refuse(500, ""), TryLater, "host"),
        (refuse(429, {}), TryLater, "account"),
    ],
)
def test_renewal_that_is_refused_says_who_has_to_act(
    page: Page, expected: type[NetworkError], scope: str | None
) -> None:
    error = fail_of(lambda: refresh(page))
    assert type(error) is expected
    assert getattr(error, "scope", None) == scope
    assert REFRESH not in repr(vars(error))


def test_refusal_that_repeats_the_refresh_token_is_not_repeated() -> None:
    words = {"error": "invalid_request", "error_description": f"{REFRESH} is missing"}
    assert "HTTP 400" in str(fail_of(lambda: refresh(refuse(400, words))))


def revoke(pages: Site, credentials: Credentials = CREDENTIALS) -> Box:
    box = Box(pages)

    async def work(http: Http, adapter: LinkedIn, server: Server) -> None:
        await adapter.revoke(http, server, REGISTRATION, credentials)

    with_linkedin(box, work)
    return box


DEAD = {"active": False, "status": "revoked"}


def test_authorisation_is_taken_back_and_looked_at() -> None:
    box = revoke({REVOKE: refuse(200, ""), INTROSPECT: DEAD})
    assert box.paths() == [REVOKE, INTROSPECT]
    for index in (0, 1):
        assert read_form(box, index) == {
            "token": SECRET,
            "client_id": "app",
            "client_secret": CLIENT_SECRET,
        }


def test_refresh_token_is_taken_back_as_well() -> None:
    box = revoke({REVOKE: refuse(200, ""), INTROSPECT: DEAD}, PARTNER)
    assert [read_form(box, index)["token"] for index in range(3)] == [REFRESH, SECRET, SECRET]


def test_token_that_ran_out_needs_no_revoking() -> None:
    revoke({REVOKE: refuse(400, {}), INTROSPECT: {"active": False, "status": "expired"}})


@pytest.mark.parametrize(
    "page",
    [
        {"active": True, "status": "active"},
        {"active": False},
        refuse(400, {"error": "invalid_request"}),
        refuse(401, DEAD),
        refuse(200, "<html>"),
    ],
)
def test_owner_is_told_what_to_do_where_the_token_is_not_known_to_be_dead(page: Page) -> None:
    error = fail_of(lambda: revoke({REVOKE: refuse(200, ""), INTROSPECT: page}))
    assert type(error) is Rejected
    assert "/mypreferences/d/data-sharing-for-permitted-services" in str(error)


@pytest.mark.parametrize("path", [REVOKE, INTROSPECT])
def test_revoking_that_meets_trouble_can_be_tried_later(path: str) -> None:
    pages: Site = {REVOKE: refuse(200, ""), INTROSPECT: DEAD, path: refuse(503, "")}
    assert isinstance(fail_of(lambda: revoke(pages)), TryLater)
