"""What ``make check`` finds in a catalogue (tests/catalogues.py)."""

import shutil
import subprocess

import pytest

from tests import catalogues
from tests.catalogues import check_catalogues, compare, compare_compiled, read_catalogue

HEADER = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\n"
"""
WHOLE = """
#: a.py
msgid "One"
msgstr "Un"

#: a.py
#, python-format
msgid "%(number)s post"
msgid_plural "%(number)s posts"
msgstr[0] "%(number)s message"
msgstr[1] "%(number)s messages"

msgctxt "launch"
msgid "Held"
msgstr "En attente"
"""

needs_gettext = pytest.mark.skipif(not shutil.which("msgfmt"), reason="needs gettext's msgfmt")


@pytest.fixture
def written(tmp_path):
    """Write a catalogue; gives its file."""

    def write(texts, name="django.po"):
        path = tmp_path / name
        path.write_text(HEADER.lstrip() + texts, encoding="utf-8")
        return path

    return write


def test_a_whole_catalogue_is_let_pass(written):
    entries = read_catalogue(written(WHOLE))
    assert len(entries) == 3
    assert compare(entries, entries) == []


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ('\nmsgid "New"\nmsgstr ""\n', "has no translation: 'New'"),
        ('\n#, fuzzy\nmsgid "Two"\nmsgstr "Trois"\n', "is fuzzy: 'Two'"),
        (
            '\nmsgid "%(n)s day"\nmsgid_plural "%(n)s days"\nmsgstr[0] "%(n)s j"\nmsgstr[1] ""\n',
            "has no translation: '%(n)s day'",
        ),
        ('\nmsgctxt "pledge"\nmsgid "Held"\nmsgstr ""\n', "has no translation: 'Held' (pledge)"),
    ],
)
def test_what_lacks_its_french_is_named(written, text, trouble):
    entries = read_catalogue(written(WHOLE + text))
    assert compare(entries, entries) == [trouble]


def test_what_no_source_says_any_more_is_named(written):
    kept = read_catalogue(written(WHOLE + '\nmsgid "Old"\nmsgstr "Vieux"\n'))
    found = read_catalogue(written(WHOLE))
    assert compare(kept, found) == ["is not used any more: 'Old'"]


@needs_gettext
def test_what_is_compiled_is_what_is_written(written, tmp_path):
    path, compiled = written(WHOLE), tmp_path / "django.mo"
    assert compare_compiled(path, compiled) == ["is not compiled"]
    subprocess.run(["msgfmt", "-o", str(compiled), str(path)], check=True)
    assert compare_compiled(path, compiled) == []
    written(WHOLE.replace("En attente", "Suspendu"))
    assert compare_compiled(path, compiled) == ["django.mo is not what django.po compiles to"]


@needs_gettext
def test_a_place_that_the_french_lost_is_named(written, tmp_path):
    path, compiled = written(WHOLE.replace("%(number)s messages", "%(nombre)s messages")), tmp_path
    (compiled / "django.mo").touch()
    assert any("nombre" in line for line in compare_compiled(path, compiled / "django.mo"))


def test_where_gettext_is_missing_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(catalogues, "TOOLS", ("msgnothing",))
    assert check_catalogues({}) == 1
    said = capsys.readouterr().out
    assert "msgnothing not found" in said
    assert "apt install gettext" in said
