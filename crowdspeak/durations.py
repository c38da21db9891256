"""Durations as the environment gives them: ``1h,24h,7d``."""

import re
from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
MOST = timedelta(days=366)


def read_durations(text: str, *, name: str) -> tuple[timedelta, ...]:
    """Durations that grow, each a whole number of s, m, h or d; empty for none.

    ``name`` is the setting's. Raises ImproperlyConfigured with what to correct.
    """
    durations: list[timedelta] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"([0-9]{1,8})([smhd])", part)
        duration = timedelta(**{UNITS[match[2]]: int(match[1])}) if match else timedelta()
        if not max(durations, default=timedelta()) < duration <= MOST:
            raise ImproperlyConfigured(
                f"{name} is {text!r}: give durations up to a year, the shortest first, like "
                "1h,24h,7d."
            )
        durations.append(duration)
    return tuple(durations)
