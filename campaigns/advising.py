"""What an organiser may want to know of the moment that they chose: hints, no refusals."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import formats
from django.utils.translation import gettext as _

from campaigns.moments import open_zone, shows_twice, write_duration
from campaigns.zoning import name_place

NIGHT_ENDS = 7
NIGHT_BEGINS = 22
SATURDAY = 5
NEAR_DAYS = 7


def list_hints(moment: datetime, *, zone: str, now: datetime) -> list[str]:
    """Night, weekend, too near, and what the zone's clocks do until then: a sentence each."""
    local = moment.astimezone(open_zone(zone))
    return [
        *_warn_of_hour(local, zone=zone),
        *_warn_of_wait(moment - now),
        *_tell_clocks(local, zone=zone, now=now),
    ]


def _warn_of_hour(local: datetime, *, zone: str) -> Iterator[str]:
    # Nobody lives by UTC: what hour it is where they are is told by the other clocks.
    if zone != "UTC" and not NIGHT_ENDS <= local.hour < NIGHT_BEGINS:
        yield _("At %(time)s most people in %(place)s are asleep.") % {
            "time": formats.date_format(local, "H:i"),
            "place": name_place(zone),
        }
    if local.weekday() >= SATURDAY:
        yield _(
            "That is a %(weekday)s: good for who reads at home, less so for who answers at work."
        ) % {"weekday": formats.date_format(local, "l")}


def _warn_of_wait(left: timedelta) -> Iterator[str]:
    if timedelta() < left < timedelta(days=NEAR_DAYS):
        yield _(
            "That is near: people have %(left)s, less the time that review takes, to hear of it "
            "and lend their accounts."
        ) % {"left": write_duration(int(left.total_seconds()))}


def _tell_clocks(local: datetime, *, zone: str, now: datetime) -> Iterator[str]:
    """Where the clocks change before the moment, or show it twice."""
    place = name_place(zone)
    offset = now.astimezone(local.tzinfo).utcoffset()
    if local.utcoffset() != offset:
        yield _(
            "Clocks in %(place)s change between now and then. The time that you chose is the one "
            "that they show on that day."
        ) % {"place": place}
    if shows_twice(local):
        facts = {"place": place, "time": formats.date_format(local, "H:i")}
        if local.fold:
            yield (
                _("Clocks in %(place)s show %(time)s twice that night; you chose the second.")
                % facts
            )
        else:
            yield (
                _("Clocks in %(place)s show %(time)s twice that night; you chose the first.")
                % facts
            )
