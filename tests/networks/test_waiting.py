"""How long a refusal asks us to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.waiting import MOST_SECONDS, read_wait

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": " 30 "}, 30),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "Sun, 22 Nov 2026 12:01:00 GMT"}, 60),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"Retry-After": "99999999"}, MOST_SECONDS),
        ({"Retry-After": "9" * 500}, MOST_SECONDS),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, MOST_SECONDS),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": ""}, None),
        ({"X-RateLimit-Reset": "2026-11-22T12:02:00.000000Z"}, 120),
        ({"X-RateLimit-Reset": "2026-11-22T12:02:00"}, 120),
        ({"X-RateLimit-Reset": "2026-11-22T11:00:00Z"}, 0),
        ({"X-RateLimit-Reset": "nonsense"}, None),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"X-RateLimit-Reset": "9" * 12}, MOST_SECONDS),
        ({"X-RateLimit-Reset": "9" * 13}, None),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "2026-11-22T12:02:00Z"}, 120),
        ({"Retry-After": "5", "X-RateLimit-Reset": "2026-11-22T12:02:00Z"}, 5),
        ({"RateLimit-Reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"RateLimit-Reset": "45"}, 45),
        ({"RateLimit-Reset": "x"}, None),
    ],
)
def test_wait_is_read_from_what_there_is(headers: dict[str, str], seconds: float | None) -> None:
    assert read_wait(headers, now=NOW) == seconds


@given(st.sampled_from(["Retry-After", "X-RateLimit-Reset", "RateLimit-Reset"]), st.text())
def test_any_header_gives_a_bounded_wait_or_none(name: str, value: str) -> None:
    seconds = read_wait({name: value}, now=NOW)
    assert seconds is None or 0 <= seconds <= MOST_SECONDS
