"""The database's clock, read once in a while and carried on by this machine's own counter."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from campaigns.clock import database_now

# Counts a machine's sleep too, so that a lease never seems longer than it is.
BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boot_seconds() -> float:
    """Seconds since the machine was started, asleep or awake."""
    return time.clock_gettime(BOOT_CLOCK)


@dataclass(frozen=True)
class Moment:
    """What the database's clock said (UTC seconds) at one reading of the machine's counter."""

    database_seconds: float
    machine_seconds: float

    def now_seconds(self) -> float:
        """The database's time now, in UTC seconds."""
        return self.database_seconds + boot_seconds() - self.machine_seconds

    def now(self) -> datetime:
        """The database's time now."""
        return datetime.fromtimestamp(self.now_seconds(), UTC)

    def seconds_until(self, moment: datetime) -> float:
        """How long until then; negative when it has passed."""
        return moment.timestamp() - self.now_seconds()


def read_moment() -> Moment:
    """Ask the database for the time. The later reading of the counter errs towards late."""
    now = database_now()
    return Moment(now.timestamp(), boot_seconds())
