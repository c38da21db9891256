"""How many people did something, in the words of a server that is not to be believed blindly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# More is no number of people, and no database column.
MOST = 2**31 - 1


def read_tally(content: Mapping[str, Any], name: str) -> int | None:
    """Give a member of a stranger's JSON object if it is a number of people; None: unknown."""
    value = content.get(name)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and isinstance(value, int) and 0 <= value <= MOST else None
