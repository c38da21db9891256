"""Where a text that is too long for a network stops fitting, for previews. Nothing is ever cut."""

from __future__ import annotations

from collections.abc import Callable

import regex

from networks.base import Length

# \X goes back to the first of a row of flags at every one of them: those with more behind are taken
# by themselves.
_CHARACTER = regex.compile(r"\p{RI}{2}(?=\p{RI})|\X")
_FIRST_LOOK = 512  # characters; a text may be a thousand times too long


def split_fitting(text: str, *, measure: Callable[[str], Length | None]) -> tuple[str, str]:
    """Give the beginning that fits, and the rest, parted between two characters as readers see
    them.

    ``measure`` is the network's count (None: it tells no limit). With one character more the
    beginning does not fit. A longer one may again, where a link that is whole counts for less.
    """
    length = measure(text)
    if length is None or not length.over:
        return text, ""
    ends = [0, *(match.end() for match in _CHARACTER.finditer(text))]
    fits, over = 0, len(ends) - 1
    step = _FIRST_LOOK
    while over - fits > 1:
        middle = min(fits + step, (fits + over) // 2)
        part = measure(text[: ends[middle]])
        if part is None or not part.over:
            fits, step = middle, 2 * step
        else:
            over = middle
    return text[: ends[fits]], text[ends[fits] :]
