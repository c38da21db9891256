"""What X's adapter makes of the answers to its posts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from networks.adapters.x import PACE, X
from networks.base import Mode, Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page, fail_of, refuse
from tests.networks.x_boxes import (
    POSTS,
    TEXT,
    WEB_URL,
    hold,
    refuse_with,
    show,
    with_x,
    write_other,
    write_post,
    write_status,
)

DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
CREATED = {"data": {"id": "12", "text": "…", "edit_history_tweet_ids": ["12"]}}


def publish(page: Page, posts: Page = None, **facts: Any) -> tuple[Any, Box]:
    async def work(http: Http, network: X, server: Server) -> Any:
        return await network.publish(http, server, hold(**facts), write_post())

    return with_x({"/2/tweets": page, POSTS: posts}, work)


def test_post_is_its_text_and_nothing_more() -> None:
    receipt, box = publish(CREATED)
    assert (receipt.remote_id, receipt.url) == ("12", f"{WEB_URL}/i/web/status/12")
    assert json.loads(box.bodies[0]) == {"text": TEXT}
    assert box.asked[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert box.asked[0].headers["User-Agent"] == "tests"


# Every error that X documents or is known to give, what it becomes, whom it concerns, and what
# the account's owner reads.
PROBLEMS = [
    (refuse_with(400, "Invalid Request", "One or more parameters to your request was invalid.",
                 "invalid-request"), Rejected, "refused the post: “One or more parameters"),
    (refuse(400, {"errors": [{"message": "Your Tweet text is too long."}], "detail": "One …"}),
     Rejected, "“Your Tweet text is too long.”"),
    (refuse_with(401, "Unauthorized", "Unauthorized"), NeedsRelink, "link the account again"),
    (refuse_with(402, "CreditsDepleted", "Your enrolled account [1] does not have any credits to "
                 "fulfill this request.", "credits"), "network", "Its operator has to see to it"),
    (refuse(402, ""), "network", "used up"),
    (refuse_with(403, "SpendCapReached", "Spend cap reached", "credits"), "network", "used up"),
    (refuse_with(403, "Forbidden", "You are not permitted to perform this action."), Rejected,
     "“You are not permitted to perform this action.”"),
    (refuse_with(403, "Client Forbidden", "When authenticating requests to the Twitter API v2 "
                 "endpoints, you must use keys and tokens from a Twitter developer App that is "
                 "attached to a Project.", "client-forbidden"), "network", "not let this site in"),
    (refuse_with(403, "Forbidden", "Your client app is not configured with the appropriate oauth1 "
                 "app permissions for this endpoint.", "oauth1-permissions"), "network", "site"),
    (refuse_with(403, "Unsupported Authentication", "Authenticating with OAuth 2.0 is forbidden "
                 "for this endpoint.", "unsupported-authentication"), "network", "this site"),
    (refuse_with(403, "Forbidden", "This application has been suspended."), "network", "this site"),
    (refuse_with(403, "Forbidden", "Application cannot perform write actions."), "network", "site"),
    (refuse_with(403, "Forbidden", "Your account is suspended and is not permitted to access this "
                 "feature."), Rejected, "does not let this account post"),
    (refuse_with(403, "Forbidden", "To protect our users from spam and other malicious activity, "
                 "this account is temporarily locked. Please log in to https://x.com to unlock "
                 "your account."), Rejected, "Sign in at x.com"),
    (refuse_with(403, "Forbidden", "Your account is not permitted to access this feature."),
     Rejected, "does not let this account post"),
    (refuse_with(403, "Forbidden", "This request looks like it might be automated. To protect our "
                 "users from spam and other malicious activity, we can't complete this action "
                 "right now. Please try again later."), Rejected, "for an automated one"),
    (refuse_with(403, "Forbidden", "You have reached your daily limit for sending Tweets and "
                 "messages. Please try again later."), "account", "as often as it may"),
    (refuse_with(403, "Not Authorized", "Sorry, you are not authorized to see it.",
                 "not-authorized-for-resource"), Rejected, "refused the post"),
    (refuse_with(403, "Forbidden", "You may only use one cashtag.", "disallowed-resource"),
     Rejected, "one cashtag"),
    (refuse(403, "<html>Just a moment…"), "host", "not answering for itself"),
    (refuse_with(404, "Not Found", "Not Found"), "host", "not answering for itself"),
    (refuse(404, ""), "host", "not answering for itself"),
    (refuse(405, {}), Rejected, "“HTTP 405”"),
    (refuse(408, {}), OutcomeUnknown, "not known whether the post is out"),
    (refuse_with(409, "Conflict", "Conflict", "resource-unavailable"), Rejected, "Conflict"),
    (refuse(413, "<html>"), Rejected, "“HTTP 413”"),
    (refuse_with(429, "Too Many Requests", "Too Many Requests"), "account", "asked again later"),
    (refuse_with(429, "Rate Limit", "Rate limit exceeded", "rate-limit-exceeded"), "account",
     "asked again later"),
    (refuse(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}), "account", "later"),
    (refuse_with(429, "UsageCapExceeded", "Usage cap exceeded: Monthly product cap", "usage-capped",
                 **{"x-rate-limit-remaining": "39999"}), "network", "used up what it may do"),
    (refuse_with(500, "Internal Error", "Internal Error", "internal-error"), OutcomeUnknown,
     "not known"),
    (refuse_with(500, "CreditsDepleted", "…", "credits"), OutcomeUnknown, "not known"),
    (refuse(502, "<html>"), OutcomeUnknown, "not known"),
    (refuse_with(503, "Service Unavailable", "Service Unavailable"), OutcomeUnknown, "not known"),
    (refuse(504, ""), OutcomeUnknown, "not known"),
    (refuse(301, "", Location="https://api.elsewhere.example/2/tweets"), "host", "not answering"),
    (refuse(307, "", Location="http://127.0.0.1:9/"), "host", "not answering"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "expected", "words"), PROBLEMS)
def test_refusal_of_a_post_means_one_thing(
    page: Page, expected: type[NetworkError] | str, words: str
) -> None:
    error = fail_of(lambda: publish(page))
    if isinstance(expected, str):
        assert isinstance(error, TryLater)
        assert error.scope == expected
    else:
        assert type(error) is expected
    assert words in str(error)


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        "",
        "null",
        "[]",
        "[1]",
        '"no"',
        "{}",
        '{"errors": 5}',
        '{"errors": "no"}',
        '{"errors": [5, null, {"code": 1}]}',
        '{"errors": {"message": "no"}}',
        '{"errors": [{"message": 5}], "error": 7, "detail": 8, "title": [], "type": {}}',
        '{"detail": null}',
        "[" * 20_000,
    ],
)
@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, OutcomeUnknown), (201, OutcomeUnknown), (204, OutcomeUnknown), (400, Rejected),
     (401, NeedsRelink), (402, TryLater), (404, TryLater), (418, Rejected), (429, TryLater),
     (500, OutcomeUnknown), (503, OutcomeUnknown)],
)  # fmt: skip
def test_what_tweepy_trips_over_changes_nothing(
    body: str, status: int, expected: type[NetworkError]
) -> None:
    def answer(_request: web.Request) -> web.Response:
        response = web.Response(status=status, body=None if status == 204 else body.encode())
        response.headers["x-rate-limit-reset"] = "soon"
        return response

    assert type(fail_of(lambda: publish(answer))) is expected


@pytest.mark.parametrize(
    "told",
    [{}, {"data": None}, {"data": []}, {"data": {}}, {"data": {"id": ""}}, {"data": {"id": 12}},
     {"data": {"id": "../12"}}, {"errors": [{"title": "no"}]}],
)  # fmt: skip
def test_good_answer_without_an_id_proves_nothing(told: dict[str, Any]) -> None:
    assert isinstance(fail_of(lambda: publish(refuse(201, told))), OutcomeUnknown)


def test_refusal_that_repeats_the_token_is_not_repeated() -> None:
    error = fail_of(lambda: publish(refuse_with(400, "Invalid", f"bad token {SECRET}")))
    assert "HTTP 400" in str(error)


def test_tweepy_never_holds_the_token(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="tweepy.asynchronous.client"):
        publish(CREATED)
    assert "Making API request: POST" in caplog.text
    assert SECRET not in caplog.text


def test_token_that_has_run_out_is_renewed() -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    unauthorized = refuse_with(401, "Unauthorized", "Unauthorized")
    error = fail_of(lambda: publish(unauthorized, expires_at=past))
    assert isinstance(error, TryLater)
    assert (error.token_expired, error.after_seconds, error.scope) == (True, 0, "account")
    error = fail_of(lambda: publish(unauthorized, expires_at=past, refresh_token=""))
    assert isinstance(error, NeedsRelink)


def tell_reset(**changes: str) -> dict[str, str]:
    reset = str(int(time.time() + 120))
    names = ("x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour")
    return {f"{name}-reset": reset for name in names} | changes


@pytest.mark.parametrize(
    ("headers", "scope", "words"),
    [
        ({"x-rate-limit-remaining": "0"}, "account", "asked again later"),
        ({"x-user-limit-24hour-remaining": "0"}, "account", "account has posted"),
        ({"x-app-limit-24hour-remaining": "0"}, "network", "This site has posted"),
        ({"x-app-limit-24hour-remaining": "5"}, "account", "asked again later"),
    ],
)  # fmt: skip
def test_limit_says_how_long_and_who_has_to_wait(
    headers: dict[str, str], scope: str, words: str
) -> None:
    page = refuse_with(429, "Too Many Requests", "Too Many Requests", **tell_reset(**headers))
    error = fail_of(lambda: publish(page))
    assert isinstance(error, TryLater)
    assert error.scope == scope
    assert 110 < (error.after_seconds or 0) <= 120
    assert words in str(error)


def test_error_that_only_speaks_of_a_duplicate_is_no_refusal() -> None:
    asked: list[str] = []
    page = refuse_with(500, "Internal Error", DUPLICATE)
    error = fail_of(lambda: publish(page, lambda request: asked.append(request.path)))
    assert isinstance(error, OutcomeUnknown)
    assert asked == []


def test_duplicate_whose_words_stand_since_the_launch_is_the_post() -> None:
    posts = show(write_other(10), write_status(9))
    receipt, box = publish(refuse_with(403, "Forbidden", DUPLICATE), posts)
    assert (receipt.remote_id, receipt.url) == ("9", f"{WEB_URL}/i/web/status/9")
    assert box.paths() == ["/2/tweets", POSTS]


def show_by_time(
    since: list[dict[str, Any]], before: list[dict[str, Any]]
) -> Callable[[web.Request], dict[str, Any]]:
    """An account's posts: without an end to the time, those since the launch."""
    return lambda request: show(*(before if "end_time" in request.query else since))


def test_duplicate_of_words_from_before_the_launch_is_refused_with_a_sentence() -> None:
    posts = show_by_time(
        [write_other(10)], [write_other(6, minutes=-50), write_status(5, minutes=-60)]
    )
    asked: list[tuple[str, str]] = []

    def note(request: web.Request) -> Any:
        asked.append((request.query["start_time"], request.query.get("end_time", "")))
        return posts(request)

    error = fail_of(lambda: publish(refuse_with(403, "Forbidden", DUPLICATE), note))
    assert type(error) is Rejected
    assert "the same words twice" in str(error)
    assert asked == [
        ("2026-11-22T11:45:00Z", ""),
        ("2026-11-21T11:59:00Z", "2026-11-22T11:59:00Z"),
    ]


def test_duplicate_that_x_does_not_show_leaves_the_outcome_unknown() -> None:
    posts = show_by_time([write_other(10)], [write_other(5, minutes=-60)])
    error = fail_of(lambda: publish(refuse_with(403, "Forbidden", DUPLICATE), posts))
    assert type(error) is OutcomeUnknown
    assert "does not show them" in str(error)


@pytest.mark.parametrize(
    "posts",
    [
        refuse(429, {}),
        refuse(500, "<html>"),
        refuse_with(402, "CreditsDepleted", "…", "credits"),
        refuse_with(401, "Unauthorized", "Unauthorized"),
        refuse(404, {}),
        {"errors": [{"title": "Forbidden"}]},
    ],
)
def test_duplicate_that_could_not_be_looked_up_leaves_the_outcome_unknown(posts: Page) -> None:
    page = refuse(403, {"errors": [{"code": 187, "message": "Status is a duplicate."}]})
    assert type(fail_of(lambda: publish(page, posts))) is OutcomeUnknown


def build(**changes: Any) -> X:
    return X(mode=Mode.ASSISTED, client_id="app", client_secret="", **changes)


def test_nothing_proves_that_a_post_is_not_there() -> None:
    server = Server(network="x", host="api.x.com", url="https://api.x.com")
    assert not build().honours_keys(server)
    assert not build().absence_proves(server, post=write_post(), seconds_since_first_attempt=0)


def test_pace_is_what_x_lets_a_site_post_in_a_day() -> None:
    server = Server(network="x", host="api.x.com", url="https://api.x.com")
    assert (PACE.count, PACE.seconds) == (10_000, 86_400)
    assert PACE in build().allowances(server)


def test_length_is_counted_as_x_does() -> None:
    long_link = "https://voix.example.org/" + "a" * 300
    assert build().measure(None, f"abc {long_link}").used == 27
    assert build().measure(None, "👨‍👩‍👧‍👦" * 140).over == 0
    assert build().measure(None, "語" * 141).over == 2


def test_composer_is_filled_in_with_the_whole_text() -> None:
    composition = build().compose(
        "Écoutez & restez https://a.example/?b=1#c", link="https://a.example/"
    )
    assert composition.is_whole
    assert composition.url == (
        "https://x.com/intent/tweet?text="
        "%C3%89coutez%20%26%20restez%20https%3A%2F%2Fa.example%2F%3Fb%3D1%23c"
    )
