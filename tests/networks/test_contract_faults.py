"""What every adapter must make of its server's faults, which only the simulator has at will."""

from __future__ import annotations

from typing import Any

import pytest

from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Http
from tests.networks.casting import (
    REDIRECT_URI,
    TEXT,
    Linked,
    Told,
    check_sentence,
    fail_of,
    where_posts_are_shown,
    write_post,
)
from tests.networks.simulating import SimulatedCast

# What strikes, how it is set, what it must become, and whether the post is there all the same.
FAULTS = [
    ("429", {"retry_after": 7}, TryLater, False),
    ("429", {"retry_after": None}, TryLater, False),
    ("429", {"retry_after": 99_999_999}, TryLater, False),
    ("429", {"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, TryLater, False),
    ("429", {"retry_after": "soon"}, TryLater, False),
    ("429", {"retry_after": "-5"}, TryLater, False),
    ("429", {"retry_after": "9" * 400}, TryLater, False),
    ("500_before", {}, OutcomeUnknown, False),
    ("500_after", {}, OutcomeUnknown, True),
    ("cut_before", {}, OutcomeUnknown, False),
    ("cut", {}, OutcomeUnknown, True),
    ("html", {}, OutcomeUnknown, False),
    ("html_after", {}, OutcomeUnknown, True),
    ("broken_json_before", {}, OutcomeUnknown, False),
    ("broken_json", {}, OutcomeUnknown, True),
    ("endless", {}, OutcomeUnknown, False),
    ("endless_after", {}, OutcomeUnknown, True),
    ("gzip_bomb", {}, OutcomeUnknown, False),
    ("gzip_bomb_after", {}, OutcomeUnknown, True),
    ("slow_loris", {"drip_ms": 50}, OutcomeUnknown, True),
    ("slow", {"slow_ms": 1500}, OutcomeUnknown, True),
    ("redirect", {"redirect_to": "http://127.0.0.1:9/inside"}, TryLater, False),
    ("revoked", {}, NeedsRelink, False),
]


@pytest.mark.parametrize("case", FAULTS, ids=[f"{case[0]}-{case[1]}"[:40] for case in FAULTS])
def test_fault_while_posting_becomes_the_right_error(
    cast: SimulatedCast,
    case: tuple[str, dict[str, Any], type[NetworkError], bool],
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault, details, expected, is_out = case

    async def work(http: Http) -> tuple[Linked, NetworkError, Any]:
        linked = await cast.link(http)
        post = write_post()
        cast.simulator.set_faults({fault: 1, "endpoints": "publish", **details})
        with cast.hurrying(), pytest.raises(NetworkError) as caught:
            await cast.network.publish(http, linked.server, linked.credentials, post)
        cast.simulator.clear_faults()
        return linked, caught.value, await cast.look(http, linked, post)

    with caplog.at_level("DEBUG"):
        linked, error, found = cast.run(work)
    assert type(error) is expected
    assert cast.is_there() == (1 if is_out else 0)
    assert found is None or len(found) == cast.is_there()
    check_sentence(error, *linked.secrets)
    assert not [secret for secret in linked.secrets if secret in caplog.text]


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [(7, 5, 7), (99_999_999, 900, 900), ("9" * 400, 900, 900), (0, 0, 0)],
)
def test_wait_that_is_asked_for_is_kept_within_reason(
    cast: SimulatedCast, retry_after: object, least: float, most: float
) -> None:
    async def work(http: Http) -> None:
        linked = await cast.link(http)
        cast.simulator.set_faults({"429": 1, "retry_after": retry_after})
        await cast.network.publish(http, linked.server, linked.credentials, write_post())

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, TryLater)
    assert error.after_seconds is not None
    assert least <= error.after_seconds <= most


@where_posts_are_shown
@pytest.mark.parametrize(
    "fault",
    ["429", "500_before", "cut_before", "html", "broken_json_before", "endless", "gzip_bomb"],
)
def test_fault_while_looking_is_never_taken_for_absence(cast: SimulatedCast, fault: str) -> None:

    async def work(http: Http) -> tuple[Linked, NetworkError]:
        linked = await cast.link(http)
        cast.simulator.set_faults({fault: 1, "endpoints": "find"})
        with cast.hurrying(), pytest.raises(NetworkError) as caught:
            await cast.network.find(http, linked.server, linked.credentials, write_post())
        return linked, caught.value

    linked, error = cast.run(work)
    assert isinstance(error, OutcomeUnknown | TryLater)
    check_sentence(error, *linked.secrets)


@pytest.mark.parametrize("fault", ["429", "500_before", "cut_before", "html", "endless"])
def test_fault_while_linking_links_nothing(cast: SimulatedCast, fault: str) -> None:

    async def work(http: Http) -> None:
        server, registration, consent = await cast.begin(http)
        answer = cast.agree(consent)
        cast.simulator.set_faults({fault: 1, "endpoints": "token"})
        with cast.hurrying():
            await cast.network.accept_consent(
                http,
                server,
                registration,
                redirect_uri=REDIRECT_URI,
                memo=consent.memo,
                answer=answer,
            )

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, Rejected | TryLater)
    check_sentence(error)


@pytest.mark.parametrize(
    "fault", ["429", "500_before", "cut_before", "html", "broken_json_before", "endless"]
)
def test_fault_while_reading_numbers_makes_no_post_gone(cast: SimulatedCast, fault: str) -> None:

    async def work(http: Http) -> tuple[Linked, Told, NetworkError | None]:
        linked = await cast.link(http)
        remote_ids = await cast.publish(http, linked, TEXT)
        cast.simulator.set_faults({fault: 1, "endpoints": "all"})
        try:
            with cast.hurrying():
                return linked, await cast.count(http, linked, remote_ids), None
        except NetworkError as error:
            return linked, {}, error

    linked, told, error = cast.run(work)
    assert None not in told.values()
    if error is not None:
        assert isinstance(error, OutcomeUnknown | TryLater)
        check_sentence(error, *linked.secrets)
