"""Lettering for pictures: whatever script a title is in, readable or not written at all.

Three fonts (SIL Open Font License, from packages) cover Latin, Greek, Cyrillic and Hebrew; Arabic;
Japanese, Chinese and Korean. Letters that none of them has would become boxes, so ``prepare`` gives
no text then. Scripts that run from right to left, or join their letters, need Raqm and FriBiDi,
which Pillow finds at run time or not.

Fonts are no more safe to share between threads than anything else of FreeType's: whoever draws
holds a lock (``carding``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

import regex
from PIL import ImageDraw, ImageFont, features

BOLD = 700
REGULAR = 400

# Where each font is: the package and the file. A letter is written in the first that has it.
FACES = (
    ("fontpkg_arimo", "files/Arimo[wght].ttf"),
    ("fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"),
    ("noto_cjk_sans_jp_bold", "NotoSansCJKjp-Bold.otf"),
)
_NOWHERE = "\U0010fffd"  # for private use, in no font: drawn as the box of what is missing
# What says nothing by itself: emoji and the marks that belong to them.
_SIGNS = regex.compile(r"[\p{So}\p{Sk}]")
_MARKS = regex.compile(r"(?!\u200c)[\p{Cf}\ufe0e\ufe0f]")
_INVISIBLE = "\u200c"  # keeps letters of one word apart, as Persian needs it
_RIGHT_TO_LEFT = ("R", "AL")
# Where a line may break: after spaces, and between any two signs of scripts without spaces.
_UNITS = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}][\p{Po}\p{Pe}\p{Pf}ー]*"
    r"|[^\s\p{Han}\p{Hiragana}\p{Katakana}]+|\s+"
)

Direction = Literal["rtl"] | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """Neighbouring letters of one font."""

    face: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Block:
    """Lines of one size, ready to be written; ``size`` and ``leading`` in pixels."""

    lines: list[str]
    size: int
    leading: int

    @property
    def height(self) -> int:
        """From the top of the first line to the foot of the last."""
        return self.leading * len(self.lines)


def prepare(text: str) -> str:
    """The text as it can be written: emoji left out; empty where a letter would be missing."""
    composed = _MARKS.sub("", unicodedata.normalize("NFC", text))
    kept = "".join(
        char for char in composed if _find_face(char) is not None or not _SIGNS.match(char)
    )
    kept = " ".join(kept.split())
    if is_from_right(kept) and not can_shape():
        return ""
    return kept if all(_find_face(char) is not None for char in kept) else ""


def can_shape() -> bool:
    """Whether letters can be joined and turned round here."""
    return bool(features.check("raqm") and features.check("fribidi"))


def is_from_right(text: str) -> bool:
    """Whether any of it is written from right to left."""
    return any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text)


def begins_from_right(text: str) -> bool:
    """Whether the whole is laid out from right to left: by its first strong letter (UAX 9, P2)."""
    strong = (unicodedata.bidirectional(char) for char in text)
    return next((each for each in strong if each in ("L", *_RIGHT_TO_LEFT)), "L") != "L"


def set_block(text: str, *, width: int, height: int, sizes: Iterator[int] | range) -> Block:
    """The text in lines, in the largest of the sizes (largest first) that fits.

    Words are broken only in the smallest size, and what does not fit even then ends in an ellipsis.
    """
    size = 0
    for size in sizes:
        lines, is_whole = break_lines(text, width=width, size=size)
        block = Block(lines=lines, size=size, leading=round(size * 1.12))
        if is_whole and block.height <= height:
            return block
    lines, _is_whole = break_lines(text, width=width, size=size)
    leading = round(size * 1.12)
    most = max(1, height // leading)
    if len(lines) > most:
        last = lines[most - 1]
        while last and measure(f"{last}…", size=size) > width:
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last.rstrip()}…"]
    return Block(lines=lines, size=size, leading=leading)


def break_lines(text: str, *, width: int, size: int) -> tuple[list[str], bool]:
    """The text in lines of at most that width, and whether no word had to be broken."""
    lines, line, is_whole = [], "", True
    for unit in _UNITS.findall(text):
        if not line and unit.isspace():
            continue
        if measure(line + unit.rstrip(), size=size) <= width:
            line += unit
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = unit.lstrip()
        while measure(line, size=size) > width:
            is_whole = False
            part = _cut(line, width=width, size=size)
            lines.append(part)
            line = line[len(part) :]
    if line.strip():
        lines.append(line.rstrip())
    return lines, is_whole


def measure(text: str, *, size: int, weight: int = BOLD) -> float:
    """How wide a line is, in pixels."""
    side = _find_direction(text)
    return sum(
        _open_font(run.face, size, weight).getlength(run.text, direction=side)
        for run in split_runs(text)
    )


def write(
    draw: ImageDraw.ImageDraw,
    text: str,
    *,
    at: tuple[float, float],
    size: int,
    fill: str,
    weight: int = BOLD,
) -> None:
    """Write a line; ``at`` is its left end on the baseline."""
    x, y = at
    side = _find_direction(text)
    runs = split_runs(text)
    for run in reversed(runs) if begins_from_right(text) else runs:
        font = _open_font(run.face, size, weight)
        draw.text((x, y), run.text, font=font, fill=fill, anchor="ls", direction=side)
        x += font.getlength(run.text, direction=side)


@lru_cache(maxsize=512)
def split_runs(text: str) -> list[Run]:
    """The text by fonts, in its own order. Signs and spaces stay in the font of what they follow.

    Letters that no font has are left to the first one.
    """
    runs: list[Run] = []
    for char in text:
        face = runs[-1].face if runs else 0
        if char.isalpha() or not _has(face, char):
            face = _find_face(char) or 0
        if runs and runs[-1].face == face:
            runs[-1] = Run(face=face, text=runs[-1].text + char)
        else:
            runs.append(Run(face=face, text=char))
    return runs


def _find_direction(text: str) -> Direction:
    return "rtl" if begins_from_right(text) and can_shape() else None


def _cut(line: str, *, width: int, size: int) -> str:
    """As much of the beginning as fits, at least one letter with what belongs to it."""
    part = ""
    for cluster in regex.findall(r"\X", line):
        if part and measure(part + cluster, size=size) > width:
            break
        part += cluster
    return part


@lru_cache(maxsize=4096)
def _find_face(char: str) -> int | None:
    return next((face for face in range(len(FACES)) if _has(face, char)), None)


@lru_cache(maxsize=8192)
def _has(face: int, char: str) -> bool:
    """Whether a font has a sign of its own for a letter, and not the box."""
    if char.isspace() or char == _INVISIBLE:
        return True
    looks = _look_at(face)
    return looks(char) != looks(_NOWHERE)


@cache
def _look_at(face: int) -> Callable[[str], tuple[tuple[int, int], bytes]]:
    font = ImageFont.truetype(_locate(face), 24, layout_engine=ImageFont.Layout.BASIC)

    def look(char: str) -> tuple[tuple[int, int], bytes]:
        mask = font.getmask(char)
        return mask.size, bytes(mask)

    return look


@lru_cache(maxsize=64)
def _open_font(face: int, size: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(_locate(face), size)
    if face < 2:  # the last one comes in one weight only
        axes = font.get_variation_axes()
        font.set_variation_by_axes(
            [weight if axis["name"] == b"Weight" else axis["default"] or 0 for axis in axes]
        )
    return font


def _locate(face: int) -> str:
    package, name = FACES[face]
    return str(files(package).joinpath(name))
