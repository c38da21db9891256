"""Is this database ours? A copy of it, or a restored backup, must not post by itself.

The database remembers the site's address, the instance id and a check of the fingerprint key; all
three are kept outside it as well, and so is the time of the last tick: a database that knows of an
earlier one only has gone back in time. When one differs, launches are held until ``manage.py
adopt``.
"""

import hashlib
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Subquery
from post_office.models import STATUS, Email

from campaigns.clock import database_now
from launches.models import Delivery, DeliveryState, Launch, LaunchState, Unlookable
from launches.operators import tell_held
from launches.pauses import Heartbeat, Installation
from networks import registry
from networks.errors import gettext_noop

TICK = "tick"
WENT_BACK = "last_tick"
WITHHELD = datetime(9000, 1, 1, tzinfo=UTC)  # when a mail is to leave that waits to be adopted

FOREIGN = gettext_noop(
    "This database was copied, moved or restored from a backup. "
    "Nothing is sent until its operator runs “manage.py adopt”."
)

logger = logging.getLogger(__name__)


def describe() -> dict[str, str]:
    """Who we are, by what is kept outside the database."""
    check = hashlib.sha256(b"check:" + settings.FINGERPRINT_KEY.encode()).hexdigest()
    return {
        "site_url": settings.SITE_URL,
        "instance_id": settings.INSTANCE_ID,
        "fingerprint_check": check,
    }


def list_differences() -> list[str]:
    """What differs, by name. A new database takes our marks and has none.

    Also when the database knows less than it did: of an earlier last tick than is noted outside.
    The note is read first. Read the other way round, another tick that comes between the two would
    look like a database from before it, and hold the launch.
    """
    noted_at = _read_note()
    ours = describe()
    beats = Heartbeat.objects.filter(name=TICK).values("beat_at")
    kept, made = Installation.objects.annotate(beat_at=Subquery(beats)).get_or_create(
        pk=1, defaults=ours
    )
    differing = [name for name, value in ours.items() if getattr(kept, name) != value]
    beat_at = beats.values_list("beat_at", flat=True).first() if made else kept.beat_at
    went_back = beat_at is not None and noted_at is not None and beat_at < noted_at
    return [*differing, WENT_BACK] if went_back else differing


def note_tick(beat_at: datetime) -> None:
    """Note outside of the database, once it is committed there, when the scheduler ticked.

    In one piece, so that who reads meanwhile finds the time before or this one. Several machines
    share the file, or each keeps its own.
    """
    path = Path(settings.LAST_TICK_FILE)
    part = path.with_suffix(f".{os.getpid()}")
    try:
        part.write_text(beat_at.isoformat())
        part.replace(path)
    except OSError:
        logger.exception("the last tick could not be noted in %s", path)


def _read_note() -> datetime | None:
    try:
        return datetime.fromisoformat(Path(settings.LAST_TICK_FILE).read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        logger.exception("the note of the last tick cannot be read: %s", settings.LAST_TICK_FILE)
        return None


def hold_if_foreign() -> bool:
    """Hold every firing launch when the database is not ours. Gives whether it is foreign.

    The operators get a mail for each.
    """
    if not list_differences():
        return False
    firing = Launch.objects.filter(state=LaunchState.FIRING)
    for launch_id in list(firing.values_list("pk", flat=True)):
        with transaction.atomic():
            held = firing.filter(pk=launch_id).update(
                state=LaunchState.HELD, held_at=database_now(), held_why=FOREIGN
            )
            if held:
                tell_held(launch_id)
    return True


def withhold_mails() -> int:
    """On a database that is not ours, keep back what stood in its outbox. Gives how many mails.

    It has left since, or leaves from where this is a copy of. What is written here goes out: to the
    operators, and to who signs in. That is what is younger than the last tick, since a copy notes
    none of its own.
    """
    beat = Heartbeat.objects.filter(name=TICK).first()
    if beat is None or not list_differences():
        return 0
    waiting = Email.objects.filter(
        status__in=[STATUS.queued, STATUS.requeued],
        created__lte=beat.beat_at,
    )
    return int(waiting.exclude(scheduled_time=WITHHELD).update(scheduled_time=WITHHELD))


def adopt() -> int:
    """Make the database ours. Every launch under way is looked up before it is sent.

    Launches held for being foreign go on, mails that were kept back leave, and what nobody could
    prove is looked up once more. Gives how many launches that concerns.
    """
    with transaction.atomic():
        now = database_now()
        Installation.objects.update_or_create(pk=1, defaults={**describe(), "adopted_at": now})
        Heartbeat.objects.filter(name=TICK, beat_at__lt=now).update(beat_at=now)
        open_ones = Launch.objects.exclude(
            state__in=[LaunchState.FINISHED, LaunchState.MISSED, LaunchState.CANCELLED]
        )
        marked = open_ones.update(look_first=True, unlookable=Unlookable.ASK)
        Delivery.objects.filter(launch__in=open_ones).forget_releases()
        marked += _look_again(now)
        Email.objects.filter(scheduled_time=WITHHELD).update(scheduled_time=None)
        Launch.objects.filter(state=LaunchState.HELD, held_why=FOREIGN).update(
            state=LaunchState.FIRING, held_at=None, held_why=""
        )
    return marked


def _look_again(now: datetime) -> int:
    """Have posts without proof looked up once more, before their owners are asked about them.

    A restored backup does not know that one was let go after it (``vouching``): its owner would be
    asked as if nothing had left. Until the latest time, when nothing could be sent any more; a
    launch that was finished is taken up for it. What cannot be looked up stays with its owner.
    Gives how many launches were taken up.
    """
    networks = registry.automatic_networks()
    unproved = Delivery.objects.filter(
        network__in=[name for name, each in networks.items() if each.can_look_up],
        state=DeliveryState.UNCONFIRMED,
        owner_said_at=None,
        pledge__isnull=False,
        launch__state__in=[LaunchState.FIRING, LaunchState.HELD, LaunchState.FINISHED],
        launch__latest_at__gt=now,
    )
    ended = Launch.objects.filter(state=LaunchState.FINISHED, pk__in=unproved.values("launch"))
    taken_up = ended.update(
        state=LaunchState.FIRING, finished_at=None, look_first=True, unlookable=Unlookable.ASK
    )
    # Also what was never uncertain here: sent again only where its absence is proved.
    unproved.update(state=DeliveryState.UNKNOWN, is_uncertain=True, due_at=None, lease_until=None)
    return taken_up
