"""How much may leave for each host: every worker asks here before it claims.

Windows are shared through the cache's server where there is one; alone, they are in memory.
"""

import logging
from collections.abc import Sequence
from functools import lru_cache

from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from networks.base import Allowance

WORKERS_AT_MOST = 4  # processes that share a host's allowance while the cache is away
WAIT_SECONDS = 0.5  # for the cache, which each claim asks: one that hangs must not hold up a launch

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _shared() -> SlidingWindowCounterRateLimiter:
    """Windows that all workers share, where there is a cache."""
    return SlidingWindowCounterRateLimiter(
        storage_from_string(
            settings.CACHE_URL, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS
        )
        if settings.CACHE_URL
        else storage_from_string("memory://")
    )


@lru_cache(maxsize=1)
def _alone() -> SlidingWindowCounterRateLimiter:
    """This worker's own windows."""
    return SlidingWindowCounterRateLimiter(storage_from_string("memory://"))


def look(host: str, allowances: Sequence[Allowance]) -> int:
    """How many requests the host could be sent now; takes none. Opens the windows' server."""
    windows = [RateLimitItemPerSecond(rule.count, rule.seconds) for rule in allowances]
    try:
        return min(_shared().get_window_stats(window, host).remaining for window in windows)
    except _shared().storage.base_exceptions:
        return 0


def take(host: str, wanted: int, allowances: Sequence[Allowance]) -> int:
    """Reserve up to ``wanted`` requests to the host now; give how many were granted.

    A grant that fails halfway through several windows is not given back: the pace then errs on the
    slow side, never on the fast.
    """
    windows = [RateLimitItemPerSecond(rule.count, rule.seconds) for rule in allowances]
    try:
        return _take(_shared(), host, wanted, windows)
    except _shared().storage.base_exceptions:
        # Without the shared windows each worker keeps to a share of its own, so that all of them
        # together stay within what the host allows.
        logger.warning("the cache is away: the pace falls back to this worker's share")
    shares = [
        RateLimitItemPerSecond(max(1, rule.count // WORKERS_AT_MOST), rule.seconds)
        for rule in allowances
    ]
    return _take(_alone(), host, wanted, shares)


def _take(
    limiter: SlidingWindowCounterRateLimiter,
    host: str,
    wanted: int,
    windows: Sequence[RateLimitItemPerSecond],
) -> int:
    granted = wanted
    for window in windows:
        granted = min(granted, limiter.get_window_stats(window, host).remaining)
    while granted > 0:
        if all(limiter.hit(window, host, cost=granted) for window in windows):
            return granted
        granted //= 2
    return 0
