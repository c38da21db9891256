"""Mails as rows: written in the transaction of the fact they tell, sent by the workers.

A mail called ``reviewed`` has two templates: ``mails/reviewed.txt`` (extends ``mails/_base.txt``,
its block ``subject`` is the subject) and ``mails/reviewed.html`` (extends ``mails/_base.html``).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template import Context, loader
from django.utils import translation
from django.utils.text import Truncator
from post_office.models import PRIORITY, STATUS, Email

from accounts.marking import mark_mail
from accounts.models import User

SUBJECT_LENGTH = 80  # characters; more is cut off by who shows it, in the middle of a word


def render_text(name: str, context: Mapping[str, Any]) -> str:
    """Render a template of plain text: nothing is escaped, empty lines never double."""
    found = loader.get_template(name)
    template = found.template  # type: ignore[attr-defined]  # Django's own engine has one
    text: str = template.render(Context(dict(context), autoescape=False))
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def queue_mail(
    to: str,
    *,
    person: User | None,
    template: str,
    language: str,
    context: Mapping[str, Any],
    is_to_them: bool = True,
    headers: Mapping[str, str] | None = None,
    expires_at: datetime | None = None,
    can_wait: bool = False,
) -> Email:
    """Write one mail to one address as a row, in that language.

    ``person`` is the one whom it is about, with whom it is erased; ``is_to_them`` is false where it
    is written to somebody else, such as a reviewer. None only where nobody is known by it: then the
    caller notes what it is about.

    ``template`` is the name without folder and ending. Templates find ``context``, ``site_url``
    (no slash at its end: ``{{ site_url }}{% url … %}`` is an absolute link), ``language`` and
    ``subject`` (HTML only). After ``expires_at`` the mail is not sent any more. One that
    ``can_wait`` leaves after all others that are due.

    The row is made here and not by ``post_office.mail.send``: that one takes what it is given for
    a template once more, so a campaign's title could run template tags.
    """
    with translation.override(language):
        facts = {**context, "site_url": settings.SITE_URL, "language": language}
        line, _, message = render_text(f"mails/{template}.txt", facts).partition("\n")
        subject = Truncator(line).chars(SUBJECT_LENGTH)
        html = loader.render_to_string(f"mails/{template}.html", {**facts, "subject": subject})
    mail = Email(
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        subject=subject,
        message=message.lstrip("\n"),
        html_message=html,
        headers=dict(headers) if headers else None,
        priority=PRIORITY.low if can_wait else PRIORITY.medium,
        status=STATUS.queued,
        expires_at=expires_at,
    )
    with transaction.atomic(savepoint=False):
        mail.save()
        if person is not None:
            mark_mail(mail, person_id=person.pk, is_to_them=is_to_them)
    return mail
