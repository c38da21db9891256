"""From a day and a time on somebody's clock to the instant at which everybody speaks."""

import math
import re
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.utils import formats
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

FURTHEST_DAYS = 366
EXACT_SECONDS = 1
FIRST_OF_MONTH = re.compile(r"(?<![\d,.])1 (?=[^\W\d_]{3})")


def open_zone(name: str) -> zoneinfo.ZoneInfo:
    """The IANA zone of that name. Raises ValidationError (code ``zone``)."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError(
            _("“%(name)s” is not a time zone."), code="zone", params={"name": name}
        ) from error


def read_moment(
    day: date,
    at: time,
    *,
    zone: str,
    now: datetime,
    lead_seconds: int = 0,
    fold: int | None = None,
) -> datetime:
    """The instant (UTC) that clocks in ``zone`` show as that day and time.

    ``fold`` chooses when clocks show it twice: 0 the first, 1 the second. Raises ValidationError
    whose code tells what is wrong: ``zone``, ``gap`` (clocks skip that time), ``overlap`` (they
    show it twice and ``fold`` is None), ``past``, ``soon`` (nearer than ``lead_seconds``), ``far``.
    """
    clock = open_zone(zone)
    _check_year(day, zone=zone, now=now)
    local = datetime.combine(day, at.replace(fold=0, tzinfo=None), tzinfo=clock)
    if shows_twice(local):
        if fold is None:
            raise ValidationError(
                _(
                    "On %(day)s clocks in %(zone)s show %(time)s twice, since they go back. "
                    "Choose the first or the second."
                ),
                code="overlap",
                params={"day": _write_day(day), "zone": zone, "time": _write_time(at)},
            )
        local = local.replace(fold=1 if fold else 0)
    else:
        _check_gap(local, zone=zone)
    moment = local.astimezone(UTC)
    check_distance(moment, zone=zone, now=now, lead_seconds=lead_seconds)
    return moment


def check_distance(moment: datetime, *, zone: str, now: datetime, lead_seconds: int) -> None:
    """Raise ValidationError for a moment in the past, too near for a review, or too far away."""
    if moment <= now:
        raise _refuse_past(zone=zone, now=now)
    if (moment - now).total_seconds() < lead_seconds:
        earliest = _round_up_to_minute(now + timedelta(seconds=lead_seconds))
        raise ValidationError(
            _(
                "That is too soon: reviewers need %(lead)s. "
                "Choose a moment from %(earliest)s (%(zone)s)."
            ),
            code="soon",
            params={
                "lead": write_duration(lead_seconds),
                "earliest": write_moment(earliest, zone=zone),
                "zone": zone,
            },
        )
    if moment - now > timedelta(days=FURTHEST_DAYS):
        raise _refuse_far(now=now)


def shows_twice(local: datetime) -> bool:
    """Whether clocks in its zone show that time twice (they go back)."""
    first, second = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    assert first is not None
    assert second is not None
    return first > second


def find_skip(local: datetime) -> tuple[datetime, datetime] | None:
    """The first local time that clocks skip around this one, and the first they show again.

    None when they show it. Both are naive, of the zone's own clock.
    """
    before, after = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    assert before is not None
    assert after is not None
    if before >= after:
        return None
    # The jump lies between the two readings of the skipped time: halve until it is found.
    low, high = local.replace(fold=1).astimezone(UTC), local.replace(fold=0).astimezone(UTC)
    while (high - low).total_seconds() > EXACT_SECONDS:
        middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
        if middle.astimezone(local.tzinfo).utcoffset() == before:
            low = middle
        else:
            high = middle
    jump = high.replace(tzinfo=None)
    return jump + before, jump + after


def write_moment(moment: datetime, *, zone: str) -> str:
    """Day and time on the clock of that zone, in the reader's language."""
    local = moment.astimezone(open_zone(zone))
    return _("%(day)s at %(time)s") % {"day": _write_day(local), "time": _write_time(local.time())}


def finish_date(text: str) -> str:
    """What no format can say: in French the first of a month is an ordinal, « 1er mai »."""
    if (get_language() or "").startswith("fr"):
        return FIRST_OF_MONTH.sub("1er ", text)
    return text


def write_duration(seconds: int) -> str:
    """A length of time in the largest unit that leaves no fraction worth telling."""
    if seconds >= 48 * 3600:
        number = round(seconds / 86400)
        return ngettext("%(number)d day", "%(number)d days", number) % {"number": number}
    if seconds >= 2 * 3600:
        number = round(seconds / 3600)
        return ngettext("%(number)d hour", "%(number)d hours", number) % {"number": number}
    number = max(1, math.ceil(seconds / 60))
    return ngettext("%(number)d minute", "%(number)d minutes", number) % {"number": number}


def _check_gap(local: datetime, *, zone: str) -> None:
    skip = find_skip(local)
    if skip is None:
        return
    start, end = skip
    raise ValidationError(
        _(
            "%(time)s does not exist on %(day)s in %(zone)s: clocks go forward from %(start)s to "
            "%(end)s. Choose a time before %(start)s or from %(end)s."
        ),
        code="gap",
        params={
            "time": _write_time(local.time()),
            "day": _write_day(local),
            "zone": zone,
            "start": _write_time(start.time()),
            "end": _write_time(end.time()),
        },
    )


def _check_year(day: date, *, zone: str, now: datetime) -> None:
    """Refuse by the calendar alone what is so far off that its instant may not exist."""
    if day.year < now.year - 1:
        raise _refuse_past(zone=zone, now=now)
    if day.year > now.year + 2:
        raise _refuse_far(now=now)


def _refuse_past(*, zone: str, now: datetime) -> ValidationError:
    return ValidationError(
        _("That moment has passed: in %(zone)s it is %(now)s."),
        code="past",
        params={"zone": zone, "now": write_moment(now, zone=zone)},
    )


def _refuse_far(*, now: datetime) -> ValidationError:
    return ValidationError(
        _("That is more than a year away. Choose a moment before %(latest)s."),
        code="far",
        params={"latest": _write_day((now + timedelta(days=FURTHEST_DAYS)).date())},
    )


def _round_up_to_minute(moment: datetime) -> datetime:
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def _write_day(day: date) -> str:
    return finish_date(formats.date_format(day, "j F Y"))


def _write_time(at: time) -> str:
    return formats.time_format(at, "H:i")
