"""Django's ``makemessages``, so that a catalogue changes only where a text does.

The same texts always give the same file: in the order of the sources, each with the files that it
comes from but no line numbers, no dates, nothing that is no longer used, and nothing guessed from a
text that resembles it.
"""

import re
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import makemessages

DATES = re.compile(r'^"(POT-Creation-Date|PO-Revision-Date): .*"\n', re.MULTILINE)


class Command(makemessages.Command):
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(add_location="file", no_obsolete=True)

    def write_po_file(self, potfile: str, locale: str) -> Any:
        """Write the locale's catalogue, then take out when it was written."""
        super().write_po_file(potfile, locale)
        for folder in self.locale_paths:
            path = Path(folder) / locale / "LC_MESSAGES" / f"{self.domain}.po"
            if path.exists():
                path.write_text(DATES.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
