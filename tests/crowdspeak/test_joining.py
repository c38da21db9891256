"""The one style sheet that pages wait for: all of the sources, in their order, never an old one."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from crowdspeak.joining import JOINED, SHEETS, JoinedSheetFinder, join_sheets

FOLDER = Path(settings.BASE_DIR) / "static" / "css"
OF_ONE_PAGE = {"poster", "embed", "guide"}  # which only these link


@pytest.fixture
def finder(settings, tmp_path):
    """A finder that writes into a folder of this test's own."""
    settings.VAR_DIR = tmp_path
    return JoinedSheetFinder()


def test_every_sheet_is_joined_or_a_single_pages():
    assert {path.stem for path in FOLDER.glob("*.css")} == {*SHEETS} | OF_ONE_PAGE


def test_layers_are_set_before_anything_is_put_into_one():
    assert join_sheets().index("@layer reset, base,") < join_sheets().index("@layer base {")


def test_nothing_in_it_asks_for_another_sheet():
    assert "@import" not in join_sheets()


def test_joined_sheet_is_found_like_any_other():
    found = finders.find(JOINED)
    assert Path(found).read_text() == join_sheets()
    assert finders.find(JOINED, find_all=True) == [found]
    assert finders.find("css/nowhere.css") is None


def test_sheet_is_written_anew_when_a_source_changes_and_not_before(finder, monkeypatch):
    place = Path(finder.find(JOINED))
    before = place.stat().st_mtime_ns, place.stat().st_ino
    finder.find(JOINED)
    assert (place.stat().st_mtime_ns, place.stat().st_ino) == before
    monkeypatch.setattr("crowdspeak.joining.join_sheets", lambda: "p { color: CanvasText }")
    assert Path(finder.find(JOINED)).read_text() == "p { color: CanvasText }"
    assert [path.name for path in place.parent.iterdir()] == ["site.css"]


def test_collected_files_have_it(settings, tmp_path):
    settings.STATIC_ROOT = str(tmp_path / "static")
    call_command("collectstatic", "--no-input", "--verbosity", "0")
    assert (tmp_path / "static" / JOINED).read_text() == join_sheets()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/campaigns/", "/account/login/", "/what-we-keep/"])
def test_page_links_one_sheet(client, path):
    page = client.get(path).content.decode()
    assert re.findall(r'<link rel="stylesheet" href="([^"]*)"', page) == ["/static/css/site.css"]
