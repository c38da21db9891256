"""Posting to Bluesky and keeping the leave to, where servers stumble; see test_contract_*.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from networks.base import Credentials, Profile, Registration
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from tests.networks.playing import (
    GET,
    POST,
    PUT,
    RAE,
    SAM,
    STANDING,
    URI,
    Player,
    Said,
    Stage,
    build,
    fail_of,
    play,
)
from tests.networks.test_dpop import verify

INVALID_SWAP: Said = (400, {"error": "InvalidSwap", "message": "Record was at bafy"}, {})


def test_write_can_only_create() -> None:
    player = Player()
    player.say(PUT, STANDING)
    receipt = play(player, lambda stage: stage.publish())
    assert receipt.remote_id == URI
    assert receipt.url == f"https://bsky.app/profile/{SAM}/post/{URI[-13:]}"
    [(body, headers)] = player.list_seen(PUT)
    assert body["swapRecord"] is None
    assert "swapRecord" in body
    assert (body["repo"], body["collection"]) == (SAM, "app.bsky.feed.post")
    assert body["record"]["createdAt"] == "2026-11-22T18:00:00.000Z"
    assert headers["Authorization"] == "DPoP access-canary"
    assert "ath" in verify(headers["DPoP"])[1]


def test_another_record_under_the_key_is_left_alone_and_is_the_receipt() -> None:
    player = Player()
    player.say(PUT, INVALID_SWAP)
    player.say(GET, STANDING)
    assert play(player, lambda stage: stage.publish()).remote_id == URI
    assert len(player.list_seen(PUT)) == 1


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ((400, {"error": "RecordNotFound"}, {}), Rejected),
        ((502, {"error": "UpstreamFailure"}, {}), OutcomeUnknown),
        ((429, {"error": "RateLimitExceeded"}, {}), OutcomeUnknown),
    ],
)
def test_another_record_that_is_not_shown_is_never_taken_for_nothing(
    said: Said, kind: type[NetworkError]
) -> None:
    player = Player()
    player.say(PUT, INVALID_SWAP)
    player.say(GET, said)
    assert type(fail_of(lambda: play(player, lambda stage: stage.publish()))) is kind


EXPIRED = '"exp" claim timestamp check failed'
OPEN = "gave no clear answer, so it is not known what it did."
GONE = "no longer accepts the authorisation. Please link the account again."
RUN_OUT = "has run out and is being renewed."

# What the lexicons of com.atproto.repo.putRecord and com.atproto.server.getSession, the protocol's
# own errors (@atproto/xrpc), and the OAuth of its servers know: what each means for us, who has to
# wait, and what the account's owner reads.
REFUSALS: list[tuple[Said, type[NetworkError], str, str]] = [
    ((200, {"uri": "at://elsewhere/a/b", "cid": "c"}, {}), OutcomeUnknown, "", OPEN),
    ((200, {"uri": URI}, {}), OutcomeUnknown, "", OPEN),
    ((200, "<html>", {}), OutcomeUnknown, "", OPEN),
    ((204, "", {}), OutcomeUnknown, "", OPEN),
    ((302, "", {"Location": "http://127.0.0.1:9/"}), TryLater, "host", "not answering for itself"),
    ((400, {"error": "InvalidRequest", "message": "grapheme too big"}, {}), Rejected, "",
     "refused the post: grapheme too big"),
    ((400, {"error": "InvalidRecord", "message": "bad facet"}, {}), Rejected, "", "bad facet"),
    ((400, {"error": "ExpiredToken", "message": "Token has expired"}, {}), TryLater, "account",
     RUN_OUT),
    ((400, {"error": "InvalidToken", "message": "Token could not be verified"}, {}), NeedsRelink,
     "", GONE),
    ((400, {"error": "AccountTakedown", "message": "taken down"}, {}), Rejected, "",
     "has been taken down by"),
    ((401, {"error": "AccountTakedown", "message": "taken down"}, {}), Rejected, "",
     "has been taken down by"),
    ((400, {"error": "AccountDeactivated", "message": "gone"}, {}), Rejected, "",
     "Only its owner can bring it back, at"),
    ((400, {"error": "RepoDeactivated", "message": "gone"}, {}), Rejected, "", "is deactivated"),
    ((400, {"error": "AccountSuspended", "message": "no"}, {}), Rejected, "",
     "has been suspended by"),
    ((400, {"error": "RepoSuspended", "message": "no"}, {}), Rejected, "", "has been suspended by"),
    ((400, {"error": "AccountNotFound", "message": "no"}, {}), NeedsRelink, "",
     "If it has moved, please link it again."),
    ((401, {"error": "AuthenticationRequired", "message": "no"}, {}), NeedsRelink, "", GONE),
    ((401, {"error": "AuthMissing", "message": "no"}, {}), NeedsRelink, "", GONE),
    ((401, {"error": "invalid_token", "message": "Token was revoked"}, {}), NeedsRelink, "", GONE),
    ((401, {"error": "invalid_token", "message": EXPIRED}, {}), TryLater, "account", RUN_OUT),
    ((401, "<html>", {}), NeedsRelink, "", GONE),
    ((401, {"error": "invalid_dpop_proof", "message": "iat"}, {}), TryLater, "host",
     "did not accept our signature: iat"),
    ((403, {"error": "ScopeMissingError", "message": "no"}, {}), NeedsRelink, "",
     "does not cover posting. Please link the account again."),
    ((403, {"error": "insufficient_scope", "message": "no"}, {}), NeedsRelink, "",
     "does not cover posting."),
    ((403, {"error": "Forbidden", "message": "no"}, {}), Rejected, "", "refused the post: no"),
    ((404, {"error": "XRPCNotSupported", "message": "no"}, {}), Rejected, "", "refused the post"),
    ((406, {"error": "NotAcceptable", "message": "no"}, {}), Rejected, "", "refused the post"),
    ((408, "", {}), TryLater, "host", "not answering for itself"),
    ((413, {"error": "PayloadTooLarge", "message": "big"}, {}), Rejected, "", "refused the post"),
    ((413, "<html>", {}), Rejected, "", "refused the post"),
    ((415, {"error": "UnsupportedMediaType", "message": "no"}, {}), Rejected, "", "refused"),
    ((429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, {}), TryLater, "host",
     "has too much to do. It will be asked again later."),
    ((500, {"error": "InternalServerError"}, {}), OutcomeUnknown, "", OPEN),
    ((501, {"error": "MethodNotImplemented"}, {}), OutcomeUnknown, "", OPEN),
    ((502, {"error": "UpstreamFailure"}, {}), OutcomeUnknown, "", OPEN),
    ((502, "<html>", {}), OutcomeUnknown, "", OPEN),
    ((503, {"error": "NotEnoughResources"}, {}), OutcomeUnknown, "", OPEN),
    ((504, {"error": "UpstreamTimeout"}, {}), OutcomeUnknown, "", OPEN),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "kind", "scope", "sentence"),
    REFUSALS,
    ids=[str(case[0][:2])[:50] for case in REFUSALS],
)
def test_refusal_becomes_the_right_error(
    said: Said, kind: type[NetworkError], scope: str, sentence: str
) -> None:
    player = Player()
    player.say(PUT, said)
    error = fail_of(lambda: play(player, lambda stage: stage.publish()))
    assert type(error) is kind
    assert getattr(error, "scope", "") == scope
    assert sentence in str(error)
    assert "canary" not in str(error) + repr(error.facts)
    assert len(player.list_seen(PUT)) == 1


def test_nonce_refused_twice_is_tried_later() -> None:
    player = Player()
    player.say(PUT, (401, {"error": "use_dpop_nonce"}, {"DPoP-Nonce": "n"}))
    error = fail_of(lambda: play(player, lambda stage: stage.publish()))
    assert isinstance(error, TryLater)
    assert len(player.list_seen(PUT)) == 2


@pytest.mark.parametrize(
    ("policy", "scope"), [("3000;w=300", "host"), ("5000;w=3600", "account"), ("", "host")]
)
def test_limit_says_who_has_to_wait(policy: str, scope: str) -> None:
    player = Player()
    reset_at = int(datetime.now(UTC).timestamp()) + 60
    headers = {"RateLimit-Reset": str(reset_at)} | ({"RateLimit-Policy": policy} if policy else {})
    player.say(PUT, (429, {"error": "RateLimitExceeded"}, headers))
    error = fail_of(lambda: play(player, lambda stage: stage.publish()))
    assert isinstance(error, TryLater)
    assert error.scope == scope
    assert error.after_seconds is not None
    assert 55 <= error.after_seconds <= 60


def test_token_that_has_run_out_asks_for_a_refresh_at_once() -> None:
    player = Player()
    player.say(PUT, (401, {"error": "invalid_token", "message": "Invalid token"}, {}))
    past = datetime.now(UTC) - timedelta(seconds=1)
    error = fail_of(lambda: play(player, lambda stage: stage.publish(expires_at=past)))
    assert isinstance(error, TryLater)
    assert (error.after_seconds, error.scope) == (0, "account")


def test_token_that_has_run_out_without_a_refresh_token_needs_its_owner() -> None:
    player = Player()
    player.say(PUT, (401, {"error": "invalid_token", "message": EXPIRED}, {}))
    error = fail_of(lambda: play(player, lambda stage: stage.publish(refresh_token="")))
    assert isinstance(error, NeedsRelink)


def test_credentials_without_their_key_need_their_owner() -> None:
    player = Player()
    error = fail_of(lambda: play(player, lambda stage: stage.publish(extra={})))
    assert isinstance(error, NeedsRelink)
    assert not player.list_seen(PUT)


@pytest.mark.parametrize("said", [(502, {"error": "UpstreamFailure"}, {}), (200, "<html>", {})])
def test_server_that_cannot_look_does_not_prove_absence(said: Said) -> None:
    player = Player()
    player.say(GET, said)

    async def work(stage: Stage) -> Any:
        server, credentials, _ = await stage.link()
        return await stage.network.find(stage.http, server, credentials, POST)

    assert isinstance(fail_of(lambda: play(player, work)), OutcomeUnknown)


async def refresh(stage: Stage, **changes: Any) -> tuple[Credentials, Credentials]:
    server, credentials, _ = await stage.link()
    old = replace(credentials, **changes)
    registration = Registration(client_id="unused")
    return old, await stage.network.refresh(stage.http, server, registration, old)


def test_refresh_keeps_the_key_and_changes_the_tokens() -> None:
    player = Player()
    fresh = {"access_token": "b", "refresh_token": "s", "token_type": "DPoP", "sub": SAM}
    first = {"access_token": "a", "refresh_token": "r", "token_type": "DPoP", "sub": SAM}
    granted = {"scope": "atproto transition:generic", "expires_in": 60}
    player.say("/oauth/token", (200, first | granted, {}), (200, fresh | granted, {}))
    old, new = play(player, refresh)
    assert (old.access_token, new.access_token, new.refresh_token) == ("a", "b", "s")
    assert new.extra == old.extra
    assert new.account_id == SAM
    assert new.expires_at is not None
    (_, first_headers), (form, headers) = player.list_seen("/oauth/token")
    assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", "r")
    assert verify(headers["DPoP"])[0]["jwk"] == verify(first_headers["DPoP"])[0]["jwk"]
    assert "Authorization" not in headers


GRANTED: Said = (
    200,
    {
        "access_token": "a",
        "refresh_token": "r",
        "token_type": "DPoP",
        "sub": SAM,
        "scope": "atproto transition:generic",
    },
    {},
)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ((400, {"error": "invalid_grant", "error_description": "replayed"}, {}), NeedsRelink),
        ((500, {"error": "server_error"}, {}), OutcomeUnknown),
        ((200, "<html>", {}), OutcomeUnknown),
        ((429, "", {}), TryLater),
        ((400, {"error": "invalid_client_metadata"}, {}), TryLater),
        ((200, GRANTED[1] | {"sub": RAE}, {}), NeedsRelink),
    ],
)
def test_refresh_that_fails_says_whether_the_token_is_spent(
    said: Said, kind: type[NetworkError]
) -> None:
    player = Player()
    player.say("/oauth/token", GRANTED, said)
    assert type(fail_of(lambda: play(player, refresh))) is kind
    assert len(player.list_seen("/oauth/token")) == 2, "a refresh token is shown once"


def test_tokens_are_shown_to_no_new_authorization_server() -> None:
    player = Player()

    async def work(stage: Stage) -> None:
        server, credentials, _ = await stage.link()
        facts = {**server.facts, "issuer": "https://evil.example"}
        moved = replace(server, facts=facts)
        await stage.network.refresh(stage.http, moved, Registration(client_id="c"), credentials)

    assert isinstance(fail_of(lambda: play(player, work)), NeedsRelink)
    assert len(player.list_seen("/oauth/token")) == 1


def test_server_that_cannot_revoke_says_so() -> None:
    player = Player()
    player.say("/oauth/revoke", (503, "", {}))

    async def work(stage: Stage) -> None:
        server, credentials, _ = await stage.link()
        registration = Registration(client_id="c")
        await stage.network.revoke(stage.http, server, registration, credentials)

    assert isinstance(fail_of(lambda: play(player, work)), TryLater)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ((200, {"did": SAM, "active": False, "status": "deactivated"}, {}), Rejected),
        ((401, {"error": "invalid_token", "message": "Invalid token"}, {}), NeedsRelink),
        ((401, {"error": "invalid_token", "message": EXPIRED}, {}), TryLater),
        ((502, "", {}), TryLater),
    ],
)
def test_reading_the_profile_finds_out_whether_the_account_may_post(
    said: Said, kind: type[NetworkError]
) -> None:
    player = Player()
    player.say("/xrpc/com.atproto.server.getSession", said)

    async def work(stage: Stage) -> Profile:
        server, credentials, _ = await stage.link()
        return await stage.network.read_profile(stage.http, server, credentials)

    assert type(fail_of(lambda: play(player, work))) is kind


@pytest.mark.parametrize(
    ("text", "used", "limit", "over"),
    [
        ("", 0, 300, 0),
        ("é" * 300, 300, 300, 0),
        ("e\u0301" * 301, 301, 300, 1),
        ("🇫🇷" * 300, 300, 300, 0),
        ("👨‍👩‍👧" * 160, 160, 300, 0),
        ("👨‍👩‍👧" * 170, 170 * 18, 3000, 60),
        ("👨‍👩‍👧" * 301, 301 * 18, 3000, 301 * 18 - 3000),
        ("a" * 2999 + "é", 3000, 300, 2700),
    ],
)
def test_length_is_the_worse_of_characters_and_bytes(
    text: str, used: int, limit: int, over: int
) -> None:
    length = build().measure(None, text)
    assert (length.used, length.limit, length.over) == (used, limit, over)
