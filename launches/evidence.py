"""What is known of one post, attempt by attempt, in words for whoever may read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from launches.models import Attempt, AttemptOutcome, Delivery

TOLD: Mapping[str, object] = {
    AttemptOutcome.SENT: gettext_lazy("The network took the post."),
    AttemptOutcome.FOUND: gettext_lazy("We looked, and the post is there."),
    AttemptOutcome.ABSENT: gettext_lazy("We looked, and did not find the post."),
    AttemptOutcome.LATER: gettext_lazy("It could not be done just then, and was put off."),
    AttemptOutcome.FAILED: gettext_lazy("The network refused."),
    AttemptOutcome.UNKNOWN: gettext_lazy(
        "It was sent, and no clear answer came: the post may be there."
    ),
    AttemptOutcome.EXPIRED: gettext_lazy(
        "Whoever was sending it stopped, and nothing is known of the answer."
    ),
    AttemptOutcome.RELEASED: gettext_lazy("Its owner had it sent once more."),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that was tried or said: when it began and ended, what came of it, and the reason.

    ``began_at`` is None where only the end is known.
    """

    began_at: datetime | None
    ended_at: datetime
    told: str
    reason: str


def list_steps(delivery: Delivery) -> list[Step]:
    """Every attempt at it, the earliest first. Prefetch ``attempts`` for more than one."""
    attempts = sorted(delivery.attempts.all(), key=lambda each: each.number)
    return [_describe(each) for each in attempts]


def tell_evidence(deliveries: Iterable[Delivery]) -> Iterator[tuple[object, ...]]:
    """Every attempt at these as a row of a table, the columns' names first; times are UTC.

    A post of which nothing is known to have been sent is a row without an attempt. Their words and
    addresses, and where an owner says that one is, are the owner's own: not in it.
    """
    yield (
        "account",
        "network",
        "attempt",
        "began_at",
        "ended_at",
        "outcome",
        "reason",
        "owner_said_at",
    )
    for delivery in deliveries:
        handle = delivery.pledge.account.handle if delivery.pledge else ""
        said = delivery.owner_said_at.isoformat() if delivery.owner_said_at else None
        attempts = sorted(delivery.attempts.all(), key=lambda each: each.number)
        for each in attempts:
            began = each.started_at.isoformat() if each.started_at else None
            told = (each.number, began, each.ended_at.isoformat(), each.outcome, each.sentence)
            yield handle, delivery.network, *told, said
        if not attempts:
            yield handle, delivery.network, None, None, None, None, None, said


def _describe(attempt: Attempt) -> Step:
    return Step(
        began_at=attempt.started_at,
        ended_at=attempt.ended_at,
        told=str(TOLD.get(attempt.outcome, _("What came of it is not known."))),
        reason=attempt.sentence,
    )
