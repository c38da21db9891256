"""What came of a launch as its results page shows it: the last numbers, their growth, a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from launches.readings import NUMBERS
from launches.totalling import Part, RoundResult, Total

MOST_LINES = 4  # that a chart can tell apart
LABELS = {
    "likes": _("Likes"),
    "reposts": _("Reposts"),
    "replies": _("Replies"),
    "quotes": _("Quotes"),
    "impressions": _("Views"),
}


@dataclass(frozen=True)
class Column:
    """A kind of number by its name in the rows, and what people call it."""

    name: str
    label: str | Promise


@dataclass(frozen=True)
class Row:
    """A line of a table: what it is of, the part itself, and its numbers by column."""

    key: str | int
    part: Part
    cells: Sequence[int | None]


@dataclass(frozen=True, kw_only=True)
class Echo:
    """``begun`` are the rounds so far, ``latest`` the last one in which something was read.

    ``chart`` has a line for each kind of number that was told in all of ``charted``, from the
    launch on, where there was none of any. ``networks`` are the parts of the latest round.
    """

    rounds: Sequence[RoundResult]
    begun: Sequence[RoundResult]
    latest: RoundResult | None
    totals: Sequence[tuple[Column, Total]]
    columns: Sequence[Column]
    rows: Sequence[Row]
    networks: Sequence[Row]
    charted: Sequence[RoundResult]
    lines: Sequence[Column]
    chart: Sequence[Sequence[int]]

    @property
    def spans(self) -> list[int]:
        """How long after the launch each round begins, in seconds."""
        return [each.after_seconds for each in self.rounds]

    @property
    def most(self) -> int:
        """The highest number in the chart."""
        return max((number for line in self.chart for number in line), default=0)


def describe_echo(rounds: Sequence[RoundResult]) -> Echo:
    """What there is to show of these rounds."""
    begun = [each for each in rounds if each.has_begun]
    read = [each for each in begun if each.whole.read]
    names = [name for name in NUMBERS if any(name in each.whole.told for each in read)]
    columns = [Column(name, LABELS[name]) for name in names]
    # Views are of another order: they would press all else to the ground.
    always = [name for name in names if all(name in each.whole.told for each in read)]
    lines = [Column(name, LABELS[name]) for name in always if name != "impressions"][:MOST_LINES]
    latest = read[-1] if read else None
    return Echo(
        rounds=rounds,
        begun=begun,
        latest=latest,
        totals=[
            (column, latest.whole.totals[column.name])
            for column in columns
            if latest and column.name in latest.whole.told
        ],
        columns=columns,
        rows=[_make_row(each.after_seconds, each.whole, columns) for each in begun],
        networks=[
            _make_row(network, part, columns)
            for network, part in (latest.networks.items() if latest else ())
        ],
        charted=read,
        lines=lines,
        chart=[[0, *(each.whole.told[line.name] for each in read)] for line in lines],
    )


def _make_row(key: str | int, part: Part, columns: Sequence[Column]) -> Row:
    return Row(key, part, [part.told.get(column.name) for column in columns])
