"""Whether an address is one under which a network shows a post. Nothing is asked there.

The forms were seen on the networks' pages; only some of them are documented. What is accepted is
its owner's word and no proof, so a form that is missing here costs nobody anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

_OTHER_NAMES = re.compile(r"^(?:www|m|mobile|web)\.")  # of the same pages


def is_post_at(url: str, *, origins: Collection[str], path: re.Pattern[str]) -> bool:
    """Whether the address is at one of these origins ("https://x.com"), with such a path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = {_name_origin(origin) for origin in origins}
    return _name_origin(url) in hosts and path.fullmatch(parts.path.rstrip("/")) is not None


def _name_origin(url: str) -> tuple[str, str]:
    """Scheme and host with its port; whoever is named before an @ makes it another host."""
    parts = urlsplit(url)
    return parts.scheme, _OTHER_NAMES.sub("", parts.netloc.lower())
