"""How Bluesky's adapter reads what became of posts, and where its composer is."""

from __future__ import annotations

from typing import Any

import pytest

from networks.base import Numbers
from networks.errors import TryLater
from tests.networks.playing import (
    GET,
    POST,
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

POSTS = "/xrpc/app.bsky.feed.getPosts"
OTHER = f"at://{SAM}/app.bsky.feed.post/3l6oveex3ii2l"
NOT_THERE: Said = (400, {"error": "RecordNotFound", "message": "Could not locate record"}, {})


def show(*uris: str, **changes: Any) -> Said:
    counts = {"likeCount": 7, "repostCount": 2, "replyCount": 1, "quoteCount": 0}
    return 200, {"posts": [{"uri": uri, **counts, **changes} for uri in uris]}, {}


def read(player: Player, *uris: str, has_appview: bool = True) -> Any:
    async def work(stage: Stage) -> Any:
        server, credentials, _ = await stage.link()
        address = f"http://{stage.host}" if has_appview else ""
        network = build(stage.host, appview_url=address)
        return await network.read_numbers(stage.http, server, credentials, uris)

    return play(player, work)


def test_numbers_are_the_appviews() -> None:
    player = Player()
    player.say(POSTS, show(OTHER, URI, f"at://{RAE}/app.bsky.feed.post/3l6oveex3ii2l"))
    numbers = Numbers(likes=7, reposts=2, replies=1, quotes=0)
    assert read(player, URI, OTHER) == {URI: numbers, OTHER: numbers}
    [(_, headers)] = player.list_seen(POSTS)
    assert "Authorization" not in headers
    assert not player.list_seen(GET)


def test_nothing_is_known_without_an_appview() -> None:
    player = Player()
    assert not build("127.0.0.1", appview_url="").tells_numbers
    assert read(player, URI, has_appview=False) == {}
    assert not player.list_seen(POSTS)
    assert not player.list_seen(GET)


def test_post_is_gone_if_its_own_server_says_so() -> None:
    player = Player()
    player.say(POSTS, show(OTHER))
    player.say(GET, NOT_THERE)
    told = read(player, URI, OTHER)
    assert told[URI] is None
    assert told[OTHER].likes == 7
    assert len(player.list_seen(GET)) == 1


@pytest.mark.parametrize(
    "said",
    [
        STANDING,
        (200, "<html>", {}),
        (400, {"error": "RepoDeactivated"}, {}),
        (404, "<html>", {}),
        (429, {"error": "RateLimitExceeded"}, {}),
        (502, {"error": "UpstreamFailure"}, {}),
    ],
)
def test_post_that_the_appview_alone_lacks_is_unknown(said: Said) -> None:
    player = Player()
    player.say(POSTS, show())
    player.say(GET, said)
    assert read(player, URI) == {}


def test_posts_of_others_are_not_asked_for_at_the_accounts_server() -> None:
    player = Player()
    player.say(POSTS, show())
    player.say(GET, NOT_THERE)
    assert read(player, f"at://{RAE}/app.bsky.feed.post/3l6oveex3ii2l") == {}
    assert not player.list_seen(GET)


def test_server_that_does_not_answer_is_not_asked_for_the_rest() -> None:
    player = Player()
    player.say(POSTS, show())
    player.say(GET, (502, "", {}), NOT_THERE)
    assert read(player, URI, OTHER) == {}
    assert len(player.list_seen(GET)) == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ((429, {"error": "RateLimitExceeded"}, {"Retry-After": "9"}), 9),
        ((502, "<html>", {}), None),
        ((400, {"error": "InvalidRequest"}, {}), None),
        ((200, "<html>", {}), None),
        ((200, {"posts": {}}, {}), None),
        ((503, {"posts": []}, {}), None),
        ((200, "x" * 1_100_000, {}), None),
        ((302, "", {"Location": "/"}), None),
    ],
)
def test_appview_in_trouble_is_tried_later_and_holds_up_no_server(
    said: Said, seconds: float | None
) -> None:
    player = Player()
    player.say(POSTS, said)
    player.say(GET, NOT_THERE)
    error = fail_of(lambda: read(player, URI))
    assert isinstance(error, TryLater)
    assert (error.scope, error.after_seconds) == ("account", seconds)
    assert not player.list_seen(GET)


@pytest.mark.parametrize("value", [-1, True, "7", None, 10**20])
def test_number_that_is_none_is_unknown(value: object) -> None:
    player = Player()
    player.say(POSTS, show(URI, likeCount=value))
    assert read(player, URI)[URI] == Numbers(reposts=2, replies=1, quotes=0)


def test_composer_is_the_apps_own() -> None:
    composed = build().compose("a & é #b", link="https://voix.example.org/")
    assert composed.url == "https://bsky.app/intent/compose?text=a%20%26%20%C3%A9%20%23b"
    assert composed.is_whole


def test_scopes_are_those_that_are_asked_for() -> None:
    player = Player()

    async def work(stage: Stage) -> None:
        await stage.ask()

    play(player, work)
    [(form, _)] = player.list_seen("/oauth/par")
    assert tuple(form["scope"].split()) == build().scopes


def test_post_has_nothing_to_be_made_ready() -> None:
    player = Player()

    async def work(stage: Stage) -> str:
        server, credentials, _ = await stage.link()
        before = len(stage.player.seen)
        prepared = await stage.network.prepare(stage.http, server, credentials, POST)
        assert len(stage.player.seen) == before
        return prepared

    assert play(player, work) == ""
