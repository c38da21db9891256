"""Whether a record is a valid app.bsky.feed.post, and what it says.

The lexicon is public (app.bsky.feed.post, app.bsky.richtext.facet); the messages follow the
reference server's. Stricter than the real PDS, which leaves it to the AppView: a facet must lie
within the text, on the borders of characters.
"""

import base64
import hashlib
import json
import re
from typing import Any

from simulator.wording import count_graphemes, find_link

POST = "app.bsky.feed.post"
MOST_GRAPHEMES = 300
MOST_BYTES = 3000
MOST_LANGUAGES = 3

DATETIME = re.compile(
    r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(?:\.\d{1,20})?(?:Z|[+-][0-2]\d:[0-5]\d)"
)
TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
URI = re.compile(r"[a-z][a-z.-]{0,80}:[!-~]{1,8000}")
FACET = "app.bsky.richtext.facet"


class RecordRefused(ValueError):
    """A record that does not follow its lexicon."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid {POST} record: {reason}")


def check_post(record: object) -> dict[str, Any]:
    """Give the record with its $type if it is a valid post. Raises RecordRefused."""
    if not isinstance(record, dict):
        raise RecordRefused("Record must be an object")
    if record.get("$type", POST) != POST:
        raise RecordRefused(f"Invalid $type: expected {POST}, got {record['$type']}")
    text = record.get("text")
    if not isinstance(text, str):
        raise RecordRefused('Record must have the property "text"')
    if len(text.encode()) > MOST_BYTES:
        raise RecordRefused(f"Record/text must not be longer than {MOST_BYTES} characters")
    if count_graphemes(text, most=MOST_GRAPHEMES) > MOST_GRAPHEMES:
        raise RecordRefused(f"Record/text must not be longer than {MOST_GRAPHEMES} graphemes")
    _check_moment(record)
    languages = record.get("langs", [])
    if not isinstance(languages, list) or len(languages) > MOST_LANGUAGES:
        raise RecordRefused(f"Record/langs must not have more than {MOST_LANGUAGES} elements")
    facets = record.get("facets", [])
    if not isinstance(facets, list):
        raise RecordRefused("Record/facets must be an array")
    for index, facet in enumerate(facets):
        _check_facet(facet, where=f"Record/facets/{index}", text=text.encode())
    return {"$type": POST} | record


def _check_moment(record: dict[str, Any]) -> None:
    if "createdAt" not in record:
        raise RecordRefused('Record must have the property "createdAt"')
    if not isinstance(record["createdAt"], str) or not DATETIME.fullmatch(record["createdAt"]):
        message = "must be an valid atproto datetime (both RFC-3339 and ISO-8601)"
        raise RecordRefused(f"Record/createdAt {message}")


def _check_facet(facet: object, *, where: str, text: bytes) -> None:
    if not isinstance(facet, dict):
        raise RecordRefused(f"{where} must be an object")
    span, features = facet.get("index"), facet.get("features")
    if not isinstance(span, dict) or not isinstance(features, list):
        raise RecordRefused(f'{where} must have the properties "index" and "features"')
    start, end = span.get("byteStart"), span.get("byteEnd")
    if type(start) is not int or type(end) is not int or start < 0:
        raise RecordRefused(f"{where}/index must have integers byteStart and byteEnd")
    if not start < end <= len(text) or _splits(text, start) or _splits(text, end):
        raise RecordRefused(f"{where}/index is not a range of the text's bytes")
    for feature in features:
        _check_feature(feature, where=f"{where}/features")


def _check_feature(feature: object, *, where: str) -> None:
    if not isinstance(feature, dict) or not isinstance(feature.get("$type"), str):
        raise RecordRefused(f'{where} must be an object which includes the "$type" property')
    kind, name = {
        f"{FACET}#link": ("link", "uri"),
        f"{FACET}#tag": ("tag", "tag"),
        f"{FACET}#mention": ("mention", "did"),
    }.get(feature["$type"], ("", ""))
    value = feature.get(name)
    if not kind:
        return  # an open union: unknown features are let through
    if not isinstance(value, str) or not value:
        raise RecordRefused(f'{where} must have the property "{name}"')
    if kind == "link" and not URI.fullmatch(value):
        raise RecordRefused(f"{where}/uri must be a uri")
    if kind == "mention" and not value.startswith("did:"):
        raise RecordRefused(f"{where}/did must be a valid did")


def _splits(text: bytes, position: int) -> bool:
    return position < len(text) and text[position] & 0xC0 == 0x80


def find_record_link(record: dict[str, Any]) -> str:
    """Give the link a post is known by: in its text, else in a facet, else in its card."""
    link = find_link(record["text"])
    if link:
        return link
    for facet in record.get("facets", []):
        for feature in facet["features"]:
            if feature["$type"] == f"{FACET}#link":
                return str(feature["uri"])
    card = record.get("embed")
    external = card.get("external") if isinstance(card, dict) else None
    return str(external.get("uri") or "") if isinstance(external, dict) else ""


def derive_cid(record: dict[str, Any]) -> str:
    """Give a content id: the shape of a real one, over sorted JSON instead of DAG-CBOR."""
    packed = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    digest = b"\x01\x71\x12\x20" + hashlib.sha256(packed).digest()
    return "b" + base64.b32encode(digest).decode().lower().rstrip("=")
