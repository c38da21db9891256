"""What is kept of a person by the sign-in: given to them on demand, and erased."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import ForeignObjectRel, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.marking import find_mails_about, find_mails_to
from accounts.models import User


def export(person: User) -> dict[str, Any]:
    """Name, addresses, second steps, sessions and sign-ins; no password, key or code.

    Attempts that failed are told without the connection they came from: it may be a stranger's.
    """
    addresses = list_addresses(person)
    signed_in = AccessLog.objects.filter(_find_notes(person, addresses=addresses))
    failed = AccessAttempt.objects.filter(_name_one_of(addresses))
    return {
        "you": {
            "name": person.name,
            "e_mail_address": person.email,
            "language": person.language,
            "time_zone": person.zone,
            "joined_at": person.date_joined,
            "last_signed_in_at": person.last_login,
            "may_use_the_admin": person.is_staff,
        },
        "e_mail_addresses": [
            {"address": each.email, "is_confirmed": each.verified, "is_main": each.primary}
            for each in EmailAddress.objects.filter(user=person).order_by("pk")
        ],
        "second_steps": [
            {"kind": each.type, "added_at": each.created_at, "last_used_at": each.last_used_at}
            for each in Authenticator.objects.filter(user=person).order_by("pk")
        ],
        "sessions": [{"ends_at": each.expire_date} for each in list_sessions(person)],
        "sign_ins": [
            {
                "at": each.attempt_time,
                "from_connection": each.ip_address,
                "browser": each.user_agent,
                "signed_out_at": each.logout_time,
            }
            for each in signed_in.order_by("attempt_time")
        ],
        "failed_sign_ins": [
            {"last_at": each.attempt_time, "times": each.failures_since_start}
            for each in failed.order_by("attempt_time")
        ],
    }


def list_obstacles(person: User) -> list[str]:
    """Why they cannot be erased now, and what to do: nobody else could look after the site."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    if not person.is_superuser or others.exists():
        return []
    return [
        _("You are the only administrator of this site: give somebody else the same rights first.")
    ]


def lock(person: User) -> User:
    """Their row as it is now, locked until the transaction ends; among all administrators'.

    Raises ``User.DoesNotExist``.
    """
    wanted = Q(pk=person.pk)
    if person.is_superuser:  # so that two of them are not erased at once
        wanted |= Q(is_superuser=True)
    held = User.objects.select_for_update(no_key=True).filter(wanted).order_by("pk")
    found = {each.pk: each for each in held}
    if person.pk not in found:
        raise User.DoesNotExist
    return found[person.pk]


def shut_out(person: User) -> None:
    """The first step, in the transaction that locked their row: nobody comes in as them any more.

    Their sessions end, and notes of sign-ins go with them, since the sessions tell whose they are.
    """
    addresses = list_addresses(person)
    AccessLog.objects.filter(_find_notes(person, addresses=addresses)).delete()
    AccessAttempt.objects.filter(_name_one_of(addresses)).delete()
    keys = [each.session_key for each in list_sessions(person)]
    Session.objects.filter(session_key__in=keys).delete()
    person.is_active = person.is_staff = person.is_superuser = False
    person.set_unusable_password()
    person.erasing_at = timezone.now()
    person.save(update_fields=["is_active", "is_staff", "is_superuser", "password", "erasing_at"])


def erase(person: User, *, addresses: list[str]) -> None:
    """The last step: delete them, or leave a row without a name where something points at it.

    Every mail to them or about them goes with it, also one that was written a moment ago.
    """
    about = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk))
    about |= Q(pk__in=[entry for each in addresses for entry in _list_entries_naming(each)])
    LogEntry.objects.filter(about).update(object_repr="", change_message="")
    with transaction.atomic():
        held = User.objects.select_for_update().filter(pk=person.pk).first()
        if held is None:
            return
        find_mails_to(addresses).delete()
        find_mails_about(held.pk).delete()
        if _is_pointed_at(held):
            _leave_nameless(held)
        else:
            held.delete()


def _list_entries_naming(address: str) -> list[int]:
    """Entries of the admin's log that name this address, and not one that only contains it."""
    whole = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", re.IGNORECASE)
    found = LogEntry.objects.filter(object_repr__icontains=address)
    return [pk for pk, name in found.values_list("pk", "object_repr") if whole.search(name)]


def _is_pointed_at(person: User) -> bool:
    """Whether something that stays cannot do without them: a campaign, a decision."""
    relations = User._meta.get_fields(include_hidden=True)  # noqa: SLF001 -- a documented interface
    return any(
        relation.related_model._default_manager.filter(**{relation.field.name: person}).exists()  # noqa: SLF001
        for relation in relations
        if isinstance(relation, ForeignObjectRel) and relation.on_delete is models.PROTECT
    )


def _leave_nameless(person: User) -> None:
    """Take everything off the row but its number."""
    Authenticator.objects.filter(user=person).delete()
    EmailAddress.objects.filter(user=person).delete()
    person.groups.clear()
    person.user_permissions.clear()
    now = timezone.now()
    User.objects.filter(pk=person.pk).update(
        email=None,
        name="",
        language=settings.LANGUAGE_CODE,
        zone="UTC",
        is_active=False,
        is_staff=False,
        is_superuser=False,
        last_login=None,
        date_joined=now,
        erasing_at=None,
        erased_at=now,
    )


def list_addresses(person: User) -> list[str]:
    """The addresses that are this person's for certain, in lower case.

    An address that somebody typed in and has not confirmed may be anybody's.
    """
    known = list(EmailAddress.objects.filter(user=person))
    found = {each.email.lower() for each in known if each.verified}
    unconfirmed = {each.email.lower() for each in known} - found
    if person.email and person.email.lower() not in unconfirmed:
        found.add(person.email.lower())
    return sorted(found)


def list_sessions(person: User) -> list[Session]:
    """The person's sessions. Reads all there are: only they know whose."""
    return [
        each
        for each in Session.objects.iterator()
        if each.get_decoded().get("_auth_user_id") == str(person.pk)
    ]


def _find_notes(person: User, *, addresses: list[str]) -> Q:
    """Notes of successful sign-ins: by an address, or by one of the sessions of now."""
    keys = [each.session_key for each in list_sessions(person)]
    hashes = [hashlib.sha256(key.encode()).hexdigest() for key in keys]
    return _name_one_of(addresses) | Q(session_hash__in=hashes)


def _name_one_of(addresses: list[str]) -> Q:
    wanted = Q(pk__in=[])
    for address in addresses:
        wanted |= Q(username__iexact=address)
    return wanted
