"""Read what is about to be claimed, and tell what cannot be sent any more, with the reason.

Read in tuples and not in models: this is most of what a launch does between two requests.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import F

from launches import asking, erasing
from launches.lookups import write_among
from launches.models import Delivery, DeliveryState, Launch, Unlookable
from launches.sweeping import end_late
from networks import registry
from networks.errors import gettext_noop
from supporters.consents import leaves_until
from supporters.models import AccountState, Pledge, PledgeState

WITHDRAWN = gettext_noop("You withdrew before this could be posted.")
SHUT_OUT = gettext_noop("This person's access was switched off, so nothing was posted for them.")
UNLINKED = gettext_noop("The account was unlinked before the launch.")
NEEDS_RELINK = gettext_noop(
    "The authorisation for this account was no longer valid, and it was not renewed in time."
)
NETWORK_OFF = gettext_noop("This site does not post to this network any more.")


CALL = """
UPDATE supporters_pledge SET state = 'called' WHERE id {among} AND state = 'live'
RETURNING id, state, text, language, agreed_latest_at - agreed_launch_at
"""


class Row(NamedTuple):
    """What there is to know of a delivery before it is claimed; its pledge is gone once erased."""

    delivery_id: int
    network: str
    host: str
    fingerprint: str
    attempt: int
    tries: int
    prepared: str
    first_tried_at: datetime | None
    is_uncertain: bool
    released_attempt: int | None
    text: str
    language: str
    pledge_id: int | None
    is_active: bool | None
    account_id: int | None
    account_state: str | None
    linked_at: datetime | None
    sealed_credentials: str | None
    server_id: int | None

    @property
    def is_released(self) -> bool:
        """Whether its owner said of the claim to come that it may be sent without proof."""
        return self.released_attempt == self.attempt + 1


COLUMNS = (
    *("pk", "network", "host", "account_fingerprint", "attempt", "tries", "prepared"),
    *("first_tried_at", "is_uncertain", "released_attempt", "text", "language", "pledge"),
    *("pledge__person__is_active", "pledge__account", "pledge__account__state"),
    *("pledge__account__linked_at", "pledge__account__sealed_credentials"),
    "pledge__account__known_server",
)


class Words(NamedTuple):
    """What a pledge says now. Once it is called nobody changes it any more.

    ``agreed``: so long after the moment it may leave at most.
    """

    state: str
    text: str
    language: str
    agreed: timedelta

    def leaves_until(self, launch: Launch) -> datetime:
        """The latest time of this very post: what its supporter agreed to, or the launch's."""
        return leaves_until(
            launch_at=launch.launch_at,
            latest_at=launch.latest_at,
            agreed=self.agreed,
        )


def read_rows(ids: Sequence[int]) -> list[Row]:
    found = Delivery.objects.filter(pk__among=ids).order_by("pk").values_list(*COLUMNS)
    return [Row._make(values) for values in found]


def read_words(ids: Collection[int]) -> dict[int, Words]:
    """What these pledges say, by their ids."""
    found = Pledge.objects.filter(pk__among=ids).annotate(
        agreed=F("agreed_latest_at") - F("agreed_launch_at")
    )
    return {pk: Words(*said) for pk, *said in found.values_list("pk", *Words._fields)}


def call_pledges(ids: Collection[int]) -> dict[int, Words]:
    """Move pledges ``live → called``, from where on it is too late to withdraw; what they say then.

    Of those that were called before as well, and of those that were withdrawn.
    """
    among, among_ids = write_among(ids, vendor=connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(CALL.format(among=among), [among_ids])
        # The difference of two times is one of each database's own kinds; only this one has it.
        tells = connection.vendor == "postgresql"
        called = {pk: Words(*said) for pk, *said in cursor.fetchall()} if tells else {}
    others = [pk for pk in ids if pk not in called]
    return called | read_words(others) if others else called


def find_end(
    launch: Launch, row: Row, *, said: Words | None, now: datetime
) -> tuple[DeliveryState, str] | None:
    """The state and the reason of what cannot be sent any more; None for what can.

    ``said`` is what its pledge says once all that could be called are. What may have arrived ends
    without proof, whatever it is that keeps it from being sent once more.
    """
    end = _find_end(launch, row, said=said, now=now)
    if end is not None and row.is_uncertain and end[0] != DeliveryState.UNCONFIRMED:
        return end_late(is_uncertain=True)
    return end


def _find_end(
    launch: Launch, row: Row, *, said: Words | None, now: datetime
) -> tuple[DeliveryState, str] | None:
    network = registry.automatic_networks().get(row.network)
    end: tuple[DeliveryState, str] | None = None
    if row.pledge_id is None:
        end = DeliveryState.WITHDRAWN, erasing.WITHDRAWN
    elif said is None or said.state != PledgeState.CALLED:
        end = DeliveryState.WITHDRAWN, WITHDRAWN
    elif not row.is_active:
        end = DeliveryState.NOT_SENT, SHUT_OUT
    elif row.account_state == AccountState.UNLINKED:
        end = DeliveryState.WITHDRAWN, UNLINKED
    elif row.account_state == AccountState.NEEDS_RELINK:
        end = DeliveryState.FAILED, NEEDS_RELINK
    elif network is None:
        end = DeliveryState.NOT_SENT, NETWORK_OFF
    elif said.leaves_until(launch) <= now:
        end = end_late(is_uncertain=row.is_uncertain)
    elif _is_left(launch) and not network.can_look_up and not row.is_released:
        end = DeliveryState.UNCONFIRMED, asking.LEFT
    return end


def _is_left(launch: Launch) -> bool:
    """Whether the operator wants what cannot be looked up left unsent."""
    return launch.unlookable == Unlookable.LEAVE
