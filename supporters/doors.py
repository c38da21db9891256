"""By which door somebody came: a short word in the link that they followed (``?from=poster``).

It goes along from page to page in addresses and forms, and through a network's own page in the
session that is there for that anyway: no cookie is set for it, and who only reads is not noted.
Anybody can write such a link, so a door is what its link says, and no proof of anything.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlencode

from django.http import HttpRequest

NAME = "from"
MOST_LETTERS = 32
MOST_READ = 200  # of what somebody sends
_OTHERS = re.compile(r"[^a-z0-9]+")


def read_door(text: str) -> str:
    """A door as it is kept: up to 32 of a–z, 0–9 and single hyphens within; may be empty."""
    plain = unicodedata.normalize("NFKD", text[:MOST_READ]).encode("ascii", "ignore").decode()
    return _OTHERS.sub("-", plain.lower()).strip("-")[:MOST_LETTERS].rstrip("-")


def find_door(request: HttpRequest) -> str:
    """The door of this request, from its form or its address; empty for none."""
    return read_door(request.POST.get(NAME) or request.GET.get(NAME) or "")


def add_door(address: str, door: str) -> str:
    """An address of ours (without ``#``) that takes the door along."""
    if not door:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode({NAME: door})}"
