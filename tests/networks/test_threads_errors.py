"""Every error that Threads documents, or was seen to give: what it means and what is told."""

from __future__ import annotations

from typing import Any

import pytest

from networks.adapters.threads import Threads
from networks.base import Server
from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.boxes import SECRET, Box, Page, fail_of, refuse, write_post
from tests.networks.threads_boxes import CONTAINER, CREDENTIALS, complain, good_pages, with_threads

POST = write_post(prepared=CONTAINER)
TROUBLE, UNCLEAR = "Threads has trouble", "not known whether the post is out"

# What is answered, what it means where it would have posted, what where it would not, and a part
# of the sentence that is told in the first case.
TABLE: list[tuple[str, Page, type[NetworkError], type[NetworkError], str]] = [
    ("190", complain(190), NeedsRelink, NeedsRelink, "link the account again"),
    ("190 removed", complain(190, error_subcode=458), NeedsRelink, NeedsRelink, "was removed"),
    ("190 checkpoint", complain(190, error_subcode=459), NeedsRelink, NeedsRelink, "sign in there"),
    ("190 password", complain(190, error_subcode=460), NeedsRelink, NeedsRelink, "password"),
    ("190 expired", complain(190, error_subcode=463), NeedsRelink, NeedsRelink, "60 days"),
    ("190 unconfirmed", complain(190, error_subcode=464), NeedsRelink, NeedsRelink, "confirm"),
    ("190 invalid", complain(190, error_subcode=467), NeedsRelink, NeedsRelink, "no longer"),
    ("190 with 401", complain(190, status=401), NeedsRelink, NeedsRelink, "no longer"),
    ("102", complain(102), NeedsRelink, NeedsRelink, "link the account again"),
    ("100/33", complain(100, error_subcode=33), NeedsRelink, NeedsRelink, "link the account again"),
    ("10", complain(10, "No leave"), NeedsRelink, NeedsRelink, "“No leave”"),
    ("200", complain(200), NeedsRelink, NeedsRelink, "every permission"),
    ("299", complain(299), NeedsRelink, NeedsRelink, "every permission"),
    ("10 tier", complain(10, error_subcode=4279067), TryLater, TryLater, "run the site"),
    ("200 blocked", complain(200, "API access blocked."), TryLater, TryLater, "run the site"),
    ("3", complain(3), TryLater, TryLater, "run the site"),
    ("101", complain(101), TryLater, TryLater, "run the site"),
    ("4", complain(4), TryLater, TryLater, "asks for a pause"),
    ("4 transient", complain(4, is_transient=True), TryLater, TryLater, "asks for a pause"),
    ("17", complain(17), TryLater, TryLater, "asks for a pause"),
    ("32", complain(32), TryLater, TryLater, "asks for a pause"),
    ("341", complain(341), TryLater, TryLater, "asks for a pause"),
    ("613", complain(613, error_subcode=4279002), TryLater, TryLater, "asks for a pause"),
    ("80002", complain(80002), TryLater, TryLater, "asks for a pause"),
    ("9", complain(9, error_subcode=2207042), TryLater, TryLater, "as often as Threads allows"),
    ("368", complain(368, "Rules"), Rejected, Rejected, "because of its rules: “Rules”"),
    ("spam", complain(4, error_subcode=2207051), OutcomeUnknown, Rejected, "may have let it out"),
    ("506", complain(506), OutcomeUnknown, Rejected, "just posted"),
    ("restricted", complain(1, error_subcode=4279013), Rejected, Rejected, "has restricted"),
    ("inactive", complain(25, error_subcode=2207050), Rejected, Rejected, "Open Threads"),
    ("1609005", complain(1609005), Rejected, Rejected, "the link"),
    ("preview", complain(-1, "Fatal", error_subcode=4279047), Rejected, Rejected, "the link"),
    ("links", complain(100, "THREADS_API__LINK_LIMIT_EXCEEDED"), Rejected, Rejected, "five links"),
    ("links as code", complain("THREADS_API__LINK_LIMIT_EXCEEDED"), Rejected, Rejected, "five"),
    ("links as title", complain(100, error_user_title="THREADS_API__LINK_LIMIT_EXCEEDED"),
     Rejected, Rejected, "five links"),
    ("100", complain(100, error_user_msg="Too long"), Rejected, Rejected, "“Too long”"),
    ("1", complain(1), OutcomeUnknown, TryLater, UNCLEAR),
    ("2", complain(2, is_transient=True), OutcomeUnknown, TryLater, UNCLEAR),
    ("-1", complain(-1, error_subcode=2207001), OutcomeUnknown, TryLater, UNCLEAR),
    ("-2", complain(-2, error_subcode=2207003), OutcomeUnknown, TryLater, UNCLEAR),
    ("transient", complain(100, is_transient=True), OutcomeUnknown, TryLater, UNCLEAR),
    ("of no list", complain(9999), OutcomeUnknown, Rejected, UNCLEAR),
    ("of no kind", complain(None), OutcomeUnknown, Rejected, UNCLEAR),
    ("500", complain(2, status=500), OutcomeUnknown, TryLater, UNCLEAR),
    ("500 with a reason", complain(10, status=500), OutcomeUnknown, NeedsRelink, UNCLEAR),
    ("500 page", refuse(500, "<html>"), OutcomeUnknown, TryLater, UNCLEAR),
    ("502 page", refuse(502, "<html>"), OutcomeUnknown, TryLater, UNCLEAR),
    ("503", refuse(503, {}), OutcomeUnknown, TryLater, UNCLEAR),
    ("408", refuse(408, {}), OutcomeUnknown, TryLater, UNCLEAR),
    ("200 page", refuse(200, "<html>"), OutcomeUnknown, TryLater, UNCLEAR),
    ("200 empty", refuse(200, {}), OutcomeUnknown, TryLater, UNCLEAR),
    ("200 list", refuse(200, ["1"]), OutcomeUnknown, TryLater, UNCLEAR),
    ("200 no id", refuse(200, {"id": True}), OutcomeUnknown, TryLater, UNCLEAR),
    ("200 refusal", complain(190, status=200), NeedsRelink, NeedsRelink, "no longer"),
    ("204", refuse(204), OutcomeUnknown, TryLater, UNCLEAR),
    ("401 page", refuse(401, "<html>"), NeedsRelink, NeedsRelink, "no longer"),
    ("403 page", refuse(403, "<html>"), TryLater, TryLater, "not answering for itself"),
    ("404 page", refuse(404, "<html>"), TryLater, TryLater, "not answering for itself"),
    ("413 page", refuse(413, "<html>"), Rejected, Rejected, "HTTP 413"),
    ("429", refuse(429, {}), TryLater, TryLater, "asks for a pause"),
    ("302", refuse(302, "", Location="http://127.0.0.1:9/"), TryLater, TryLater, "for itself"),
]  # fmt: skip


def publish(page: Page) -> Any:
    async def work(http: Http, adapter: Threads, server: Server) -> Any:
        return await adapter.publish(http, server, CREDENTIALS, POST)

    return with_threads(Box(good_pages(PUBLISH=page)), work)


def prepare(page: Page) -> Any:
    async def work(http: Http, adapter: Threads, server: Server) -> Any:
        return await adapter.prepare(http, server, CREDENTIALS, POST)

    return with_threads(Box(good_pages(MAKE=page)), work)


@pytest.mark.parametrize(
    ("page", "expected", "sentence"),
    [(case[1], case[2], case[4]) for case in TABLE],
    ids=[case[0] for case in TABLE],
)
def test_answer_to_a_post_means_one_thing(
    page: Page, expected: type[NetworkError], sentence: str
) -> None:
    error = fail_of(lambda: publish(page))
    assert isinstance(error, expected)
    assert sentence in str(error)


@pytest.mark.parametrize(
    ("page", "expected"),
    [(case[1], case[3]) for case in TABLE],
    ids=[case[0] for case in TABLE],
)
def test_answer_to_what_nobody_sees_is_never_unknown(
    page: Page, expected: type[NetworkError]
) -> None:
    error = fail_of(lambda: prepare(page))
    assert isinstance(error, expected)
    assert " " in str(error)


@pytest.mark.parametrize(
    ("page", "scope"),
    [
        (complain(17), "account"),
        (complain(613), "account"),
        (complain(9), "account"),
        (refuse(429, {}), "account"),
        (complain(4), "host"),
        (complain(341), "host"),
        (refuse(403, "<html>"), "host"),
        (refuse(302, "", Location="/"), "host"),
        (complain(3), "network"),
        (complain(101), "network"),
        (complain(200, "API access deactivated."), "network"),
        (complain(10, error_subcode=4279067), "network"),
    ],
)
def test_who_has_to_wait_is_told(page: Page, scope: str) -> None:
    error = fail_of(lambda: publish(page))
    assert isinstance(error, TryLater)
    assert error.scope == scope


def test_wait_that_is_asked_for_is_kept() -> None:
    def slow_down(_request: Any) -> Any:
        answer = complain(613)(_request)
        answer.headers["Retry-After"] = "30"
        return answer

    error = fail_of(lambda: publish(slow_down))
    assert isinstance(error, TryLater)
    assert error.after_seconds == 30


@pytest.mark.parametrize("page", [complain(2), refuse(500, "<html>")])
def test_slow_container_makes_nobody_else_wait(page: Page) -> None:
    error = fail_of(lambda: prepare(page))
    assert isinstance(error, TryLater)
    assert error.scope == "account"


def test_refusal_that_repeats_the_token_is_not_repeated() -> None:
    error = fail_of(lambda: publish(complain(100, f"bad token {SECRET}")))
    assert "HTTP 400" in str(error)


def test_words_for_people_are_preferred_and_made_fit() -> None:
    page = complain(100, "(#100) Param text", error_user_msg="Trop\nlong\u202e")
    assert "“Trop long”" in str(fail_of(lambda: publish(page)))
