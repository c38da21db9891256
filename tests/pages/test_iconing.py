"""The icons are one drawing, in every size that somebody asks for."""

import json
import re
from io import BytesIO

import pytest
from django.contrib.staticfiles import finders
from PIL import Image

from pages.iconing import FOLDER, ICO, ICO_SIDES, ICONS, SAFE, SIDE, paint_files, read_circles

pytestmark = pytest.mark.django_db

INK, MARIGOLD = (30, 24, 18), (255, 188, 25)


def open_icon(name):
    """An icon as it is kept, with all its colours."""
    with Image.open(FOLDER / name) as icon:
        return icon.convert("RGBA")


def test_the_icons_that_are_kept_are_what_the_drawing_gives():
    for name, content in paint_files().items():
        with Image.open(BytesIO(content)) as icon:
            kept, drawn = open_icon(name), icon.convert("RGBA")
        assert kept.size == drawn.size, name
        assert kept.tobytes() == drawn.tobytes(), f"{name}: run 'manage.py draw_icons'"


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_is_as_large_as_its_name_says(name):
    side = int(re.search(r"\d+", name)[0])
    assert open_icon(name).size == (side, side)


def test_the_icon_of_old_has_three_sizes():
    with Image.open(FOLDER / ICO) as icon:
        assert icon.info["sizes"] == {(side, side) for side in ICO_SIDES}


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_has_the_voice_in_the_middle_and_the_field_around_it(name):
    icon, square = open_icon(name), ICONS[name].square
    side, part = icon.width, ICONS[name].part
    assert icon.getpixel((side // 2, side // 2))[:3] == pytest.approx(INK, abs=3)
    gap = side // 2 + round(7.2 * part * side / SIDE)  # between the dot and the first ring
    assert icon.getpixel((gap, side // 2))[:3] == pytest.approx(MARIGOLD, abs=12)
    assert icon.getpixel((0, 0))[3] == (255 if square else 0)


def test_what_is_cut_to_a_circle_keeps_its_rings():
    _, *marks = read_circles()
    outermost = max(mark.radius + mark.width / 2 for mark in marks)
    assert outermost * SAFE < 0.8 * SIDE / 2


def test_the_manifest_names_icons_that_are_there():
    manifest = json.loads((FOLDER / "site.webmanifest").read_text())
    found = {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]}
    sizes = {(f"{side}x{side}", use) for side in (192, 512) for use in ("any", "maskable")}
    assert found == {("any", "any"), *sizes}
    for icon in manifest["icons"]:
        file = FOLDER / icon["src"]
        assert file.is_file()
        if file.suffix == ".png":
            assert icon["sizes"] == "{}x{}".format(*open_icon(file.name).size)


@pytest.mark.parametrize("address", ["/", "/admin/login/"])
def test_every_page_names_them(client, address):
    html = client.get(address, follow=True).content.decode()
    named = dict(re.findall(r'<link rel="([\w-]+)"[^>]*? href="/static/(img/[^"]+)"', html))
    assert named["apple-touch-icon"] == "img/icon-180.png"
    assert named["manifest"] == "img/site.webmanifest"
    assert 'href="/static/img/favicon.svg"' in html
    assert all(finders.find(path) for path in named.values())


def test_who_reads_no_page_finds_the_icon_where_it_always_was(client):
    answer = client.get("/favicon.ico")
    assert answer["Location"] == "/static/img/favicon.ico"
