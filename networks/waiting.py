"""How long a server asks us to wait, from the headers of its refusals and of its other answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# What is asked for beyond this is taken for a mistake, or for a way to keep us away for good.
MOST_SECONDS = 15 * 60.0
APP_REST_SECONDS = 60.0
YEAR_SECONDS = 366 * 24 * 3600.0

_APP_SHARES = ("call_count", "total_time", "total_cputime")


def read_wait(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Give the seconds to wait, from 0 to ``MOST_SECONDS``; None when nothing sensible is said.

    ``Retry-After`` (seconds or an HTTP date, RFC 9110) comes first, then ``X-RateLimit-Reset`` as
    Mastodon (ISO 8601) and GoToSocial have it (seconds since 1970), then ``RateLimit-Reset`` as the
    AT protocol's servers have it (seconds since 1970).
    """
    now = now or datetime.now(UTC)
    for seconds in (
        _read_retry_after(headers.get("Retry-After", ""), now=now),
        _read_reset(headers.get("X-RateLimit-Reset", ""), now=now),
        _read_reset(headers.get("RateLimit-Reset", ""), now=now),
    ):
        if seconds is not None:
            return min(max(seconds, 0.0), MOST_SECONDS)
    return None


def read_spent(
    headers: Mapping[str, str], *, remaining: str, reset: str, now: datetime | None = None
) -> float | None:
    """Give the seconds until a limit is lifted of which nothing remains, up to ``MOST_SECONDS``.

    ``remaining`` and ``reset`` are the names of its headers. None when something remains, when it
    is lifted already, and when nothing sensible is said: nobody waits for nonsense.
    """
    left = headers.get(remaining, "").strip()
    if not (left.isascii() and left.isdigit() and not left.strip("0")):
        return None
    seconds = _read_reset(headers.get(reset, ""), now=now or datetime.now(UTC))
    return min(seconds, MOST_SECONDS) if seconds is not None and seconds > 0 else None


def read_app_usage(headers: Mapping[str, str]) -> float | None:
    """Give the seconds to leave the Graph API alone, when our app has used up what it may.

    By ``X-App-Usage``, shares in per cent of calls and time in an hour that rolls on
    (https://developers.facebook.com/docs/graph-api/overview/rate-limiting). It does not tell when
    there will be more, so it is looked again soon.
    """
    try:
        usage = json.loads(headers.get("X-App-Usage", ""))
        shares = [usage[name] for name in _APP_SHARES if name in usage]
    except (ValueError, TypeError, RecursionError):
        return None
    is_spent = any(isinstance(share, int | float) and share >= 100 for share in shares)
    return APP_REST_SECONDS if is_spent else None


def _read_reset(value: str, *, now: datetime) -> float | None:
    """Read the moment at which a limit is lifted, in either form, as seconds from now."""
    seconds = _read_timestamp(value, now=now)
    return _read_iso_date(value, now=now) if seconds is None else seconds


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
    # Some count the seconds from now instead, which are fewer than since 1970 by far.
    number = float(value)
    return number if number < YEAR_SECONDS else number - now.timestamp()


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
