"""What is tidied up every minute, by whichever worker is free; each part may be lost or doubled."""

import logging
from collections.abc import Callable

from celery import shared_task
from structlog.contextvars import bound_contextvars

from crowdspeak.privacy import erase_begun
from crowdspeak.purging import purge_old
from launches import installation
from launches.rehearsing import forget_old
from supporters.revoking import revoke_due
from supporters.servers import forget_servers

logger = logging.getLogger(__name__)

PARTS: tuple[Callable[[], object], ...] = (
    revoke_due,
    erase_begun,
    forget_servers,
    purge_old,
    forget_old,
)


@shared_task(name="crowdspeak.tasks.tidy")
def tidy() -> None:
    """Do what promises to people are still to be kept; on a copy of the database, nothing."""
    if installation.list_differences():
        return
    for part in PARTS:
        with bound_contextvars(step=part.__name__):
            try:
                part()
            except Exception:
                logger.exception("a part of tidying up failed: %s", part.__name__)
