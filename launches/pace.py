"""How much may leave for each host: every worker asks here before it claims.

Windows are shared through the cache's server where there is one; alone, they are in memory.
"""

from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from networks.base import Allowance


@lru_cache(maxsize=1)
def _limiter() -> SlidingWindowCounterRateLimiter:
    return SlidingWindowCounterRateLimiter(storage_from_string(settings.CACHE_URL or "memory://"))


def take(host: str, wanted: int, allowances: Iterable[Allowance]) -> int:
    """Reserve up to ``wanted`` requests to the host now; give how many were granted.

    A grant that fails halfway through several windows is not given back: the pace then errs on the
    slow side, never on the fast.
    """
    limiter = _limiter()
    windows = [RateLimitItemPerSecond(rule.count, rule.seconds) for rule in allowances]
    granted = wanted
    for window in windows:
        granted = min(granted, limiter.get_window_stats(window, host).remaining)
    while granted > 0:
        if all(limiter.hit(window, host, cost=granted) for window in windows):
            return granted
        granted //= 2
    return 0
