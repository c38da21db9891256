"""The owner of an account has the last word: who keeps a post, keeps it whoever recalls the launch.

They may say so at any time, also before anybody recalls anything, until somebody has begun to
delete it. A claim locks the delivery that this marks, and either of the two comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.clock import database_now
from launches.models import Delivery, DeliveryState
from launches.recalls import NOT_THERE, Deletion, DeletionState
from supporters.models import Pledge


class KeepRefused(Exception):
    """Nothing was changed; ``sentence`` tells the owner why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def keep_post(delivery: Delivery, *, person: User) -> None:
    """Keep one's own post out of any recall. Saying so twice is harmless. Raises KeepRefused."""
    with transaction.atomic():
        held = _lock_own(delivery, person=person)
        lines = list(Deletion.objects.select_for_update().filter(delivery=held).order_by("pk"))
        if any(line.state == DeletionState.CLAIMED for line in lines):
            raise KeepRefused(_("It is just being deleted: it is too late to keep it."))
        if any(line.state in NOT_THERE for line in lines):
            raise KeepRefused(_("It is not there any more: it is too late to keep it."))
        now = database_now()
        Delivery.objects.filter(pk=held.pk, kept_at=None).update(kept_at=now)
        others = Deletion.objects.filter(delivery=held).exclude(state=DeletionState.KEPT)
        others.update(
            state=DeletionState.KEPT, ended_at=now, due_at=None, reason="", reason_facts={}
        )


def stop_keeping(delivery: Delivery, *, person: User) -> None:
    """Let a recall that is still to come delete it. Raises KeepRefused once there was one."""
    with transaction.atomic():
        held = _lock_own(delivery, person=person)
        if Deletion.objects.filter(delivery=held).exists():
            raise KeepRefused(
                _("The launch was recalled while you kept your post. Delete it there by hand.")
            )
        Delivery.objects.filter(pk=held.pk).update(kept_at=None)


def can_keep(delivery: Delivery, lines: Sequence[Deletion]) -> bool:
    """Whether its owner can still say so: it is there, and nobody has begun to delete it.

    ``lines`` are those of the ledger about it.
    """
    if delivery.state != DeliveryState.SENT or delivery.kept_at is not None:
        return False
    return all(line.state == DeletionState.WAITING or line.is_left for line in lines)


def _lock_own(delivery: Delivery, *, person: User) -> Delivery:
    """The row, locked until the transaction ends. Raises KeepRefused for what was not posted."""
    mine = Delivery.objects.select_for_update(no_key=True).filter(
        pk=delivery.pk,
        pledge__in=Pledge.objects.filter(person=person),
        state=DeliveryState.SENT,
        erased_at=None,
    )
    found: Delivery | None = mine.first()
    if found is None:
        raise KeepRefused(_("There is no post of yours that could be kept."))
    return found
