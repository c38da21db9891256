"""``manage.py adopt``: this database is meant to be here."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from launches import installation


class Command(BaseCommand):
    """Takes a copied or restored database over, after saying what differs."""

    help = (
        "Take over a database that was copied, moved or restored. Run it on one installation "
        "only: the other one must be switched off for good, or both would post."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--yes", action="store_true", help="The other installation is switched off."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        differences = installation.list_differences()
        if not differences:
            self.stdout.write("This database is ours already; nothing to do.")
            return
        if "fingerprint_check" in differences:
            raise CommandError(
                "FINGERPRINT_KEY is not the one this database was made with. With another key an "
                "account could post a second time. Bring the old key back."
            )
        self.stdout.write(f"It differs in: {', '.join(differences)}.")
        if not options["yes"]:
            raise CommandError(
                "Make sure that the installation it comes from is switched off, then run "
                "'manage.py adopt --yes'."
            )
        marked = installation.adopt()
        self.stdout.write(
            f"Adopted. {marked} open launches look every post up before they send it."
        )
