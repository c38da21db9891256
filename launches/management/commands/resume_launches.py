"""``manage.py resume_launches``: launches go on, each until its latest time."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from launches import stopping
from launches.management.commands._confirming import confirm


class Command(BaseCommand):
    """Ends the pause of all launches."""

    help = "Let launches go on that 'manage.py pause_launches' paused, each until its latest time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not stopping.is_paused():
            self.stdout.write("Nothing is paused; nothing to do.")
            return
        number = stopping.count_stopped()
        confirm(f"Let all launches go on? {number} wait.", yes=options["yes"])
        stopping.resume()
        self.stdout.write(
            f"Launches go on; {number} were near or under way. One that was held by itself, or by "
            "its organiser, stays held."
        )
