"""Whoever runs the site: who they are, and mails to them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.rights import acts_as_staff
from campaigns.mailing import queue_mail

CONTROL = "launches.change_launch"


def is_operator(person: object) -> bool:
    """Whether this person may steer every launch: staff with the right, and a second factor."""
    return isinstance(person, User) and acts_as_staff(person) and person.has_perm(CONTROL)


def tell_operators(
    template: str, *, context: Mapping[str, Any], expires_at: datetime | None = None
) -> None:
    """One mail to everybody who may steer launches and has an address."""
    for person in User.objects.filter(is_staff=True, is_active=True, email__isnull=False):
        if person.has_perm(CONTROL):
            queue_mail(
                person.email or "",
                template=template,
                language=person.language,
                context=context,
                expires_at=expires_at,
            )
