"""What is kept of a person by the sign-in: given to them on demand, and erased."""

from __future__ import annotations

import hashlib
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone

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
    """The person's sessions that are not over. Reads all there are: only they know whose."""
    open_ones = Session.objects.filter(expire_date__gt=timezone.now())
    return [
        each
        for each in open_ones.iterator()
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
