"""The key of a delivery: a pure function, never random, so that no second one can be made up."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID


def delivery_key(*, campaign: UUID, fingerprint: str, planned_at: datetime) -> str:
    """32 hex digits from campaign, account and first approved moment.

    Networks that know keys get it (or what they make of it) as idempotency key or record key.
    """
    moment = planned_at.astimezone(UTC).isoformat(timespec="microseconds")
    name = "\x1f".join((str(campaign), fingerprint, moment))
    return hashlib.sha256(name.encode()).hexdigest()[:32]
