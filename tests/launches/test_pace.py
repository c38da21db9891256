"""The pace: never more than a host allows, shared where there is a cache."""

import socket
import time

import pytest

from launches import pace
from networks.base import Allowance


@pytest.fixture(autouse=True)
def fresh():
    """Windows without what other tests took."""
    for windows in (pace._shared, pace._alone):
        windows.cache_clear()
    yield
    for windows in (pace._shared, pace._alone):
        windows.cache_clear()


def test_no_more_is_granted_than_the_host_allows():
    rules = [Allowance(count=10, seconds=60)]
    granted = [pace.take("a.example", 4, rules) for _ in range(5)]
    assert sum(granted) <= 10
    assert granted[0] == 4


def test_the_narrowest_of_several_windows_decides():
    rules = [Allowance(count=100, seconds=60), Allowance(count=3, seconds=60)]
    assert pace.take("a.example", 50, rules) == 3


def test_hosts_do_not_share_a_window():
    rules = [Allowance(count=5, seconds=60)]
    assert pace.take("a.example", 5, rules) == 5
    assert pace.take("b.example", 5, rules) == 5


def test_without_the_cache_each_worker_keeps_to_its_share(settings):
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    rules = [Allowance(count=40, seconds=60)]
    assert sum(pace.take("a.example", 25, rules) for _ in range(4)) == 40 // pace.WORKERS_AT_MOST


def test_a_cache_that_takes_connections_and_never_answers_holds_nobody_up(settings, caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CACHE_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        rules = [Allowance(count=40, seconds=60)]
        begun = time.monotonic()
        assert pace.take("a.example", 5, rules) == 5
    assert time.monotonic() - begun < 5  # as long as its client waits by itself
    assert "falls back to this worker's share" in caplog.text
