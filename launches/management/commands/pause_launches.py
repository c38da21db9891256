"""``manage.py pause_launches``: nothing is posted any more, from any launch."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from launches import stopping
from launches.management.commands._confirming import confirm


class Command(BaseCommand):
    """Pauses every launch of this site, until ``resume_launches``."""

    help = (
        "Pause every launch of this site: nothing more is posted until 'manage.py "
        "resume_launches'. What is under way is recorded; each launch ends at its latest time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="What the organisers are told.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, **options: Any) -> None:
        standing = stopping.find_standstill()
        if standing is not None:
            self.stdout.write(
                f"All launches are paused already, since {standing.paused_at:%Y-%m-%d %H:%M} UTC: "
                f"{standing.reason}"
            )
            return
        number = stopping.count_stopped()
        confirm(f"Pause all launches? It stops {number} now.", yes=options["yes"])
        stopping.pause(reason=options["reason"])
        self.stdout.write(
            f"All launches are paused; {number} near or under way wait. "
            "Let them go on with 'manage.py resume_launches'."
        )
