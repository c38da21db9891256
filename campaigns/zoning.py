"""Time zones as people look for them, and what clocks elsewhere show at the campaign's moment."""

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.moments import open_zone

# Where the names of places are; the others ("Etc/GMT+5", whose sign means its opposite, "US/…") are
# old names, offered to nobody who does not have one already.
REGIONS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific"),
}
# Where many people read a language, from west to east: hints, not a claim about the supporters.
PLACES = {
    "en": (
        ("America/Los_Angeles", _("Los Angeles")),
        ("America/New_York", _("New York")),
        ("Europe/London", _("London")),
        ("Asia/Kolkata", _("Kolkata")),
        ("Australia/Sydney", _("Sydney")),
    ),
    "fr": (
        ("America/Guadeloupe", _("Guadeloupe")),
        ("America/Toronto", _("Montréal")),
        ("Africa/Dakar", _("Dakar")),
        ("Europe/Paris", _("Paris")),
        ("Indian/Reunion", _("Réunion")),
    ),
    "de": (("Europe/Berlin", _("Berlin")),),
    "es": (
        ("America/Mexico_City", _("Mexico City")),
        ("America/Bogota", _("Bogotá")),
        ("America/Argentina/Buenos_Aires", _("Buenos Aires")),
        ("Europe/Madrid", _("Madrid")),
    ),
    "it": (("Europe/Rome", _("Rome")),),
    "nl": (("America/Paramaribo", _("Paramaribo")), ("Europe/Amsterdam", _("Amsterdam"))),
    "pt": (
        ("America/Sao_Paulo", _("São Paulo")),
        ("Europe/Lisbon", _("Lisbon")),
        ("Africa/Luanda", _("Luanda")),
    ),
}

Group = tuple[Any, list[tuple[str, str]]]


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What a clock in a place shows (naive). ``is_other_day``: not the campaign's own day."""

    place: str
    local: datetime
    is_other_day: bool


def list_zones(own: Iterable[str]) -> list[Group]:
    """Every zone for a form's list, by the name of the place: one's own first, then by region."""
    groups: list[Group] = [
        (_("Yours"), [(zone, name_place(zone)) for zone in dict.fromkeys([*own, "UTC"]) if zone])
    ]
    named = sorted(zoneinfo.available_timezones(), key=name_place)
    for region, label in REGIONS.items():
        prefix = f"{region}/"
        zones = [(zone, name_place(zone)) for zone in named if zone.startswith(prefix)]
        groups.append((label, zones))
    return groups


def list_clocks(moment: datetime, *, zone: str, language: str) -> list[Clock]:
    """What clocks show at that moment in UTC and where people read the language.

    Only those that show another time than the campaign's own.
    """
    own = moment.astimezone(open_zone(zone))
    clocks = []
    for name, place in (("UTC", _("UTC")), *PLACES.get(language, ())):
        local = moment.astimezone(open_zone(name))
        if local.utcoffset() != own.utcoffset():
            is_other_day = local.date() != own.date()
            shown = local.replace(tzinfo=None)  # pages would turn it back into the reader's time
            clocks.append(Clock(place=str(place), local=shown, is_other_day=is_other_day))
    return clocks


def name_place(zone: str) -> str:
    """The place that a zone is named after: "Buenos Aires (Argentina)", "Paris"."""
    _region, *inner, place = ("", *zone.split("/"))
    name = place.replace("_", " ")
    between = [part.replace("_", " ") for part in inner[1:]]
    return f"{name} ({', '.join(between)})" if between else name
