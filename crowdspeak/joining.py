"""One style sheet out of several: a page waits for all of them before it shows anything.

The sources stay short files of one subject each; what pages link is all of them in their order.
Django's own ``collectstatic``, its development server and the tests find it like any other file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

JOINED = "css/site.css"
# Tokens first, since they set the layers (docs/speed.md)
SHEETS = (
    "tokens",
    "base",
    "components",
    "forms",
    "rings",
    "data",
    "pages",
    "home",
    "campaign",
    "steps",
    "launch",
)


def join_sheets() -> str:
    """All of them, one after the other."""
    folder = settings.BASE_DIR / "static" / "css"
    return "\n".join((folder / f"{name}.css").read_text() for name in SHEETS)


class JoinedSheetFinder(BaseFinder):
    """Finds ``css/site.css``, which it writes into ``VAR_DIR/joined`` when a source has changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=settings.VAR_DIR / "joined")

    def check(self, **kwargs: Any) -> list[Any]:
        """Nothing can be configured."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Where the sheet is, written anew if need be; an empty list for any other path."""
        if path != JOINED:
            return []
        found = str(self._write())
        return [found] if find_all or kwargs.get("all") else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        """What ``collectstatic`` takes."""
        self._write()
        yield JOINED, self.storage

    def _write(self) -> Path:
        place = Path(self.storage.path(JOINED))
        text = join_sheets()
        if place.exists() and place.read_text() == text:
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{uuid4().hex}.css")  # several processes may start at once
        fresh.write_text(text)
        fresh.replace(place)
        return place
