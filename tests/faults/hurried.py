"""Settings of the processes that a test breaks: the product's own, in a hurry.

A deadline of two seconds in the place of ten, so that a lost worker's posts are looked up within
seconds. DIE_AT makes the process end itself with SIGKILL at one exact line (``dying``).
SEND_MESSAGES_TIMES has each Celery message arrive so often, out of order (``messages``).
SQLITE_TIMEOUT_SECONDS is how long a locked SQLite is waited for. CLOCK_SHIFT_SECONDS shifts its
machine's clock, which is not PostgreSQL's.
"""

import os
from datetime import UTC, datetime, timedelta

from crowdspeak.settings import *  # noqa: F403
from crowdspeak.settings import DATABASES, INSTALLED_APPS, SILENCED_SYSTEM_CHECKS
from tests.faults.messages import send_many_times

DEADLINE_SECONDS = 2.0
SILENCED_SYSTEM_CHECKS = [*SILENCED_SYSTEM_CHECKS, "crowdspeak.E004"]  # the lease, for ten seconds
INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.dying.Dying"]

_shift_seconds = float(os.environ.get("CLOCK_SHIFT_SECONDS", "0"))
if _shift_seconds:
    import time_machine

    time_machine.travel(datetime.now(UTC) + timedelta(seconds=_shift_seconds), tick=True).start()

_times = int(os.environ.get("SEND_MESSAGES_TIMES", "1"))
if _times > 1:
    send_many_times(_times)

if _timeout := os.environ.get("SQLITE_TIMEOUT_SECONDS"):
    DATABASES["default"]["OPTIONS"]["timeout"] = float(_timeout)
