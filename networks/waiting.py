"""How long a server asks us to wait, from the headers of its refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# What is asked for beyond this is taken for a mistake, or for a way to keep us away for good.
MOST_SECONDS = 15 * 60.0


def read_wait(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Give the seconds to wait, from 0 to ``MOST_SECONDS``; None when nothing sensible is said.

    ``Retry-After`` (seconds or an HTTP date, RFC 9110) comes first, then ``X-RateLimit-Reset`` as
    Mastodon has it (ISO 8601), then ``RateLimit-Reset`` as the AT protocol's servers have it
    (seconds since 1970).
    """
    now = now or datetime.now(UTC)
    for seconds in (
        _read_retry_after(headers.get("Retry-After", ""), now=now),
        _read_iso_date(headers.get("X-RateLimit-Reset", ""), now=now),
        _read_timestamp(headers.get("RateLimit-Reset", ""), now=now),
    ):
        if seconds is not None:
            return min(max(seconds, 0.0), MOST_SECONDS)
    return None


def _read_retry_after(value: str, *, now: datetime) -> float | None:
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return (_with_zone(moment) - now).total_seconds()


def _read_iso_date(value: str, *, now: datetime) -> float | None:
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return (_with_zone(moment) - now).total_seconds()


def _read_timestamp(value: str, *, now: datetime) -> float | None:
    value = value.strip()
    if not (value.isascii() and value.isdigit() and len(value) <= 12):
        return None
    seconds = float(value) - now.timestamp()
    # Some count the seconds from now instead; a moment long gone is such a count.
    return float(value) if seconds < -MOST_SECONDS else seconds


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
