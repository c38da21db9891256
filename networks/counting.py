"""How long a text is to its readers, to X and to Threads."""

from __future__ import annotations

from itertools import pairwise
from unicodedata import normalize

import regex

from networks.emoji import EMOJI, LONG_EMOJI_ON_X
from networks.weblinks import find_weblinks

# twitter-text's configuration, version 3.
_X_LINK_LENGTH = 23
_X_EMOJI_LENGTH = 2
_HEAVY = regex.compile(r"[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]+")

_GRAPHEME = regex.compile(r"\X")
_FLAG = regex.compile(r"\p{RI}{1,2}+")
# Accents are put in order in a time that grows with the square of their number.
_ACCENTS = regex.compile(r"(?s)\P{M}*+\p{M}{0,100}+")


def grapheme_length(text: str) -> int:
    """Give the number of characters as a reader sees them (UAX 29 extended grapheme clusters)."""
    if text.isascii() and "\r" not in text:
        return len(text)
    # \X goes back to the first of a row of flags at every one of them: each is made a letter first.
    return sum(1 for _ in _GRAPHEME.finditer(_FLAG.sub("x", text)))


def weighted_length(text: str) -> int:
    """Give the length of a text as X counts it against its 280.

    After https://docs.x.com/fundamentals/counting-characters and twitter-text: of the text in NFC,
    a link counts as 23, an emoji as 2, a character of the Latin, Greek, Cyrillic, Hebrew, Arabic
    and other near scripts as 1, any other as 2.
    """
    text = _compose(text)
    links = [(0, 0), *find_weblinks(text), (len(text), len(text))]
    around = sum(_weigh(text[end:start]) for (_, end), (start, _) in pairwise(links))
    return around + _X_LINK_LENGTH * (len(links) - 2)


def threads_length(text: str) -> int:
    """Give the length of a text as Threads counts it against its 500, or a little more.

    An emoji counts as its bytes of UTF-8, any other character as 1, links included
    (https://developers.facebook.com/docs/threads/posts). What is a character, Threads says with a
    link to a library that splits into graphemes; of one that holds an emoji and more (an accent on
    it), all bytes are counted here.
    """
    if text.isascii():
        return grapheme_length(text)
    # A checkered flag stands for each other one: \X would go back through a row of those.
    flags = sum(len(flag) - 1 for flag in _FLAG.findall(text))
    characters = _GRAPHEME.findall(_FLAG.sub("🏁", text))
    return 4 * flags + sum(len(one.encode()) if EMOJI.search(one) else 1 for one in characters)


def _weigh(text: str) -> int:
    """Weigh a stretch of text without links, for X."""
    if text.isascii():
        return len(text)
    rest, emoji = LONG_EMOJI_ON_X.subn("", text)
    heavy = sum(len(stretch) for stretch in _HEAVY.findall(rest))
    return int(_X_EMOJI_LENGTH * emoji + len(rest) + heavy)


def _compose(text: str) -> str:
    """Write a text in NFC, in a time that grows with its length, whatever it holds."""
    if text.isascii():
        return text
    return "".join(normalize("NFC", part) for part in _ACCENTS.findall(text))
