"""Is this database ours? A copy of it, or a restored backup, must not post by itself.

The database remembers the site's address, the instance id and a check of the fingerprint key; all
three are kept outside it as well. When one differs, launches are held until ``manage.py adopt``.
"""

import hashlib

from django.conf import settings
from django.db import transaction

from campaigns.clock import database_now
from launches.models import Installation, Launch, LaunchState
from networks.errors import gettext_noop

FOREIGN = gettext_noop(
    "This database belongs to another installation (a copy, or a moved site). "
    "Nothing is sent until its operator runs “manage.py adopt”."
)


def describe() -> dict[str, str]:
    """Who we are, by what is kept outside the database."""
    check = hashlib.sha256(b"check:" + settings.FINGERPRINT_KEY.encode()).hexdigest()
    return {
        "site_url": settings.SITE_URL,
        "instance_id": settings.INSTANCE_ID,
        "fingerprint_check": check,
    }


def list_differences() -> list[str]:
    """What differs, by name. A new database takes our marks and has none."""
    ours = describe()
    kept, _ = Installation.objects.get_or_create(pk=1, defaults=ours)
    return [name for name, value in ours.items() if getattr(kept, name) != value]


def hold_if_foreign() -> bool:
    """Hold every firing launch when the database is not ours. Gives whether it is foreign."""
    if not list_differences():
        return False
    Launch.objects.filter(state=LaunchState.FIRING).update(
        state=LaunchState.HELD, held_at=database_now(), held_why=FOREIGN
    )
    return True


def adopt() -> int:
    """Make the database ours. Every launch under way is looked up before it is sent.

    Launches held for being foreign go on. Gives how many launches that concerns.
    """
    with transaction.atomic():
        Installation.objects.update_or_create(
            pk=1, defaults={**describe(), "adopted_at": database_now()}
        )
        open_ones = Launch.objects.exclude(
            state__in=[LaunchState.FINISHED, LaunchState.MISSED, LaunchState.CANCELLED]
        )
        marked = open_ones.update(look_first=True)
        Launch.objects.filter(state=LaunchState.HELD, held_why=FOREIGN).update(
            state=LaunchState.FIRING, held_at=None, held_why=""
        )
    return marked
