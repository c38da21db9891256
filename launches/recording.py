"""Write down what came of claims: many at a time, in one statement, fenced by attempt number.

Proof that a post exists is the exception to the fence: it is accepted in any state, from anybody.
Where an attempt that its owner let go posted nothing for certain, the next one has the same leave.
Of a post whose owner was erased meanwhile, only how it ended is written down.
"""

import json
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection, transaction

from launches.erasing import blank_attempts, list_erased
from launches.lookups import go_by_keys
from launches.models import AttemptOutcome, Delivery, DeliveryState
from supporters import tokens

logger = logging.getLogger(__name__)

WORDS_MOST = 400  # characters kept of anything that a server said


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one claim. ``reason`` is a %-template in English; ``reason_facts`` fill it."""

    delivery_id: int
    attempt: int
    state: DeliveryState
    outcome: AttemptOutcome
    started_at: datetime | None
    ended_at: datetime
    due_at: datetime | None = None
    remote_id: str = ""
    permalink: str = ""
    reason: str = ""
    reason_facts: dict[str, str | float] = field(default_factory=dict)
    needs_relink: tuple[int, datetime] | None = None  # account, and when it was linked
    token_refused: bool = False  # whether newer credentials, if there are any, may be let in
    prepared_is_gone: bool = False  # whether it has to be made ready anew
    pauses_host: bool = False  # whether everybody on the host has to wait until ``due_at``
    asks_rest: bool = False  # whether the host itself said for how long
    pauses_network: bool = False  # whether the network failed as a whole; nobody's attempt is spent


SOURCE = {
    "postgresql": """json_to_recordset(%s::json) AS new(
        id bigint, attempt int, state text, outcome text, started_at timestamptz,
        ended_at timestamptz, due_at timestamptz,
        remote_id text, permalink text, reason text, reason_facts jsonb, unmade boolean)""",
    "sqlite": """(SELECT
        json_extract(value, '$.id') AS id, json_extract(value, '$.attempt') AS attempt,
        json_extract(value, '$.state') AS state, json_extract(value, '$.outcome') AS outcome,
        json_extract(value, '$.started_at') AS started_at,
        json_extract(value, '$.ended_at') AS ended_at,
        json_extract(value, '$.due_at') AS due_at,
        json_extract(value, '$.remote_id') AS remote_id,
        json_extract(value, '$.permalink') AS permalink,
        json_extract(value, '$.reason') AS reason,
        json_extract(value, '$.reason_facts') AS reason_facts,
        json_extract(value, '$.unmade') AS unmade
        FROM json_each(%s)) AS new""",
}

RECORD = """
UPDATE launches_delivery SET
    state = new.state,
    lease_until = NULL,
    due_at = new.due_at,
    answered_at = CASE WHEN launches_delivery.state = 'sent' THEN launches_delivery.answered_at
        WHEN new.state IN ('sent', 'failed') THEN new.ended_at
        ELSE launches_delivery.answered_at END,
    other_remote_id = CASE WHEN launches_delivery.erased_at IS NOT NULL THEN ''
        WHEN new.state = 'sent' AND launches_delivery.remote_id NOT IN ('', new.remote_id)
        THEN new.remote_id ELSE launches_delivery.other_remote_id END,
    permalink = CASE WHEN launches_delivery.erased_at IS NOT NULL THEN ''
        WHEN launches_delivery.remote_id = '' THEN new.permalink
        ELSE launches_delivery.permalink END,
    remote_id = CASE WHEN launches_delivery.erased_at IS NOT NULL THEN ''
        WHEN launches_delivery.remote_id = '' THEN new.remote_id
        ELSE launches_delivery.remote_id END,
    prepared = CASE WHEN new.unmade THEN '' ELSE launches_delivery.prepared END,
    is_uncertain = launches_delivery.is_uncertain OR new.state = 'unknown',
    released_attempt = CASE
        WHEN new.state = 'waiting' AND launches_delivery.released_attempt = new.attempt
        THEN new.attempt + 1 ELSE launches_delivery.released_attempt END,
    reason = CASE
        WHEN launches_delivery.erased_at IS NOT NULL AND new.reason LIKE '%%(%%'
        THEN '' ELSE new.reason END,
    reason_facts = CASE WHEN launches_delivery.erased_at IS NOT NULL THEN '{{}}'
        ELSE new.reason_facts END
FROM {source}
WHERE launches_delivery.id = new.id AND (
    new.state = 'sent'
    OR (launches_delivery.attempt = new.attempt
        AND launches_delivery.state IN ('claimed', 'unknown')))
RETURNING launches_delivery.id, launches_delivery.remote_id, launches_delivery.other_remote_id,
    launches_delivery.erased_at IS NOT NULL
"""

# "WHERE TRUE": without it SQLite takes ON for the beginning of a join.
KEEP = """
INSERT INTO launches_attempt (
    delivery_id, number, outcome, started_at, ended_at, remote_id, reason, reason_facts
)
SELECT new.id, new.attempt, new.outcome, new.started_at, new.ended_at, new.remote_id, new.reason,
    new.reason_facts
FROM {source} JOIN launches_delivery ON launches_delivery.id = new.id
WHERE TRUE
ON CONFLICT (delivery_id, number) DO NOTHING
"""


def record(results: Collection[Result]) -> int:
    """Record results; give how many were taken (the fence turns late ones away).

    Every result is kept as an attempt, taken or not.
    """
    if not results:
        return 0
    source = SOURCE[connection.vendor]
    write_time = WRITE_TIME[connection.vendor]
    told = [json.dumps([_flatten(result, write_time) for result in results])]
    with transaction.atomic(), connection.cursor() as cursor:
        go_by_keys()
        _lock({result.delivery_id for result in results})
        cursor.execute(RECORD.format(source=source), told)
        taken = [_Taken._make(row) for row in cursor.fetchall()]
        cursor.execute(KEEP.format(source=source), told)
        late = {result.delivery_id for result in results} - {each.delivery_id for each in taken}
        erased = [each.delivery_id for each in taken if each.is_erased]
        if erased := [*erased, *(list_erased(late) if late else ())]:
            blank_attempts(erased)
    for result in results:
        if result.needs_relink:
            account_id, linked_at = result.needs_relink
            tokens.mark_refused(account_id, linked_at=linked_at)
    for each in taken:
        if each.other_remote_id:
            _alarm(each)
    return len(taken)


def _lock(delivery_ids: Collection[int]) -> None:
    """Lock in one order: a statement alone locks in that of its plan, and two could wait in a ring.

    Two workers record the same deliveries where a late answer meets a look at the network.
    """
    rows = Delivery.objects.select_for_update(no_key=True).filter(pk__among=delivery_ids)
    list(rows.order_by("pk").values_list("pk"))


class _Taken(NamedTuple):
    """A delivery as it was just written down."""

    delivery_id: int
    remote_id: str
    other_remote_id: str
    is_erased: bool


def _alarm(delivery: _Taken) -> None:
    """Two posts for one delivery must never be; if they are, say so as loudly as a log can."""
    logger.critical(
        "delivery %s has two posts: %s and %s",
        delivery.delivery_id,
        delivery.remote_id,
        delivery.other_remote_id,
    )


def _write_naive(moment: datetime) -> str:
    """SQLite holds naive UTC, always with microseconds."""
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    return naive.isoformat(sep=" ", timespec="microseconds")


# As each database reads it.
WRITE_TIME: dict[str, Callable[[datetime], str]] = {
    "postgresql": datetime.isoformat,
    "sqlite": _write_naive,
}


def _flatten(result: Result, write_time: Callable[[datetime], str]) -> dict[str, object]:
    return {
        "id": result.delivery_id,
        "attempt": result.attempt,
        "state": result.state.value,
        "outcome": str(result.outcome),
        "started_at": result.started_at and write_time(result.started_at),
        "ended_at": write_time(result.ended_at),
        "due_at": result.due_at and write_time(result.due_at),
        "remote_id": _clean(result.remote_id),
        "permalink": _clean(result.permalink),
        "reason": result.reason,
        "reason_facts": {name: clean_fact(fact) for name, fact in result.reason_facts.items()},
        "unmade": result.prepared_is_gone,
    }


def _clean(text: str) -> str:
    """A server's own words, so that no database refuses them and holds up everybody's results."""
    if text.isascii() and "\0" not in text:
        return text[:WORDS_MOST]
    whole = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    return whole.replace("\0", "")[:WORDS_MOST]


def clean_fact(fact: str | float) -> str | float:
    """A fact of a reason, as it is kept."""
    return _clean(fact) if isinstance(fact, str) else fact
