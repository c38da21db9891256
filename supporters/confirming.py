"""Confirming an address by a mail: for a promise by one's own hand, or to be reminded only.

The link in the mail leads to a page with a button, since programs that look for viruses open links.
Whoever presses it is the person who confirmed that address before, else a new one. Somebody who
only claims the address, without having confirmed it, gets nothing by it.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts.marking import mark_mail
from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from supporters import telling
from supporters.addressing import mark_address
from supporters.assisting import check_words, hold_open, make_promises
from supporters.forgetting import erase_reminders, erase_requests
from supporters.models import AssistedPledge, ConfirmRequest, Reminder
from supporters.pledging import PledgeRefused
from supporters.topics import find_mails_on, note_reminder

CONFIRM_LASTS = timedelta(hours=48)
# Anybody's address can be typed in: so many mails a day, and then no more.
MOST_FOR_ONE_CAMPAIGN = 3
MOST_IN_ALL = 10

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """What a confirmed address stands for: promises of a person, or a reminder."""

    campaign: Campaign
    email: str
    person: User | None
    promises: list[AssistedPledge]


def ask_promise(
    campaign: Campaign,
    *,
    email: str,
    networks: Sequence[str],
    seen: str,
    wording: int = 1,
    words: str = "",
    is_shown: bool = False,
    name: str = "",
    language: str = "en",
    source: str = "",
) -> None:
    """Send a mail whose reader can promise this. What is refused then is refused now as well.

    Raises PledgeRefused, WordsChanged.
    """
    with transaction.atomic():
        held = hold_open(campaign)
        composers, text = check_words(
            held, networks=networks, seen=seen, wording=wording, words=words
        )
        _ask(
            held,
            email=email,
            language=language,
            networks=[composer.name for composer in composers],
            text=text,
            wording=wording,
            name=name,
            is_shown=is_shown,
            source=source,
        )


def ask_reminder(campaign: Campaign, *, email: str, language: str = "en") -> None:
    """Send a mail whose reader can ask to be reminded of the moment. Raises PledgeRefused."""
    with transaction.atomic():
        _ask(hold_open(campaign), email=email, language=language)


def find_request(token: str) -> ConfirmRequest | None:
    """What a mail's link stands for; None when it was used, or is too old."""
    found: ConfirmRequest | None = (
        ConfirmRequest.objects.filter(
            token_digest=_digest(token), asked_at__gt=database_now() - CONFIRM_LASTS
        )
        .select_related("campaign__approved", "revision")
        .first()
    )
    return found


def confirm(token: str) -> Confirmed | None:
    """Do what was asked for with this address; None when the link was used, or is too old.

    Raises PledgeRefused; then the link stays good.
    """
    for _attempt in range(2):
        try:
            with transaction.atomic():
                return _confirm(token)
        except IntegrityError:
            logger.info("two requests confirmed the same new address at once")
    raise PledgeRefused(_("This address is being confirmed elsewhere. Please try again."))


def remind(campaign: Campaign, *, email: str, language: str = "en") -> Reminder:
    """Keep a confirmed address that wants to hear of the moment. Raises PledgeRefused."""
    with transaction.atomic():
        held = hold_open(campaign)
        mark = mark_address(email)
        reminder, _is_new = Reminder.objects.update_or_create(
            campaign=held,
            email=email.lower(),
            defaults={"mark": mark},  # another one where the site's key is another
            create_defaults={"mark": mark, "language": language},
        )
    return reminder


def find_reminder(campaign: Campaign, *, mark: str) -> Reminder | None:
    """The reminder to the address that has this mark (``addressing.mark_address``)."""
    here = Reminder.objects.filter(campaign=campaign)
    found: Reminder | None = here.filter(mark=mark).first()
    return found or next(
        (each for each in here.filter(mark="") if mark_address(each.email) == mark), None
    )


def forget_reminder(campaign: Campaign, *, email: str) -> bool:
    """Delete the reminder with the mails that were sent for it; whether there was one."""
    mine = Reminder.objects.filter(campaign=campaign, email=email.lower())
    return bool(erase_reminders(mine))


def forget_unconfirmed() -> int:
    """Delete the addresses that nobody confirmed in time, and what we wrote there. How many."""
    old = ConfirmRequest.objects.filter(asked_at__lt=database_now() - CONFIRM_LASTS)
    return erase_requests(old)


def _ask(
    held: Campaign,
    *,
    email: str,
    language: str,
    networks: Sequence[str] = (),
    text: str = "",
    wording: int = 1,
    name: str = "",
    is_shown: bool = False,
    source: str = "",
) -> None:
    email = email.lower()
    _hold_address(email)
    today = ConfirmRequest.objects.filter(
        email=email, asked_at__gt=database_now() - timedelta(days=1)
    )
    if today.count() >= MOST_IN_ALL or today.filter(campaign=held).count() >= MOST_FOR_ONE_CAMPAIGN:
        raise PledgeRefused(
            _("Several mails went to this address today. Open the newest one, or wait a day.")
        )
    revision = held.approved
    assert revision is not None, "an open campaign has an approved revision"
    token = secrets.token_urlsafe(32)
    request = ConfirmRequest.objects.create(
        token_digest=_digest(token),
        campaign=held,
        email=email,
        language=language,
        networks=list(networks),
        revision=revision,
        text=text,
        wording=wording,
        name=name,
        is_shown=is_shown,
        source=source,
    )
    telling.queue_confirm(request, token=token)


def _hold_address(email: str) -> None:
    """One at a time writes to an address, until its transaction ends: mails are counted before.

    There is no row to lock: an address may come for the first time, with several campaigns at once.
    SQLite lets one transaction write at a time as it is.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            name = f"supporters.confirming {email}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _confirm(token: str) -> Confirmed | None:
    request = find_request(token)
    if request is None:
        return None
    held = hold_open(request.campaign)
    asked_by = list(find_mails_on(request=request))
    _rows, used = ConfirmRequest.objects.filter(pk=request.pk).delete()
    if not used.get(ConfirmRequest._meta.label):  # noqa: SLF001 -- a documented interface
        return None
    if not request.networks:
        reminder = remind(held, email=request.email, language=request.language)
        for mail in asked_by:
            note_reminder(mail, reminder)
        return Confirmed(campaign=held, email=request.email, person=None, promises=[])
    person = _find_or_make_person(request)
    for mail in asked_by:
        mark_mail(mail, person_id=person.pk)
    promises = make_promises(
        held,
        person=person,
        networks=request.networks,
        # As they were read and agreed to; a pledge that stands keeps its words as well.
        revision=request.revision,
        text=request.text,
        wording=request.wording,
        is_shown=request.is_shown,
        language=request.language,
        source=request.source,
    )
    return Confirmed(campaign=held, email=request.email, person=person, promises=promises)


def _find_or_make_person(request: ConfirmRequest) -> User:
    """Whoever confirmed the address before, else somebody new, known by it alone."""
    email = request.email
    confirmed = EmailAddress.objects.filter(email__iexact=email, verified=True)
    known = confirmed.select_related("user").first()
    if known is not None:
        owner: User = known.user
        return owner
    # Somebody may have signed up with it and never confirmed it: that account stays as it is.
    is_claimed = User.objects.filter(email__iexact=email).exists()
    person = User.objects.create_user(
        None if is_claimed else email, name=request.name, language=request.language
    )
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    return person


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
