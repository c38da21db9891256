"""The French is set as French is: its spaces, quotes and apostrophes, and every place kept."""

import re
from collections import Counter

import pytest

from tests.catalogues import ROOT, read_catalogue

WRITTEN = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
SPACE, NARROW = "\u00a0", "\u202f"
# No prose: addresses, places for facts, markup, entities, clocks.
NO_PROSE = re.compile(
    r"https?://\S*|%\(\w+\)[sd]|\{\w+\}|<[^>]*>|&\w+;|&#\d+;|\d\d:\d\d|python -m \S+|manage\.py \S+"
)
RULES = {
    "a straight apostrophe": r"'",
    "a straight or an English quote": r"[\"“”]",
    "three dots for …": r"\.\.\.",
    "no narrow no-break space before ; ! ?": rf"(?<![{NARROW}{SPACE};!?(]) ?[;!?]",
    "no no-break space before :": rf"(?<!{SPACE}):",
    "no no-break space inside « »": rf"«(?!{SPACE})|(?<!{SPACE})»",
    "no no-break space before %": r"\d ?%",
    "a space before , or .": rf"[ {SPACE}{NARROW}][,.](?!\w)",
    "two spaces": r"  ",
    "a hyphen for –": r" - |--",
    "inclusive marks": r"·|\w\(e\)",
}


def find_slips(text):
    """The rules that a text does not keep."""
    prose = NO_PROSE.sub("x", text)
    return [name for name, pattern in RULES.items() if re.search(pattern, prose)]


def list_places(text):
    """What a translation has to keep: places for facts, tags, line ends."""
    return Counter(re.findall(r"%\(\w+\)[sd]|\{\w+\}|</?\w+", text))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("l'heure", "l’heure"),
        ("Attendez...", "Attendez…"),
        ("Vraiment ?", f"Vraiment{NARROW}?"),
        ("Vraiment?", f"Vraiment{NARROW}?"),
        ("Objectif : mille", f"Objectif{SPACE}: mille"),
        ("Objectif: mille", f"Objectif{SPACE}: mille"),
        ("« ici »", f"«{SPACE}ici{SPACE}»"),
        ("“ici”", f"«{SPACE}ici{SPACE}»"),
        ("10 %", f"10{SPACE}%"),
        ("soutien·es", "soutiens"),
        ("avant - après", "avant – après"),
        ("Oui , merci", "Oui, merci"),
    ],
)
def test_a_slip_is_found_and_its_like_is_let_pass(wrong, right):
    assert find_slips(wrong)
    assert not find_slips(right)


def test_addresses_places_and_markup_are_no_prose():
    assert not find_slips('<a href="https://x.example/?a=1;b">%(time)s</a>&nbsp;{time} 18:30')


def test_french_typography_is_kept():
    slips = [
        f"{said!r}: {', '.join(found)}"
        for entry in read_catalogue(WRITTEN)
        for said in entry.said.values()
        if (found := find_slips(said))
    ]
    assert not slips, "\n".join(slips)


def test_every_place_and_tag_is_kept():
    """A form for one may leave its number out: « un soutien »."""
    lost = []
    for entry in read_catalogue(WRITTEN):
        for number, said in entry.said.items():
            wanted, kept = list_places(entry.plural or entry.text), list_places(said)
            alone = list_places(entry.text)
            if kept != wanted and not (number == 0 and kept in (alone, alone | wanted)):
                lost.append(f"{entry.name}: {said!r}")
    assert not lost, "\n".join(lost)
