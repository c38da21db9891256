"""What a worker does before its first task."""

import subprocess
import sys

import pytest

SETTLED = """
import gc, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
import django
django.setup()
from celery.signals import worker_ready
import crowdspeak.celery
{ready}
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], gc.get_freeze_count(), gc.get_threshold()[0])
"""


def read_process(*, ready):
    """Files that a process may open, what its collector leaves alone, when it next collects."""
    script = SETTLED.format(ready="worker_ready.send(None)" if ready else "")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return [int(number) for number in done.stdout.split()]


@pytest.fixture(scope="module")
def settled():
    return read_process(ready=True)


def test_a_worker_may_open_more_connections_than_a_process_usually_may(settled):
    assert settled[0] > 256


def test_a_workers_collector_leaves_alone_what_stays(settled):
    assert settled[1] > 10_000
    assert settled[2] > 700


def test_other_processes_are_left_as_they_are():
    assert read_process(ready=False) == [256, 0, 700]
