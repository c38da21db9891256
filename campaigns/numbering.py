"""Whole numbers as a reader's language writes them: 1,284 or « 1 284 »."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.formats import number_format

_PLACE = re.compile(r"%\((\w+)\)d")


def group_digits(number: int) -> str:
    """Write a whole number with the thousands separated as the reader's language does."""
    return number_format(number, force_grouping=True)


def fill_in(sentence: str, facts: Mapping[str, object]) -> str:
    """Fill a translated sentence's places (``%(name)s`` or ``%(name)d``), numbers grouped."""
    told = {
        name: group_digits(fact) if isinstance(fact, int) else fact for name, fact in facts.items()
    }
    return _PLACE.sub(r"%(\1)s", sentence) % told
