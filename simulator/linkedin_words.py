r"""What LinkedIn makes of "little text".

By https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format:
mentions `@[name](urn)`, hashtags `#word` and `{hashtag|\#|word}`, and signs that stand for
themselves behind a backslash only. Assumed: that any other such sign cuts the text off without a
word, as developers report it, and that a backslash before another sign is dropped.
"""

import re

RESERVED = r"\\|{}@\[\]()<>#*_~"
TOKEN = re.compile(
    r"\\(?P<plain>.)"
    rf"|@\[(?P<mention>(?:[^{RESERVED}]|\\.)*)\]\(urn:li:(?:person|organization):[\w-]+\)"
    rf"|\{{hashtag\|\\?(?P<sign>[#＃])\|(?P<template>(?:[^{RESERVED}]|\\.)+)\}}"
    rf"|(?P<hashtag>[#＃][^\W_]+)"
    rf"|(?P<words>[^{RESERVED}]+)",
    re.DOTALL,
)


def read_little(commentary: str) -> str:
    """Give a commentary as its readers see it."""
    pieces: list[str] = []
    position = 0
    while match := TOKEN.match(commentary, position):
        position = match.end()
        if match["template"] is not None:
            pieces += (match["sign"], _unescape(match["template"]))
        elif match["mention"] is not None:
            pieces.append(_unescape(match["mention"]))
        else:
            pieces.append(match["plain"] or match["hashtag"] or match["words"])
    return "".join(pieces)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
