"""How X's adapter gets, renews and gives back the leave to post."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from networks.adapters.x import X
from networks.base import Credentials, Mode, Registration, Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from networks.oauth import derive_challenge
from tests.networks.boxes import SECRET, Box, Page, Site, fail_of, refuse
from tests.networks.x_boxes import (
    BACK,
    ME,
    REGISTRATION,
    TOKENS,
    WEB_URL,
    hold,
    refuse_with,
    with_x,
)

TOKEN, REVOKE, OWNER = "/2/oauth2/token", "/2/oauth2/revoke", "/2/users/me"
PUBLIC = Registration(client_id="app")
BASIC = f"Basic {b64encode(b'app:app-secret').decode()}"
BAD_TOKEN = {
    "error": "invalid_request",
    "error_description": "Value passed for the token was invalid.",
}
BAD_CODE = {
    "error": "invalid_request",
    "error_description": "Value passed for the authorization code was invalid.",
}
NO_HEADER = {
    "error": "unauthorized_client",
    "error_description": "Missing valid authorization header",
}


def read_form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode()))


def accept(
    pages: Site,
    *,
    registration: Registration = REGISTRATION,
    answer: Mapping[str, str] | None = None,
) -> tuple[Any, Box]:
    async def work(http: Http, network: X, server: Server) -> Any:
        consent = await network.ask_consent(
            http, server, registration, redirect_uri=BACK, state="s"
        )
        given = await network.accept_consent(
            http,
            server,
            registration,
            redirect_uri=BACK,
            memo=consent.memo,
            answer={"state": "s", "code": "code-1"} if answer is None else answer,
        )
        return consent, given

    return with_x({REVOKE: {"revoked": True}, **pages}, work)


def test_server_and_registration_are_known_without_asking() -> None:
    async def work(http: Http, network: X, server: Server) -> Any:
        found = await network.register(http, server, redirect_uri=BACK)
        return server, found

    (server, registration), box = with_x({}, work)
    assert box.asked == []
    assert (server.network, server.host, server.url) == ("x", box.host, f"http://{box.host}")
    assert registration == REGISTRATION
    usual = X(mode=Mode.ASSISTED, client_id="app", client_secret="")
    assert not usual.registers
    assert usual.address_label == usual.address_example == ""


def test_page_of_x_is_asked_with_a_challenge_and_no_more_rights_than_it_needs() -> None:
    (consent, _), _ = accept({TOKEN: TOKENS, OWNER: {"data": ME}})
    page = urlsplit(consent.url)
    assert f"{page.scheme}://{page.netloc}{page.path}" == f"{WEB_URL}/i/oauth2/authorize"
    assert dict(parse_qsl(page.query)) == {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": BACK,
        "scope": "tweet.read tweet.write users.read offline.access",
        "state": "s",
        "code_challenge": derive_challenge(consent.memo["verifier"]),
        "code_challenge_method": "S256",
    }
    assert consent.memo["verifier"] not in repr(consent)


def check_account(given: Any) -> None:
    [(credentials, profile)] = given
    assert (credentials.account_id, credentials.access_token) == ("7", SECRET)
    assert credentials.refresh_token == "refresh-canary"
    life = credentials.expires_at - datetime.now(UTC)
    assert timedelta(minutes=119) < life <= timedelta(hours=2)
    assert (profile.account_id, profile.handle, profile.display_name) == ("7", "@sam_x", "Sam")
    assert (profile.followers, profile.url) == (12, f"{WEB_URL}/sam_x")
    assert profile.avatar_url == "https://pbs.example/sam.png"
    assert profile.created_at == datetime(2020, 5, 1, tzinfo=UTC)


def test_confidential_client_shows_its_secret_and_public_one_its_name() -> None:
    for registration, header in ((REGISTRATION, BASIC), (PUBLIC, None)):
        (consent, given), box = accept(
            {TOKEN: TOKENS, OWNER: {"data": ME}}, registration=registration
        )
        check_account(given)
        assert box.asked[0].headers.get("Authorization") == header
        assert read_form(box.bodies[0]) == {
            "grant_type": "authorization_code",
            "code": "code-1",
            "redirect_uri": BACK,
            "code_verifier": consent.memo["verifier"],
            **({} if header else {"client_id": "app"}),
        }
        assert box.asked[1].query["user.fields"] == "created_at,profile_image_url,public_metrics"


@pytest.mark.parametrize(
    "answer",
    [
        {"state": "other", "code": "code-1"},
        {"state": "s"},
        {"state": "s", "error": "access_denied"},
        {"state": "s", "code": "code-1", "iss": "https://evil.example"},
    ],
)
def test_answer_that_is_not_ours_is_not_even_traded(answer: dict[str, str]) -> None:
    asked: list[str] = []
    pages = {TOKEN: lambda request: asked.append(request.path)}
    assert isinstance(fail_of(lambda: accept(pages, answer=answer)), Rejected)
    assert asked == []


@pytest.mark.parametrize(
    ("page", "expected", "words"),
    [
        (refuse(400, BAD_CODE), Rejected, "Please start again"),
        (refuse(400, {"error": "invalid_grant"}), Rejected, "“HTTP 400”"),
        (refuse(400, "<html>"), Rejected, "“HTTP 400”"),
        (refuse(403, {"error": "access_denied"}), Rejected, "refused the authorisation"),
        (refuse(401, NO_HEADER), TryLater, "does not recognise this site"),
        (refuse(400, NO_HEADER), TryLater, "does not recognise this site"),
        (refuse_with(402, "CreditsDepleted", "…", "credits"), TryLater, "used up"),
        (refuse(404, ""), TryLater, "not answering"),
        (refuse(429, {}), TryLater, "too much to do"),
        (refuse(500, "<html>"), TryLater, "has trouble"),
        (refuse(200, "<html>"), TryLater, "has trouble"),
        (refuse(200, {"access_token": ""}), TryLater, "has trouble"),
        (refuse(302, "", Location="/"), TryLater, "not answering"),
    ],
)
def test_refused_code_says_why(page: Page, expected: type[NetworkError], words: str) -> None:
    error = fail_of(lambda: accept({TOKEN: page}))
    assert type(error) is expected
    assert words in str(error)


def test_refusal_that_repeats_the_code_is_not_repeated() -> None:
    page = refuse(400, {"error": "invalid_request", "error_description": "bad code-1"})
    assert "code-1" not in str(fail_of(lambda: accept({TOKEN: page})))


@pytest.mark.parametrize(
    ("pages", "expected", "tokens"),
    [
        ({TOKEN: TOKENS | {"scope": "tweet.read users.read offline.access"}}, Rejected, 2),
        ({TOKEN: TOKENS | {"refresh_token": ""}}, Rejected, 1),
        ({OWNER: refuse_with(401, "Unauthorized", "Unauthorized")}, Rejected, 2),
        ({OWNER: refuse_with(403, "Forbidden", "Your account is suspended")}, Rejected, 2),
        ({OWNER: refuse(500, "<html>")}, TryLater, 2),
        ({OWNER: {"data": {"id": "../7", "username": "sam"}}}, TryLater, 2),
        ({OWNER: {"data": {"id": "7"}}}, TryLater, 2),
        ({OWNER: {"data": []}}, TryLater, 2),
        ({OWNER: {"errors": [{}]}}, TryLater, 2),
    ],
)
def test_what_is_not_stored_is_given_back(
    pages: Site, expected: type[NetworkError], tokens: int
) -> None:
    revoked: list[str] = []

    def note(request: Any) -> dict[str, Any]:
        revoked.append(request.path)
        return {"revoked": True}

    usual = {TOKEN: TOKENS, OWNER: {"data": ME}, REVOKE: note}
    assert type(fail_of(lambda: accept({**usual, **pages}))) is expected
    assert len(revoked) == tokens


def ask(
    pages: Site, name: str, *, registration: Registration = REGISTRATION, **facts: Any
) -> tuple[Any, Box]:
    """Refresh or revoke."""

    async def work(http: Http, network: X, server: Server) -> Any:
        return await getattr(network, name)(http, server, registration, hold(**facts))

    return with_x(pages, work)


def test_new_tokens_take_the_place_of_both_old_ones() -> None:
    tokens = TOKENS | {"access_token": "new-access", "refresh_token": "new-refresh"}
    renewed, box = ask({TOKEN: tokens}, "refresh")
    assert isinstance(renewed, Credentials)
    assert (renewed.access_token, renewed.refresh_token) == ("new-access", "new-refresh")
    assert renewed.account_id == "7"
    assert renewed.expires_at
    assert read_form(box.bodies[0]) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-canary",
    }
    assert box.asked[0].headers["Authorization"] == BASIC
    _, box = ask({TOKEN: tokens}, "refresh", registration=PUBLIC)
    assert read_form(box.bodies[0])["client_id"] == "app"


@pytest.mark.parametrize(
    ("page", "expected", "scope"),
    [
        (refuse(400, BAD_TOKEN), NeedsRelink, ""),
        (refuse(400, {"error": "invalid_grant"}), NeedsRelink, ""),
        (refuse(400, {"error": "invalid_request", "error_description": "Missing parameter"}),
         Rejected, ""),
        (refuse(400, {"error": "unsupported_grant_type"}), Rejected, ""),
        (refuse(401, NO_HEADER), TryLater, "network"),
        (refuse(401, {"error": "invalid_client"}), TryLater, "network"),
        (refuse(401, BAD_TOKEN), TryLater, "network"),
        (refuse(401, "<html>"), TryLater, "network"),
        (refuse(402, {}), TryLater, "network"),
        (refuse_with(403, "Client Forbidden", "…", "client-forbidden"), TryLater, "network"),
        (refuse(403, "<html>"), TryLater, "host"),
        (refuse(429, {}), TryLater, "account"),
        (refuse(302, "", Location="/"), TryLater, "host"),
        (refuse(408, {}), OutcomeUnknown, ""),
        (refuse(500, "<html>"), OutcomeUnknown, ""),
        (refuse(503, {}), OutcomeUnknown, ""),
        (refuse(200, "<html>"), OutcomeUnknown, ""),
        (refuse(200, {}), OutcomeUnknown, ""),
    ],
)  # fmt: skip
def test_refused_refresh_means_one_thing(
    page: Page, expected: type[NetworkError], scope: str
) -> None:
    error = fail_of(lambda: ask({TOKEN: page}, "refresh"))
    assert type(error) is expected
    assert getattr(error, "scope", "") == scope
    assert "the post" not in str(error)
    assert "refresh-canary" not in str(error)


def test_without_a_refresh_token_only_the_owner_can_help() -> None:
    assert isinstance(fail_of(lambda: ask({}, "refresh", refresh_token="")), NeedsRelink)


def test_both_tokens_are_taken_back() -> None:
    _, box = ask({REVOKE: {"revoked": True}}, "revoke")
    assert [read_form(body)["token"] for body in box.bodies] == ["refresh-canary", SECRET]
    assert {request.headers["Authorization"] for request in box.asked} == {BASIC}


def test_token_that_is_gone_already_is_fine() -> None:
    ask({REVOKE: refuse(400, BAD_TOKEN)}, "revoke")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse(401, NO_HEADER), TryLater),
        (refuse(403, {"error": "access_denied"}), Rejected),
        (refuse(404, ""), TryLater),
        (refuse(500, ""), TryLater),
        (refuse(302, "", Location="/"), TryLater),
    ],
)
def test_authorisation_that_could_not_be_taken_back_is_told(
    page: Page, expected: type[NetworkError]
) -> None:
    error = fail_of(lambda: ask({REVOKE: page}, "revoke"))
    assert type(error) is expected
    assert "refresh-canary" not in str(error)


def test_second_token_is_taken_back_although_the_first_was_not() -> None:
    tried: list[int] = []

    def answer(request: Any) -> Any:
        tried.append(1)
        return refuse(500, "")(request) if len(tried) == 1 else {"revoked": True}

    assert isinstance(fail_of(lambda: ask({REVOKE: answer}, "revoke")), TryLater)
    assert len(tried) == 2


def read(page: Page, **facts: Any) -> Any:
    async def work(http: Http, network: X, server: Server) -> Any:
        return await network.read_profile(http, server, hold(**facts))

    return with_x({OWNER: page}, work)[0]


def test_profile_of_another_account_needs_its_owner() -> None:
    assert read({"data": ME}).handle == "@sam_x"
    assert isinstance(fail_of(lambda: read({"data": ME | {"id": "8"}})), NeedsRelink)


@pytest.mark.parametrize(
    ("changes", "followers"),
    [({"public_metrics": None}, None), ({"public_metrics": {"followers_count": "9"}}, None),
     ({"profile_image_url": "javascript:1", "created_at": "soon"}, 12)],
)  # fmt: skip
def test_what_x_does_not_tell_is_unknown(changes: dict[str, Any], followers: int | None) -> None:
    profile = read({"data": ME | changes})
    assert profile.followers == followers
    if "created_at" in changes:
        assert (profile.avatar_url, profile.created_at) == ("", None)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (refuse_with(401, "Unauthorized", "Unauthorized"), NeedsRelink),
        (refuse_with(403, "Forbidden", "Your account is suspended"), Rejected),
        (refuse(402, {}), TryLater),
        (refuse(429, {}), TryLater),
        (refuse(500, ""), TryLater),
    ],
)
def test_profile_that_could_not_be_read_says_why(page: Page, expected: type[NetworkError]) -> None:
    assert type(fail_of(lambda: read(page))) is expected
