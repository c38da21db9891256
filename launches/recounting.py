"""A recall in numbers: what it would do, before anybody presses; then what it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, Q, Value, When
from django.utils.translation import gettext

from launches.hindering import list_hindrances
from launches.models import OPEN_STATES, Delivery, DeliveryState, Launch
from launches.recalls import (
    LEFT_THERE,
    OPEN_DELETIONS,
    Deletion,
    DeletionState,
    Recall,
)
from networks import registry

FREE = -1  # nothing keeps us from deleting it


@dataclass(kw_only=True)
class Part:
    """One network's posts: how many would be deleted, how many are kept, and why the others stay.

    ``left`` are sentences, each with how many posts it holds of.
    """

    label: str
    code: str
    deletable: int = 0
    kept: int = 0
    left: list[tuple[str, int]] = field(default_factory=list)

    @property
    def staying(self) -> int:
        """How many would stay."""
        return self.kept + sum(number for _, number in self.left)

    @property
    def total(self) -> int:
        """All of its posts."""
        return self.deletable + self.staying


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What a recall would do now. ``unsent``: what waits to be sent, and would not be any more.

    ``unproved``: of which nobody knows whether they are there.
    """

    parts: Sequence[Part]
    unsent: int
    unproved: int

    @property
    def posts(self) -> int:
        """How many posts are proved to be there."""
        return sum(part.total for part in self.parts)

    @property
    def deletable(self) -> int:
        """How many of them would be deleted."""
        return sum(part.deletable for part in self.parts)

    @property
    def staying(self) -> int:
        """How many would stay."""
        return self.posts - self.deletable


def foresee(launch: Launch) -> Foreseen:
    """What a recall of this launch would do now. Two queries."""
    hindrances = list_hindrances()
    fate = Case(
        *(When(each.holds, then=Value(place)) for place, each in enumerate(hindrances)),
        default=Value(FREE),
    )
    posts: Any = Delivery.objects.filter(launch=launch, state=DeliveryState.SENT).order_by()
    rows = posts.annotate(fate=fate).values_list("network", "fate").annotate(number=Count("pk"))
    networks = registry.all_networks()
    parts: dict[str, Part] = {}
    for name, place, number in rows.order_by("network", "fate"):
        known = networks.get(name)
        label, code = (known.label, known.code) if known else (name, "?")
        part = parts.setdefault(name, Part(label=label, code=code))
        if place == FREE:
            part.deletable += number
        elif hindrances[place].state == DeletionState.KEPT:
            part.kept += number
        else:
            part.left.append((gettext(hindrances[place].reason), number))
    tally = launch.deliveries.tally()
    return Foreseen(
        parts=sorted(parts.values(), key=lambda part: -part.total),
        unsent=sum(tally[state] for state in OPEN_STATES),
        unproved=tally[DeliveryState.UNCONFIRMED],
    )


def tell_foreseen(will: Foreseen) -> Iterator[tuple[object, ...]]:
    """What a recall would do, as rows of a table: each network, then each reason there is to stay.

    A row of a reason has the posts that stay for it, and no number of those that are deleted.
    """
    yield "network", "posts", "deleted", "stay", "reason"
    for part in will.parts:
        yield part.label, part.total, part.deletable, part.staying, ""
        for sentence, number in part.left:
            yield part.label, None, None, number, sentence


@dataclass(frozen=True, kw_only=True)
class RecallTally:
    """Lines of a ledger, by what became of the posts; every state is there."""

    label: str
    code: str
    counts: Mapping[str, int]

    @property
    def waiting(self) -> int:
        """How many are still to be deleted."""
        return sum(self.counts[state] for state in OPEN_DELETIONS)

    @property
    def deleted(self) -> int:
        """How many were deleted by us."""
        return self.counts[DeletionState.DELETED]

    @property
    def gone(self) -> int:
        """How many were not there any more."""
        return self.counts[DeletionState.GONE]

    @property
    def kept(self) -> int:
        """How many their owners keep."""
        return self.counts[DeletionState.KEPT]

    @property
    def by_hand(self) -> int:
        """How many only their owners can delete."""
        return self.counts[DeletionState.BY_HAND]

    @property
    def refused(self) -> int:
        """How many their networks refused to delete."""
        return self.counts[DeletionState.REFUSED]

    @property
    def given_up(self) -> int:
        """How many nobody gave a clear answer of, for a day."""
        return self.counts[DeletionState.GIVEN_UP]

    @property
    def left(self) -> int:
        """How many could not be deleted."""
        return sum(self.counts[state] for state in LEFT_THERE)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


@dataclass(frozen=True, kw_only=True)
class RecallSummary(RecallTally):
    """A recall's numbers, in all and by network, the largest first.

    ``nameless`` are those of ``left`` that nobody could prove, or whose owners are erased.
    """

    recall: Recall
    networks: Sequence[RecallTally]
    nameless: int

    def as_json(self) -> dict[str, Any]:
        """The part of ``results.json`` about it."""
        finished_at = self.recall.finished_at
        return {
            "asked_at": self.recall.asked_at.isoformat(),
            "finished_at": finished_at.isoformat() if finished_at else None,
            "tally": dict(self.counts),
        }


def tell_lines(lines: Iterable[Deletion]) -> Iterator[tuple[str, ...]]:
    """A ledger as rows of words, the names of its columns first; times are UTC."""
    yield "account", "network", "state", "ended_at", "reason", "address"
    for line in lines:
        delivery, pledge = line.delivery, line.delivery.pledge
        yield (
            pledge.account.handle if pledge else "",
            delivery.network,
            line.state,
            line.ended_at.isoformat() if line.ended_at else "",
            line.sentence,
            delivery.permalink,
        )


def escape_cell(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: those begin with one of a few signs."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def summarise_recall(made: Recall) -> RecallSummary:
    """The numbers of a recall as they are now. One query."""
    lines: Any = Deletion.objects.filter(recall=made).order_by()
    rows = lines.values_list("delivery__network", "state").annotate(
        number=Count("pk"), nameless=Count("pk", filter=Q(remote_id=""))
    )
    return sum_up_recall(made, rows)


def sum_up_recall(made: Recall, rows: Iterable[tuple[str, str, int, int]]) -> RecallSummary:
    """The same of rows that were read already: network, state, how many, how many without an id."""
    networks = registry.all_networks()
    counts: dict[str, dict[str, int]] = {}
    nameless = 0
    for name, state, number, without in rows:
        counts.setdefault(name, dict.fromkeys(DeletionState.values, 0))[state] += number
        nameless += without if state in LEFT_THERE else 0  # what was deleted may be erased since
    tallies = []
    for name, found in counts.items():
        known = networks.get(name)
        label, code = (known.label, known.code) if known else (name, "?")
        tallies.append(RecallTally(label=label, code=code, counts=found))
    return RecallSummary(
        label="",
        code="",
        counts={
            state: sum(found[state] for found in counts.values()) for state in DeletionState.values
        },
        recall=made,
        networks=sorted(tallies, key=lambda tally: -tally.total),
        nameless=nameless,
    )
