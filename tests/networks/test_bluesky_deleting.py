"""How Bluesky's adapter takes posts away, and what it makes of servers that answer otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from networks.base import Allowance
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from tests.networks.playing import RAE, SAM, URI, Player, Said, Stage, build, fail_of, play

DELETE = "/xrpc/com.atproto.repo.deleteRecord"
COMMIT: Said = (200, {"commit": {"cid": "bafy", "rev": "3kznmn7xqxl22"}}, {})
NO_SCOPE = {"error": "ScopeMissingError", "message": 'Missing required scope "repo:…"'}


def delete(player: Player, uri: str = URI, **changes: Any) -> bool:
    async def work(stage: Stage) -> bool:
        server, credentials, _ = await stage.link()
        changed = replace(credentials, **changes)
        return await stage.network.delete(stage.http, server, changed, uri)

    return play(player, work)


def answered(*said: Said) -> Player:
    player = Player()
    player.say(DELETE, *said)
    return player


def test_deletion_names_the_record_and_nothing_more() -> None:
    player = answered(COMMIT)
    assert delete(player) is True
    [(body, headers)] = player.list_seen(DELETE)
    assert body == {"repo": SAM, "collection": "app.bsky.feed.post", "rkey": URI[-13:]}
    assert headers["Authorization"].startswith("DPoP ")


@pytest.mark.parametrize("content", [{}, {"commit": None}, ""], ids=["empty", "null", "old server"])
def test_server_that_made_no_commit_had_nothing_to_delete(content: Any) -> None:
    assert delete(answered((200, content, {}))) is False


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        (URI.replace(SAM, RAE), "belongs to another account"),
        (URI.replace("feed.post", "feed.like"), "no posts of such a name"),
        (f"{URI}/../x", "no posts of such a name"),
        (URI[-13:], "no posts of such a name"),
    ],
)
def test_nothing_but_a_post_of_the_account_is_asked_for(uri: str, words: str) -> None:
    player = answered(COMMIT)
    error = fail_of(lambda: delete(player, uri))
    assert type(error) is Rejected
    assert words in str(error)
    assert player.list_seen(DELETE) == []


def test_leave_that_does_not_cover_deleting_says_what_to_do_and_stays_linked() -> None:
    """Linking asks for it, but does not insist: who may post is linked."""
    error = fail_of(lambda: delete(answered((403, NO_SCOPE, {}))))
    assert type(error) is Rejected
    assert "does not cover deleting" in str(error)


def test_token_that_has_run_out_is_renewed_and_one_that_is_over_is_not() -> None:
    over: Said = (401, {"error": "invalid_token", "message": "Token has been revoked"}, {})
    assert type(fail_of(lambda: delete(answered(over)))) is NeedsRelink
    past = datetime.now(UTC) - timedelta(minutes=1)
    error = fail_of(lambda: delete(answered(over), expires_at=past))
    assert isinstance(error, TryLater)
    assert error.token_expired


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((400, {"error": "InvalidRequest", "message": "Account is deactivated"}, {}), Rejected),
        ((401, {"error": "AccountTakedown", "message": "Gone"}, {}), Rejected),
        ((429, {"error": "RateLimitExceeded"}, {"RateLimit-Reset": "9"}), TryLater),
        ((302, "", {"Location": "/"}), TryLater),
        ((500, {"error": "InternalServerError"}, {}), OutcomeUnknown),
        ((502, "<html>", {}), OutcomeUnknown),
        ((200, "<html>", {}), OutcomeUnknown),
        ((200, ["x"], {}), OutcomeUnknown),
    ],
)
def test_refused_deletion_becomes_the_right_error(said: Said, expected: type[NetworkError]) -> None:
    assert type(fail_of(lambda: delete(answered(said)))) is expected


def test_deletions_leave_half_of_a_servers_room_to_posts() -> None:
    async def work(stage: Stage) -> Any:
        server, _ = await stage.find()
        return build(stage.host, pace=Allowance(count=9, seconds=30)).deletion_allowances(server)

    assert list(play(Player(), work)) == [Allowance(count=4, seconds=30)]
