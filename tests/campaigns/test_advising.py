"""What an organiser is told of a moment: other clocks, and hints that refuse nothing."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from campaigns.advising import list_hints
from campaigns.zoning import REGIONS, list_clocks, list_zones, name_place
from tests.campaigns.answering import address, moment, read, save

PARIS = ZoneInfo("Europe/Paris")
JANUARY = datetime(2027, 1, 4, 12, tzinfo=UTC)


def hints(*moment, fold=0, now=JANUARY, zone=PARIS):
    """What is said of a moment on Paris's clock."""
    local = datetime(*moment, fold=fold, tzinfo=zone)
    return list_hints(local.astimezone(UTC), zone=str(zone), now=now)


def test_good_moment_needs_no_hint():
    assert hints(2027, 1, 20, 18, 30) == []


@pytest.mark.parametrize(("hour", "is_night"), [(21, False), (22, True), (6, True), (7, False)])
def test_night_is_told_by_the_clock_of_the_campaign(hour, is_night):
    found = hints(2027, 1, 20, hour, 15)
    assert found == ([f"At {hour:02}:15 most people in Paris are asleep."] if is_night else [])


def test_hour_of_no_place_is_no_night():
    assert hints(2027, 1, 20, 3, zone=ZoneInfo("UTC")) == []


@pytest.mark.parametrize(("day", "weekday"), [(22, ""), (23, "Saturday"), (24, "Sunday"), (25, "")])
def test_weekend_is_told(day, weekday):
    found = hints(2027, 1, day, 12)
    assert [sentence.split(":")[0] for sentence in found] == (
        [f"That is a {weekday}"] if weekday else []
    )


def test_near_moment_tells_how_long_people_have():
    assert "people have 3 days" in hints(2027, 1, 7, 13, 0)[0]
    assert hints(2027, 1, 11, 13, 0) == []


def test_change_of_clocks_before_the_moment_is_told():
    [sentence] = hints(2027, 4, 7, 18)
    assert sentence.startswith("Clocks in Paris change between now and then.")


@pytest.mark.parametrize(("fold", "which"), [(0, "first"), (1, "second")])
def test_time_that_is_shown_twice_is_told_with_which_it_is(fold, which):
    found = hints(2027, 10, 31, 2, 30, fold=fold, now=JANUARY + timedelta(days=200))
    assert f"Clocks in Paris show 02:30 twice that night; you chose the {which}." in found


def test_clocks_elsewhere_are_those_of_the_language_and_utc():
    at = datetime(2027, 1, 20, 23, 30, tzinfo=PARIS)
    shown = [
        (clock.place, f"{clock.local:%H:%M}", clock.is_other_day)
        for clock in list_clocks(at, zone="Europe/Paris", language="fr")
    ]
    assert shown == [
        ("UTC", "22:30", False),
        ("Guadeloupe", "18:30", False),
        ("Montréal", "17:30", False),
        ("Dakar", "22:30", False),
        ("Réunion", "02:30", True),
    ]
    assert [each.place for each in list_clocks(at, zone="UTC", language="de")] == ["Berlin"]


def test_page_shows_other_clocks_as_they_are_and_not_in_the_readers_zone(desk, draft):
    _, revision = save(desk, draft, "moment", **moment(days=12, time="23:30"))
    page = read(desk.get(address(draft, "moment")))
    rows = dict(re.findall(r'<th scope="row"[^>]*>([^<]+)</th><td class="num">([^<]+)</td>', page))
    utc = revision.launch_at.astimezone(UTC)
    assert rows["UTC"] == f"{utc:%H:%M}"
    assert rows["New York"] == f"{utc.astimezone(ZoneInfo('America/New_York')):%H:%M}"
    assert rows["Kolkata"].endswith(f", {utc.astimezone(ZoneInfo('Asia/Kolkata')):%H:%M}")


def test_typed_moment_that_is_none_is_told_beside_it_while_typing(desk, draft):
    save(desk, draft, "moment", **moment(days=12))
    where = reverse("wizard_preview", args=[draft.uid, "moment"])
    page = read(desk.post(where, moment(days=-3)))
    assert "What stands in the fields is no moment yet." in page
    assert "That moment has passed" in page
    assert "data-countdown" not in page
    page = read(desk.post(where, moment(time="")))
    assert "That moment has passed" not in page
    page = read(desk.post(where, moment(days=11)))
    assert "What stands in the fields" not in page
    assert "data-countdown" in page


def test_own_zones_come_first_then_places_by_region(desk, draft, olive):
    olive.zone = "America/Argentina/Buenos_Aires"
    olive.save()
    page = read(desk.get(address(draft, "moment")))
    [first, *others] = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', page, re.DOTALL)
    assert first[0] == "Yours"
    assert re.findall(r'value="([^"]+)"', first[1]) == [
        "Europe/Paris",
        "America/Argentina/Buenos_Aires",
        "UTC",
    ]
    assert "Buenos Aires (Argentina)" in first[1]
    assert [label for label, _ in others] == [str(label) for label in REGIONS.values()]
    names = re.findall(r">\s*([^<]+?)\s*</option>", others[7][1])
    assert names == sorted(names)


def test_zone_with_a_sign_that_means_its_opposite_is_offered_only_to_who_has_it():
    offered = {zone for _, zones in list_zones([]) for zone, _ in zones}
    assert "Europe/Paris" in offered
    assert not {zone for zone in offered if zone.startswith(("Etc/", "US/"))}
    assert list_zones(["Etc/GMT+5"])[0][1][0] == ("Etc/GMT+5", "GMT+5")


@pytest.mark.parametrize(
    ("zone", "place"),
    [("UTC", "UTC"), ("Europe/Paris", "Paris"), ("America/Indiana/Knox", "Knox (Indiana)")],
)
def test_zone_is_called_by_its_place(zone, place):
    assert name_place(zone) == place
