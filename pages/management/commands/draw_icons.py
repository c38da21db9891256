"""``manage.py draw_icons``: the site's icons, anew from its drawing."""

from typing import Any

from django.core.management.base import BaseCommand

from pages.iconing import FOLDER, paint_files


class Command(BaseCommand):
    """For whoever changes ``static/img/favicon.svg``."""

    help = "Writes every icon of static/img anew from favicon.svg."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files, and say which."""
        for name, content in paint_files().items():
            (FOLDER / name).write_bytes(content)
            self.stdout.write(f"{len(content):>7,}  {name}")
