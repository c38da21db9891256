"""How an account on Threads is linked, renewed, and let go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from networks.adapters.threads import Threads
from networks.base import Credentials, Mode, Server
from networks.errors import NeedsRelink, NetworkError, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import BACK, SECRET, Box, Page, Site, fail_of, refuse
from tests.networks.threads_boxes import (
    CREDENTIALS,
    FOLLOWERS,
    LIMIT,
    LONG,
    ME,
    PROFILE,
    REGISTRATION,
    RENEW,
    TOKEN,
    complain,
    read_form,
    with_threads,
)

SHORT = "canary-short-19aa"
OWNER = {
    "id": ME,
    "username": "sam",
    "name": "Sam",
    "threads_profile_picture_url": "https://cdn.example/sam.png",
}
COUNT = {"data": [{"name": "followers_count", "total_value": {"value": 12}}]}
GOOD: Site = {
    TOKEN: {"access_token": SHORT, "user_id": int(ME)},
    LONG: {"access_token": SECRET, "token_type": "bearer", "expires_in": 5_183_944},
    PROFILE: OWNER,
    FOLLOWERS: COUNT,
    LIMIT: {"data": [{"quota_usage": 0, "config": {}}]},
}
ANSWER = {"state": "s", "code": "code-1#_"}


def accept(pages: Site, *, answer: dict[str, str] | None = None, **options: Any) -> Any:
    box = Box(pages)

    async def work(http: Http, adapter: Threads, server: Server) -> Any:
        registration = await adapter.register(http, server, redirect_uri=BACK)
        consent = await adapter.ask_consent(
            http, server, registration, redirect_uri=BACK, state="s"
        )
        given = await adapter.accept_consent(
            http,
            server,
            registration,
            redirect_uri=BACK,
            memo=consent.memo,
            answer=ANSWER if answer is None else answer,
        )
        return consent, given

    return with_threads(box, work, **options), box


def test_window_is_asked_for_what_posting_and_numbers_take() -> None:
    ((consent, _), box) = accept(GOOD)
    address, _, query = consent.url.partition("?")
    assert address == f"http://{box.host}/oauth/authorize"
    assert dict(parse_qsl(query)) == {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": BACK,
        "scope": "threads_basic,threads_content_publish,threads_manage_insights",
        "state": "s",
    }


def test_numbers_are_not_asked_for_where_the_site_may_not() -> None:
    (((consent, ((_, profile),)), box)) = accept(GOOD, reads_insights=False)
    assert "insights" not in consent.url
    assert profile.followers is None
    assert FOLLOWERS not in box.paths()


def test_code_becomes_a_token_of_60_days() -> None:
    (((_, ((credentials, profile),)), box)) = accept(GOOD)
    assert box.paths() == [TOKEN, LONG, PROFILE, FOLLOWERS, LIMIT]
    assert read_form(box) == {
        "grant_type": "authorization_code",
        "client_id": "app",
        "client_secret": "app-secret",
        "redirect_uri": BACK,
        "code": "code-1",
    }
    assert dict(box.asked[1].query) == {
        "grant_type": "th_exchange_token",
        "client_secret": "app-secret",
        "access_token": SHORT,
    }
    assert credentials.account_id == profile.account_id == ME
    assert credentials.access_token == credentials.refresh_token == SECRET
    days = (credentials.expires_at - datetime.now(UTC)).total_seconds() / 86_400
    assert 59.9 < days < 60
    assert SECRET not in repr(credentials)


def test_profile_is_what_threads_tells() -> None:
    (((_, ((_, profile),)), box)) = accept(GOOD)
    assert (profile.handle, profile.display_name) == ("@sam", "Sam")
    assert profile.url == f"http://{box.host}/@sam"
    assert profile.avatar_url == "https://cdn.example/sam.png"
    assert profile.followers == 12
    assert profile.created_at is None


@pytest.mark.parametrize(
    "page",
    [
        complain(10),
        complain(100, "THREADS_API__FEATURE_NOT_AVAILABLE"),
        refuse(500, "<html>"),
        {"data": []},
        {"data": [{"total_value": {"value": -1}}]},
        {"data": ["12"]},
    ],
)
def test_followers_that_are_not_told_are_unknown(page: Page) -> None:
    (((_, ((_, profile),)), _)) = accept({**GOOD, FOLLOWERS: page})
    assert profile.followers is None


def test_what_threads_says_of_an_account_is_fit_for_a_page() -> None:
    hostile = {
        "id": 7,
        "username": "sam\n<script>" + "x" * 500,
        "name": "S\u202eam\x00",
        "threads_profile_picture_url": "javascript:alert(1)",
    }
    pages = {**GOOD, PROFILE: hostile, "/v1.0/7/threads_publishing_limit": {"data": []}}
    (((_, ((credentials, profile),)), _)) = accept(pages)
    assert credentials.account_id == "7"
    assert profile.handle.isprintable()
    assert len(profile.handle) < 250
    assert profile.display_name == "S am"
    assert "<" not in profile.url
    assert profile.avatar_url == ""


FLAT = {"error_type": "OAuthException", "code": 400, "error_message": "Code was already used"}


@pytest.mark.parametrize(
    ("pages", "expected", "sentence"),
    [
        ({TOKEN: refuse(400, FLAT)}, Rejected, "“Code was already used”"),
        ({TOKEN: complain(190, "Bad code")}, Rejected, "“Bad code”"),
        ({TOKEN: refuse(200, "<html>")}, TryLater, "trouble"),
        ({TOKEN: {"access_token": "a\r\nHost: evil"}}, TryLater, "trouble"),
        ({TOKEN: {"access_token": ["a"]}}, TryLater, "trouble"),
        ({TOKEN: refuse(500, "")}, TryLater, "trouble"),
        ({TOKEN: refuse(429, {})}, TryLater, "pause"),
        ({TOKEN: complain(101)}, TryLater, "run the site"),
        ({LONG: complain(100, "No such grant")}, Rejected, "“No such grant”"),
        ({LONG: complain(190)}, Rejected, "refused the authorisation"),
        ({LONG: refuse(500, "")}, TryLater, "trouble"),
        ({PROFILE: complain(190)}, Rejected, "no longer"),
        ({PROFILE: refuse(500, "")}, TryLater, "trouble"),
        ({PROFILE: {"id": ME}}, TryLater, "trouble"),
        ({LIMIT: complain(10)}, Rejected, "You did not allow posting"),
        ({LIMIT: complain(200)}, Rejected, "You did not allow posting"),
        ({LIMIT: complain(190, error_subcode=459)}, Rejected, "sign in there"),
        ({LIMIT: refuse(500, "")}, TryLater, "trouble"),
    ],
)
def test_consent_that_leads_nowhere_links_nothing(
    pages: Site, expected: type[NetworkError], sentence: str
) -> None:
    error = fail_of(lambda: accept({**GOOD, **pages}))
    assert type(error) is expected
    assert sentence in str(error)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"state": "s", "error": "access_denied", "error_reason": "user_denied"}, "did not allow"),
        ({"state": "s", "error": "server_error", "error_description": "Oops"}, "Oops"),
        ({"state": "s"}, "without an authorisation"),
        ({"code": "code-1"}, "does not belong"),
        ({"state": "t", "code": "code-1"}, "does not belong"),
    ],
)
def test_answer_that_is_no_consent_says_what_it_is(answer: dict[str, str], expected: str) -> None:
    error = fail_of(lambda: accept(GOOD, answer=answer))
    assert isinstance(error, Rejected)
    assert expected in str(error)


@pytest.mark.parametrize("word", ["code-1", "app-secret"])
def test_refusal_that_repeats_the_code_or_a_secret_is_not_repeated(word: str) -> None:
    page = refuse(400, FLAT | {"error_message": f"bad {word}"})
    assert "HTTP 400" in str(fail_of(lambda: accept({**GOOD, TOKEN: page})))
    error = fail_of(lambda: accept({**GOOD, LONG: complain(100, f"bad {SHORT}")}))
    assert SHORT not in str(error)


def test_consent_begun_at_another_server_is_refused_before_anything_is_sent() -> None:
    box = Box(GOOD)

    async def work(http: Http, adapter: Threads, server: Server) -> Any:
        return await adapter.accept_consent(
            http,
            server,
            REGISTRATION,
            redirect_uri=BACK,
            memo={"state": "s", "host": "other.example"},
            answer=ANSWER,
        )

    assert isinstance(fail_of(lambda: with_threads(box, work)), Rejected)
    assert box.asked == []


def test_site_that_is_not_registered_says_so() -> None:
    async def work(http: Http, _adapter: Threads, server: Server) -> Any:
        adapter = Threads(mode=Mode.AUTOMATIC, client_id="", client_secret="")
        return await adapter.register(http, server, redirect_uri=BACK)

    assert "not set up" in str(fail_of(lambda: with_threads(Box({}), work)))


def test_there_is_one_server_and_it_is_not_asked() -> None:
    async def work(http: Http, _adapter: Threads, _server: Server) -> Any:
        adapter = Threads(mode=Mode.AUTOMATIC, client_id="app", client_secret="app-secret")
        return await adapter.find_server(http, "whatever")

    server, hint = with_threads(Box({}), work)
    assert (server.host, server.url) == ("graph.threads.net", "https://graph.threads.net")
    assert hint == ""


def refresh(pages: Site, credentials: Credentials = CREDENTIALS) -> tuple[Credentials, Box]:
    box = Box(pages)

    async def work(http: Http, adapter: Threads, server: Server) -> Any:
        return await adapter.refresh(http, server, REGISTRATION, credentials)

    return with_threads(box, work), box


def aged(**age: float) -> Credentials:
    at = datetime.now(UTC) - timedelta(**age)
    return replace(CREDENTIALS, extra={"issued_at": at.isoformat()})


def test_token_renews_itself_from_its_second_day() -> None:
    renewed, box = refresh({RENEW: {"access_token": "new", "expires_in": 5_184_000}})
    assert box.paths() == [RENEW]
    assert dict(box.asked[0].query) == {"grant_type": "th_refresh_token", "access_token": SECRET}
    assert renewed.access_token == renewed.refresh_token == "new"
    assert renewed.account_id == ME
    assert renewed.expires_at is not None
    assert renewed.expires_at > datetime.now(UTC) + timedelta(days=59)
    again, box = refresh({PROFILE: {"id": ME}}, renewed)
    assert (again, box.paths()) == (renewed, [PROFILE])


def test_token_of_today_is_kept_while_it_is_let_in() -> None:
    young = aged(hours=23)
    kept, box = refresh({PROFILE: {"id": ME}}, young)
    assert kept == young
    assert box.paths() == [PROFILE]
    error = fail_of(lambda: refresh({PROFILE: complain(190, error_subcode=458)}, young))
    assert isinstance(error, NeedsRelink)


def test_token_whose_age_nobody_knows_is_renewed() -> None:
    _, box = refresh({RENEW: {"access_token": "new"}}, replace(CREDENTIALS, extra={}))
    assert box.paths() == [RENEW]


def test_token_that_ran_out_is_not_even_asked_for() -> None:
    box_pages: Site = {RENEW: {"access_token": "new"}}
    old = replace(CREDENTIALS, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert isinstance(fail_of(lambda: refresh(box_pages, old)), NeedsRelink)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (complain(190), NeedsRelink),
        (complain(10), NeedsRelink),
        (complain(2), TryLater),
        (complain(4), TryLater),
        (refuse(500, ""), TryLater),
        (refuse(200, "<html>"), TryLater),
    ],
)
def test_token_that_is_not_renewed_says_why(page: Page, expected: type[NetworkError]) -> None:
    assert isinstance(fail_of(lambda: refresh({RENEW: page})), expected)


def test_good_token_is_kept_when_threads_sees_no_reason_to_renew_it() -> None:
    kept, box = refresh({RENEW: complain(100, "Too young"), PROFILE: {"id": ME}})
    assert kept == CREDENTIALS
    assert box.paths() == [RENEW, PROFILE]


def test_owner_is_told_where_to_remove_the_site() -> None:
    box = Box({})

    async def work(http: Http, adapter: Threads, server: Server) -> Any:
        return await adapter.revoke(http, server, REGISTRATION, CREDENTIALS)

    error = fail_of(lambda: with_threads(box, work))
    assert isinstance(error, Rejected)
    assert "Website permissions" in str(error)
    assert box.asked == []


def test_profile_of_another_account_needs_its_owner() -> None:
    box = Box({PROFILE: OWNER | {"id": "8"}})

    async def work(http: Http, adapter: Threads, server: Server) -> Any:
        return await adapter.read_profile(http, server, CREDENTIALS)

    assert isinstance(fail_of(lambda: with_threads(box, work)), NeedsRelink)


def test_origins_and_version_are_the_operators() -> None:
    adapter = Threads(
        mode=Mode.AUTOMATIC,
        client_id="app",
        client_secret="app-secret",
        consent_url="https://threads.example/",
    )
    assert urlsplit(adapter.compose("Oui", link="").url).netloc == "threads.example"
    box = Box({"/v2.0/me": OWNER})

    async def work(http: Http, newer: Threads, server: Server) -> Any:
        return await newer.read_profile(http, server, CREDENTIALS)

    assert with_threads(box, work, version="v2.0", reads_insights=False).account_id == ME
