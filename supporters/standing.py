"""What stands for a person whom no network vouches for in a promise: an address, or an account."""

from allauth.account.models import EmailAddress

from accounts.models import User
from campaigns.clock import database_now
from supporters.models import AccountState, AssistedPledge, LinkedAccount, PledgeState


def find_address(person: User) -> str:
    """The address that this person has confirmed, the primary one first; empty without one."""
    confirmed = EmailAddress.objects.filter(user=person, verified=True)
    found = confirmed.order_by("-primary", "pk").values_list("email", flat=True).first()
    return str(found or "")


def has_standing(person: User) -> bool:
    """Whether this person may promise: by a confirmed address or a linked account."""
    return bool(find_address(person)) or _has_account(person)


def settle_promises(person: User) -> int:
    """Once an account is gone: let what stood by accounts alone stand by an address, or end it.

    While another account is linked, nothing changes. Promises that are still to come and that
    nothing stands for are withdrawn; gives how many. The caller holds the person's row.
    """
    if _has_account(person):
        return 0
    unaddressed = AssistedPledge.objects.filter(person=person, email="", state=PledgeState.LIVE)
    if address := find_address(person):
        unaddressed.update(email=address)
        return 0
    withdrawn: int = unaddressed.filter(ended_at=None).update(
        state=PledgeState.WITHDRAWN, withdrawn_at=database_now()
    )
    return withdrawn


def _has_account(person: User) -> bool:
    linked = LinkedAccount.objects.filter(person=person).exclude(state=AccountState.UNLINKED)
    return linked.exists()
