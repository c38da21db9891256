"""What stands for a person whom no network vouches for in a promise: an address, or an account."""

from allauth.account.models import EmailAddress

from accounts.models import User
from supporters.models import AccountState, LinkedAccount


def find_address(person: User) -> str:
    """The address that this person has confirmed, the primary one first; empty without one."""
    confirmed = EmailAddress.objects.filter(user=person, verified=True)
    found = confirmed.order_by("-primary", "pk").values_list("email", flat=True).first()
    return str(found or "")


def has_standing(person: User) -> bool:
    """Whether this person may promise: by a confirmed address or a linked account."""
    linked = LinkedAccount.objects.filter(person=person).exclude(state=AccountState.UNLINKED)
    return bool(find_address(person)) or linked.exists()
