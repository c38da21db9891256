"""Whoever runs the site: who they are, and mails to them."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.rights import acts_as_staff
from campaigns.mailing import queue_mail
from launches.models import Launch

logger = logging.getLogger(__name__)

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
                person=person,
                template=template,
                language=person.language,
                context=context,
                expires_at=expires_at,
            )


def tell_held(launch_id: int) -> None:
    """A launch was held by itself: to be called in the transaction that held it."""
    launch = Launch.objects.select_related("campaign__approved").get(pk=launch_id)
    logger.warning("launch %s is held: %s", launch.pk, launch.held_why)
    tell_safely("held", launch, context={}, expires_at=launch.latest_at)


def tell_safely(
    template: str, launch: Launch, *, context: Mapping[str, Any], expires_at: datetime
) -> None:
    """A mail about one launch, in a transaction. One that cannot be written undoes nothing else.

    The templates find ``launch``, its ``campaign`` and the ``zone`` in which its times are told.
    """
    campaign = launch.campaign
    zone = campaign.approved.zone if campaign.approved else "UTC"
    facts = {"launch": launch, "campaign": campaign, "zone": zone or "UTC", **context}
    try:
        with transaction.atomic():
            tell_operators(template, context=facts, expires_at=expires_at)
    except Exception:
        logger.exception("the operators could not be told of launch %s (%s)", launch.pk, template)
