"""Counting clicks: in this process first, and every second in the database.

A reader never waits for the count: the redirect reads and does not write, whatever becomes of the
database meanwhile, and a launch's ledger shares it with one short write a second instead of one
for each click. A process that is killed loses the second that it had not written, so a count is a
number of clicks *at least*.
"""

import logging
import threading
from collections import Counter
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from campaigns.models import ClickCount

logger = logging.getLogger(__name__)

Bucket = tuple[int, datetime]  # a link's key, and the beginning of the hour


class Tally:
    """The clicks that are not written yet, by link and hour. One for each process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clicks: Counter[Bucket] = Counter()
        self._timer: threading.Timer | None = None
        self._is_failing = False

    def add(self, link_id: int, *, at: datetime | None = None) -> None:
        """Count one click, which is written within a second or so. Never raises, never waits."""
        hour = (at or timezone.now()).replace(minute=0, second=0, microsecond=0)
        with self._lock:
            self._clicks[link_id, hour] += 1
            self._wind()

    def flush(self) -> None:
        """Write what was counted. What cannot be written now is kept for the next time."""
        with self._lock:
            clicks, self._clicks = self._clicks, Counter()
            self._stop()
        try:
            add_clicks(clicks)
            self._is_failing = False
        except (OperationalError, InterfaceError) as error:
            if not self._is_failing:  # said once, not every second
                logger.warning("Clicks wait for the database: %s", error)
            self._is_failing = True
            with self._lock:
                self._clicks.update(clicks)
                self._wind(daemon=True)
        except DatabaseError:
            logger.exception("%d clicks were not counted", clicks.total())

    def forget(self) -> None:
        """Drop what is not written."""
        with self._lock:
            self._clicks.clear()
            self._stop()

    def _wind(self, *, daemon: bool = False) -> None:
        """See to it that what is there will be written. The lock is held.

        A server that stops waits for a thread that is no daemon: for the first try, and no longer.
        """
        if self._timer is None:
            self._timer = threading.Timer(settings.CLICK_FLUSH_SECONDS, self._flush_apart)
            self._timer.daemon = daemon
            self._timer.start()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _flush_apart(self) -> None:
        """Flush in a thread that has its own connection, and ends with it."""
        try:
            self.flush()
        finally:
            connection.close()


tally = Tally()


def add_clicks(clicks: Counter[Bucket]) -> None:
    """Add to the counts in the database, in one transaction; however many processes do so.

    Raises DatabaseError; nothing is added then.
    """
    if not clicks:
        return
    table = ClickCount._meta.db_table  # noqa: SLF001
    # Every process takes the rows in the same order, so that none waits for another in a ring.
    write_hour = connection.ops.adapt_datetimefield_value
    rows = [
        [link_id, write_hour(hour), number] for (link_id, hour), number in sorted(clicks.items())
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} (link_id, hour, clicks) VALUES (%s, %s, %s) "  # noqa: S608
            f"ON CONFLICT (link_id, hour) DO UPDATE SET clicks = {table}.clicks + excluded.clicks",
            rows,
        )
