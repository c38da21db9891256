"""What a message from beat does, and what it does when many come at once."""

import pytest
from celery.signals import worker_shutting_down

from launches import tasks

pytestmark = pytest.mark.django_db(transaction=True)


def test_ticks_that_piled_up_are_done_once(monkeypatch):
    done = []
    monkeypatch.setattr(tasks, "do_tick", lambda *_, **__: done.append(tasks.boot_seconds()))
    monkeypatch.setattr(tasks, "_ticked_at", float("-inf"))
    for _ in range(50):
        tasks.tick()
    assert len(done) == 1
    monkeypatch.setattr(tasks, "_ticked_at", done[0] - tasks.TICK_LEAST_SECONDS)
    tasks.tick()
    assert len(done) == 2


def test_messages_are_good_for_longer_than_a_clock_is_wrong_by(settings):
    """By the clocks of two machines: a worker an hour ahead would drop them all."""
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["options"]["expires"] >= 2 * 3600


def test_second_signal_does_not_wait_for_the_first_one_in_the_same_thread():
    lock = worker_shutting_down.lock
    with lock:
        assert lock.acquire(blocking=False)
        lock.release()
