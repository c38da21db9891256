"""What answers say of how long a host takes nothing more: everybody's limits, no account's own."""

from __future__ import annotations

import json
import time

import pytest

from networks import registry
from networks.base import Server

SOON = str(int(time.time()) + 3600)
LONG_GONE = str(int(time.time()) - 3600)
SERVER = Server(network="any", host="a.example", url="https://a.example")
GOTOSOCIAL = Server(
    network="mastodon", host="a.example", url="https://a.example", facts={"software": "gotosocial"}
)
X_DAY = "x-app-limit-24hour-"


def limits(prefix: str, remaining: str, reset: str = SOON) -> dict[str, str]:
    return {f"{prefix}Remaining": remaining, f"{prefix}Reset": reset}


@pytest.mark.parametrize(
    ("name", "server", "headers"),
    [
        ("bluesky", SERVER, limits("RateLimit-", "0") | {"RateLimit-Policy": "3000;w=300"}),
        ("bluesky", SERVER, limits("RateLimit-", "0")),
        ("mastodon", GOTOSOCIAL, limits("X-RateLimit-", "0")),
        ("mastodon", GOTOSOCIAL, limits("X-RateLimit-", "0", "2126-11-22T12:02:00Z")),
        ("x", SERVER, {f"{X_DAY}remaining": "0", f"{X_DAY}reset": SOON}),
        ("facebook", SERVER, {"X-App-Usage": json.dumps({"call_count": 100, "total_time": 3})}),
        ("facebook", SERVER, {"X-App-Usage": json.dumps({"call_count": 7, "total_cputime": 130})}),
    ],
)
def test_host_with_nothing_left_rests(name: str, server: Server, headers: dict[str, str]) -> None:
    seconds = registry.get(name).read_rest(server, headers)
    assert seconds is not None
    assert 0 < seconds <= 15 * 60


@pytest.mark.parametrize(
    ("name", "server", "headers"),
    [
        # Something is left, or it is over.
        ("bluesky", SERVER, limits("RateLimit-", "1")),
        ("bluesky", SERVER, limits("RateLimit-", "0", LONG_GONE)),
        ("facebook", SERVER, {"X-App-Usage": json.dumps({"call_count": 99})}),
        # It is one account's own limit.
        ("bluesky", SERVER, limits("RateLimit-", "0") | {"RateLimit-Policy": "5000;w=3600"}),
        ("mastodon", SERVER, limits("X-RateLimit-", "0")),
        ("x", SERVER, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": SOON}),
        ("x", SERVER, {"x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": SOON}),
        ("threads", SERVER, {"X-App-Usage": json.dumps({"call_count": 100})}),
        ("linkedin", SERVER, {"Retry-After": "60"}),
        # It is nonsense.
        ("mastodon", GOTOSOCIAL, limits("X-RateLimit-", "-1")),
        ("mastodon", GOTOSOCIAL, limits("X-RateLimit-", "")),
        ("mastodon", GOTOSOCIAL, limits("X-RateLimit-", "0", "soon")),
        ("mastodon", GOTOSOCIAL, {"X-RateLimit-Remaining": "0"}),
        ("facebook", SERVER, {"X-App-Usage": "[" * 100_000}),
        ("facebook", SERVER, {"X-App-Usage": '{"call_count": "100"}'}),
        ("facebook", SERVER, {"X-App-Usage": "[1]"}),
        ("facebook", SERVER, {}),
    ],
)
def test_host_that_says_no_such_thing_does_not_rest(
    name: str, server: Server, headers: dict[str, str]
) -> None:
    assert registry.get(name).read_rest(server, headers) is None
