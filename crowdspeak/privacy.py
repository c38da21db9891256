"""What people can have done with all that is kept of them: each stage is asked in its turn."""

from __future__ import annotations

from typing import Any

from django.conf import settings

import accounts.privacy
import campaigns.privacy
import launches.privacy
import supporters.privacy
from accounts.models import User
from campaigns.clock import database_now


def export(person: User) -> dict[str, Any]:
    """Everything that is kept of a person, by readable keys; nobody else's, and no key of theirs.

    Times are datetimes in UTC, unless their name says otherwise.
    """
    addresses = accounts.privacy.list_addresses(person)
    return {
        "from": settings.SITE_URL,
        "written_at": database_now(),
        **accounts.privacy.export(person),
        **supporters.privacy.export(person, addresses=addresses),
        **launches.privacy.export(person),
        **campaigns.privacy.export(person, addresses=addresses),
    }
