"""LinkedIn's "little text": the format of a post's commentary there.

Signs that mean something in it stand for themselves only behind a backslash, wherever they are;
unescaped ones cut a post short or have it refused. A hashtag is written as a template
(https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format).
"""

from __future__ import annotations

import regex

from networks.facets import BEFORE_TAG, find_addresses, leave_out

_RESERVED = regex.compile(r"[\\|{}@\[\]()<>#*_~]")
# LinkedIn's hashtags are one word of letters and digits: "#covid-19" is the hashtag "covid". One
# of digits only is rather a number ("#1").
_HASHTAG = regex.compile(rf"{BEFORE_TAG}[#＃](?=[\p{{Nd}}_]*+\p{{L}})[\p{{L}}\p{{M}}\p{{Nd}}_]++")


def little_text(text: str) -> str:
    """Write a text for LinkedIn, such that it reads there as it is, with its hashtags to be tapped.

    Mentions stay plain text: one that notifies would need the account's URN.
    """
    hashtags = (match.span() for match in _HASHTAG.finditer(text))
    pieces: list[str] = []
    done = 0
    for start, end in leave_out(find_addresses(text), hashtags):
        sign, word = _escape(text[start]), _escape(text[start + 1 : end])
        pieces += (_escape(text[done:start]), f"{{hashtag|{sign}|{word}}}")
        done = end
    return "".join((*pieces, _escape(text[done:])))


def _escape(text: str) -> str:
    return str(_RESERVED.sub(r"\\\g<0>", text))
