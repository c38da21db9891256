"""Faults strike as often, where and how the rules say."""

import asyncio
import json
import socket
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest

from tests.processes import wait_until

KEY = "3l6oveex3ii2l"


@pytest.fixture
def sam(box):
    """Sam's credentials on a Mastodon proper."""
    return box.seed(account="sam", instance=box.find("mastodon")["instance"])


def list_outcomes(box):
    return [one["outcome"] for one in box.call("GET", "/_simulator/requests").json]


@pytest.mark.parametrize(
    ("name", "accepted"), [("500_before", 0), ("500_after", 1), ("html", 0), ("html_after", 1)]
)
def test_fault_answers_before_or_after_accepting(box, sam, name, accepted):
    box.set_faults({name: 1})
    answer = box.toot(sam, "hello", "k1")
    assert answer.status == (500 if name.startswith("500") else 200)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert box.summary()["posts"] == accepted
    entry = box.call("GET", "/_simulator/requests").json[0]
    assert entry["outcome"] == name
    assert entry["accepted"] is bool(accepted)
    assert (entry["key"], entry["account"]) == ("k1", sam["handle"])


@pytest.mark.parametrize(("name", "accepted"), [("cut", 1), ("cut_before", 0)])
def test_connection_is_cut(box, sam, name, accepted):
    box.set_faults({name: 1})
    with pytest.raises(aiohttp.ClientError):
        box.toot(sam, "hello")
    assert box.summary()["posts"] == accepted


def test_post_is_made_though_its_sender_is_gone_by_then(box, sam):
    """What a killed worker leaves behind: its request arrived, and nobody waits for the answer."""
    box.set_faults({"latency_ms": 300})
    address = urlsplit(box.find("mastodon")["url"])
    body = urlencode({"status": "hello"})
    with socket.create_connection((address.hostname, address.port)) as sender:
        sender.sendall(
            f"POST /api/v1/statuses HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {sam['access_token']}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        wait_until(lambda: list_outcomes(box) == ["pending"], what="the request", every=0.01)
    wait_until(lambda: box.summary()["posts"] == 1, what="the post", seconds=5)


@pytest.mark.parametrize(
    ("given", "header"),
    [({"retry_after": 7}, "7"), ({"retry_after": "next week"}, "next week"), ({}, "5")],
)
def test_too_many_requests_says_when_to_come_back(box, sam, given, header):
    box.set_faults({"429": 1, **given})
    answer = box.toot(sam, "hello")
    assert answer.status == 429
    assert answer.headers["Retry-After"] == header
    assert "X-RateLimit-Reset" in answer.headers


def test_too_many_requests_without_any_header(box, sam):
    box.set_faults({"429": 1, "retry_after": None})
    answer = box.toot(sam, "hello")
    assert answer.status == 429
    assert not [name for name in answer.headers if "Retry" in name or "RateLimit" in name]


def test_revoked_is_a_401_and_a_lost_grant_at_the_token_endpoint(box, sam, mastodon_sign_in):
    flow = mastodon_sign_in()
    box.set_faults({"revoked": 1, "endpoints": ["publish", "token"]})
    assert box.toot(sam, "hello").status == 401
    assert flow.trade("any").json["error"] == "invalid_grant"


def test_broken_json_hides_a_post_that_was_accepted(box, sam):
    box.set_faults({"broken_json": 1})
    with pytest.raises(json.JSONDecodeError):
        assert box.toot(sam, "hello").json
    assert box.summary()["posts"] == 1


def test_redirect_goes_where_it_is_told(box, sam):
    box.set_faults({"redirect": 1, "redirect_to": "http://169.254.169.254/"})
    assert box.toot(sam, "hello").headers["Location"] == "http://169.254.169.254/"


def read_some(box, sam, most):
    """Give up to `most` unpacked bytes of the answer to a post."""

    async def work():
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
            session.post(
                sam["url"] + "/api/v1/statuses",
                headers={"Authorization": f"Bearer {sam['access_token']}"},
                json={"status": "hello"},
            ) as answer,
        ):
            got = 0
            async for chunk in answer.content.iter_any():
                got += len(chunk)
                if got >= most:
                    break
            return got

    return asyncio.run(work())


@pytest.mark.parametrize("name", ["endless", "gzip_bomb"])
def test_body_is_larger_than_any_cap(box, sam, name):
    box.set_faults({name: 1})
    assert read_some(box, sam, 1_000_000) >= 1_000_000
    assert box.call("GET", "/livez").text == "ok"


def test_slow_loris_drips_the_true_answer(box, sam):
    box.set_faults({"slow_loris": 1, "drip_ms": 0})
    assert box.toot(sam, "hello").json["url"].startswith(sam["url"])


def test_slow_answers_leave_the_others_alone(box, sam):
    rae = box.seed(account="rae", instance=sam["instance"])
    box.set_faults({"slow": 1, "slow_ms": 60_000, "account": "sam"})

    async def work():
        async with aiohttp.ClientSession() as session:
            with pytest.raises(TimeoutError):
                await post(session, sam, "slow", 0.2)
            return await post(session, rae, "quick", 5)

    async def post(session, who, text, seconds):
        async with session.post(
            who["url"] + "/api/v1/statuses",
            headers={"Authorization": f"Bearer {who['access_token']}"},
            json={"status": text},
            timeout=aiohttp.ClientTimeout(total=seconds),
        ) as answer:
            return answer.status

    assert asyncio.run(work()) == 200
    assert box.summary()["posts"] == 2


def test_rule_is_limited_to_whom_it_names(box, sam):
    rae = box.seed(account="rae", instance=sam["instance"])
    away = box.seed(account="sam", instance=box.find("gotosocial")["instance"])
    box.set_faults({"500_before": 1, "account": "sam", "instance": sam["instance"]})
    assert box.toot(sam, "one").status == 500
    assert box.toot(rae, "two").status == 200
    assert box.toot(away, "three").status == 200
    box.set_faults({"500_before": 1, "network": "bluesky"})
    assert box.toot(sam, "four").status == 200


def test_rule_is_limited_to_its_endpoints(box, sam):
    box.set_faults({"500_before": 1, "endpoints": "find"})
    status = box.toot(sam, "hello")
    assert status.status == 200
    url = f"{sam['url']}/api/v1/statuses/{status.json['id']}"
    assert box.call("GET", url).status == 500
    box.call("DELETE", "/_simulator/faults")
    assert box.call("GET", url).status == 200


def test_rule_for_deletions_strikes_no_other_request(box, sam):
    box.set_faults({"500_after": 1, "endpoints": "delete"})
    url = f"{sam['url']}/api/v1/statuses/{box.toot(sam, 'hello').json['id']}"
    headers = {"Authorization": f"Bearer {sam['access_token']}"}
    assert box.call("GET", url).status == 200
    assert box.call("DELETE", url, headers=headers).status == 500
    assert box.call("GET", url).status == 404


def test_rule_ends_after_its_times(box, sam):
    box.set_faults({"500_before": 1, "times": 2})
    assert [box.toot(sam, f"try {number}").status for number in range(3)] == [500, 500, 200]
    rule = box.call("GET", "/_simulator/faults").json[0]
    assert (rule["matched"], rule["struck"]) == (2, {"500_before": 2})


def test_seeded_dice_fall_the_same_each_time(box, sam):
    def roll():
        box.set_faults({"429": 0.4, "500_after": 0.3, "seed": 7})
        return [box.toot(sam, f"{number}").status for number in range(20)]

    first = roll()
    assert first == roll()
    assert set(first) == {200, 429, 500}


def test_refused_post_keeps_its_refusal_under_a_late_fault(box, sam):
    box.set_faults({"500_after": 1})
    assert box.toot(sam, "").status == 422


def test_latency_delays_every_answer(box, sam):
    box.set_faults({"latency_ms": 60_000})
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(_post_slowly(sam), 0.2))
    assert list_outcomes(box) == ["pending"]


async def _post_slowly(sam):
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            sam["url"] + "/api/v1/statuses",
            headers={"Authorization": f"Bearer {sam['access_token']}"},
            json={"status": "late"},
        ) as answer,
    ):
        return answer.status


@pytest.mark.parametrize(
    "rule",
    [
        {"500": 1},
        {"429": 2},
        {"429": 0.6, "cut": 0.6},
        {"endpoints": "everything"},
        {"redirect": 1},
        {"times": "often"},
        "a text",
    ],
)
def test_rule_that_makes_no_sense_is_refused_with_a_sentence(box, rule):
    answer = box.call("PUT", "/_simulator/faults", json=[rule])
    assert answer.status == 400
    assert answer.json["error"].endswith(".") or "≥" in answer.json["error"]
    assert box.call("GET", "/_simulator/faults").json == []


def test_bluesky_faults_spare_the_nonce_dance(box, bluesky):
    credentials, client = bluesky
    box.set_faults({"500_after": 1, "times": 1})
    answer = client.put(credentials, "hello", KEY)
    assert (answer.status, answer.json["error"]) == (500, "InternalServerError")
    assert client.put(credentials, "hello", KEY).status == 200
    assert box.summary() == {"posts": 1, "accounts": 1, "duplicates": 0}
    assert list_outcomes(box) == ["refused 401", "500_after", "replayed"]


def test_bluesky_refresh_may_fail_after_it_was_done(box, bluesky_sign_in):
    tokens = bluesky_sign_in.sign_in()
    box.set_faults({"500_after": 1, "times": 1, "endpoints": "token"})
    assert bluesky_sign_in.refresh(tokens["refresh_token"]).status == 500
    assert bluesky_sign_in.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_bluesky_revoked_and_pace_speak_its_dialect(box, bluesky):
    credentials, client = bluesky
    client.put(credentials, "warm", KEY)
    box.set_faults({"revoked": 1})
    answer = client.put(credentials, "hello", KEY)
    assert (answer.status, answer.json["error"]) == (401, "invalid_token")
    box.set_faults({"429": 1, "retry_after": 30})
    answer = client.put(credentials, "hello", KEY)
    assert (answer.status, answer.json["error"]) == (429, "RateLimitExceeded")
    assert int(answer.headers["RateLimit-Reset"]) > 1_700_000_000
