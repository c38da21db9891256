"""What the browser brings back, what servers say of themselves, and what tokens are taken."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from networks.dpop import Nonces, Prover, load_key, make_key
from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
)
from networks.http import Answer, Http
from networks.oauth import (
    InvalidScope,
    build_authorization_url,
    derive_challenge,
    explain_refusal,
    make_verifier,
    push_request,
    read_code,
    read_server_metadata,
    read_tokens,
    shorten,
)
from tests.networks.servers import Handler, serve

HOST = "as.example"


def answer_with(body: bytes | str, *, status: int = 200) -> Answer:
    raw = body if isinstance(body, bytes) else body.encode()
    return Answer(status, CIMultiDictProxy(CIMultiDict()), raw, URL(f"https://{HOST}/oauth/token"))


def test_challenge_is_the_one_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert derive_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_are_long_and_never_the_same() -> None:
    verifiers = {make_verifier() for _ in range(100)}
    assert len(verifiers) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{64}", verifier) for verifier in verifiers)


def test_authorization_url_keeps_the_query_that_is_there() -> None:
    parameters = {"client_id": "http://localhost?a=b&c", "request_uri": "urn:x"}
    query = "client_id=http%3A%2F%2Flocalhost%3Fa%3Db%26c&request_uri=urn%3Ax"
    for endpoint, joint in (("https://a.example/o", "?"), ("https://a.example/o?x=y", "&")):
        assert build_authorization_url(endpoint, parameters=parameters) == endpoint + joint + query


GOOD = {"state": "st", "iss": f"https://{HOST}", "code": "co"}


def take(answer: dict[str, str], *, state: str = "st", needs_issuer: bool = True) -> str:
    return read_code(
        answer, state=state, issuer=f"https://{HOST}", host=HOST, needs_issuer=needs_issuer
    )


def test_code_is_taken_from_the_answer_to_our_question() -> None:
    assert take(GOOD) == "co"
    assert take({"state": "st", "code": "co"}, needs_issuer=False) == "co"


@pytest.mark.parametrize(
    "changes",
    [
        {"state": ""},
        {"state": "other"},
        {"state": "sté"},
        {"iss": ""},
        {"iss": "https://evil.example"},
        {"iss": f"https://{HOST}/"},
        {"code": ""},
        {"error": "access_denied"},
        {"error": "server_error", "error_description": "no"},
        {"error": "access_denied", "iss": "https://evil.example"},
    ],
)
def test_any_other_answer_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        take(GOOD | changes)


def test_wrong_issuer_is_refused_even_where_none_is_needed() -> None:
    with pytest.raises(Rejected):
        take(GOOD | {"iss": "https://evil.example"}, needs_issuer=False)


def test_missing_state_is_not_matched_by_an_empty_one() -> None:
    with pytest.raises(Rejected):
        take({"iss": f"https://{HOST}", "code": "co"}, state="")


def test_denial_from_another_server_is_not_believed() -> None:
    with pytest.raises(Rejected, match="another server"):
        take({"state": "st", "iss": "https://evil.example", "error": "access_denied"})


def test_tokens_are_read_with_the_moment_they_end() -> None:
    body = (
        '{"access_token":"a","token_type":"DPoP","refresh_token":"r","expires_in":3600,"sub":"d"}'
    )
    tokens = read_tokens(answer_with(body))
    assert tokens is not None
    assert (tokens.access_token, tokens.refresh_token, tokens.subject) == ("a", "r", "d")
    assert tokens.expires_at is not None
    assert abs(tokens.expires_at - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=5)
    assert "'a'" not in repr(tokens)


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "{}", '{"access_token":1}', '{"access_token":"é"}']
)
def test_what_holds_no_token_gives_none(body: str) -> None:
    assert read_tokens(answer_with(body)) is None


@pytest.mark.parametrize("seconds", ['"soon"', "null", "true", "[]"])
def test_end_that_is_no_number_is_unknown(seconds: str) -> None:
    tokens = read_tokens(answer_with(f'{{"access_token":"a","expires_in":{seconds}}}'))
    assert tokens is not None
    assert tokens.expires_at is None


@pytest.mark.parametrize("seconds", ["-5", "1e300", "99999999999999999999"])
def test_absurd_end_is_still_a_moment(seconds: str) -> None:
    tokens = read_tokens(answer_with(f'{{"access_token":"a","expires_in":{seconds}}}'))
    assert tokens is not None
    assert tokens.expires_at is not None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error":"invalid_grant"}', NeedsRelink),
        (401, '{"error":"invalid_grant"}', NeedsRelink),
        (400, '{"error":"invalid_client"}', TryLater),
        (400, '{"error":"use_dpop_nonce"}', TryLater),
        (429, "", TryLater),
        (400, '{"error":"invalid_request"}', Rejected),
        (400, "<html>", OutcomeUnknown),
        (500, '{"error":"server_error"}', OutcomeUnknown),
        (502, "", OutcomeUnknown),
        (302, "", OutcomeUnknown),
    ],
)
def test_refusal_of_tokens_says_whether_the_old_one_is_spent(
    status: int, body: str, kind: type[NetworkError]
) -> None:
    assert type(explain_refusal(answer_with(body, status=status), host=HOST)) is kind


def test_strangers_words_are_made_fit_to_be_shown() -> None:
    assert shorten("a\r\nb\x00c\u202ed") == "a  b c d"
    assert len(shorten("x" * 10_000)) == 200


def ask(handler: Handler, call: Callable[[Http, str], Any]) -> Any:
    async def run() -> Any:
        async with (
            serve(handler) as host,
            Http(user_agent="test", allowed_hosts=frozenset({host})) as http,
        ):
            return await call(http, f"http://{host}")

    return asyncio.run(run())


def describe(**changes: object) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        origin = f"http://{request.host}"
        content: dict[str, object] = {
            "issuer": origin,
            "authorization_endpoint": f"{origin}/oauth/authorize",
            "token_endpoint": f"{origin}/oauth/token",
            "pushed_authorization_request_endpoint": f"{origin}/oauth/par",
            "scopes_supported": ["atproto"],
            "authorization_response_iss_parameter_supported": True,
        }
        return web.json_response(content | changes)

    return answer


def test_metadata_is_read_from_its_issuer() -> None:
    metadata = ask(describe(), read_server_metadata)
    assert metadata.token_endpoint == f"{metadata.issuer}/oauth/token"
    assert metadata.par_endpoint.endswith("/oauth/par")
    assert metadata.revocation_endpoint == ""
    assert metadata.scopes == ("atproto",)
    assert metadata.names_issuer


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "https://127.0.0.1/token"},
        {"token_endpoint": "http://as.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://169.254.169.254/"},
        {"revocation_endpoint": "https://user:word@as.example/"},
        {"pushed_authorization_request_endpoint": "file:///etc/passwd"},
    ],
)
def test_metadata_that_could_lead_astray_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Rejected):
        ask(describe(**changes), read_server_metadata)


@pytest.mark.parametrize(("status", "kind"), [(404, Rejected), (503, TryLater), (429, TryLater)])
def test_missing_metadata_is_told_from_trouble(status: int, kind: type[NetworkError]) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="no")

    with pytest.raises(kind):
        ask(answer, read_server_metadata)


def push(status: int, body: str) -> str:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, content_type="application/json")

    async def call(http: Http, origin: str) -> str:
        prover = Prover(key=load_key(make_key()), nonces=Nonces())
        return await push_request(
            http, prover, endpoint=f"{origin}/oauth/par", make_form=lambda: {"a": "b"}
        )

    reference: str = ask(answer, call)
    return reference


def test_pushed_request_gives_its_reference() -> None:
    assert push(201, '{"request_uri":"urn:x","expires_in":299}') == "urn:x"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error":"invalid_scope"}', InvalidScope),
        (400, '{"error":"invalid_request","error_description":"no"}', Rejected),
        (201, "<html>", Rejected),
        (500, "", TryLater),
        (429, "", TryLater),
    ],
)
def test_refused_push_is_one_of_our_errors(
    status: int, body: str, kind: type[NetworkError]
) -> None:
    with pytest.raises(kind):
        push(status, body)
