"""Whose a mail is: a row beside it, so that it is given to that person and erased with them.

A mail's address does not tell: anybody's can be typed in, and it may become somebody else's. Nor
does its text, in which a short name is found by chance. The mark is a row of ours, with foreign
keys, and no header of the mail, which its reader would get.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from post_office.models import Email
from post_office.signals import email_queued

if TYPE_CHECKING:
    from accounts.models import User


class MailMark(models.Model):
    """The one person whom a mail is about.

    ``is_to_them``: it is theirs to read; else it went to somebody else, such as a reviewer, or to
    an address that need not be theirs. Nobody is deleted while a mail about them is kept.
    """

    mail = models.OneToOneField(Email, on_delete=models.CASCADE, primary_key=True, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    is_to_them = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"mail {self.mail_id}"


def mark_mail(mail: Email, *, person_id: int, is_to_them: bool = True) -> None:
    """Note whose a mail is, in the transaction of what makes it theirs; once."""
    MailMark.objects.create(mail=mail, person_id=person_id, is_to_them=is_to_them)


@contextmanager
def marking_for(person: User) -> Iterator[None]:
    """Mark what this thread queues by Django's own way of sending; allauth knows no other.

    It is not called written to them, so that nobody is given what went to an address that they
    only claim; what went to one that they confirmed is found by that.
    """
    here = get_ident()

    def mark(*, emails: list[Email], **_facts: object) -> None:
        if get_ident() == here:
            for mail in emails:
                mark_mail(mail, person_id=person.pk, is_to_them=False)

    email_queued.connect(mark, weak=False)
    try:
        yield
    finally:
        email_queued.disconnect(mark)


def find_mails_about(person_id: int, **facts: bool) -> QuerySet[Email]:
    """The mails that bear a person's mark; ``is_to_them`` narrows them down."""
    marks = MailMark.objects.filter(person=person_id, **facts)
    found: QuerySet[Email] = Email.objects.filter(pk__in=marks.values("mail"))
    return found


def find_mails_to(addresses: Sequence[str]) -> QuerySet[Email]:
    """Mails to these addresses, whoever they are about; each mail of ours goes to one."""
    wanted = models.Q(pk__in=[])
    for address in addresses:
        wanted |= models.Q(to__iexact=address)
    found: QuerySet[Email] = Email.objects.filter(wanted)
    return found
