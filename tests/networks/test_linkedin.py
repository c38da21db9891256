"""What LinkedIn's adapter makes of answers to its posts, and what it cannot do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from networks.adapters.linkedin import VERSION, LinkedIn
from networks.base import Allowance, Credentials, Mode, Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page, fail_of, refuse, write_post
from tests.networks.linkedin_boxes import (
    CREDENTIALS,
    MEMBER,
    PARTNER,
    POSTS,
    REFRESH,
    URN,
    fault,
    posted,
    with_linkedin,
)

JAVA = "com.linkedin.content.common.exception.BadRequestResponseException"
SERVER = Server(network="linkedin", host="api.linkedin.com", url="https://api.linkedin.com")


def publish(
    page: Page,
    *,
    credentials: Credentials = CREDENTIALS,
    text: str = "Salut #climat",
    **options: Any,
) -> tuple[Any, Box]:
    box = Box({POSTS: page})

    async def work(http: Http, adapter: LinkedIn, server: Server) -> Any:
        return await adapter.publish(http, server, credentials, write_post(text=text))

    return with_linkedin(box, work, **options), box


def refuse_as_duplicate(message: str) -> Page:
    error = {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
    body = {"message": f"{JAVA}: {message}", "errorDetails": {"inputErrors": [error]}}
    return refuse(422, body | {"status": 422})


def test_post_is_public_by_the_member_and_in_escaped_words() -> None:
    receipt, box = publish(posted(), text="Ça (va)? sam_b@x.org #climat2030")
    assert receipt.remote_id == URN
    assert receipt.url == f"http://{box.host}/feed/update/{URN}"
    sent = json.loads(box.bodies[0])
    assert sent["author"] == f"urn:li:person:{MEMBER}"
    assert sent["commentary"] == r"Ça \(va\)? sam\_b\@x.org {hashtag|\#|climat2030}"
    assert (sent["visibility"], sent["lifecycleState"]) == ("PUBLIC", "PUBLISHED")
    assert sent["distribution"]["feedDistribution"] == "MAIN_FEED"
    headers = box.asked[0].headers
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["LinkedIn-Version"] == VERSION
    assert headers["X-Restli-Protocol-Version"] == "2.0.0"


def test_version_is_the_operators() -> None:
    _, box = publish(posted(), version="202701")
    assert box.asked[0].headers["LinkedIn-Version"] == "202701"


@pytest.mark.parametrize(
    ("told", "remote_id"),
    [
        ("urn:li:ugcPost:68447855235931240", "urn:li:ugcPost:68447855235931240"),
        ("urn%3Ali%3Ashare%3A12", "urn:li:share:12"),
    ],
)
def test_every_kind_of_post_is_a_receipt(told: str, remote_id: str) -> None:
    receipt, _ = publish(lambda _: web.Response(status=201, headers={"x-restli-id": told}))
    assert receipt.remote_id == remote_id
    assert receipt.url.endswith(f"/feed/update/{remote_id}")


# Every documented error, and what developers report besides: what it becomes, what its owner reads.
ERRORS = [
    (201, {}, {}, OutcomeUnknown, "not known whether"),
    (201, {}, {"x-restli-id": ""}, OutcomeUnknown, "not known whether"),
    (201, {}, {"x-restli-id": "urn:li:person:1"}, OutcomeUnknown, "not known whether"),
    (201, {}, {"x-restli-id": "urn:li:share:1/../x"}, OutcomeUnknown, "not known whether"),
    (200, {"id": URN}, {"x-restli-id": URN}, OutcomeUnknown, "not known whether"),
    (202, {}, {"x-restli-id": URN}, OutcomeUnknown, "not known whether"),
    (204, {}, {}, OutcomeUnknown, "not known whether"),
    (301, "", {"Location": "https://new.example/rest/posts"}, TryLater, "not answering"),
    (307, "", {"Location": "http://127.0.0.1:9/"}, TryLater, "not answering"),
    (400, fault(400, "INVALID_URN_TYPE", "author must be a person URN"), {}, Rejected, "“author"),
    (400, fault(400, "INVALID_URN_ID", "The URN ID provided is invalid"), {}, Rejected, "“The URN"),
    (400, fault(400, "MISSING_FIELD", "author is required"), {}, Rejected, "“author is"),
    (400, fault(400, "INVALID_VALUE_FOR_FIELD", "can't be set"), {}, Rejected, "“can't be"),
    (400, fault(400, "INVALID_VALUE_BLANK_FIELD", "can't be blank"), {}, Rejected, "“can't be"),
    (400, fault(400, "FIELD_LENGTH_TOO_LONG", "commentary length"), {}, Rejected, "too long"),
    (400, fault(400, "VERSION_MISSING"), {}, TryLater, "LINKEDIN_VERSION"),
    (400, "<html>", {}, Rejected, "HTTP 400"),
    (401, fault(401, "EMPTY_ACCESS_TOKEN"), {}, NeedsRelink, "link the account again"),
    (401, fault(401, "INVALID_ACCESS_TOKEN"), {}, NeedsRelink, "link the account again"),
    (401, fault(401, "REVOKED_ACCESS_TOKEN"), {}, NeedsRelink, "link the account again"),
    (401, fault(401, "EXPIRED_ACCESS_TOKEN"), {}, NeedsRelink, "link the account again"),
    (401, "<html>", {}, NeedsRelink, "link the account again"),
    (403, fault(403, "ACCESS_DENIED", "Not enough permissions"), {}, NeedsRelink, "“Not enough"),
    (403, {"message": "validation failed [/author]", "status": 403}, {}, NeedsRelink, "[/author]"),
    (403, "<html>", {}, TryLater, "kept us out"),
    (404, fault(404, "NOT_FOUND"), {}, TryLater, "does not take posts"),
    (405, fault(405, "METHOD_NOT_ALLOWED", "No"), {}, Rejected, "“No”"),
    (408, {}, {}, OutcomeUnknown, "not known whether"),
    (409, fault(409, "CONFLICT", "A write conflict occurred."), {}, TryLater, "asked again"),
    (411, "<html>", {}, Rejected, "HTTP 411"),
    (413, fault(413, "REQUEST_ENTITY_TOO_LARGE", "Too large"), {}, Rejected, "“Too large”"),
    (414, "<html>", {}, Rejected, "HTTP 414"),
    (415, fault(415, "UNSUPPORTED_MEDIA_TYPE", "No"), {}, Rejected, "“No”"),
    (422, fault(422, "UNPROCESSABLE_ENTITY", "Makes no sense"), {}, Rejected, "“Makes no sense”"),
    (426, fault(426, "NONEXISTENT_VERSION"), {}, TryLater, "LINKEDIN_VERSION"),
    (426, "<html>", {}, TryLater, "LINKEDIN_VERSION"),
    (429, fault(429, "TOO_MANY_REQUESTS"), {}, TryLater, "this account"),
    (429, "<html>", {}, TryLater, "this account"),
    (500, fault(500, "INTERNAL_SERVER_ERROR"), {}, OutcomeUnknown, "not known whether"),
    (502, "<html>", {}, OutcomeUnknown, "not known whether"),
    (503, fault(503, "SERVICE_UNAVAILABLE"), {}, OutcomeUnknown, "not known whether"),
    (504, "<html>", {}, OutcomeUnknown, "not known whether"),
    (999, "<html>", {}, OutcomeUnknown, "not known whether"),
]


@pytest.mark.parametrize(("status", "body", "headers", "expected", "sentence"), ERRORS)
def test_answer_to_a_post_means_one_thing(
    status: int, body: Any, headers: dict[str, str], expected: type[NetworkError], sentence: str
) -> None:
    error = fail_of(lambda: publish(refuse(status, body, **headers)))
    assert type(error) is expected
    assert sentence in str(error)


def test_version_that_ran_out_stops_the_whole_network_and_tells_its_operator() -> None:
    gone = fault(426, "NONEXISTENT_VERSION", "Requested version 20250401 is not active")
    error = fail_of(lambda: publish(refuse(426, gone), version="202504"))
    assert isinstance(error, TryLater)
    assert error.scope == "network"
    assert "version 202504" in str(error)


def test_same_words_again_are_refused_with_the_post_that_stands_in_the_way() -> None:
    error = fail_of(lambda: publish(refuse_as_duplicate(f"Content is a duplicate of {URN}")))
    assert type(error) is Rejected
    assert f"/feed/update/{URN}." in str(error)
    assert error.facts["urn"] == URN
    assert "Nothing was posted this time" in str(error)


@pytest.mark.parametrize(
    "page",
    [
        refuse_as_duplicate("Content is a duplicate"),
        refuse_as_duplicate("Content is a duplicate of urn:li:person:x"),
    ],
)
def test_duplicate_that_names_no_post_says_so_without_one(page: Page) -> None:
    error = fail_of(lambda: publish(page))
    assert type(error) is Rejected
    assert "had just said the same" in str(error)
    assert "urn" not in error.facts


def test_duplicate_is_known_by_its_words_too() -> None:
    words = {"message": f"Content is a duplicate of {URN}", "status": 422}
    assert fail_of(lambda: publish(refuse(422, words))).facts["urn"] == URN


def test_post_that_is_named_for_another_reason_is_no_duplicate() -> None:
    words = fault(422, "UNPROCESSABLE_ENTITY", f"{URN} cannot be reshared")
    error = fail_of(lambda: publish(refuse(422, words)))
    assert "refused the post" in str(error)
    assert "urn" not in error.facts


def test_too_long_text_is_told_plainly_however_linkedin_puts_it() -> None:
    message = "ShareCommentary text length (8694 characters) exceeded the maximum allowed (3000)"
    error = {"code": "FIELD_ARRAY_SIZE_TOO_HIGH", "maxLength": 3000}
    body = {"message": f"{JAVA}: {message}", "errorDetails": {"inputErrors": [error]}}
    assert "too long" in str(fail_of(lambda: publish(refuse(400, body))))


def test_refusal_gives_linkedins_words_without_the_names_of_its_programs() -> None:
    body = {"message": f"{JAVA}: Not like\nthis\u202e", "status": 400}
    assert "“Not like this”" in str(fail_of(lambda: publish(refuse(400, body))))


def test_refusal_that_repeats_the_token_is_not_repeated() -> None:
    body = fault(400, "INVALID_VALUE_FOR_FIELD", f"bad token {SECRET}")
    assert "HTTP 400" in str(fail_of(lambda: publish(refuse(400, body))))


def test_details_that_are_none_do_no_harm() -> None:
    for details in (None, [], {"inputErrors": 7}, {"inputErrors": ["x", {"code": 7}]}):
        body = fault(422, "X", "Words", errorDetails=details)
        assert "“Words”" in str(fail_of(lambda body=body: publish(refuse(422, body))))


def limit_of(message: str, **headers: str) -> TryLater:
    page = refuse(429, fault(429, "TOO_MANY_REQUESTS", message, serviceErrorCode=101), **headers)
    error = fail_of(lambda: publish(page))
    assert isinstance(error, TryLater)
    return error


def test_limit_of_a_member_is_that_account_s_alone() -> None:
    error = limit_of(
        "Resource level throttle MEMBER DAY limit for calls to this resource is reached."
    )
    assert error.scope == "account"
    assert error.after_seconds is not None
    assert 0 < error.after_seconds <= 900


def test_limit_of_the_app_is_everybodys() -> None:
    error = limit_of("Resource level throttle APPLICATION DAY limit for calls is reached.")
    assert error.scope == "network"
    assert "midnight UTC" in str(error)
    assert error.after_seconds is not None
    assert 0 < error.after_seconds <= 900


def test_limit_without_a_day_says_nothing_of_when() -> None:
    error = limit_of("Resource level throttle limit for calls to this resource is reached.")
    assert (error.scope, error.after_seconds) == ("account", None)


def test_wait_in_a_header_comes_first() -> None:
    message = "Resource level throttle MEMBER DAY limit for calls to this resource is reached."
    assert limit_of(message, **{"Retry-After": "7"}).after_seconds == 7


def test_token_that_ran_out_is_renewed_where_that_is_allowed() -> None:
    page = refuse(401, fault(401, "EXPIRED_ACCESS_TOKEN", "The token used has expired"))
    error = fail_of(lambda: publish(page, credentials=PARTNER))
    assert isinstance(error, TryLater)
    assert (error.token_expired, error.after_seconds) == (True, 0)


def test_token_that_ran_out_by_our_clock_is_renewed_whatever_is_said() -> None:
    past = replace(PARTNER, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    page = refuse(401, fault(401, "INVALID_ACCESS_TOKEN"))
    error = fail_of(lambda: publish(page, credentials=past))
    assert isinstance(error, TryLater)
    assert error.token_expired


def test_token_that_was_revoked_is_never_renewed() -> None:
    page = refuse(401, fault(401, "REVOKED_ACCESS_TOKEN"))
    assert isinstance(fail_of(lambda: publish(page, credentials=PARTNER)), NeedsRelink)


def test_uncertain_post_is_sent_once() -> None:
    def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    box = Box({POSTS: cut})

    async def work(http: Http, adapter: LinkedIn, server: Server) -> None:
        with pytest.raises(OutcomeUnknown):
            await adapter.publish(http, server, PARTNER, write_post())

    with_linkedin(box, work)
    assert box.paths() == [POSTS]


def test_what_cannot_be_read_is_never_asked_for() -> None:
    box = Box({})

    async def work(http: Http, adapter: LinkedIn, server: Server) -> tuple[Any, Any, str]:
        with pytest.raises(Rejected) as caught:
            await adapter.find(http, server, CREDENTIALS, write_post())
        numbers = await adapter.read_numbers(http, server, CREDENTIALS, [URN])
        prepared = await adapter.prepare(http, server, CREDENTIALS, write_post())
        return caught.value, numbers, prepared

    error, numbers, prepared = with_linkedin(box, work)
    assert "Only you can see" in str(error)
    assert (numbers, prepared) == ({}, "")
    assert box.asked == []


def build(**options: Any) -> LinkedIn:
    facts = {"mode": Mode.ASSISTED, "client_id": "", "client_secret": ""}
    return LinkedIn(**facts | options)


def test_nothing_is_proved_on_linkedin() -> None:
    adapter = build()
    assert not adapter.can_look_up
    assert not adapter.honours_keys(SERVER)
    assert not adapter.absence_proves(SERVER, post=write_post(), seconds_since_first_attempt=0)


@pytest.mark.parametrize(
    ("text", "used", "over"),
    [("", 0, 0), ("é" * 3000, 3000, 0), ("é" * 3001, 3001, 1), ("✊🏽", 3, 0), ("#(_)", 4, 0)],
)
def test_length_is_counted_in_utf_16_and_without_escapes(text: str, used: int, over: int) -> None:
    length = build().measure(None, text)
    assert (length.used, length.limit, length.over) == (used, 3000, over)


def test_composer_takes_the_link_and_leaves_the_words_to_be_pasted() -> None:
    made = build().compose("Salut", link="https://voix.example.org/p?a=1&b=é")
    assert made.url == (
        "https://www.linkedin.com/sharing/share-offsite/"
        "?url=https%3A%2F%2Fvoix.example.org%2Fp%3Fa%3D1%26b%3D%C3%A9"
    )
    assert not made.is_whole
    empty = build().compose("Salut", link="")
    assert empty.url == "https://www.linkedin.com/feed/?shareActive=true"
    assert not empty.is_whole


def test_pace_keeps_to_the_days_limit_of_the_app() -> None:
    pace = Allowance(count=3, seconds=1)
    assert build(pace=pace).allowances(SERVER) == (pace, Allowance(count=100_000, seconds=86_400))


def test_refresh_token_shows_in_no_error() -> None:
    page = refuse(422, fault(422, "X", "Words"))
    error = fail_of(lambda: publish(page, credentials=PARTNER))
    assert REFRESH not in repr(vars(error))
