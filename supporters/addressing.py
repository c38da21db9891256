"""Addresses in mails that let their reader act without signing in: on one thing, and no other.

Signed, so that nobody can make one up. Who opens one is not signed in by it: a mail is forwarded
more easily than a password.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import salted_hmac

from campaigns.models import Campaign

PROMISE, REMINDER = "supporters.promise", "supporters.reminder"
UNSUBSCRIBE = "supporters.unsubscribe"
LASTS = timedelta(days=7)  # after the latest time of the launch


def address_promise(campaign: Campaign, *, person_id: int) -> str:
    """The path of a page on which one person's promises to one campaign can be acted on."""
    token = signing.Signer(salt=PROMISE).sign_object([campaign.pk, person_id])
    return reverse("promise_signed", args=[token])


def address_reminder(campaign: Campaign, *, email: str) -> str:
    """The path of a page on which this address can be forgotten again.

    It bears a mark of the address and not the address, since paths end up in logs and histories.
    """
    token = signing.Signer(salt=REMINDER).sign_object([campaign.pk, mark_address(email)])
    return reverse("reminder_signed", args=[token])


def address_unsubscribe(campaign: Campaign, *, person_id: int) -> str:
    """The path at which one person's mails about a campaign can be ended; good for ever."""
    token = signing.Signer(salt=UNSUBSCRIBE).sign_object([campaign.pk, person_id])
    return reverse("unsubscribe", args=[token])


def write_unsubscribe_headers(path: str) -> dict[str, str]:
    """What lets a mail program offer one press that ends such mails (RFC 8058, section 3.1)."""
    return {
        "List-Unsubscribe": f"<{settings.SITE_URL}{path}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def mark_address(email: str) -> str:
    """A keyed hash of an address (64 hex digits)."""
    return salted_hmac(REMINDER, email.lower(), algorithm="sha256").hexdigest()


def read_token(token: str, *, purpose: str) -> tuple[int, Any] | None:
    """The campaign's key, and the person's or an address's mark; None where we did not sign it."""
    try:
        campaign_id, whom = signing.Signer(salt=purpose).unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None
    return campaign_id, whom


def has_ended(campaign: Campaign, *, now: datetime) -> bool:
    """Whether addresses concerning it lead nowhere any more, and nothing more is reported."""
    return campaign.latest_at is not None and now > campaign.latest_at + LASTS
