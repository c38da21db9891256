"""What X makes of a text: how long it is, how it is given back, where its links lead.

By https://docs.x.com/fundamentals/counting-characters, except that whatever readers see as one
picture is one emoji here.
"""

import hashlib
import html
import re
import unicodedata
from typing import Any

import regex

from simulator.links import find_x_links
from simulator.wording import URL

MAX_WEIGHT = 280
LINK_WEIGHT = 23
SHOWN_CHARACTERS = 27  # of a link's address; a guess
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
PICTURE = r"(?:\p{Extended_Pictographic}\ufe0f?[\U0001F3FB-\U0001F3FF]?)"
EMOJI = regex.compile(
    rf"\p{{RI}}{{2}}|[#*0-9]\ufe0f?\u20e3|{PICTURE}(?:\u200d{PICTURE})*[\U000e0020-\U000e007f]*"
)
CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}\b")
BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SHORT_CHARACTERS = 10


def weigh(text: str) -> int:
    """Give a text's length as X counts it against MAX_WEIGHT."""
    text = unicodedata.normalize("NFC", text)
    weight = done = 0
    for start, end in find_x_links(text):
        weight += _weigh_words(text[done:start]) + LINK_WEIGHT
        done = end
    return weight + _weigh_words(text[done:])


def _weigh_words(text: str) -> int:
    emoji = [one for one in EMOJI.findall(text) if one not in "©®™"]
    rest = EMOJI.sub(lambda match: match[0] if match[0] in "©®™" else "", text)
    return 2 * len(emoji) + sum(
        1 if any(first <= ord(sign) <= last for first, last in LIGHT) else 2 for sign in rest
    )


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
