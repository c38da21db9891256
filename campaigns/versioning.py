"""Two pages with the same question open at once do not overwrite each other without a word.

Each step of a draft has a version, in ``Revision.versions``: one for each step, since pages with
different questions keep different fields. A page sends the version that it was shown; where it is
not the last one any more, nothing is kept, and the organiser sees both texts and chooses. A page
may follow on itself: what it saves by itself is not in its way, nor is an answer that was lost.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.utils.dateparse import parse_datetime

from campaigns.models import Revision

NUMBER = re.compile(r"\d{1,15}", re.ASCII)
PAGE = re.compile(r"[\w-]{1,40}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a page says of itself together with its answers.

    ``number`` is the version that it was shown (None: it does not say), ``page`` a name that no
    other page has, ``turn`` the page's own clock when it sent them (ms; 0: it has no script), and
    ``over`` the version that its organiser has seen beside theirs and wants replaced.
    """

    number: int | None
    page: str = ""
    turn: int = 0
    over: int | None = None

    @classmethod
    def read(cls, sent: Mapping[str, Any]) -> Self:
        """From the fields of a form; what makes no sense was not said."""
        return cls(
            number=_read_number(sent.get("version")),
            page=str(sent.get("page", "")) if PAGE.fullmatch(str(sent.get("page", ""))) else "",
            turn=_read_number(sent.get("turn")) or 0,
            over=_read_number(sent.get("over")),
        )


@dataclass(frozen=True, kw_only=True)
class Version:
    """How often a step was changed, and the page, its turn and the time of the last change."""

    number: int = 0
    page: str = ""
    turn: int = 0
    at: datetime | None = None

    @classmethod
    def of(cls, revision: Revision, *, step: str) -> Self:
        """The one that a step of this revision has now."""
        kept = revision.versions.get(step, {})
        at = parse_datetime(kept.get("at", ""))
        return cls(
            number=kept.get("number", 0), page=kept.get("page", ""), turn=kept.get("turn", 0), at=at
        )

    def is_newer(self, origin: Origin) -> bool:
        """Whether somebody else changed the step after that page had been shown it."""
        if origin.over is not None:
            return origin.over != self.number
        if origin.number is None or origin.number == self.number:
            return False
        return not origin.page or origin.page != self.page

    def has_passed(self, origin: Origin) -> bool:
        """Whether that page sent something later already, which came here first."""
        return bool(origin.page) and origin.page == self.page and 0 < origin.turn < self.turn

    def follow(self, origin: Origin, *, at: datetime) -> dict[str, Any]:
        """What ``Revision.versions`` keeps of the next one."""
        return {
            "number": self.number + 1,
            "page": origin.page,
            "turn": origin.turn,
            "at": at.isoformat(),
        }


def tells_news(
    draft: Revision,
    *,
    values: Mapping[str, Any],
    pending: Mapping[str, str],
    fields: Collection[str],
) -> bool:
    """Whether answers, as ``drafting.save_step`` takes them, differ from what is kept of them."""
    kept = {name: text for name, text in draft.pending.items() if name in fields}
    if pending != kept:
        return True
    if any(getattr(draft, name) != values[name] for name in values.keys() - {"wordings"}):
        return True
    if "wordings" not in values:
        return False
    wanted = {place: text for place, text in enumerate(values["wordings"], start=2) if text}
    return {place: text for place, text in draft.messages.items() if place > 1} != wanted


def _read_number(typed: object) -> int | None:
    return int(str(typed)) if NUMBER.fullmatch(str(typed)) else None
