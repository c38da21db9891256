"""Who asked their system for less motion gets none: it is only ever added for the others."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
STYLESHEETS = sorted([*ROOT.glob("static/**/*.css"), *ROOT.glob("simulator/static/*.css")])
WELCOME = re.compile(r"@media\s*\(prefers-reduced-motion:\s*no-preference\)\s*")
MOVES = re.compile(r"[\s{;](?:animation|transition|scroll-behavior)(?:-[a-z]+)*\s*:[^;}]*")


def leave_out_blocks(css: str, start: re.Pattern[str]) -> str:
    """The style sheet without the blocks that begin like this."""
    while found := start.search(css):
        depth, end = 0, found.end()
        while end == found.end() or depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        css = css[: found.start()] + css[end:]
    return css


@pytest.mark.parametrize("sheet", STYLESHEETS, ids=lambda sheet: sheet.name)
def test_nothing_moves_unless_motion_is_welcome(sheet):
    assert MOVES.findall(leave_out_blocks(sheet.read_text(), WELCOME)) == []


def test_motion_is_found_where_there_is_some():
    css = "a { transition: color 1s } @media (prefers-reduced-motion: no-preference) { b { x: y } }"
    assert MOVES.findall(leave_out_blocks(css, WELCOME)) == [" transition: color 1s "]
    assert any(WELCOME.search(sheet.read_text()) for sheet in STYLESHEETS)
