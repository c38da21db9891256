"""Days and times on people's clocks."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError

from campaigns.moments import read_moment, write_duration

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PARIS = "Europe/Paris"


def refuse(day, at, **facts):
    """The one error that reading that moment gives."""
    with pytest.raises(ValidationError) as caught:
        read_moment(day, at, **{"zone": PARIS, "now": NOW, **facts})
    return caught.value


def test_local_time_is_read_into_utc():
    summer = read_moment(date(2027, 7, 1), time(18, 30), zone=PARIS, now=NOW)
    winter = read_moment(date(2026, 12, 3), time(18, 30), zone=PARIS, now=NOW)
    assert summer == datetime(2027, 7, 1, 16, 30, tzinfo=UTC)
    assert winter == datetime(2026, 12, 3, 17, 30, tzinfo=UTC)
    assert summer.tzinfo == UTC


def test_time_that_clocks_skip_is_refused_with_what_to_choose():
    error = refuse(date(2027, 3, 28), time(2, 30))
    assert error.code == "gap"
    assert error.messages == [
        (
            "02:30 does not exist on 28 March 2027 in Europe/Paris: clocks go forward from 02:00 "
            "to 03:00. Choose a time before 02:00 or from 03:00."
        )
    ]


def test_edges_of_the_gap_are_exact():
    assert refuse(date(2027, 3, 28), time(2, 0)).code == "gap"
    assert refuse(date(2027, 3, 28), time(2, 59, 59)).code == "gap"
    before = read_moment(date(2027, 3, 28), time(1, 59, 59), zone=PARIS, now=NOW)
    after = read_moment(date(2027, 3, 28), time(3, 0), zone=PARIS, now=NOW)
    assert after - before == timedelta(seconds=1)


def test_gap_of_half_an_hour_is_told_as_it_is():
    error = refuse(date(2027, 10, 3), time(2, 10), zone="Australia/Lord_Howe")
    assert "from 02:00 to 02:30" in error.messages[0]


def test_time_shown_twice_asks_which():
    error = refuse(date(2027, 10, 31), time(2, 30))
    assert error.code == "overlap"
    first = read_moment(date(2027, 10, 31), time(2, 30), zone=PARIS, now=NOW, fold=0)
    second = read_moment(date(2027, 10, 31), time(2, 30), zone=PARIS, now=NOW, fold=1)
    assert first == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert second - first == timedelta(hours=1)


def test_fold_means_nothing_on_any_other_day():
    plain = read_moment(date(2027, 5, 1), time(2, 30), zone=PARIS, now=NOW, fold=1)
    assert plain == datetime(2027, 5, 1, 0, 30, tzinfo=UTC)


def test_past_and_this_very_moment_are_refused():
    assert refuse(date(2026, 11, 1), time(12, 59)).code == "past"
    error = refuse(date(2026, 11, 1), time(13, 0))
    assert error.code == "past"
    assert "1 November 2026 at 13:00" in error.messages[0]


def test_nearer_than_the_review_needs_is_refused_with_the_earliest():
    lead = 48 * 3600
    error = refuse(date(2026, 11, 3), time(12, 59), lead_seconds=lead)
    assert error.code == "soon"
    assert "2 days" in error.messages[0]
    assert "3 November 2026 at 13:00" in error.messages[0]
    exactly = read_moment(date(2026, 11, 3), time(13), zone=PARIS, now=NOW, lead_seconds=lead)
    assert exactly - NOW == timedelta(seconds=lead)


def test_more_than_a_year_away_is_refused():
    assert refuse(date(2028, 1, 1), time(12)).code == "far"
    assert refuse(date(9999, 12, 31), time(23, 59)).code == "far"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "/etc/passwd", "", "x\0y"])
def test_unknown_zone_is_refused(zone):
    assert refuse(date(2027, 1, 1), time(12), zone=zone).code == "zone"


def test_first_day_there_is_is_refused_not_crashed():
    assert refuse(date(1, 1, 1), time(0), zone="Asia/Tokyo").code == "past"


def test_durations_are_written_in_a_unit_that_fits():
    assert write_duration(48 * 3600) == "2 days"
    assert write_duration(24 * 3600) == "24 hours"
    assert write_duration(45 * 60) == "45 minutes"
    assert write_duration(1) == "1 minute"
