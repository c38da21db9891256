"""Every table of data is there for a spreadsheet as well, wherever a template draws one."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
INCLUDED = re.compile(r'\{% include "([^"]+)"')
MARK = re.compile(
    r'(?P<file>\{% include "launches/_csv\.html"|href="\{% url "\w+_csv")'
    r'|(?P<table><table)|\{% include "(?P<included>[^"]+)"'
)

WITHOUT = {
    "admin/campaigns/review.html": "two texts side by side, to be read and not counted",
    "allauth/elements/table.html": "how a package's tables are drawn, with nothing in it",
    "campaigns/_previews.html": "lengths of a text that is being typed",
    "campaigns/_when.html": "what clocks show while a moment is being chosen",
    "styleguide/_numbers.html": "made-up numbers, to show how a table looks",
    "mfa/webauthn/authenticator_list.html": "a person's own passkeys, with a button for each",
}


def list_templates():
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))


def count_bare(name):
    """How many tables have no file behind them and before the next one: whoever includes this
    template has to give it.
    """
    path = TEMPLATES / name
    if name in WITHOUT or not path.exists():  # a package's own parts have no data of ours
        return 0
    bare = open_tables = 0
    for mark in MARK.finditer(path.read_text()):
        if mark["file"]:
            open_tables = max(0, open_tables - 1)
        elif found := 1 if mark["table"] else count_bare(mark["included"]):
            bare += open_tables
            open_tables = found
    return bare + open_tables


def is_whole(name):
    return not Path(name).name.startswith("_")


def test_every_table_of_data_has_its_file():
    assert [name for name in list_templates() if is_whole(name) and count_bare(name)] == []


@pytest.mark.parametrize("name", WITHOUT)
def test_what_has_none_still_has_a_table(name):
    assert "<table" in (TEMPLATES / name).read_text()


def test_each_part_with_a_table_stands_on_a_page():
    used = {
        included
        for path in TEMPLATES.rglob("*.html")
        for included in INCLUDED.findall(path.read_text())
    }
    parts = {name for name in list_templates() if not is_whole(name) and count_bare(name)}
    assert parts - used == set()
    assert "launches/_by_network.html" in parts


def test_no_table_is_drawn_by_code():
    root = Path(settings.BASE_DIR)
    apps = ("accounts", "campaigns", "supporters", "launches", "pages", "crowdspeak")
    code = [path for app in apps for path in (root / app).rglob("*.py")]
    assert code
    assert [path.name for path in code if "<table" in path.read_text()] == []
