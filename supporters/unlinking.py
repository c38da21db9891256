"""Giving an account back: its pledges withdrawn, its key deleted here and revoked there."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from supporters import standing
from supporters.models import AccountState, LinkedAccount, PendingRevocation, PledgeState
from supporters.revoking import Ending, Revocation, carry_out, note_to_revoke


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What became of it here. ``called`` pledges were too late to be withdrawn: their posts have
    left, or leave just now. ``promises`` stood by this account alone, and are withdrawn with it.
    ``noted`` is what its network is still to be told; None: there was no key any more.
    """

    withdrawn: int
    called: int
    promises: int
    noted: PendingRevocation | None


@dataclass(frozen=True, kw_only=True)
class Unlinked(Cut):
    """What became of it here and there."""

    revocation: Revocation

    @property
    def is_revoked(self) -> bool:
        """Whether the network forgot the authorisation too."""
        return self.revocation.ending == Ending.REVOKED

    @property
    def is_shared(self) -> bool:
        """Whether it was left alone there, since another linked account lives by it."""
        return self.revocation.ending == Ending.SHARED


def unlink(account: LinkedAccount, *, person: User) -> Unlinked:
    """Withdraw what was pledged, forget the key, then have the network forget it as well.

    Raises what ``cut_off`` raises. The network is told after that; one that does not answer is
    told again for a day, and the key is kept sealed for that alone (``revoking``).
    """
    cut = cut_off(account, person=person)
    revocation = Revocation(ending=Ending.REVOKED)
    if cut.noted is not None:
        (revocation,) = carry_out([cut.noted])
    return Unlinked(**vars(cut), revocation=revocation)


def cut_off(account: LinkedAccount, *, person: User) -> Cut:
    """The part of it that is ours: one transaction, in which no network is asked.

    Raises ``LinkedAccount.DoesNotExist`` for an account that is not this person's, or was unlinked
    before.
    """
    now = timezone.now()
    with transaction.atomic():
        # The person first, as whoever promises does: a promise stands by what is linked then.
        mine = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        held: LinkedAccount = (
            LinkedAccount.objects.select_for_update(of=("self",))
            .exclude(state=AccountState.UNLINKED)
            .select_related("known_server")
            .get(pk=account.pk, person=mine)
        )
        noted = note_to_revoke(held)
        withdrawn = held.pledges.filter(state=PledgeState.LIVE).update(
            state=PledgeState.WITHDRAWN, withdrawn_at=now, changed_at=now
        )
        called = held.pledges.filter(state=PledgeState.CALLED, campaign__latest_at__gt=now).count()
        LinkedAccount.objects.filter(pk=held.pk).update(
            state=AccountState.UNLINKED,
            sealed_credentials="",
            expires_at=None,
            refreshing_until=None,
            unlinked_at=now,
        )
        promises = standing.settle_promises(mine)
    return Cut(withdrawn=withdrawn, called=called, promises=promises, noted=noted)
