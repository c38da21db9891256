"""Two real connections to PostgreSQL that meet at a row, in the order that a test decides."""

import threading
from contextlib import contextmanager

from django.db import connection, transaction

from tests.processes import wait_until

WAIT_SECONDS = 10


class Actor(threading.Thread):
    """Does one thing on a connection of its own; ``outcome`` is what it gave or raised."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act = act
        self.outcome = None
        self.start()

    def run(self):
        try:
            self.outcome = self.act()
        except Exception as error:  # noqa: BLE001  (it is the outcome)
            self.outcome = error
        finally:
            connection.close()

    def finish(self):
        """Wait for it, and give its outcome."""
        self.join(WAIT_SECONDS)
        assert not self.is_alive(), "it never came back: a deadlock?"
        return self.outcome


@contextmanager
def hold_open(act):
    """Do something in a transaction that stays open meanwhile and is committed at the end."""
    acted, release = threading.Event(), threading.Event()

    def run():
        with transaction.atomic():
            outcome = act()
            acted.set()
            assert release.wait(WAIT_SECONDS)
        return outcome

    actor = Actor(run)
    assert acted.wait(WAIT_SECONDS), actor.outcome
    try:
        yield actor
    finally:
        release.set()
        actor.finish()


def wait_for_waiting():
    """Until some other connection waits for a row."""

    def is_waiting():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return cursor.fetchone()[0] > 0

    wait_until(is_waiting, what="a connection that waits", seconds=WAIT_SECONDS, every=0.02)


def meet(first, second):
    """The second one comes while the first one's transaction is open; gives both outcomes."""
    with hold_open(first) as one:
        two = Actor(second)
        wait_for_waiting()
    return one.finish(), two.finish()


def together(*acts):
    """All at once, as nearly as threads can; gives the outcomes."""
    barrier = threading.Barrier(len(acts))

    def begin(act):
        def run():
            barrier.wait(WAIT_SECONDS)
            return act()

        return run

    return [actor.finish() for actor in [Actor(begin(act)) for act in acts]]
