"""The Celery application. A message only says "look": the database is the queue."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import setup_logging, task_postrun, task_prerun, worker_ready
from django.conf import settings
from kombu import connection as kombu
from kombu.transport import TRANSPORT_ALIASES
from structlog.contextvars import bind_contextvars, clear_contextvars

from crowdspeak.pulsing import Pulse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crowdspeak.settings")

TRANSPORT_ALIASES["filesystem"] = "crowdspeak.file_broker:Transport"

RETRY_SECONDS = 1


class Connection(kombu.Connection):
    """Tries to reach a broker that is away once a second, however long it has been away.

    Celery waits 2, 4, 6 … 30 seconds between two tries and has no setting for it: after a minute
    without a broker a launch would stand still for another quarter of one.
    """

    def ensure_connection(self, *args: Any, **kwargs: Any) -> kombu.Connection:
        """The connection, once it stands; ``kwargs`` as kombu's."""
        pace = {"interval_start": RETRY_SECONDS, "interval_step": 0, "interval_max": RETRY_SECONDS}
        connected: kombu.Connection = super().ensure_connection(  # type: ignore[no-untyped-call]
            *args, **pace | kwargs
        )
        return connected


class Messages(AMQP):  # type: ignore[misc]  # Celery has no types
    """Celery's way to the broker, with that connection."""

    Connection = Connection


app = Celery("crowdspeak", amqp=Messages)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["launches", "crowdspeak"])
app.steps["worker"].add(Pulse)


@setup_logging.connect
def keep_to_our_log(**_: Any) -> None:
    """Log as the web server does: Celery would set formats and levels of its own."""
    logging.config.dictConfig(settings.LOGGING)


@task_prerun.connect
def name_task(task: Any, task_id: str, **_: Any) -> None:
    """Have every line of a task say which it is."""
    clear_contextvars()
    bind_contextvars(task=task.name, task_id=task_id[:8])


@task_postrun.connect
def forget_task(**_: Any) -> None:
    """A thread goes on to other tasks."""
    clear_contextvars()


@worker_ready.connect
def settle(**_: Any) -> None:
    """Before the first task; not sooner, since the applications are loaded by then."""
    from crowdspeak import settling  # noqa: PLC0415

    settling.raise_file_limit()
    settling.spare_the_collector()
