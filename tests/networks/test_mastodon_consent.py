"""How Mastodon's adapter registers at a server and asks for consent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from networks.adapters.mastodon import Mastodon
from networks.base import Credentials, Registration
from networks.errors import NetworkError, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import (
    ACCOUNT,
    BACK,
    REGISTRATION,
    SECRET,
    TOKEN,
    Box,
    Page,
    Site,
    fail_of,
    make_server,
    refuse,
    with_servers,
)


def register(page: Page) -> tuple[Registration, Box]:
    box = Box({"/api/v1/apps": page})

    async def work(http: Http, adapter: Mastodon) -> Registration:
        return await adapter.register(http, make_server(box), redirect_uri=BACK)

    return with_servers([box], work, app_name="Speak"), box


def test_app_is_registered_with_its_name_its_site_and_no_more_rights_than_it_needs() -> None:
    registration, box = register({"client_id": "id", "client_secret": SECRET})
    assert registration == Registration(client_id="id", client_secret=SECRET)
    assert SECRET not in repr(registration)
    sent = dict(parse_qsl(box.bodies[0].decode()))
    assert sent == {
        "client_name": "Speak",
        "redirect_uris": BACK,
        "scopes": "read:statuses write:statuses profile",
        "website": "https://speak.example",
    }


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(422, {"error": "Validation failed: Redirect URI"}), Rejected),
        (refuse(403, "<html>"), Rejected),
        (refuse(200, "<html>"), Rejected),
        (refuse(200, {"client_id": "id"}), Rejected),
        (refuse(302, "", Location="https://elsewhere.example/"), Rejected),
        (refuse(429, {}, **{"Retry-After": "600"}), TryLater),
        (refuse(500, "<html>"), TryLater),
    ],
)
def test_refused_registration_says_why(page: Page, expected: type[NetworkError]) -> None:
    error = fail_of(lambda: register(page))
    assert type(error) is expected
    if "Validation" in str(error.facts):
        assert "Validation failed: Redirect URI" in str(error)


def test_busy_server_says_when_to_register() -> None:
    error = fail_of(lambda: register(refuse(429, {}, **{"Retry-After": "600"})))
    assert isinstance(error, TryLater)
    assert (error.after_seconds, error.scope) == (600, "host")


def accept(pages: Site, *, answer: dict[str, str] | None = None, **facts: Any) -> Any:
    box = Box(pages)

    async def work(http: Http, adapter: Mastodon) -> Any:
        server = make_server(box, **facts)
        consent = await adapter.ask_consent(
            http, server, REGISTRATION, redirect_uri=BACK, state="s"
        )
        return await adapter.accept_consent(
            http,
            server,
            REGISTRATION,
            redirect_uri=BACK,
            memo=consent.memo,
            answer={"state": "s", "code": "code-1"} if answer is None else answer,
        )

    return with_servers([box], work), box


GOOD: Site = {"/oauth/token": TOKEN, "/api/v1/accounts/verify_credentials": ACCOUNT}


def test_consent_becomes_credentials_and_profile() -> None:
    (((credentials, profile),), _) = accept(GOOD)
    assert credentials == Credentials(network="mastodon", account_id="7", access_token=SECRET)
    assert profile.handle == "@sam@m.example"
    assert profile.followers == 12
    assert profile.created_at == datetime(2020, 5, 1, tzinfo=UTC)


def test_what_a_server_says_of_an_account_is_fit_for_a_page() -> None:
    hostile = {
        "id": 7,
        "username": "sam\n<script>" + "x" * 500,
        "display_name": "S\u202eam\x00",
        "url": "javascript:alert(1)",
        "avatar_static": "https://m.example/'onerror=alert(1)",
        "followers_count": -1,
        "created_at": "yesterday",
    }
    pages = {**GOOD, "/api/v1/accounts/verify_credentials": hostile}
    (((credentials, profile),), _) = accept(pages)
    assert credentials.account_id == "7"
    assert profile.handle.isprintable()
    assert len(profile.handle) < 250
    assert profile.display_name == "S am"
    assert profile.url == profile.avatar_url == ""
    assert profile.followers is None
    assert profile.created_at is None


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ({"/oauth/token": refuse(400, {"error": "invalid_grant"})}, Rejected),
        ({"/oauth/token": refuse(401, {"error": "invalid_client"})}, Rejected),
        ({"/oauth/token": refuse(200, "<html>")}, Rejected),
        ({"/oauth/token": {"access_token": "a\r\nHost: evil"}}, Rejected),
        ({"/oauth/token": {"access_token": ["a"]}}, Rejected),
        ({"/oauth/token": refuse(500, "")}, TryLater),
        ({"/oauth/token": {**TOKEN, "scope": "read"}}, Rejected),
        ({"/api/v1/accounts/verify_credentials": refuse(401, {})}, Rejected),
        (
            {"/api/v1/accounts/verify_credentials": refuse(403, {"error": "Login disabled"})},
            Rejected,
        ),
        ({"/api/v1/accounts/verify_credentials": refuse(500, "")}, TryLater),
        ({"/api/v1/accounts/verify_credentials": refuse(200, "<html>")}, TryLater),
        ({"/api/v1/accounts/verify_credentials": {"id": "7"}}, TryLater),
    ],
)  # fmt: skip
def test_consent_that_leads_nowhere_links_nothing(
    pages: Site, expected: type[NetworkError]
) -> None:
    assert type(fail_of(lambda: accept({**GOOD, **pages}))) is expected


def test_token_that_is_not_kept_is_taken_back() -> None:
    revoked: list[str] = []

    def revoke(request: web.Request) -> dict[str, str]:
        revoked.append(request.path)
        return {}

    pages = {**GOOD, "/oauth/token": {**TOKEN, "scope": "read"}, "/oauth/revoke": revoke}
    assert isinstance(fail_of(lambda: accept(pages)), Rejected)
    assert revoked == ["/oauth/revoke"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"state": "s", "error": "access_denied"}, "You did not allow it"),
        ({"state": "s", "error": "invalid_scope", "error_description": "No such"}, "No such"),
        ({"state": "s"}, "without an authorisation"),
        ({"code": "code-1"}, "does not belong"),
        ({"state": "t", "code": "code-1"}, "does not belong"),
        ({"state": "s", "code": "code-1", "iss": "https://evil.example"}, "another server"),
    ],
)
def test_answer_that_is_no_consent_says_what_it_is(answer: dict[str, str], expected: str) -> None:
    error = fail_of(lambda: accept(GOOD, answer=answer))
    assert isinstance(error, Rejected)
    assert expected in str(error)


def test_consent_begun_at_another_server_is_refused_before_anything_is_sent() -> None:
    box = Box(GOOD)

    async def work(http: Http, adapter: Mastodon) -> Any:
        return await adapter.accept_consent(
            http,
            make_server(box),
            REGISTRATION,
            redirect_uri=BACK,
            memo={"state": "s", "host": "other.example"},
            answer={"state": "s", "code": "code-1"},
        )

    assert isinstance(fail_of(lambda: with_servers([box], work)), Rejected)
    assert box.asked == []


def test_answer_without_issuer_is_refused_where_the_server_promised_one() -> None:
    error = fail_of(lambda: accept(GOOD, names_issuer=True))
    assert isinstance(error, Rejected)


def test_refusal_that_repeats_the_code_or_the_secret_is_not_repeated() -> None:
    words = {"error": "x", "error_description": "code code-1 of app-secret"}
    error = fail_of(lambda: accept({**GOOD, "/oauth/token": refuse(400, words)}))
    assert "HTTP 400" in str(error)
