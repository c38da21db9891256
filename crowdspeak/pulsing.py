"""A file that is touched for as long as a process gets on with its work: for health checks.

Workers and the scheduler have no port that could be asked. A worker touches the file from the loop
in which it takes messages, the scheduler whenever a message has left for the broker: both stop
where the broker is away, and where the process hangs.
"""

from pathlib import Path
from typing import Any

from celery.bootsteps import StartStopStep
from celery.signals import after_task_publish, beat_init
from django.conf import settings

PULSE_SECONDS = 5.0


def beat(**_: Any) -> None:
    """Touch the file, if there is to be one."""
    if settings.PULSE_PATH:
        Path(settings.PULSE_PATH).touch()


class Pulse(StartStopStep):  # type: ignore[misc]  # Celery has no types
    """A part of a worker, which Celery starts and stops along with it."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.timer: Any = None

    def start(self, worker: Any) -> None:
        """Begin to beat."""
        beat()
        self.timer = worker.timer.call_repeatedly(PULSE_SECONDS, beat)

    def stop(self, worker: Any) -> None:
        """Stop."""
        if self.timer is not None:
            self.timer.cancel()


@beat_init.connect
def beat_along(**_: Any) -> None:
    """Of the scheduler: whenever it has sent a message."""
    after_task_publish.connect(beat, weak=False)
