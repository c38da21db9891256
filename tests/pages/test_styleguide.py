"""The style guide shows every component there is, and production has no such page."""

import re
from pathlib import Path

import pytest
from django.conf import settings as site

from pages.exhibiting import LONGEST
from pages.labelling import LABELS

pytestmark = pytest.mark.django_db

TEMPLATES = Path(site.BASE_DIR) / "templates"
STYLES = Path(site.BASE_DIR) / "static" / "css"
COMPONENTS = ("components.css", "forms.css", "rings.css", "data.css")


@pytest.fixture
def guide(client, settings):
    """Open the guide as a developer would; gives the answer."""

    def do(query=""):
        settings.DEBUG = True
        return client.get(f"/styleguide/{query}")

    return do


def list_classes(sheet):
    """Every class that a style sheet names in a selector."""
    bare = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", (STYLES / sheet).read_text(), flags=re.DOTALL)
    selectors = re.sub(r"(?<=\{)[^{}]*(?=\})", "", bare)
    return set(re.findall(r"\.([a-z][\w-]*)", selectors))


def test_production_has_no_style_guide(client):
    assert not site.DEBUG
    assert client.get("/styleguide/").status_code == 404


def test_every_component_is_in_the_guide(guide):
    answer = guide()
    assert answer.status_code == 200
    folders = (TEMPLATES / "components", TEMPLATES / "forms")
    ours = {str(file.relative_to(TEMPLATES)) for each in folders for file in each.glob("*.html")}
    assert ours
    assert ours - {template.name for template in answer.templates} == set()


@pytest.mark.parametrize("sheet", COMPONENTS)
def test_every_class_of_the_components_is_in_the_guide(guide, sheet):
    html = guide().content.decode()
    shown = {name for found in re.findall(r'class="([^"]*)"', html) for name in found.split()}
    named = list_classes(sheet)
    assert len(named) > 5
    assert named - shown == set()


def test_every_state_is_in_the_guide_by_its_word(guide):
    html = guide().content.decode()
    missing = [str(word) for _, word in LABELS.values() if f"</svg>{word}</span>" not in html]
    assert missing == []


def test_the_guide_is_light_or_dark_without_a_script(guide):
    assert b'data-scheme="dark"' in guide("?scheme=dark").content
    assert b'data-scheme="light"' in guide("?scheme=light").content
    assert b"data-scheme" not in guide("?scheme=mud").content


def test_its_components_speak_the_readers_language(guide):
    html = guide("?language=fr").content.decode()
    assert "Objectif non atteint" in html or "objectif non atteint" in html
    assert "54\u202f321" in html


def test_its_hardest_name_has_sixty_letters_and_no_space():
    assert len(LONGEST) == 60
    assert not re.search(r"\s", LONGEST)
