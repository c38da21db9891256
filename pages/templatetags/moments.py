"""Moments and the time that is left, for any template: `{% load moments %}`."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.translation import gettext, pgettext

VOWEL = re.compile(r"[aeiou]", re.IGNORECASE)

register = template.Library()


@register.filter
def city(zone: object) -> str:
    """Give the place a time zone is named after: Europe/Paris becomes Paris."""
    return str(zone).rsplit("/", 1)[-1].replace("_", " ")


@register.filter
def place(zone: object) -> str:
    """Say behind a time whose clock it is by: "in Paris", "UTC"."""
    name = city(zone)
    if name in ("UTC", "GMT"):
        return pgettext("whose clock", "%(zone)s") % {"zone": name}
    if VOWEL.match(unicodedata.normalize("NFD", name)):
        return pgettext("before a vowel", "in %(city)s") % {"city": name}
    return gettext("in %(city)s") % {"city": name}


@register.simple_tag
def time_left(at: datetime) -> dict[str, int]:
    """Give the days, hours, minutes and seconds until `at`, all 0 once it has passed."""
    left = max(at - timezone.now(), timedelta())
    minutes, seconds = divmod(left.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return {"days": left.days, "hours": hours, "minutes": minutes, "seconds": seconds}


@register.filter
def isoformat(at: datetime) -> str:
    """Give a moment for a machine, in UTC to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


@register.simple_tag
def server_now() -> str:
    """Give the server's clock for the countdown, whose reader's clock may be wrong."""
    return timezone.now().isoformat(timespec="milliseconds")


@register.filter
def initials(name: str) -> str:
    """Give up to two letters for a face without a picture, and a dot for nobody."""
    words = [word for word in name.split() if word[0].isalnum()]
    letters = [word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)]
    return "".join(letters).upper() or "●"
