"""What keeps this site from deleting a post again, each with the sentence that its owner reads.

Told the same way before a recall, of deliveries, and in it, of the lines of its ledger.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Q

from launches.recalls import DeletionState
from networks import registry
from networks.errors import gettext_noop
from supporters.models import AccountState

ERASED = gettext_noop(
    "Its owner had themselves erased on this site, so that nothing is known here any more by which "
    "it could be deleted."
)
NETWORK_OFF = gettext_noop(
    "This site does not act on this network any more, so that only its owner can delete it there."
)
NOT_OFFERED = gettext_noop("This network lets nobody but its owner delete a post.")
SHUT_OUT = gettext_noop(
    "This person’s access to this site was switched off, so nothing is done in their name."
)
UNLINKED = gettext_noop(
    "The account is not linked to this site any more, so that only its owner can delete the post."
)
NEEDS_RELINK = gettext_noop(
    "The authorisation of this account has ended, so that only its owner can delete the post."
)
UNTOLD = gettext_noop(
    "When this was agreed to, this site did not say yet that a post can be deleted again. So "
    "nobody but its owner may do it."
)
UNPROVED = gettext_noop(
    "Nobody could prove that this post is there, so there is none that this site could delete. "
    "Please look on your profile, and delete it there if you find it."
)


class Hindrance(NamedTuple):
    """What holds of a post that is not deleted, how its line of the ledger ends, and why."""

    holds: Q
    state: DeletionState
    reason: str


def list_hindrances(*, of: str = "") -> list[Hindrance]:
    """All of them, the first one that holds counts; ``of`` is the way to the delivery's fields."""

    def holds(**facts: Any) -> Q:
        return Q(**{f"{of}{name}": fact for name, fact in facts.items()})

    automatic = registry.automatic_networks()
    deleting = [name for name, each in automatic.items() if each.can_delete]
    by_hand = DeletionState.BY_HAND
    return [
        Hindrance(holds(kept_at__isnull=False), DeletionState.KEPT, ""),
        Hindrance(holds(pledge__isnull=True), by_hand, ERASED),
        Hindrance(~holds(network__in=list(automatic)), by_hand, NETWORK_OFF),
        Hindrance(~holds(network__in=deleting), by_hand, NOT_OFFERED),
        Hindrance(holds(pledge__person__is_active=False), by_hand, SHUT_OUT),
        Hindrance(holds(pledge__account__state=AccountState.UNLINKED), by_hand, UNLINKED),
        Hindrance(holds(pledge__account__state=AccountState.NEEDS_RELINK), by_hand, NEEDS_RELINK),
        Hindrance(holds(pledge__told_of_recall=False), by_hand, UNTOLD),
    ]
