"""How often strangers may make us ask a network, or write a mail, counted by their address.

A request for a network's consent page goes to a server that a stranger named, holds one of our
threads meanwhile, and may register us there; a mail goes to whom a stranger named. Windows are
shared through the cache's server where there is one; alone, each web process has its own.
"""

import logging
import math
import time
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core.signals import setting_changed
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

# Wide, because a hall full of supporters, or a phone company's customers, share one address.
WINDOW: RateLimitItem = RateLimitItemPerMinute(120, 10)
IPV6_PREFIX = 64  # what one household or phone is given

_SETTINGS = ("CACHE_URL", "NETWORKS")

logger = logging.getLogger(__name__)


def take_turn(address: str, *, purpose: str = "link") -> int:
    """Count one more request from a visitor's IP address; give the seconds to wait first, or 0.

    ``address`` is as ``crowdspeak.proxies`` leaves it; each purpose is counted for itself.
    """
    visitor = _mask(address)
    try:
        return _count(_shared(), visitor, purpose=purpose)
    except _shared().storage.base_exceptions:
        logger.warning("the cache is away: strangers are counted by this process alone")
    return _count(_alone(), visitor, purpose=purpose)


def _count(limiter: FixedWindowRateLimiter, visitor: str, *, purpose: str) -> int:
    if limiter.hit(WINDOW, purpose, visitor):
        return 0
    stats = limiter.get_window_stats(WINDOW, purpose, visitor)
    return max(1, math.ceil(stats.reset_time - time.time()))


def _mask(address: str) -> str:
    """Who counts as one visitor: an IPv4 address, or the network of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, IPV6_PREFIX), strict=False))
    return address


@lru_cache(maxsize=1)
def _shared() -> FixedWindowRateLimiter:
    """Windows that all web processes share, where there is a cache."""
    return FixedWindowRateLimiter(storage_from_string(settings.CACHE_URL or "memory://"))


@lru_cache(maxsize=1)
def _alone() -> FixedWindowRateLimiter:
    """This process's own windows."""
    return FixedWindowRateLimiter(storage_from_string("memory://"))


def _forget(*, setting: str, **_: object) -> None:
    """Count anew once a test has changed where it counts, or which networks are asked."""
    if setting in _SETTINGS:
        _shared.cache_clear()
        _alone.cache_clear()


setting_changed.connect(_forget)
