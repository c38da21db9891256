"""How long a text is to Mastodon, which shortens links and mentions before it counts.

Mastodon counts in grapheme clusters, a link as a fixed number of them, and of ``@user@domain``
only ``@user`` (its StatusLengthValidator). Only links written with a scheme are shortened; what is
a link follows twitter-text's grammar with Mastodon's wider paths (its initializer
``twitter_regex.rb``). All patterns run in linear time, whatever the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import regex

from networks.counting import grapheme_length
from networks.weblinks import Grammar, find_weblinks

_SCHEMES = ("https", "http", "dat", "dweb", "ipfs", "ipns", "ssb", "gopher", "gemini")
_SPACES = r"\s\x85\u180e"
_PORT = regex.compile(r"(?::[0-9]++)?+")

# A path holds anything but spaces, angle brackets, a question mark and loose parentheses; pairs of
# those belong to it, one pair within another too. It ends with its last sign that is not
# punctuation, or with a pair.
_PATH_SIGN = rf"[^{_SPACES}<>()?]"
_PATH_PART = regex.compile(
    rf"(?P<plain>{_PATH_SIGN}++)"
    rf"|(?P<pair>\((?:{_PATH_SIGN}++\)|{_PATH_SIGN}*+\({_PATH_SIGN}++\){_PATH_SIGN}*+\)))"
)
_PATH_TAIL = regex.compile(r"[!*\"'「」;:=,.$%\[\]~&|@]")
_ENDING_PAIR = regex.compile(
    r"[()a-z\p{Cyrillic}0-9!*';:=+,.$/%#\[\]\p{Pd}_~&|@\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
    r"\u0300-\u036f\u1e00-\u1eff]+",
    regex.IGNORECASE,
)
_BEYOND = r"\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\uffef\U00010000-\U0010fffd"
_QUERY = regex.compile(rf"\?[A-Za-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@^{_BEYOND}]*+")
_QUERY_TAIL = regex.compile(r"[!?*'();:+$%\[\].,~|@^]")

_WORD = r"\p{L}\p{M}\p{Nd}\p{Pc}"
_MENTION = regex.compile(
    rf"(?<![=/{_WORD}])(?P<user>@[A-Za-z0-9_]++(?:[.-]++[A-Za-z0-9_]++)*)"
    rf"(?:@[{_WORD}]++(?:[.-]++[{_WORD}]++)*)?"
)
# With one of these behind it, an @ names nobody.
_NO_MENTION = regex.compile(
    r"[@＠]|[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263"
    r"\u0268\u026f\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff]|://"
)


def mastodon_length(text: str, reserved_per_url: int = 23) -> int:
    """Give the length of a text as Mastodon counts it against ``max_characters``.

    ``reserved_per_url`` is the server's ``characters_reserved_per_url``.
    """
    if not text.strip():
        return 0
    return grapheme_length(_shrink(text, link="x" * reserved_per_url))


def shorten_mentions(text: str) -> str:
    """Write ``@user@domain`` as ``@user``, as Mastodon shows it."""
    return _shrink(text, link=None)


def find_links(text: str) -> Iterator[tuple[int, int]]:
    """Give start and end of every link that Mastodon makes out in a text, in order."""
    return find_weblinks(text, _GRAMMAR)


def _shrink(text: str, *, link: str | None) -> str:
    """Put ``link`` in the place of every link (None keeps them) and ``@user`` of every mention."""
    entities = chain(
        ((start, end, text[start:end] if link is None else link) for start, end in find_links(text))
        if ":" in text
        else (),
        ((m.start(), m.end(), m["user"]) for m in _find_mentions(text)) if "@" in text else (),
    )
    pieces: list[str] = []
    done = 0
    for start, end, replacement in sorted(entities):
        if start >= done:  # of two that overlap, the earlier one counts
            pieces += (text[done:start], replacement)
            done = end
    pieces.append(text[done:])
    return "".join(pieces)


def _find_mentions(text: str) -> Iterator[regex.Match[str]]:
    for match in _MENTION.finditer(text):
        if not _NO_MENTION.match(text, match.end()):
            yield match


def _find_rest(text: str, start: int) -> tuple[int, bool]:
    """Give where what follows a link's name ends, and whether there is a path in it."""
    port = _PORT.match(text, start)
    start = port.end() if port else start
    path_end = _end_of_path(text, start)
    return _end_of_query(text, path_end), path_end > start


def _end_of_path(text: str, start: int) -> int:
    """Give where the path that may begin at ``start`` ends."""
    if not text.startswith("/", start):
        return start
    end = position = start + 1
    while part := _PATH_PART.match(text, position):
        position = part.end()
        if part["plain"] is not None:
            last = position
            while last > part.start() and _PATH_TAIL.match(text, last - 1):
                last -= 1
            end = last if last > part.start() else end
        elif _ENDING_PAIR.fullmatch(part["pair"]):
            end = position
    return end


def _end_of_query(text: str, start: int) -> int:
    """Give where the query that may begin at ``start`` ends."""
    match = _QUERY.match(text, start)
    if match is None:
        return start
    end = match.end()
    while end > start + 1 and _QUERY_TAIL.match(text, end - 1):
        end -= 1
    return end if end > start + 1 else start


_GRAMMAR = Grammar(
    schemes=tuple(f"{scheme}://" for scheme in _SCHEMES), needs_scheme=True, find_rest=_find_rest
)
