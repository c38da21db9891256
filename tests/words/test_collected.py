"""Every text that is looked up is one that ``make messages`` finds, since it goes by names."""

import ast

import pytest

from tests.catalogues import ROOT

APPS = ("accounts", "campaigns", "crowdspeak", "launches", "networks", "pages", "supporters")
KNOWN = {
    *("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"),
    *("pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"),
}


def find_strangers(source):
    """Texts that are handed to a look-up under a name that the collecting does not know."""
    tree = ast.parse(source)
    imported = {
        name.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if name.asname and name.asname not in KNOWN
    }
    for node in ast.walk(tree):
        is_call = isinstance(node, ast.Call) and getattr(node.func, "id", "") in imported
        if is_call and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value


def test_text_behind_another_name_is_found():
    source = "from django.utils.translation import gettext as say\nsay('Hello')\nsay(name)"
    assert list(find_strangers(source)) == ["Hello"]


@pytest.mark.parametrize("app", APPS)
def test_no_text_is_looked_up_under_a_name_that_is_not_collected(app):
    found = [
        f"{path.name}: {text}"
        for path in (ROOT / app).rglob("*.py")
        for text in find_strangers(path.read_text())
    ]
    assert not found, "\n".join(found)
