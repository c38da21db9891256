"""One delivery in a worker's hands: what it takes to send it, or to look it up."""

from dataclasses import dataclass
from datetime import datetime

from launches.keys import delivery_key
from launches.models import Launch
from launches.weeding import Row, Words
from networks import registry
from networks.base import Credentials, Post, Server
from supporters import tokens


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One delivery in one worker's hands. ``looks`` first; ``sends`` when it may send as well.

    ``is_uncertain``: an earlier attempt may have arrived, so absence must prove that it did not.
    ``is_released``: it need not, since its owner said "send it" (``vouching``).
    """

    delivery_id: int
    attempt: int
    tries: int
    pledge_id: int
    account_id: int
    linked_at: datetime
    network: str
    server: Server
    credentials: Credentials | None  # None: to be refreshed, or not readable
    post: Post
    first_tried_at: datetime
    lease_until: datetime
    latest_at: datetime
    looks: bool
    sends: bool
    is_uncertain: bool
    is_released: bool = False


def open_credentials(row: Row, *, now: datetime) -> Credentials | None:
    """The account's credentials, where they can be used as they are."""
    return tokens.open_if_good(
        row.sealed_credentials or "",
        state=row.account_state or "",
        fingerprint=row.fingerprint,
        now=now,
    )


def make_post(launch: Launch, *, fingerprint: str, text: str, language: str, prepared: str) -> Post:
    """The post of a delivery: the same each time, whoever makes it."""
    campaign = launch.campaign
    planned_at = campaign.first_launch_at
    assert planned_at is not None, "a campaign that launches was approved"
    return Post(
        text=text,
        language=language,
        planned_at=planned_at,
        key=delivery_key(campaign=campaign.uid, fingerprint=fingerprint, planned_at=planned_at),
        moved_to=launch.launch_at,
        prepared=prepared,
    )


def describe(
    launch: Launch,
    row: Row,
    *,
    words: Words,
    server: Server,
    lease_until: datetime,
    now: datetime,
    sends: bool,
) -> Claim:
    """The claim as the statement above has written it."""
    assert row.pledge_id is not None
    assert row.account_id is not None
    assert row.linked_at is not None
    return Claim(
        delivery_id=row.delivery_id,
        attempt=row.attempt + 1,
        tries=row.tries + (1 if sends else 0),
        pledge_id=row.pledge_id,
        account_id=row.account_id,
        linked_at=row.linked_at,
        network=row.network,
        server=server,
        credentials=open_credentials(row, now=now),
        post=make_post(
            launch,
            fingerprint=row.fingerprint,
            text=words.text if sends else row.text,
            language=words.language if sends else row.language,
            prepared=row.prepared,
        ),
        first_tried_at=row.first_tried_at or now,
        lease_until=lease_until,
        latest_at=words.leaves_until(launch),
        looks=not sends or _looks_first(launch, row),
        is_uncertain=row.is_uncertain,
        is_released=sends and row.is_released,
        sends=sends,
    )


def _looks_first(launch: Launch, row: Row) -> bool:
    """Whether it is looked up before it is sent.

    What may have arrived always is; what its owner let go, or of which no attempt is known, not
    where there is nothing to see.
    """
    if row.is_uncertain and not row.is_released:
        return True
    return (row.is_released or launch.look_first) and registry.get(row.network).can_look_up
