"""Moments as the control API writes and reads them."""

import time
from datetime import UTC, datetime


def tell_time() -> float:
    """Give the seconds since 1970 in whole milliseconds, so that they survive being written."""
    return time.time_ns() // 1_000_000 / 1000


def format_time(at: float) -> str:
    """Write seconds since 1970 as ISO 8601 in UTC with milliseconds and a Z."""
    moment = datetime.fromtimestamp(at, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(text: str) -> float:
    """Read ISO 8601 (UTC when no zone is given) as seconds since 1970. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
