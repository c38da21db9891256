"""Whether a post read back from a server is the one that was sent.

A server gives its post back as HTML: paragraphs, links that show only part of their address, names
without their server. What matters is whether the words are the same, so both sides are brought to
one form before they are compared.

The HTML comes from strangers, and the standard library's parser takes half a minute over 60 kB of
malice; this reads tags with patterns that cannot go back, in linear time.
"""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from html import unescape
from urllib.parse import unquote

import regex

from networks.text import shorten_mentions

MAX_HTML = 200_000

_TAG = regex.compile(r"<(?P<closes>/?)(?P<name>[A-Za-z][A-Za-z0-9]*+)(?P<inside>[^<>]*+)>")
_ATTRIBUTE = regex.compile(
    r"""(?<![\w-])(?P<name>href|class|rel)\s*+=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)')""",
    regex.IGNORECASE,
)
_BLOCKS = frozenset({"p", "br", "div", "li", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3"})
_WEB_ADDRESS = regex.compile(r"https?://[^\s<>\"]++", regex.IGNORECASE)
_INVISIBLE = regex.compile("[\u200b\u200e\u200f\u2060\ufeff\u00ad]")


def is_same_text(content: str, text: str) -> bool:
    """Whether a post's HTML says what ``text`` says.

    Spaces, lines, invisible signs, and how an address is escaped or shortened make no difference;
    any other letter does.
    """
    wanted = _reduce(text)
    shown, led = _read_html(content[:MAX_HTML])
    return wanted in (_reduce(shown), _reduce(led))


def _read_html(content: str) -> tuple[str, str]:
    """Give the text of a post twice: links as they are shown, and as they lead."""
    shown: list[str] = []
    led: list[str] = []
    position = 0
    in_link = False
    for tag in _TAG.finditer(content):
        words = unescape(content[position : tag.start()])
        position = tag.end()
        shown.append(words)
        led.append("" if in_link else words)
        name = tag["name"].lower()
        if name in _BLOCKS:
            shown.append("\n")
            led.append("\n")
        elif name == "a":
            address = "" if tag["closes"] else _read_address(tag["inside"])
            led.append(address)
            in_link = bool(address)
    words = unescape(content[position:])
    return "".join([*shown, words]), "".join([*led, "" if in_link else words])


def _read_address(inside: str) -> str:
    """Give where a link leads; nothing for the links of hashtags and mentions."""
    given = {
        match["name"].lower(): unescape(match["double"] or match["single"] or "")
        for match in _ATTRIBUTE.finditer(inside)
    }
    kinds = {*given.get("class", "").split(), *given.get("rel", "").split()}
    return "" if kinds & {"mention", "hashtag", "tag"} else given.get("href", "")


def _reduce(text: str) -> str:
    """Bring a text to the form in which it is compared."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", shorten_mentions(text)))
    return " ".join(_WEB_ADDRESS.sub(_reduce_address, text).split())


def _reduce_address(match: regex.Match[str]) -> str:
    scheme, _, rest = unquote(match[0]).partition("://")
    host, stroke, path = rest.partition("/")
    if "xn--" in host.lower():
        with suppress(UnicodeError):
            host = host.encode("ascii").decode("idna")
    # Behind a bare host, some put a stroke and some take it away.
    tail = f"{stroke}{path}" if path else ""
    return unicodedata.normalize("NFC", f"{scheme.lower()}://{host.lower()}{tail}")
