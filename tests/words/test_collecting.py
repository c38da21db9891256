"""Texts are written where the tools that collect them look."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "campaigns", "crowdspeak", "launches", "networks", "pages", "supporters")
MODULES = sorted(path for app in APPS for path in (ROOT / app).rglob("*.py"))
# What xgettext is told to look for by Django's makemessages, and finds by itself.
COLLECTED = {"_", "gettext", "ngettext", "pgettext", "npgettext", "gettext_noop", "gettext_lazy"}
COLLECTED |= {"ngettext_lazy", "pgettext_lazy", "npgettext_lazy"}


def list_hidden(source):
    """The texts that go to a translating function by a name that nobody looks for."""
    tree = ast.parse(source)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if "gettext" in alias.name
    }
    return [
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in imported - COLLECTED
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]


def test_every_text_is_where_makemessages_finds_it():
    hidden = {str(path): found for path in MODULES if (found := list_hidden(path.read_text()))}
    assert not hidden


@pytest.mark.parametrize(("name", "found"), [("translate", ["Yes"]), ("_", [])])
def test_a_text_behind_another_name_is_found(name, found):
    source = f"from django.utils.translation import gettext as {name}\n{name}('Yes')\n{name}(text)"
    assert list_hidden(source) == found
