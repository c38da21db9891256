"""How Facebook's adapter asks for consent, and what it makes of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from networks.adapters.facebook import Facebook
from networks.base import Credentials, Mode, Server
from networks.errors import NetworkError, Rejected, TryLater
from networks.facebook_graph import make_proof
from networks.http import Http
from tests.networks.boxes import BACK, SECRET, Box, Page, fail_of
from tests.networks.facebook_boxes import (
    APP_SECRET,
    NO_PAGE,
    REGISTRATION,
    WEBSITE,
    describe_page,
    refuse,
    say,
    with_graph,
)

ACCESS, ME, ACCOUNTS = "/v25.0/oauth/access_token", "/v25.0/me", "/v25.0/me/accounts"
SCOPES = ("pages_show_list", "pages_read_engagement", "pages_manage_posts")
PERSON = {
    "id": "9",
    "permissions": {"data": [{"permission": name, "status": "granted"} for name in SCOPES]},
}


def trade(request: web.Request) -> dict[str, Any]:
    kind = "long" if "fb_exchange_token" in request.query else "short"
    return {"access_token": f"{SECRET}-{kind}", "token_type": "bearer", "expires_in": 5000}


GOOD: dict[str, Page] = {ACCESS: trade, ME: PERSON, ACCOUNTS: {"data": [describe_page()]}}


def accept(pages: dict[str, Page], *, answer: dict[str, str] | None = None) -> tuple[Any, Box]:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        registration = await adapter.register(http, server, redirect_uri=BACK)
        consent = await adapter.ask_consent(
            http, server, registration, redirect_uri=BACK, state="s"
        )
        return await adapter.accept_consent(
            http,
            server,
            registration,
            redirect_uri=BACK,
            memo=consent.memo,
            answer={"state": "s", "code": "code-1"} if answer is None else answer,
        )

    return with_graph({**GOOD, **pages}, work)


def test_dialog_is_asked_for_no_more_than_posting_takes() -> None:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        return await adapter.ask_consent(http, server, REGISTRATION, redirect_uri=BACK, state="s")

    consent, box = with_graph({}, work, version="v26.0")
    parts = urlsplit(consent.url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{WEBSITE}/v26.0/dialog/oauth"
    assert {name: value for name, [value] in parse_qs(parts.query).items()} == {
        "client_id": "77",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": ",".join(SCOPES),
        "state": "s",
        "auth_type": "rerequest",
    }
    assert APP_SECRET not in consent.url
    assert box.asked == []


def test_server_and_registration_are_known_without_asking() -> None:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        registration = await adapter.register(http, server, redirect_uri=BACK)
        assert await adapter.find_server(http, "anything at all") == (server, "")
        return server, registration

    (server, registration), box = with_graph({}, work)
    assert (server.network, server.host, server.url) == ("facebook", box.host, f"http://{box.host}")
    assert registration == REGISTRATION
    assert box.asked == []


def test_usual_addresses_are_facebooks() -> None:
    adapter = Facebook(mode=Mode.AUTOMATIC, client_id="77", client_secret="s")
    assert adapter.compose("", link="").url == "https://www.facebook.com"


def test_consent_becomes_credentials_of_a_page_that_do_not_end() -> None:
    [(credentials, profile)], box = accept({})
    assert credentials == Credentials(
        network="facebook",
        account_id="42",
        access_token=f"{SECRET}-page-42",
        extra={"person": "9"},
        grant="person:9",
    )
    assert (profile.handle, profile.display_name) == ("Les amis du fleuve",) * 2
    assert profile.followers == 1200
    assert profile.url == "https://www.facebook.com/fleuve"
    assert profile.avatar_url == "https://scontent.example/42.jpg"
    assert profile.created_at is None
    first, second, *_ = box.asked
    assert {**first.query} == {
        "code": "code-1",
        "redirect_uri": BACK,
        "client_id": "77",
        "client_secret": APP_SECRET,
    }
    assert second.query["grant_type"] == "fb_exchange_token"
    assert second.query["fb_exchange_token"] == f"{SECRET}-short"


def test_every_call_with_a_token_is_proved() -> None:
    _, box = accept({})
    with_token = [request for request in box.asked if "access_token" in request.query]
    assert len(with_token) == 3
    for request in with_token:
        token = request.query["access_token"]
        assert request.query["appsecret_proof"] == make_proof(token, secret=APP_SECRET)
    assert with_token[-1].query["access_token"] == f"{SECRET}-long"


def test_one_consent_covers_every_page_on_which_the_person_may_post() -> None:
    listed = [
        describe_page("41"),
        describe_page("42", tasks=["ANALYZE", "MODERATE"]),
        describe_page("43", access_token=None),
        describe_page("44", access_token="a\r\nHost: evil"),
        describe_page("45", tasks=None),
        describe_page("46", name=""),
        describe_page("47"),
    ]

    def answer(request: web.Request) -> dict[str, Any]:
        if request.query.get("after") == "x":
            return {"data": listed[4:]}
        return {"data": listed[:4], "paging": {"next": "https://x.example/?after=x&access_token=t"}}

    granted, _ = accept({ACCOUNTS: answer})
    assert [credentials.account_id for credentials, _ in granted] == ["41", "47"]
    assert [profile.account_id for _, profile in granted] == ["41", "47"]
    assert {credentials.grant for credentials, _ in granted} == {"person:9"}
    assert len({credentials.access_token for credentials, _ in granted}) == 2


def test_list_that_never_ends_is_left() -> None:
    def answer(request: web.Request) -> dict[str, Any]:
        number = int(request.query.get("after", "0"))
        return {
            "data": [describe_page()],
            "paging": {"next": f"https://x.example/?after={number + 1}"},
        }

    granted, box = accept({ACCOUNTS: answer})
    assert len(granted) == 1
    assert len(box.asked) < 20


@pytest.mark.parametrize("listed", [[], [describe_page(tasks=["ANALYZE"])]])
def test_consent_without_a_page_says_what_can_be_done(listed: list[dict[str, Any]]) -> None:
    error = fail_of(lambda: accept({ACCOUNTS: {"data": listed}}))
    assert type(error) is Rejected
    assert str(error) == NO_PAGE


@pytest.mark.parametrize("missing", SCOPES)
def test_consent_with_a_permission_unticked_links_nothing(missing: str) -> None:
    permissions = [
        {"permission": name, "status": "declined" if name == missing else "granted"}
        for name in SCOPES
    ]
    person = {"id": "9", "permissions": {"data": permissions}}
    error = fail_of(lambda: accept({ME: person}))
    assert type(error) is Rejected
    assert "Not every permission was given" in str(error)


def test_nothing_is_taken_back_since_other_pages_may_live_by_the_same_consent() -> None:
    methods: list[str] = []

    def note(request: web.Request) -> dict[str, Any]:
        methods.append(request.method)
        return {"data": []}

    fail_of(lambda: accept({ACCOUNTS: note}))
    assert methods == ["GET"]


def test_what_facebook_says_of_a_page_is_fit_for_a_page() -> None:
    hostile = describe_page(
        name="Fleuve\n\u202e<script>" + "x" * 500,
        link="javascript:alert(1)",
        picture={"data": {"url": "https://x.example/'onerror=1"}},
        followers_count=-1,
    )
    [(_, profile)], _ = accept({ACCOUNTS: {"data": [hostile]}})
    assert profile.handle.isprintable()
    assert len(profile.handle) <= 200
    assert (profile.url, profile.avatar_url, profile.followers) == ("", "", None)


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ({ACCESS: refuse(100, error_subcode=36009)}, Rejected),
        ({ACCESS: refuse(190)}, Rejected),
        ({ACCESS: refuse(1)}, TryLater),
        ({ACCESS: refuse(1, message="Error validating client secret.")}, TryLater),
        ({ACCESS: refuse(101)}, TryLater),
        ({ACCESS: say(b"<html>", kind="text/html")}, TryLater),
        ({ACCESS: say(b"<html>", status=502, kind="text/html")}, TryLater),
        ({ACCESS: {"access_token": ""}}, TryLater),
        ({ACCESS: {"access_token": "a\r\nHost: evil"}}, TryLater),
        ({ACCESS: {"access_token": ["a"]}}, TryLater),
        ({ACCESS: say(b"", status=302)}, TryLater),
        ({ME: refuse(190, error_subcode=459)}, Rejected),
        ({ME: {"name": "nobody"}}, TryLater),
        ({ME: {**PERSON, "permissions": {"data": "all"}}}, Rejected),
        ({ACCOUNTS: refuse(200)}, Rejected),
        ({ACCOUNTS: refuse(4)}, TryLater),
        ({ACCOUNTS: {"data": "none"}}, TryLater),
        ({ACCOUNTS: {"data": ["none"]}}, TryLater),
    ],
)
def test_consent_that_leads_nowhere_links_nothing(
    pages: dict[str, Page], expected: type[NetworkError]
) -> None:
    assert type(fail_of(lambda: accept(pages))) is expected


@pytest.mark.parametrize("secret", ["code-1", APP_SECRET])
def test_refusal_that_repeats_a_secret_is_not_repeated(secret: str) -> None:
    error = fail_of(lambda: accept({ACCESS: refuse(100, message=f"no such {secret}")}))
    assert str(error) == "Facebook refused: “HTTP 400”."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"state": "s", "error": "access_denied"}, "You did not allow it"),
        ({"state": "s", "error": "server_error"}, "Facebook Pages refused the authorisation: "),
        ({"state": "s"}, "without an authorisation"),
        ({"code": "code-1"}, "does not belong"),
        ({"state": "t", "code": "code-1"}, "does not belong"),
    ],
)  # fmt: skip
def test_answer_that_is_no_consent_says_what_it_is(answer: dict[str, str], expected: str) -> None:
    error = fail_of(lambda: accept({}, answer=answer))
    assert isinstance(error, Rejected)
    assert expected in str(error)


def test_consent_begun_at_another_address_is_refused_before_anything_is_sent() -> None:
    async def work(http: Http, adapter: Facebook, server: Server) -> Any:
        with pytest.raises(Rejected):
            await adapter.accept_consent(
                http,
                server,
                REGISTRATION,
                redirect_uri=BACK,
                memo={"state": "s", "host": "other.example"},
                answer={"state": "s", "code": "code-1"},
            )

    assert with_graph(GOOD, work)[1].asked == []
