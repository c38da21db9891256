"""Campaigns to start from: good ones, with gaps where only the organiser knows what belongs there.

Their words are content, not the site's own: they stand in ``examples.toml`` in the languages that
the site speaks. A gap is ``[[what belongs there]]``; ``checking`` lets no campaign go to review
with one left.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("examples.toml")
EXAMPLE_LANGUAGES = ("en", "fr")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One campaign in one language. ``name`` and ``purpose`` say what it is an example of.

    ``theme`` is the slug of one of the themes to begin with; an admin may have taken it away.
    """

    language: str
    name: str
    purpose: str
    theme: str
    title: str
    summary: str
    story: str
    message: str
    wordings: tuple[str, ...]
    threshold: int | None = None


def list_examples(language: str) -> dict[str, Example]:
    """Every example by its key, in that language (``fr-ca`` is ``fr``), else in English."""
    code = language[:2] if language[:2] in EXAMPLE_LANGUAGES else EXAMPLE_LANGUAGES[0]
    return {key: each[code] for key, each in _read_examples().items()}


@cache
def _read_examples() -> Mapping[str, Mapping[str, Example]]:
    with FILE.open("rb") as file:
        found = tomllib.load(file)
    return {
        key: {
            code: Example(language=code, **{**facts, "wordings": tuple(facts["wordings"])})
            for code, facts in each.items()
        }
        for key, each in found.items()
    }
