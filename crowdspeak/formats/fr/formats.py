r"""How dates and numbers are written in French: « 3 décembre 2026 à 18 h 30 », « 1 284 ».

A format that a template writes out, such as ``date:"H:i"``, is looked up in here by itself, as a
sentence is looked up in the catalogue by its English: Django asks for whatever a format is called.
So templates are written for English alone. ``tests/crowdspeak/test_formats.py`` finds a format
that a template uses and that is missing here.
"""

_CLOCK = "G\u00a0\\h\u00a0i"
_SECONDS = f"{_CLOCK}\u00a0\\m\\i\\n\u00a0s\u00a0\\s"

DATE_FORMAT = "j F Y"
TIME_FORMAT = _CLOCK
DATETIME_FORMAT = f"j F Y \\à {_CLOCK}"
MONTH_DAY_FORMAT = "j F"
SHORT_DATE_FORMAT = "j N Y"
SHORT_DATETIME_FORMAT = f"j N Y, {_CLOCK}"
FIRST_DAY_OF_WEEK = 1
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "\u202f"
NUMBER_GROUPING = 3

WRITTEN_OUT = {
    "l": "l",
    "j F": "j F",
    "j F Y": "j F Y",
    "j M": "j N",
    "j M Y": "j N Y",
    "H:i": _CLOCK,
    "H:i T": f"{_CLOCK} (T)",
    "H:i:s": _SECONDS,
    "H:i:s T": f"{_SECONDS} (T)",
    "l, H:i": f"l, {_CLOCK}",
    "j M, H:i": f"j N, {_CLOCK}",
    "j F, H:i": f"j F, {_CLOCK}",
    "j F Y, H:i": f"j F Y \\à {_CLOCK}",
    "j F Y, H:i:s": f"j F Y \\à {_SECONDS}",
    "j F Y, H:i:s T": f"j F Y \\à {_SECONDS} (T)",
}
globals().update(WRITTEN_OUT)
