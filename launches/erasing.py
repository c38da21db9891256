"""What is left of a post once its owner is erased: that there was one, and how it ended.

Fingerprint, network, state and times stay: the first keeps an account from being posted from twice,
the others are the launch's numbers. Words, addresses and ids go, and so does the host, since some
have one account alone.

A post that is just being sent stays claimed: whoever sends it records its end, and nothing more.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import F

from campaigns.clock import database_now
from campaigns.models import Campaign
from launches.hindering import ERASED
from launches.models import Attempt, Delivery, DeliveryState, Launch, LaunchKind
from launches.recalls import Deletion, DeletionState
from launches.sweeping import NO_PROOF
from networks.errors import gettext_noop
from supporters.models import AssistedPledge, Pledge, PledgeState

WITHDRAWN = gettext_noop("Its owner had themselves erased before this could be posted.")
FILLED_IN = "%("  # a reason with facts in it, which may name somebody


def erase_pledges(**whose: Any) -> int:
    """Erase these pledges with what became of them, each in a transaction of its own.

    The caller has seen to it that none of them can be claimed any more. The campaign's row is
    locked first, so that nothing arms or ignites meanwhile, then the delivery, as a claim does.
    One at a time: a worker records many at once, and two that wait for each other would end one.
    """
    rows = Pledge.objects.filter(**whose).order_by("campaign_id", "pk")
    pairs = list(rows.values_list("pk", "campaign_id"))
    for pk, campaign_id in pairs:
        with transaction.atomic():
            Campaign.objects.lock(campaign_id)
            held = Delivery.objects.select_for_update().filter(pledge=pk).order_by("pk")
            for delivery in held:
                _erase(delivery)
            Pledge.objects.filter(pk=pk).delete()
    return len(pairs)


def erase_promises(**whose: Any) -> int:
    """Erase these promises by hand; those that were offered stay in the launch's count."""
    promises = AssistedPledge.objects.filter(**whose).order_by("pk")
    keys = list(promises.values_list("pk", flat=True))
    for pk in keys:
        with transaction.atomic():
            promised = AssistedPledge.objects.select_for_update().filter(pk=pk).first()
            if promised is None:
                continue
            if promised.state == PledgeState.CALLED:
                Launch.objects.filter(campaign=promised.campaign_id, kind=LaunchKind.REAL).update(
                    erased_offered=F("erased_offered") + 1,
                    erased_reported=F("erased_reported") + (1 if promised.reported_at else 0),
                )
            AssistedPledge.objects.filter(pk=pk).delete()
    return len(keys)


def blank_attempts(delivery_ids: Collection[int]) -> None:
    """Take out of attempts what names a post, or what a server said."""
    attempts = Attempt.objects.filter(delivery__in=delivery_ids)
    attempts.filter(reason__contains=FILLED_IN).update(reason="")
    attempts.update(remote_id="", reason_facts={})


def list_erased(delivery_ids: Collection[int]) -> set[int]:
    """Which of these deliveries are erased."""
    erased = Delivery.objects.filter(pk__in=delivery_ids, erased_at__isnull=False)
    return set(erased.values_list("pk", flat=True))


def _erase(delivery: Delivery) -> None:
    """Blank a delivery whose row is locked, and end it unless somebody is just sending it."""
    changes: dict[str, Any] = {
        "reason": "" if FILLED_IN in delivery.reason else delivery.reason,
        **_end(delivery),
    }
    Delivery.objects.filter(pk=delivery.pk).update(
        erased_at=database_now(),
        text="",
        host="",
        prepared="",
        remote_id="",
        other_remote_id="",
        permalink="",
        owner_said_url="",
        reason_facts={},
        **changes,
    )
    blank_attempts([delivery.pk])
    _blank_deletions(delivery)


def _blank_deletions(delivery: Delivery) -> None:
    """One line stays of a post that was recalled, and how it ended; nothing is asked for any more.

    One that is just being deleted stays claimed, as above.
    """
    lines = list(delivery.deletions.select_for_update().order_by("pk"))
    for line in lines[1:]:
        line.delete()
    for line in lines[:1]:
        changes: dict[str, Any] = {"reason": "" if FILLED_IN in line.reason else line.reason}
        if line.state == DeletionState.WAITING:
            changes = {
                "state": DeletionState.BY_HAND,
                "reason": ERASED,
                "ended_at": database_now(),
                "due_at": None,
            }
        Deletion.objects.filter(pk=line.pk).update(remote_id="", reason_facts={}, **changes)


def _end(delivery: Delivery) -> dict[str, Any]:
    """The last state of what is still open. Nothing more is looked up: there is no key for it."""
    is_unclear = delivery.state == DeliveryState.UNKNOWN
    is_waiting = delivery.state in (DeliveryState.PLANNED, DeliveryState.WAITING)
    if is_unclear or (is_waiting and delivery.is_uncertain):
        return {"state": DeliveryState.UNCONFIRMED, "reason": NO_PROOF, "lease_until": None}
    if is_waiting:
        return {"state": DeliveryState.WITHDRAWN, "reason": WITHDRAWN, "lease_until": None}
    return {}
