"""Time that has passed: rows are moved back, nobody waits."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches.models import Delivery, Launch
from launches.pauses import Heartbeat, HostPause, NetworkPause
from launches.readings import Reading
from launches.recalls import Deletion, Recall
from supporters.models import KnownServer, LinkedAccount, Pledge

MOMENTS = {
    Campaign: ("launch_at", "latest_at"),
    Pledge: ("agreed_launch_at", "agreed_latest_at"),
    LinkedAccount: (
        *("linked_at", "checked_at", "refused_at", "busy_until", "ends_at", "asked_at"),
        *("expires_at", "refreshing_until"),
    ),
    KnownServer: ("checked_at", "rests_until"),
    Heartbeat: ("beat_at",),
    NetworkPause: ("until", "paused_at"),
    HostPause: ("since", "until"),
    Launch: ("launch_at", "latest_at"),
    Delivery: ("answered_at", "lease_until", "due_at"),
    Reading: ("lease_until", "read_at"),
    Recall: ("asked_at", "finished_at"),
    Deletion: ("lease_until", "due_at", "noted_at", "ended_at", "told_at"),
}


def let_pass(**delta):
    """So much time passes: every moment is so much earlier."""
    for model, names in MOMENTS.items():
        for row in model.objects.all():
            for name in names:
                at = getattr(row, name)
                if at is not None:
                    setattr(row, name, at - timedelta(**delta))
            row.save(update_fields=names)
    note = Path(settings.LAST_TICK_FILE)
    if note.exists():
        noted_at = datetime.fromisoformat(note.read_text()) - timedelta(**delta)
        note.write_text(noted_at.isoformat())


def come_near(campaign, **left):
    """Time passes until so much is left before the campaign's launch."""
    campaign.refresh_from_db()
    passed = campaign.launch_at - database_now() - timedelta(**left)
    let_pass(seconds=passed.total_seconds())
    campaign.refresh_from_db()
