"""The translations are whole: every text has its French, and what is compiled is what is written.

A part of ``make check``. Texts are collected anew in a copy, so nothing here changes.
"""

import ast
import gettext
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("xgettext", "msguniq", "msgmerge", "msgattrib", "msgfmt")
MISSING = (
    "Translations are not checked: {tools} not found. Install gettext "
    "(Debian, Ubuntu: apt install gettext; macOS: brew install gettext)."
)
NOT_COPIED = (".git", ".venv", "var", "node_modules", "tests", "bench", "__pycache__", ".*_cache")
LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d)\])? (".*")$')


@dataclass
class Entry:
    """One text of a catalogue."""

    context: str = ""
    text: str = ""
    plural: str = ""
    said: dict[int, str] = field(default_factory=dict)
    is_fuzzy: bool = False

    @property
    def key(self):
        return self.context, self.text

    @property
    def name(self):
        shown = self.text if len(self.text) <= 100 else self.text[:99] + "…"
        return f"{shown!r} ({self.context})" if self.context else repr(shown)

    @property
    def is_translated(self):
        forms = 2 if self.plural else 1
        return len(self.said) >= forms and all(self.said.values())


def read_catalogue(path):
    """The texts of a .po file, without its header and without what is obsolete."""
    entries = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        entry, part, number = Entry(), "", 0
        for line in block.splitlines():
            if line.startswith("#"):
                entry.is_fuzzy |= line.startswith("#,") and "fuzzy" in line
                continue
            found = LINE.match(line)
            if found:
                part, number = found[1], int(found[2] or 0)
            words = ast.literal_eval(found[3] if found else line)
            if part == "msgctxt":
                entry.context += words
            elif part == "msgid":
                entry.text += words
            elif part == "msgid_plural":
                entry.plural += words
            else:
                entry.said[number] = entry.said.get(number, "") + words
        if entry.text:
            entries.append(entry)
    return entries


def collect(language, *, settings):
    """The texts of the sources as of now, with what that language's catalogue says of them."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "site"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
        command = [sys.executable, "manage.py", "makemessages", "--verbosity", "0"]
        command += ["--locale", language, "--ignore", "simulator"]
        done = subprocess.run(
            command, cwd=copy, env=settings, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return read_catalogue(copy / "locale" / language / "LC_MESSAGES" / "django.po")


def compare(kept, found):
    """What is wrong with the texts that are kept, beside those that the sources hold."""
    used = {entry.key for entry in found}
    return [
        *(f"has no translation: {entry.name}" for entry in found if not entry.is_translated),
        *(f"is fuzzy: {entry.name}" for entry in kept if entry.is_fuzzy),
        *(f"is not used any more: {entry.name}" for entry in kept if entry.key not in used),
    ]


def compare_compiled(written, compiled):
    """What is wrong with a .mo file, beside the .po file that it should come from."""
    if not compiled.exists():
        return ["is not compiled"]
    with tempfile.TemporaryDirectory() as folder:
        anew = Path(folder) / "django.mo"
        done = subprocess.run(
            ["msgfmt", "--check-format", "--check-domain", "-o", str(anew), str(written)],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            return done.stderr.splitlines()
        if _open(anew) != _open(compiled):
            return [f"{compiled.name} is not what {written.name} compiles to"]
    return []


def _open(path):
    with path.open("rb") as file:
        texts = dict(gettext.GNUTranslations(file)._catalog)
    texts.pop("", None)  # the header, where msgfmt may add to it
    return texts


def check_catalogues(settings):
    """Print what is wrong with each language; gives 1 where there is something, else 0."""
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        print(MISSING.format(tools=", ".join(missing)))
        return 1
    troubles = []
    for folder in sorted((ROOT / "locale").glob("*/LC_MESSAGES")):
        language, written = folder.parent.name, folder / "django.po"
        obsolete = re.findall(r"^#~ msgid (.*)$", written.read_text(encoding="utf-8"), re.MULTILINE)
        found = [
            *compare(read_catalogue(written), collect(language, settings=settings)),
            *(f"is not used any more: {text}" for text in obsolete),
            *compare_compiled(written, folder / "django.mo"),
        ]
        troubles += [f"locale/{language}: {trouble}" for trouble in found]
    if troubles:
        print("\n".join(troubles))
        print(f"{len(troubles)} to put right: run 'make messages', translate what is empty, again.")
    return 1 if troubles else 0
