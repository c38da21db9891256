"""Erase somebody who wrote to the operator, by the same code as their own page does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

from crowdspeak import privacy
from supporters.views_unlinking import describe_revocation


class Command(BaseCommand):
    """Shows what there is, asks, and erases; also what waits for an address alone."""

    help = "Erase everything that is kept of the person with this e-mail address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address that they have confirmed here")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip()
        people = privacy.find_people(email)
        with override("en"):
            for person in people:
                found = privacy.foresee(person)
                self.stdout.write(
                    f"Person {person.pk}: {found.accounts} linked accounts, {found.pledges} "
                    f"pledges to come, {found.posts} posts, {found.drafts} unpublished campaigns "
                    f"(all erased), {found.campaigns} published ones (kept without the name)."
                )
            if not people:
                self.stdout.write("Nobody here has confirmed that address.")
            if not options["yes"] and input("Type the address to erase it: ").strip() != email:
                raise CommandError("Nothing was erased.")
            self._erase(people, email=email)

    def _erase(self, people: list[Any], *, email: str) -> None:
        for person in people:
            try:
                left = privacy.erase(person)
            except privacy.ErasureRefused as refused:
                raise CommandError(str(refused)) from None
            for each in left:
                self.stdout.write(describe_revocation(each.account, told=each.revocation))
        privacy.erase_address(email)
        self.stdout.write("Erased.")
