"""Posts as AT protocol records: the key they are kept under, and what is in them.

Both are pure functions of the post, so that sending it again is the same write: a repeat finds
the record there, to the byte, and nothing happens.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

from networks.base import Post
from networks.facets import bluesky_facets

COLLECTION = "app.bsky.feed.post"

# "base32-sortable" of https://atproto.com/specs/tid: keys sort as their times do.
_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_TID_CHARACTERS = 13
_CLOCK_BITS = 10
_URI = re.compile(
    rf"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/{re.escape(COLLECTION)}/([{_LETTERS}]{{{_TID_CHARACTERS}}})"
)


def make_rkey(post: Post) -> str:
    """Give the post's record key, a TID: always the same for the same planned moment and key.

    A TID is 53 bits of microseconds since 1970 and 10 bits of a clock's number. The seconds are
    those of ``planned_at``; its microseconds and the clock's number are taken from ``key``, so
    that two campaigns of one account in the same second do not meet (one in 10^9).
    """
    spread, clock = divmod(int(post.key, 16), 1 << _CLOCK_BITS)
    moment = int(post.planned_at.timestamp()) * 1_000_000 + spread % 1_000_000
    number = (moment << _CLOCK_BITS) | clock
    letters = (_LETTERS[(number >> 5 * place) & 31] for place in reversed(range(_TID_CHARACTERS)))
    return "".join(letters)


def build_record(post: Post) -> dict[str, Any]:
    """Give the ``app.bsky.feed.post`` record of a post.

    ``createdAt`` is the moment of the launch, whatever the time is now.
    """
    created_at = post.dated_at.astimezone(UTC).isoformat(timespec="milliseconds")
    record: dict[str, Any] = {
        "$type": COLLECTION,
        "text": post.text,
        "createdAt": created_at.replace("+00:00", "Z"),
    }
    if post.language:
        record["langs"] = [post.language]
    if facets := bluesky_facets(post.text):
        record["facets"] = facets
    return record


def read_uri(uri: str) -> tuple[str, str] | None:
    """Give the account and the record key of a post's ``at://`` address, None for any other."""
    match = _URI.fullmatch(uri)
    return (match[1], match[2]) if match else None


def build_uri(did: str, rkey: str) -> str:
    """Give the ``at://`` address of an account's post."""
    return f"at://{did}/{COLLECTION}/{rkey}"
