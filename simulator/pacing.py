"""Rate limits per account or token: fixed windows, as rack-attack and the PDS count them.

Limits per IP address are left out: everybody calls from the same one here.
"""

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """So many points per so many seconds."""

    points: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands: `resets_at` in seconds since 1970."""

    limit: Limit
    remaining: int
    resets_at: int
    exceeded: bool


class Windows:
    """The counts of every caller in its current window."""

    def __init__(self) -> None:
        self._counts: dict[tuple[object, Limit], tuple[int, int]] = {}

    def count(self, caller: object, *, limit: Limit, points: int = 1) -> Standing:
        """Count `points` for a caller and give where it now stands."""
        window = int(time.time()) // limit.seconds
        known, used = self._counts.get((caller, limit), (window, 0))
        used = (used if known == window else 0) + points
        self._counts[caller, limit] = (window, used)
        return Standing(
            limit=limit,
            remaining=max(limit.points - used, 0),
            resets_at=(window + 1) * limit.seconds,
            exceeded=used > limit.points,
        )

    def clear(self) -> None:
        """Forget every count."""
        self._counts.clear()
