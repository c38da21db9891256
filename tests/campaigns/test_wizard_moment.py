"""The wizard's question about the moment, as an organiser's browser answers it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.clock import database_now
from tests.campaigns.answering import address, moment, read, save


def test_moment_that_cannot_be_taken_is_shown_again_as_typed(desk, draft):
    typed = moment(days=-3, threshold="50")
    answer, revision = save(desk, draft, "moment", **typed)
    assert "That moment has passed" in read(answer)
    assert (revision.launch_at, revision.threshold) == (None, 50)
    page = read(desk.get(address(draft, "moment")))
    assert f'value="{typed["day"]}"' in page
    assert 'value="18:30"' in page


def test_half_a_moment_is_kept(desk, draft):
    typed = moment(time="")
    answer, revision = save(desk, draft, "moment", **typed)
    assert "Choose the time." in read(answer)
    assert revision.launch_at is None
    assert f'value="{typed["day"]}"' in read(desk.get(address(draft, "moment")))


def test_moment_nearer_than_the_review_is_told_with_the_earliest(desk, draft):
    answer, revision = save(desk, draft, "moment", **moment(days=1))
    page = read(answer)
    assert "too soon: reviewers need 2 days" in page
    assert revision.launch_at is None


def next_change(hours):
    """The next day on which Paris's clocks move by so many hours."""
    zone, day = ZoneInfo("Europe/Paris"), database_now().date() + timedelta(days=4)
    for _ in range(366):
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
        end = start + timedelta(days=1)
        if end.utcoffset() - start.utcoffset() == timedelta(hours=hours):
            return day
        day += timedelta(days=1)
    raise AssertionError("Paris no longer changes its clocks: take another zone")


def test_time_that_clocks_skip_is_told(desk, draft):
    answer, _ = save(desk, draft, "moment", **moment(day=next_change(1).isoformat(), time="02:30"))
    assert "clocks go forward from 02:00 to 03:00" in read(answer)


def test_time_shown_twice_offers_the_choice(desk, draft):
    assert 'name="fold"' not in read(desk.get(address(draft, "moment")))
    typed = moment(day=next_change(-1).isoformat(), time="02:30")
    answer, revision = save(desk, draft, "moment", **typed)
    page = read(answer)
    assert "show 02:30 twice" in page
    assert page.count('name="fold"') == 2
    assert revision.launch_at is None
    answer, revision = save(desk, draft, "moment", **typed, fold="1")
    assert answer.status_code == 302
    assert revision.launch_at.astimezone(UTC).strftime("%H:%M") == "01:30"
    page = read(desk.get(address(draft, "moment")))
    assert page.count('name="fold"') == 2
    answer, again = save(desk, draft, "moment", **typed, fold="0")
    assert revision.launch_at - again.launch_at == timedelta(hours=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("zone", "Mars/Olympus"),
        ("threshold", "0"),
        ("threshold", "-1"),
        ("threshold", "many"),
        ("threshold", "99999999999999999999"),
        ("latest_minutes", "1441"),
        ("visibility", "secret"),
        ("day", "31/02/2027"),
        ("time", "25:00"),
    ],
)
def test_bad_answers_about_the_moment_are_told(desk, draft, field, value):
    answer, revision = save(desk, draft, "moment", **moment(**{field: value}))
    assert "One thing to put right" in read(answer)
    assert revision.latest_minutes == 45
    assert revision.visibility == "public"
