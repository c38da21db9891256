"""How LinkedIn's adapter asks for consent, and what it takes for one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web

from networks.adapters.linkedin import LinkedIn
from networks.base import Consent, Mode, Server
from networks.errors import NetworkError, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import BACK, SECRET, Box, Page, Site, fail_of, refuse
from tests.networks.linkedin_boxes import (
    CLAIMS,
    CLIENT_SECRET,
    MEMBER,
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

GOOD: Site = {TOKEN: TOKENS, USERINFO: CLAIMS}


def in_turn(*pages: Any) -> Page:
    """Answer one after the other, the last for ever."""
    left: Iterator[Any] = iter(pages)
    last: list[Any] = [None]

    def answer(request: web.Request) -> Any:
        last[0] = next(left, last[0])
        return last[0](request) if callable(last[0]) else last[0]

    return answer


def accept(pages: Site, *, answer: dict[str, str] | None = None, **memo: str) -> tuple[Any, Box]:
    box = Box(pages)

    async def work(http: Http, adapter: LinkedIn, server: Server) -> Any:
        registration = await adapter.register(http, server, redirect_uri=BACK)
        consent = await adapter.ask_consent(
            http, server, registration, redirect_uri=BACK, state="s"
        )
        return await adapter.accept_consent(
            http,
            server,
            registration,
            redirect_uri=BACK,
            memo={**consent.memo, **memo},
            answer={"state": "s", "code": "code-1"} if answer is None else answer,
        )

    return with_linkedin(box, work), box


def test_there_is_one_server_and_nobody_is_asked_for_it() -> None:
    box = Box({})

    async def work(http: Http, adapter: LinkedIn, server: Server) -> tuple[Server, Any]:
        return server, await adapter.register(http, server, redirect_uri=BACK)

    server, registration = with_linkedin(box, work)
    assert (server.host, server.url) == (box.host, f"http://{box.host}")
    assert registration == REGISTRATION
    assert box.asked == []


def test_site_without_a_client_id_is_not_set_up() -> None:
    async def work(http: Http, _adapter: LinkedIn, server: Server) -> None:
        adapter = LinkedIn(mode=Mode.ASSISTED, client_id="", client_secret="")
        await adapter.register(http, server, redirect_uri=BACK)

    error = fail_of(lambda: with_linkedin(Box({}), work))
    assert type(error) is Rejected
    assert "not set up" in str(error)


def test_leave_is_asked_for_who_somebody_is_and_for_posting_and_no_more() -> None:
    async def work(http: Http, adapter: LinkedIn, server: Server) -> Consent:
        return await adapter.ask_consent(
            http, server, REGISTRATION, redirect_uri=BACK, state="s", account_hint="x"
        )

    box = Box({})
    consent = with_linkedin(box, work)
    page = urlsplit(consent.url)
    assert f"{page.scheme}://{page.netloc}{page.path}" == (
        f"http://{box.host}/oauth/v2/authorization"
    )
    assert dict(parse_qsl(page.query)) == {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": BACK,
        "state": "s",
        "scope": "openid profile w_member_social",
    }
    assert CLIENT_SECRET not in repr(consent)


def test_consent_becomes_credentials_and_profile() -> None:
    [(credentials, profile)], box = accept(GOOD)
    assert (credentials.account_id, credentials.access_token) == (MEMBER, SECRET)
    assert (credentials.refresh_token, credentials.grant) == ("", MEMBER)
    lasts = credentials.expires_at - datetime.now(UTC)
    assert timedelta(days=59) < lasts <= timedelta(days=60)
    assert (profile.account_id, profile.handle) == (MEMBER, "Sam Rivière")
    assert profile.avatar_url == CLAIMS["picture"]
    assert profile.url == ""
    assert profile.followers is None
    assert profile.created_at is None
    assert read_form(box) == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": BACK,
        "client_id": "app",
        "client_secret": CLIENT_SECRET,
    }
    assert box.asked[0].query_string == ""
    assert box.asked[1].headers["Authorization"] == f"Bearer {SECRET}"


def test_refresh_token_of_an_approved_app_is_kept() -> None:
    tokens = TOKENS | {"refresh_token": REFRESH, "refresh_token_expires_in": 31_536_000}
    [(credentials, _)], _ = accept({**GOOD, TOKEN: tokens})
    assert credentials.refresh_token == REFRESH
    assert REFRESH not in repr(credentials)


@pytest.mark.parametrize("scope", ["openid profile w_member_social", "w_member_social", ""])
def test_leave_to_post_is_read_however_it_is_written(scope: str) -> None:
    granted, _ = accept({**GOOD, TOKEN: TOKENS | {"scope": scope}})
    assert len(granted) == 1


def test_what_linkedin_says_of_a_member_is_fit_for_a_page() -> None:
    hostile = {
        "sub": MEMBER,
        "name": "S\u202eam\n<script>" + "x" * 500,
        "picture": "javascript:alert(1)",
    }
    [(_, profile)], _ = accept({**GOOD, USERINFO: hostile})
    assert profile.handle.isprintable()
    assert len(profile.handle) <= 200
    assert profile.avatar_url == ""


def test_member_without_a_name_has_an_id_all_the_same() -> None:
    [(_, profile)], _ = accept({**GOOD, USERINFO: {"sub": MEMBER}})
    assert (profile.handle, profile.display_name) == (MEMBER, "")


@pytest.mark.parametrize(
    ("pages", "expected", "sentence"),
    [
        ({TOKEN: refuse(401, {"error": "invalid_request", "error_description": "code not found"})},
         Rejected, "code not found"),
        ({TOKEN: refuse(400, {"error": "invalid_redirect_uri", "error_description": "expired"})},
         Rejected, "expired"),
        ({TOKEN: refuse(401, {"error": "invalid_client", "error_description": "Client failed"})},
         Rejected, "Client failed"),
        ({TOKEN: refuse(400, {"error": "x", "error_description": f"code-1 {CLIENT_SECRET}"})},
         Rejected, "HTTP 400"),
        ({TOKEN: refuse(200, "<html>")}, Rejected, "did not answer as it should"),
        ({TOKEN: refuse(302, "", Location="https://new.example/")}, Rejected, "HTTP 302"),
        ({TOKEN: {"access_token": "a\r\nHost: evil"}}, Rejected, "did not answer"),
        ({TOKEN: {"access_token": ["a"]}}, Rejected, "did not answer"),
        ({TOKEN: refuse(500, "")}, TryLater, "trouble"),
        ({TOKEN: refuse(429, {})}, TryLater, "no more"),
        ({TOKEN: TOKENS | {"scope": "openid,profile"}}, Rejected, "right to post"),
        ({TOKEN: TOKENS | {"scope": "w_member_social_feed"}}, Rejected, "right to post"),
        ({USERINFO: refuse(401, fault(401, "REVOKED_ACCESS_TOKEN", "Gone"))}, Rejected, "“Gone”"),
        ({USERINFO: refuse(403, fault(403, "ACCESS_DENIED", "No"))}, Rejected, "“No”"),
        ({USERINFO: refuse(500, "")}, TryLater, "trouble"),
        ({USERINFO: refuse(200, "<html>")}, TryLater, "did not answer as it should"),
        ({USERINFO: {"name": "Sam"}}, TryLater, "did not answer as it should"),
        ({USERINFO: {"sub": "../7"}}, TryLater, "did not answer as it should"),
        ({USERINFO: {"sub": 7}}, TryLater, "did not answer as it should"),
    ],
)  # fmt: skip
def test_consent_that_leads_nowhere_links_nothing(
    pages: Site, expected: type[NetworkError], sentence: str
) -> None:
    error = fail_of(lambda: accept({**GOOD, **pages}))
    assert type(error) is expected
    assert sentence in str(error)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"state": "s", "error": "user_cancelled_login"}, "You did not allow it"),
        ({"state": "s", "error": "user_cancelled_authorize"}, "You did not allow it"),
        ({"state": "t", "error": "user_cancelled_authorize"}, "does not belong"),
        (
            {"state": "s", "error": "unauthorized_scope_error", "error_description": "No scope"},
            "LinkedIn refused the authorisation: No scope",
        ),
        ({"state": "s"}, "without an authorisation"),
        ({"code": "code-1"}, "does not belong"),
        ({"state": "t", "code": "code-1"}, "does not belong"),
        ({"state": "s", "code": "code-1", "iss": "https://evil.example"}, "another server"),
    ],
)
def test_answer_that_is_no_consent_says_what_it_is(answer: dict[str, str], sentence: str) -> None:
    error = fail_of(lambda: accept(GOOD, answer=answer))
    assert type(error) is Rejected
    assert sentence in str(error)


def test_consent_begun_elsewhere_is_refused_before_anything_is_sent() -> None:
    asked: list[str] = []
    pages = {**GOOD, TOKEN: lambda request: asked.append(request.path) or TOKENS}
    error = fail_of(lambda: accept(pages, host="other.example"))
    assert type(error) is Rejected
    assert asked == []


def test_token_that_is_not_known_everywhere_yet_is_waited_for() -> None:
    young = refuse(401, fault(401, "REVOKED_ACCESS_TOKEN", "The token has been revoked"))
    granted, box = accept({**GOOD, USERINFO: in_turn(young, young, CLAIMS)})
    assert granted[0][1].account_id == MEMBER
    assert box.paths() == [TOKEN, USERINFO, USERINFO, USERINFO]


def test_linking_that_fails_revokes_nothing_since_another_link_may_live_by_it() -> None:
    revoked: list[str] = []
    pages = {
        **GOOD,
        USERINFO: refuse(500, ""),
        REVOKE: lambda request: revoked.append(request.path) or {},
    }
    assert isinstance(fail_of(lambda: accept(pages)), TryLater)
    assert revoked == []
