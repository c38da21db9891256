"""What X makes of a text: how long it is, how it is given back, where its links lead.

By https://docs.x.com/fundamentals/counting-characters, except that only links with a scheme are
taken for links here, and anything in pictures for an emoji.
"""

import hashlib
import html
import re
import unicodedata
from typing import Any

import regex

from simulator.wording import URL

MAX_WEIGHT = 280
LINK_WEIGHT = 23
SHOWN_CHARACTERS = 27  # of a link's address; a guess
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
EMOJI = regex.compile(r"\p{RI}{2}|[#*0-9]\ufe0f?\u20e3|\p{Extended_Pictographic}")
GRAPHEME = regex.compile(r"\X")
CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}\b")
BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SHORT_CHARACTERS = 10


def weigh(text: str) -> int:
    """Give a text's length as X counts it against MAX_WEIGHT."""
    text, links = URL.subn("", unicodedata.normalize("NFC", text))
    return LINK_WEIGHT * links + sum(_weigh_one(one) for one in GRAPHEME.findall(text))


def _weigh_one(grapheme: str) -> int:
    if EMOJI.match(grapheme) and grapheme not in "©®™":
        return 2
    return sum(1 if any(a <= ord(sign) <= b for a, b in LIGHT) else 2 for sign in grapheme)


def count_cashtags(text: str) -> int:
    """Count what looks like the sign of a share: `$TICKER`."""
    return len(CASHTAG.findall(text))


def shorten_link(url: str) -> str:
    """Give the t.co address of a link; a real one is not a function of the link."""
    value = int.from_bytes(hashlib.sha256(url.encode()).digest(), "big")
    signs = []
    for _ in range(SHORT_CHARACTERS):
        value, rest = divmod(value, 62)
        signs.append(BASE_62[rest])
    return f"https://t.co/{''.join(signs)}"


def write_back(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Give a text as X gives it back, and its link entities.

    Every link is one of t.co, and `&`, `<`, `>` are written as in HTML. A guess: that positions
    count the characters of what is given.
    """
    text = unicodedata.normalize("NFC", text.strip())
    pieces: list[str] = []
    entities: list[dict[str, Any]] = []
    done = length = 0
    for match in URL.finditer(text):
        words = html.escape(text[done : match.start()], quote=False)
        short, done = shorten_link(match.group()), match.end()
        length += len(words)
        entities.append(
            {
                "start": length,
                "end": length + len(short),
                "url": short,
                "expanded_url": match.group(),
                "display_url": _display(match.group()),
            }
        )
        length += len(short)
        pieces += (words, short)
    return "".join((*pieces, html.escape(text[done:], quote=False))), entities


def _display(url: str) -> str:
    shown = re.sub(r"^https?://(?:www\.)?", "", url)
    return shown if len(shown) <= SHOWN_CHARACTERS else f"{shown[:SHOWN_CHARACTERS]}…"
