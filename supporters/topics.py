"""What a supporter's mail is about, besides a person (``accounts.marking``).

An account that is erased by itself takes the mails with it that name it. An address that nobody
confirmed, or that had enough of being reminded, takes the mails with it that were sent there for
that, and no others: the same address may have come with somebody's pledge.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q, QuerySet
from post_office.models import Email

if TYPE_CHECKING:
    from supporters.models import ConfirmRequest, LinkedAccount, Reminder


class MailTopic(models.Model):
    """One account that a mail names, or the one request or reminder that it was written for."""

    mail = models.ForeignKey(Email, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(
        "supporters.LinkedAccount", on_delete=models.CASCADE, null=True, related_name="+"
    )
    request = models.ForeignKey(
        "supporters.ConfirmRequest", on_delete=models.CASCADE, null=True, related_name="+"
    )
    reminder = models.ForeignKey(
        "supporters.Reminder", on_delete=models.CASCADE, null=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="mail_topic_is_one_thing",
                condition=Q(account__isnull=False, request__isnull=True, reminder__isnull=True)
                | Q(account__isnull=True, request__isnull=False, reminder__isnull=True)
                | Q(account__isnull=True, request__isnull=True, reminder__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"mail {self.mail_id}"


def note_accounts(mail: Email, accounts: Iterable[LinkedAccount]) -> None:
    """A mail names these accounts."""
    keys = sorted({each.pk for each in accounts})
    MailTopic.objects.bulk_create([MailTopic(mail=mail, account_id=key) for key in keys])


def note_request(mail: Email, request: ConfirmRequest) -> None:
    """A mail asks whoever reads it to confirm this."""
    MailTopic.objects.create(mail=mail, request=request)


def note_reminder(mail: Email, reminder: Reminder) -> None:
    """A mail is there since somebody wants to be reminded."""
    MailTopic.objects.create(mail=mail, reminder=reminder)


def find_mails_on(**topic: Any) -> QuerySet[Email]:
    """The mails about this: an ``account``, a ``request``, a ``reminder``, or some of them."""
    topics = MailTopic.objects.filter(**topic)
    found: QuerySet[Email] = Email.objects.filter(pk__in=topics.values("mail"))
    return found
