"""Links and hashtags of a Bluesky post, as byte ranges beside its text.

Bluesky shows a post's text as it is: what can be tapped is told apart, in facets whose offsets
count bytes of UTF-8, from ``byteStart`` up to, not including, ``byteEnd``
(https://docs.bsky.app/docs/advanced-guides/post-richtext). Mentions stay plain text: a facet would
need the account's DID, and would notify somebody in a supporter's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import quote, urlsplit

import idna
import regex

# The lexicon's limits of a tag.
MAX_TAG_GRAPHEMES = 64
MAX_TAG_BYTES = 640
# And those of a URI.
MAX_URI_BYTES = 8192

# Endings after which a name without a scheme is taken for a link. Without such a list "voix.et"
# (a forgotten space) would become one; with www. or a path behind it, any ending will do.
_ANYBODYS_ENDINGS = (
    "com org net info biz app dev io co tv fm eu edu gov int social coop ngo ong blog news media "
    "press online site website shop store tech cloud page link live world earth green global "
    "foundation charity community events team space xyz art music video radio network support"
)
_PLACES_ENDINGS = (
    "fr ch lu ca uk de at pl cz se no fi dk ie us au nz jp br mx ar cl ru ua gr ro hu bg hr sk lt "
    "lv ee it es pt nl be in za kr tw cn cat bzh paris berlin london alsace corsica quebec"
)
_ENDINGS = frozenset(f"{_ANYBODYS_ENDINGS} {_PLACES_ENDINGS}".split())

# What ends a link although no space does: quotes, angle brackets, full-width punctuation.
_STOP = r"\s\p{Cc}\p{Cf}<>\"“”„«»‹›、。，．！？：；「」『』（）【】《》〈〉"
_LABEL = r"[\p{L}\p{N}][\p{L}\p{M}\p{N}-]*+"
_LINK = regex.compile(
    rf"(?<![A-Za-z0-9_])https?://[^{_STOP}]+"
    rf"|(?:(?<=^|[\s(\[{{\"'“”„«»‹›‘’「『（【《〈])(?P<host>{_LABEL}(?:\.{_LABEL})+)(?![@\w])"
    rf"(?P<port>:\d{{2,5}}(?!\d))?(?P<rest>[/?#][^{_STOP}]*)?)",
    regex.IGNORECASE,
)
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_ASCII_SIGNS = "!#$%&'()*+,/:;=?@[]~"  # what an address may hold as it stands
_KEPT_AT_END = frozenset("/-_#%&=+~@*")

# A hashtag follows a space, an opening mark, a comma or stroke ("#one/#two") or nothing.
BEFORE_TAG = r"(?<=^|[\s(\[{\"'“”„«»‹›‘’「『（【《〈、。，,;/])"

# The number sign, then no space, no invisible separator and no second number sign. Zero-width
# joiners stay: they hold emoji together. With U+FE0F or U+20E3 behind it, the sign is itself an
# emoji.
_INVISIBLE = r"\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF"
_TAG = regex.compile(
    rf"{BEFORE_TAG}[#＃]"
    rf"(?P<tag>(?![\ufe0f\u20e3])[^\s\p{{Cc}}{_INVISIBLE}#＃<>、。，「」『』（）【】]+)"
)
_SAYS_SOMETHING = regex.compile(r"[^\d\s\p{P}\u200C\u200D\ufe0f]")
_PUNCTUATION_AT_END = regex.compile(r"(?<![\p{P}\u200C\u200D])[\p{P}\u200C\u200D]+$")


def utf8_length(text: str) -> int:
    """Give the length of a text in bytes of UTF-8."""
    return len(text.encode())


def bluesky_facets(text: str) -> list[dict[str, Any]]:
    """Find links and hashtags, and give Bluesky's ``app.bsky.richtext.facet`` objects for them.

    In the order of the text, never overlapping. A pure function: the same text always gives the
    same facets, as a record that may be put again has to be the same to the byte.
    """
    links = list(find_addresses(text))
    spans = [
        (start, end, _describe_link(uri))
        for start, end in links
        if len(uri := _encode_uri(text[start:end])) <= MAX_URI_BYTES
    ]
    for start, end in leave_out(links, _find_tags(text)):
        spans.append((start, end, _describe_tag(text[start + 1 : end])))
    spans.sort(key=lambda span: span[0])
    return list(_place(text, spans))


def find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Give start and end of every web address in a text, with or without a scheme, in order."""
    for match in _LINK.finditer(text):
        start = match.start()
        link = _trim(match[0])
        if utf8_length(link) > MAX_URI_BYTES:
            continue
        if match["host"] is None:
            if _is_address(link):
                yield start, start + len(link)
        elif link.startswith(match["host"]) and _is_site(match["host"], rest=link):
            yield start, start + len(link)


def leave_out(
    links: Iterable[tuple[int, int]], spans: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Give the spans that share nothing with any of the links; both come in order."""
    following = iter(links)
    link = next(following, None)
    for start, end in spans:
        while link and link[1] <= start:
            link = next(following, None)
        if not link or end <= link[0]:
            yield start, end


def _trim(link: str) -> str:
    """Take off the punctuation that belongs to the sentence, not to the link."""
    surplus = {close: link.count(close) - link.count(_BRACKETS[close]) for close in _BRACKETS}
    end = len(link)
    while end:
        last = link[end - 1]
        if last in _BRACKETS:
            # A closing bracket belongs to the link that opened it (Wikipedia has such addresses).
            if surplus[last] <= 0:
                break
            surplus[last] -= 1
        elif last in _KEPT_AT_END or not regex.match(r"\p{P}", last):
            break
        end -= 1
    return link[:end]


def _is_address(link: str) -> bool:
    """Whether something that begins like a web address names a host."""
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return False
    return regex.match(r"[\p{L}\p{N}]", host) is not None


def _is_site(host: str, *, rest: str) -> bool:
    """Whether dotted words are the name of a site."""
    ending = host.rpartition(".")[2]
    if ending.lower() in _ENDINGS:
        # "Stop.It was" is a forgotten space; names are written in one case.
        return ending.islower() or host.isupper()
    has_path = rest[len(host) : len(host) + 1] == "/"
    return (host.lower().startswith("www.") or has_path) and bool(
        regex.fullmatch(r"\p{L}{2,}|xn--[a-z0-9-]+", ending)
    )


def _find_tags(text: str) -> Iterator[tuple[int, int]]:
    for match in _TAG.finditer(text):
        tag = _PUNCTUATION_AT_END.sub("", match["tag"])
        if not _SAYS_SOMETHING.search(tag) or utf8_length(tag) > MAX_TAG_BYTES:
            continue
        if len(regex.findall(r"\X", tag)) <= MAX_TAG_GRAPHEMES:
            yield match.start(), match.start("tag") + len(tag)


def _describe_link(uri: str) -> dict[str, str]:
    return {"$type": "app.bsky.richtext.facet#link", "uri": uri}


def _encode_uri(link: str) -> str:
    """Write a link as a URI (RFC 3986): a scheme in lower case, nothing but ASCII."""
    scheme, separator, rest = link.partition("://")
    if not separator or "/" in scheme:
        scheme, rest = "https", link
    end = min(rest.find(mark) % (len(rest) + 1) for mark in "/?#")
    host, path = rest[:end], rest[end:]
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except UnicodeError:
            host = quote(host, safe=":")
    return f"{scheme.lower()}://{host}{quote(path, safe=_ASCII_SIGNS)}"


def _describe_tag(tag: str) -> dict[str, str]:
    return {"$type": "app.bsky.richtext.facet#tag", "tag": tag}


def _place(text: str, spans: list[tuple[int, int, dict[str, str]]]) -> Iterator[dict[str, Any]]:
    """Turn positions in the text into positions in its bytes, walking over it once."""
    positions = sorted({0, *(edge for start, end, _ in spans for edge in (start, end))})
    bytes_before = {0: 0}
    for earlier, later in pairwise(positions):
        bytes_before[later] = bytes_before[earlier] + utf8_length(text[earlier:later])
    for start, end, feature in spans:
        yield {
            "index": {"byteStart": bytes_before[start], "byteEnd": bytes_before[end]},
            "features": [feature],
        }
