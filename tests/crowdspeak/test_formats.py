"""Dates and numbers in both languages."""

import re
from datetime import UTC, datetime, time

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils import formats, timezone, translation

from campaigns.moments import write_moment
from crowdspeak.formats.fr.formats import WRITTEN_OUT

MOMENT = datetime(2026, 12, 3, 17, 5, 9, tzinfo=UTC)
SPACE, NARROW = "\u00a0", "\u202f"


def draw(source, **facts):
    with timezone.override("Europe/Paris"):
        return Template("{% load humanize %}" + source).render(Context(facts))


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "3 December 2026, 18:05"),
        ("fr", f"3 décembre 2026 à 18{SPACE}h{SPACE}05"),
    ],
)
def test_a_moment_is_written_as_the_language_does(language, written):
    with translation.override(language):
        assert draw('{{ at|date:"j F Y, H:i" }}', at=MOMENT) == written
        assert draw('{{ at|date:"DATETIME_FORMAT" }}', at=MOMENT) == written


def test_a_french_hour_has_no_zero_before_it():
    with translation.override("fr"):
        assert formats.time_format(time(9, 5), "H:i") == f"9{SPACE}h{SPACE}05"


def test_a_short_month_is_small_and_has_its_point():
    with translation.override("fr"):
        assert draw('{{ at|date:"j M" }}', at=MOMENT) == "3 déc."
        assert draw('{{ at|date:"j M, H:i" }}', at=MOMENT).startswith("3 déc., 18")


def test_the_first_of_a_month_is_an_ordinal_in_french_alone():
    first = datetime(2026, 12, 1, 0, 5, tzinfo=UTC)
    with translation.override("fr"):
        assert draw('{{ at|date:"j F Y" }}', at=first) == "1er décembre 2026"
        assert draw('{{ at|date:"j M" }}', at=first) == "1er déc."
        assert draw('{{ at|date:"j F Y" }}', at=first.replace(day=21)) == "21 décembre 2026"
        assert write_moment(first, zone="Europe/Paris").startswith("1er décembre")
    with translation.override("en"):
        assert draw('{{ at|date:"j F Y" }}', at=first) == "1 December 2026"


def test_a_date_that_is_not_there_is_still_nothing():
    assert draw('{{ at|date:"j F Y" }}', at=None) == ""


def test_seconds_are_named_in_french():
    with translation.override("fr"):
        assert draw('{{ at|date:"H:i:s" }}', at=MOMENT) == "18 h 05 min 09 s".replace(" ", SPACE)


@pytest.mark.parametrize(("language", "written"), [("en", "1,284"), ("fr", f"1{NARROW}284")])
def test_thousands_are_parted_as_the_language_does(language, written):
    with translation.override(language):
        assert draw("{{ number|intcomma }}", number=1284) == written


def test_sentences_of_the_code_write_the_same_clock():
    with translation.override("fr"):
        assert f"18{SPACE}h{SPACE}05" in write_moment(MOMENT, zone="Europe/Paris")
    with translation.override("en"):
        assert write_moment(MOMENT, zone="Europe/Paris") == "3 December 2026 at 18:05"


def test_every_format_in_a_template_is_known_in_french():
    written = set()
    for path in (settings.BASE_DIR / "templates").rglob("*.*"):
        written |= set(re.findall(r"\|(?:date|time):[\"']([^\"']+)[\"']", path.read_text()))
    named = {name for name in written if name.endswith("_FORMAT")}
    assert written - named - set(WRITTEN_OUT) == set(), "add these to crowdspeak/formats/fr"
