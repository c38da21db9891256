"""The key of a delivery: a pure function, never random, so that no second one can be made up."""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID


def delivery_key(*, campaign: UUID, fingerprint: str, planned_at: datetime) -> str:
    """32 hex digits from campaign, account and first approved moment.

    Networks that know keys get it (or what they make of it) as idempotency key or record key.
    """
    before, after = _frame(campaign, planned_at)
    name = f"{before}{fingerprint}{after}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]


@lru_cache(maxsize=64)
def _frame(campaign: UUID, planned_at: datetime) -> tuple[str, str]:
    """What comes before and after the fingerprint: the same for all of a launch."""
    moment = planned_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{campaign}\x1f", f"\x1f{moment}"
