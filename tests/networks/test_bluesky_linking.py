"""Linking a Bluesky account: finding it, asking, and making sure whose it is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from networks.atproto_clients import covers_posting
from networks.base import Profile, Registration
from networks.dpop import make_key
from networks.errors import Rejected
from networks.http import Http
from tests.networks.playing import (
    POST,
    PUT,
    RAE,
    REDIRECT_URI,
    SAM,
    STANDING,
    Player,
    Said,
    Stage,
    build,
    fail_of,
    play,
)
from tests.networks.test_dpop import verify


@pytest.mark.parametrize(
    "address", ["sam.test", "@SAM.test", SAM, "https://bsky.app/profile/sam.test"]
)
def test_account_is_found_by_any_of_its_names(address: str) -> None:
    server, hint = play(Player(), lambda stage: stage.find(address))
    assert hint == "sam.test"
    assert server.url == f"http://{server.host}"
    assert server.version == "0.4.999"
    assert json.loads(json.dumps(dict(server.facts))) == server.facts


def test_did_without_a_confirmed_handle_is_its_own_name() -> None:
    player = Player(handles={})
    assert play(player, lambda stage: stage.find(SAM))[1] == SAM


def test_server_is_found_without_an_account() -> None:
    server, hint = play(Player(), lambda stage: stage.find(stage.host))
    assert (server.network, hint) == ("bluesky", "")


def test_handle_of_nobody_is_said_to_be_wrong() -> None:
    error = fail_of(lambda: play(Player(), lambda stage: stage.find("nobody.test")))
    assert isinstance(error, Rejected)
    assert "nobody.test" in str(error)


def test_server_whose_guard_denies_it_is_refused() -> None:
    player = Player()
    player.say(
        "/.well-known/oauth-authorization-server", (200, {"issuer": "https://a.example"}, {})
    )
    assert isinstance(fail_of(lambda: play(player, lambda stage: stage.find())), Rejected)


def test_loopback_site_is_named_by_where_it_comes_back_to() -> None:
    async def work(stage: Stage) -> tuple[str, str]:
        _, registration, consent = await stage.ask()
        return registration.client_id, consent.url

    client_id, url = play(Player(), work)
    parts = urlsplit(client_id)
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "localhost", "")
    query = parse_qs(parts.query)
    assert query["redirect_uri"] == [REDIRECT_URI]
    assert query["scope"][0].startswith("atproto repo:app.bsky.feed.post?action=create&")
    assert parse_qs(urlsplit(url).query) == {"client_id": [client_id], "request_uri": ["urn:x"]}


@pytest.mark.parametrize(
    ("site_url", "words"),
    [("http://localhost:8000", "127.0.0.1:8000"), ("http://voices.example", "https")],
)
def test_site_that_no_server_comes_back_to_says_what_to_do(site_url: str, words: str) -> None:
    async def work(stage: Stage) -> Any:
        server, _ = await stage.find()
        uri = f"{site_url}/link/back"
        return await stage.network.register(stage.http, server, redirect_uri=uri)

    error = fail_of(lambda: play(Player(), work, site_url=site_url))
    assert isinstance(error, Rejected)
    assert words in str(error)


def test_secure_site_without_key_is_a_public_client() -> None:
    network = build(site_url="https://voices.example/")
    metadata = network.client_metadata("https://voices.example/link/back")
    assert metadata["client_id"] == "https://voices.example/oauth/bluesky/client-metadata.json"
    assert metadata["redirect_uris"] == ["https://voices.example/link/back"]
    assert metadata["dpop_bound_access_tokens"] is True
    assert metadata["token_endpoint_auth_method"] == "none"
    assert "jwks_uri" not in metadata
    assert network.jwks() == {"keys": []}


def test_secure_site_with_key_proves_itself_at_every_step() -> None:
    jwk = make_key()
    player = Player()

    async def work(stage: Stage) -> None:
        server, credentials, _ = await stage.link()
        registration = Registration(client_id="unused")
        await stage.network.refresh(stage.http, server, registration, credentials)
        await stage.network.revoke(stage.http, server, registration, credentials)

    play(player, work, site_url="https://voices.example", client_key=jwk)
    network = build(site_url="https://voices.example", client_key=jwk)
    metadata = network.client_metadata("https://voices.example/link/back")
    assert metadata["token_endpoint_auth_method"] == "private_key_jwt"
    assert metadata["jwks_uri"] == "https://voices.example/oauth/bluesky/jwks.json"
    [key] = network.jwks()["keys"]
    assert "d" not in key
    sent = [body for path, body, _ in player.seen if path.startswith("/oauth/")]
    assert len(sent) == 4
    assertions = [verify(body["client_assertion"], jwk=key) for body in sent]
    assert {header["kid"] for header, _ in assertions} == {key["kid"]}
    assert {claims["sub"] for _, claims in assertions} == {metadata["client_id"]}
    assert len({claims["jti"] for _, claims in assertions}) == 4


def test_key_is_not_used_on_a_loopback_site() -> None:
    player = Player()
    play(player, lambda stage: stage.link(), client_key=make_key())
    assert all("client_assertion" not in body for _, body, _ in player.seen)


def test_key_that_is_none_stops_the_start() -> None:
    with pytest.raises(ValueError, match=r"P-256"):
        build(site_url="https://voices.example", client_key="secret-canary")


def test_request_is_pushed_with_everything_that_binds_it() -> None:
    player = Player()
    _, _, consent = play(player, lambda stage: stage.ask())
    [(form, headers)] = player.list_seen("/oauth/par")
    assert form["response_type"] == "code"
    assert form["code_challenge_method"] == "S256"
    assert form["redirect_uri"] == REDIRECT_URI
    assert form["state"] == "state"
    assert form["login_hint"] == "sam.test"
    assert form["scope"] == (
        "atproto repo:app.bsky.feed.post?action=create&action=update&action=delete"
    )
    header, claims = verify(headers["DPoP"])
    assert header["jwk"]["x"] == json.loads(consent.memo["dpop_key"])["x"]
    assert claims["htu"].endswith("/oauth/par")
    assert consent.memo["did"] == SAM
    assert consent.memo["verifier"] not in consent.url + repr(consent)
    assert all(isinstance(value, str) for value in consent.memo.values())


def test_server_that_knows_no_fine_scopes_is_asked_in_the_old_way() -> None:
    player = Player()
    player.say("/oauth/par", (400, {"error": "invalid_scope"}, {}), (201, {"request_uri": "u"}, {}))
    play(player, lambda stage: stage.link())
    scopes = [form["scope"] for form, _ in player.list_seen("/oauth/par")]
    assert scopes[1:] == ["atproto transition:generic"]


def test_account_that_moved_meanwhile_starts_again() -> None:
    async def work(stage: Stage) -> None:
        server, hint = await stage.find()
        stage.player.homes[SAM] = "https://elsewhere.example"
        registration = await stage.network.register(stage.http, server, redirect_uri=REDIRECT_URI)
        await stage.network.ask_consent(
            stage.http,
            server,
            registration,
            redirect_uri=REDIRECT_URI,
            state="state",
            account_hint=hint,
        )

    assert isinstance(fail_of(lambda: play(Player(), work)), Rejected)


def test_authorising_another_account_is_refused_and_taken_back() -> None:
    player = Player(subject=RAE, homes={SAM: "", RAE: ""})
    error = fail_of(lambda: play(player, lambda stage: stage.link()))
    assert isinstance(error, Rejected)
    assert "sam.test" in str(error)
    [(form, headers)] = player.list_seen("/oauth/revoke")
    assert form["token"] == "refresh-canary"
    assert "DPoP" in headers, "without a proof, servers answer 200 and revoke nothing"


def test_server_cannot_speak_for_an_account_that_lives_elsewhere() -> None:
    victim, liar = Player(), Player()

    async def work(stage: Stage) -> Any:
        async with victim.play() as home:
            hosts = frozenset({stage.host, home})
            network = build(stage.host, allowed_hosts=hosts)
            liar.homes[SAM] = f"http://{home}"
            async with Http(user_agent="tests", allowed_hosts=hosts) as http:
                return await Stage(http, network, stage.host, liar).link(stage.host)

    error = fail_of(lambda: play(liar, work))
    assert isinstance(error, Rejected)
    assert "may not speak" in str(error)
    assert victim.list_seen("/.well-known/oauth-protected-resource"), "it was asked"


def test_account_on_another_server_behind_the_same_guard_is_posted_for_there() -> None:
    guard, pds = Player(), Player()

    async def work(stage: Stage) -> Any:
        guard.say("/.well-known/oauth-protected-resource", (404, "", {}))
        async with pds.play() as home:
            hosts = frozenset({stage.host, home})
            network = build(stage.host, allowed_hosts=hosts)
            guard.homes[SAM] = f"http://{home}"
            pds.issuer = f"http://{stage.host}"
            pds.say(PUT, STANDING)
            async with Http(user_agent="tests", allowed_hosts=hosts) as http:
                inner = Stage(http, network, stage.host, guard)
                server, credentials, _ = await inner.link(stage.host)
                await network.publish(http, server, credentials, POST)
                return server, credentials, home

    server, credentials, home = play(guard, work)
    assert server.facts["issuer"] == server.url
    assert credentials.extra["pds_url"] == f"http://{home}"
    assert len(pds.list_seen(PUT)) == 1
    assert not guard.list_seen(PUT)


@pytest.mark.parametrize(
    "scope", ["atproto", "transition:generic", "atproto repo:app.bsky.feed.like"]
)
def test_consent_that_does_not_cover_posting_is_refused(scope: str) -> None:
    player = Player(scope=scope)
    assert isinstance(fail_of(lambda: play(player, lambda stage: stage.link())), Rejected)
    assert player.list_seen("/oauth/revoke")


@pytest.mark.parametrize(
    ("scope", "covers"),
    [
        ("atproto repo:app.bsky.feed.post", True),
        ("atproto repo:*", True),
        ("atproto repo:app.bsky.feed.post?action=create&action=update", True),
        ("atproto repo?collection=app.bsky.feed.post&collection=a.b.c", True),
        ("atproto transition:generic", True),
        ("atproto repo:app.bsky.feed.post?action=create", False),
        ("atproto repo:app.bsky.feed.post?action=delete", False),
        ("atproto repository:app.bsky.feed.post", False),
        ("repo:app.bsky.feed.post", False),
        ("", False),
    ],
)
def test_scopes_are_read_by_their_syntax(scope: str, covers: bool) -> None:
    assert covers_posting(scope) is covers


def test_token_that_is_not_bound_to_our_key_is_refused() -> None:
    player = Player()
    bearer = {"access_token": "a", "token_type": "Bearer", "sub": SAM, "scope": "atproto repo:*"}
    player.say("/oauth/token", (200, bearer, {}))
    error = fail_of(lambda: play(player, lambda stage: stage.link()))
    assert isinstance(error, Rejected)
    assert "not safe" in str(error)


def test_code_is_shown_to_no_other_server_than_it_came_from() -> None:
    player = Player()

    async def work(stage: Stage) -> None:
        server, registration, consent = await stage.ask()
        other = replace(server, facts={**server.facts, "issuer": "https://other.example"})
        await stage.network.accept_consent(
            stage.http,
            other,
            registration,
            redirect_uri=REDIRECT_URI,
            memo=consent.memo,
            answer={"state": "state", "iss": consent.memo["issuer"], "code": "code"},
        )

    assert isinstance(fail_of(lambda: play(player, work)), Rejected)
    assert not player.list_seen("/oauth/token")


def test_subject_that_is_no_did_is_refused() -> None:
    player = Player(subject="https://evil.example/../x")
    assert isinstance(fail_of(lambda: play(player, lambda stage: stage.link(stage.host))), Rejected)


def test_without_an_appview_followers_are_unknown_and_age_is_the_directorys() -> None:
    player = Player()
    player.say(f"/{SAM}/log/audit", (200, [{"createdAt": "2023-04-05T06:07:08Z"}], {}))
    _, _, profile = play(player, lambda stage: stage.link())
    assert profile.followers is None
    assert profile.created_at == datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC)
    assert profile.url == "https://bsky.app/profile/sam.test"


@pytest.mark.parametrize(
    "said",
    [
        (500, "", {}),
        (400, {"error": "InvalidRequest"}, {}),
        (200, {"followersCount": 5}, {}),
        (200, {"did": SAM, "followersCount": "many"}, {}),
        (200, "<html>", {}),
    ],
)
def test_appview_in_trouble_leaves_followers_unknown(said: Said) -> None:
    player = Player()
    player.say("/xrpc/app.bsky.actor.getProfile", said)

    async def work(stage: Stage) -> Profile:
        appview_url = f"http://{stage.host}"
        stage.network = build(stage.host, appview_url=appview_url)
        return (await stage.link())[2]

    assert play(player, work).followers is None
