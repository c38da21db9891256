"""The links of a text as X and Mastodon make them out, each counted at a fixed price there.

The grammar is twitter-text's (version 3.1, https://github.com/twitter/twitter-text). A link's name
must end in a top-level domain. On X it may come without a scheme; then only what is in Latin
letters belongs to it. A name is a row of labels with dots between them and takes as many as it can.
A link ends with no punctuation, and holds parentheses in pairs only, one within another at most.
Mastodon uses the same library, with schemes, paths and queries of its own (``Grammar``).
All of it runs in linear time, whatever the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import regex

from networks.endings import ASCII_ENDINGS, OTHER_ENDINGS

MAX_LINK_CHARACTERS = 4096  # with its scheme, and its name in Punycode
MAX_LABEL_CHARACTERS = 63  # in Punycode
MAX_SHORT_CHARACTERS = 40  # behind t.co/

_TURNS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks of writing direction
_UNREAL = r"\ufffe\ufeff\uffff"
_SPACES = r"\t-\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NO_NAME = rf"!'#%&()*+,/:;<=>?@\[\\\]\^{{|}}~${_SPACES}{_UNREAL}{_TURNS}"
_ROW = regex.compile(rf"[^{_NO_NAME}]++")
_ONLY_INSIDE = ("-", "_")  # a label; "_" not in the last before the top-level domain
_NOT_BEFORE = rf"A-Za-z0-9@＠$#＃{_UNREAL}"
_FREE = regex.compile(rf"(?<![{_NOT_BEFORE}])")
_FIRST_SIGN = regex.compile(rf"(?<![{_NOT_BEFORE}])[^._{_NO_NAME}-]")
_NOT_BEFORE_BARE = ("-", "_", ".", "/")  # nor before a link without a scheme

_ASCII_ENDING = regex.compile(r"[A-Za-z]++(?![0-9@+-])|(?i:xn--)[0-9A-Za-z-]++")
_OTHER_ENDING = regex.compile(
    rf"(?i:{'|'.join(sorted(OTHER_ENDINGS, reverse=True))})(?![0-9A-Za-z@+-])"
)

_LATIN = (
    r"\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272"
    r"\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_LATIN_SIGN = rf"[0-9A-Za-z{_LATIN}-]"
_LATIN_LABELS = regex.compile(rf"(?<!{_LATIN_SIGN})(?<!{_LATIN_SIGN}\.)(?:{_LATIN_SIGN}++\.)++")
_FULL_STOP = regex.compile("[。．｡]")  # parts a label as well, but not for its length
_ASCII_NAME = regex.compile(r"[0-9A-Za-z.-]++")

# What a path may end with, and what it holds besides; then the same of a query.
_LAST = rf"0-9A-Za-z{_LATIN}\u0400-\u04ff+_=#/-"
_WITHIN = r"!*';:,.$%\[\]\u2013~@|&"
_ANY = f"[{_WITHIN}{_LAST}]"
_PAIR = rf"\((?:{_ANY}++|{_ANY}*+\({_ANY}++\){_ANY}*+)\)"
_QUERY = r"\?(?:[!?*'@():;+$%\[\].,~|]*+[0-9A-Za-z&=#/_-]++)++"
_REST = regex.compile(
    rf"(?::[0-9]++)?+(?P<path>/(?:[{_WITHIN}]*+(?:[{_LAST}]++|{_PAIR}))*+)?+(?:{_QUERY})?+"
)
_SHORT = regex.compile(rf"(?i:https?://t\.co/)(?P<key>[0-9A-Za-z]++)(?:{_QUERY})?+")


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """Where users of twitter-text differ.

    ``find_rest`` gives where port, path and query end that follow a name at a position of a text,
    and whether there is a path.
    """

    schemes: tuple[str, ...]
    needs_scheme: bool
    find_rest: Callable[[str, int], tuple[int, bool]]


def _find_rest(text: str, start: int) -> tuple[int, bool]:
    rest = _REST.match(text, start)
    return (rest.end(), rest["path"] is not None) if rest else (start, False)


X_GRAMMAR = Grammar(schemes=("https://", "http://"), needs_scheme=False, find_rest=_find_rest)


def find_weblinks(text: str, grammar: Grammar = X_GRAMMAR) -> Iterator[tuple[int, int]]:
    """Give start and end of every link that is made out in a text (on X: in NFC), in order."""
    at = taken = 0  # up to here the text is looked through, and part of what looks like a link
    while "." in text and (row := _ROW.search(text, at)):
        at = row.end()
        for start, name_start, name_end in _find_names(text, row.start(), at, taken, grammar):
            taken, has_path = name_end, False
            if name_end == row.end():
                taken, has_path = grammar.find_rest(text, name_end)
                at = taken
            name = text[name_start:name_end]
            if not _is_possible(name, others=taken - name_end + len("https://")):
                continue
            latin = list(_find_latin_names(name))
            if start < name_start:
                short = _SHORT.match(text, start, taken)
                if short and len(short["key"]) <= MAX_SHORT_CHARACTERS:
                    yield start, short.end()
                elif not short and (latin or not name.startswith("xn--")):
                    yield start, taken
            elif (
                latin
                and not grammar.needs_scheme
                and not text.startswith(_NOT_BEFORE_BARE, start - 1, start)
            ):
                *others, (first, last) = latin
                yield from ((start + first, start + last) for first, last in others)
                yield start + first, taken if has_path else start + last


def _find_names(
    text: str, row_start: int, row_end: int, taken: int, grammar: Grammar
) -> Iterator[tuple[int, int, int]]:
    """Give start of the link, start and end of the name for every name in a row of labels."""
    labels = list(_split(text, row_start, row_end))
    # Where the longest name ends that takes the whole of a label and then others; 0 for none.
    reach = [0] * (len(labels) + 1)
    for i in range(len(labels) - 2, -1, -1):
        start, end = labels[i]
        if _ends_well(text, start, end) and not text.startswith(_ONLY_INSIDE, start):
            reach[i] = reach[i + 1]
            if not reach[i] and "_" not in text[start:end]:
                reach[i] = _find_ending(text, end + 1)
    if reach[0] and (link_start := _find_scheme(text, row_start, taken, grammar)) is not None:
        yield link_start, row_start, reach[0]
        taken = reach[0]
    for i, (start, end) in enumerate(labels[:-1]):
        if end <= taken or not _ends_well(text, start, end):
            continue
        # The sign before a link is its own: it does not end the link before as well.
        earliest = max(start, taken + 1 if taken else 0)
        name_end = reach[i + 1]
        if not name_end:
            name_end = _find_ending(text, end + 1)
            earliest = max(earliest, text.rfind("_", start, end) + 1)
        if name_end and (first := _FIRST_SIGN.search(text, earliest, end)):
            # Where the text begins, its first sign is rather what stands before a link.
            if not first.start():
                first = _FIRST_SIGN.match(text, 1, end) or first
            yield first.start(), first.start(), name_end
            taken = name_end


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give start and end of every label of a row."""
    for label in text[start:end].split("."):
        yield start, start + len(label)
        start += len(label) + 1


def _ends_well(text: str, start: int, end: int) -> bool:
    """Whether something is a label by its end: there is one, and it is no "-" or "_"."""
    return start < end and not text.startswith(_ONLY_INSIDE, end - 1)


def _find_ending(text: str, start: int) -> int:
    """Give where the top-level domain ends that starts here; 0 if none does."""
    word = _ASCII_ENDING.match(text, start)
    if word and (word[0].lower() in ASCII_ENDINGS or "-" in word[0]):
        return int(word.end())
    word = _OTHER_ENDING.match(text, start)
    return int(word.end()) if word else 0


def _find_scheme(text: str, name_start: int, taken: int, grammar: Grammar) -> int | None:
    """Give where the scheme in front of a name starts, if there is one that may stand there."""
    for scheme in grammar.schemes:
        start = name_start - len(scheme)
        if start >= (taken + 1 if taken else 0) and text[start:name_start].lower() == scheme:
            return start if _FREE.match(text, start) else None
    return None


def _is_possible(name: str, *, others: int) -> bool:
    """Whether a name can be one by its length, with ``others`` signs around it."""
    length = others - 1
    for label in name.split("."):
        in_punycode = len(label)
        if in_punycode <= MAX_LABEL_CHARACTERS and not label.isascii():
            in_punycode = len(".".join(map(_encode, _FULL_STOP.split(label))))
        if in_punycode > MAX_LABEL_CHARACTERS:
            return False
        length += in_punycode + 1
    return length <= MAX_LINK_CHARACTERS


def _encode(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"


def _find_latin_names(name: str) -> Iterator[tuple[int, int]]:
    """Give start and end of every name in Latin letters that a name holds."""
    if _ASCII_NAME.fullmatch(name):
        yield 0, len(name)
        return
    for labels in _LATIN_LABELS.finditer(name):
        start, ending = labels.start(), labels.end()
        while ending > start:
            if end := _find_ending(name, ending):
                yield start, end
                break
            ending = name.rfind(".", start, ending - 1) + 1
