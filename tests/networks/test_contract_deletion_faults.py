"""What every adapter must make of faults and of other people while it deletes, at the simulator."""

from __future__ import annotations

from typing import Any

import pytest

from networks.errors import NeedsRelink, NetworkError, OutcomeUnknown, Rejected, TryLater
from networks.http import Answer, Http
from tests.networks.casting import (
    TEXT,
    Linked,
    check_sentence,
    fail_of,
    where_posts_are_deleted,
)
from tests.networks.simulating import SimulatedCast

pytestmark = where_posts_are_deleted

# What strikes, how it is set, what it must become, and whether the post is gone all the same.
FAULTS = [
    ("429", {"retry_after": 7}, TryLater, False),
    ("429", {"retry_after": None}, TryLater, False),
    ("429", {"retry_after": "soon"}, TryLater, False),
    ("500_before", {}, OutcomeUnknown, False),
    ("500_after", {}, OutcomeUnknown, True),
    ("cut_before", {}, OutcomeUnknown, False),
    ("cut", {}, OutcomeUnknown, True),
    ("html", {}, OutcomeUnknown, False),
    ("html_after", {}, OutcomeUnknown, True),
    ("broken_json_before", {}, OutcomeUnknown, False),
    ("broken_json", {}, OutcomeUnknown, True),
    ("endless", {}, OutcomeUnknown, False),
    ("gzip_bomb_after", {}, OutcomeUnknown, True),
    ("slow_loris", {"drip_ms": 50}, OutcomeUnknown, True),
    ("slow", {"slow_ms": 1500}, OutcomeUnknown, True),
    ("redirect", {"redirect_to": "http://127.0.0.1:9/inside"}, TryLater, False),
    ("revoked", {}, NeedsRelink, False),
]


@pytest.mark.parametrize("case", FAULTS, ids=[f"{case[0]}-{case[1]}"[:40] for case in FAULTS])
def test_fault_while_deleting_becomes_the_right_error_and_again_is_harmless(
    cast: SimulatedCast,
    case: tuple[str, dict[str, Any], type[NetworkError], bool],
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault, details, expected, is_gone = case

    async def work(http: Http) -> tuple[Linked, NetworkError, int, bool]:
        linked = await cast.link(http)
        [remote_id] = await cast.publish(http, linked, TEXT)
        cast.simulator.set_faults({fault: 1, "endpoints": "delete", **details})
        with cast.hurrying(), pytest.raises(NetworkError) as caught:
            await cast.delete(http, linked, remote_id)
        left = cast.is_there()
        cast.simulator.clear_faults()
        return linked, caught.value, left, await cast.delete(http, linked, remote_id)

    with caplog.at_level("DEBUG"):
        linked, error, left, was_there = cast.run(work)
    assert type(error) is expected
    assert left == (0 if is_gone else 1)
    assert was_there is (not is_gone or not cast.kind.tells_what_is_gone)
    assert cast.is_there() == 0
    check_sentence(error, *linked.secrets)
    assert not [secret for secret in linked.secrets if secret in caplog.text]


@pytest.mark.parametrize(
    ("retry_after", "least", "most"), [(7, 5, 7), (99_999_999, 900, 900), (0, 0, 0)]
)
def test_wait_that_is_asked_for_before_a_deletion_is_kept_within_reason(
    cast: SimulatedCast, retry_after: object, least: float, most: float
) -> None:
    async def work(http: Http) -> None:
        linked = await cast.link(http)
        [remote_id] = await cast.publish(http, linked, TEXT)
        cast.simulator.set_faults({"429": 1, "endpoints": "delete", "retry_after": retry_after})
        await cast.delete(http, linked, remote_id)

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, TryLater)
    assert error.after_seconds is not None
    assert least <= error.after_seconds <= most


def test_post_of_somebody_else_is_refused_or_not_found_and_stays(cast: SimulatedCast) -> None:
    kim = cast.open_beside("kim")

    async def work(http: Http) -> tuple[Linked, NetworkError | bool]:
        sams, kims = await cast.link(http), await kim.link(http)
        [remote_id] = await kim.publish(http, kims, TEXT)
        try:
            return sams, await cast.delete(http, sams, remote_id)
        except NetworkError as error:
            return sams, error

    linked, outcome = cast.run(work)
    assert len(cast.simulator.list_posts()) == 1
    if not cast.kind.tells_whose_a_post_is:
        assert outcome is False
        return
    assert type(outcome) is Rejected
    check_sentence(outcome, *linked.secrets)


def test_authorisation_taken_back_deletes_nothing_and_needs_its_owner(cast: SimulatedCast) -> None:
    async def work(http: Http) -> None:
        linked = await cast.link(http)
        [remote_id] = await cast.publish(http, linked, TEXT)
        cast.simulator.revoke(network=cast.network.name, account=cast.handle)
        credentials = linked.credentials
        try:
            await cast.delete(http, linked, remote_id)
        except TryLater:
            at = (http, linked.server, linked.registration)
            credentials = await cast.network.refresh(*at, credentials)
        await cast.network.delete(http, linked.server, credentials, remote_id)

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, NeedsRelink)
    check_sentence(error)
    assert cast.is_there() == 1


def test_all_that_a_deletion_asks_for_ends_by_one_deadline(
    cast: SimulatedCast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it takes a look to know that nothing is there."""
    deadlines: list[float] = []
    request = Http.request

    async def note(self: Http, method: str, url: str, **options: Any) -> Answer:
        deadlines.append(options["deadline_seconds"])
        return await request(self, method, url, **options)

    async def work(http: Http) -> None:
        linked = await cast.link(http)
        [remote_id] = await cast.publish(http, linked, TEXT)
        await cast.delete(http, linked, remote_id)
        monkeypatch.setattr(Http, "request", note)
        await cast.delete(http, linked, remote_id)

    cast.run(work)
    first, *others = deadlines
    assert first <= cast.network.deadline_seconds
    assert all(each < first for each in others)


def test_nothing_is_deleted_through_a_gate_that_is_shut(cast: SimulatedCast) -> None:
    async def refuse() -> bool:
        return False

    async def work(http: Http) -> None:
        linked = await cast.link(http)
        [remote_id] = await cast.publish(http, linked, TEXT)
        await cast.delete(http.behind(refuse), linked, remote_id)

    error = fail_of(lambda: cast.run(work))
    assert isinstance(error, TryLater)
    assert cast.is_there() == 1
