"""Who lives on the simulated networks: names, follower counts, ages and portraits.

All but the name is a pure function of the name, so that two runs look the same.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count

from simulator.layout import BLUESKY, Instance

_FIRST_NAMES = """
sam noor lea tom ines max ada paul mira leo emma luc zoe omar jade ivan nina hugo amel
rosa theo lina karl anna yann elsa finn maya remi olga jonas alba nils sara gael ruth
"""
FIRST_NAMES = _FIRST_NAMES.split()
_SECOND_NAMES = """
river stone field wood lake hill moor brook dale marsh grove shore heath glen reed fern
rowan alder birch hazel maple aspen cedar laurel linden willow
"""
SECOND_NAMES = _SECOND_NAMES.split()

MASTODON_NAME = re.compile(r"[a-z0-9_]{1,30}")
BLUESKY_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,16}[a-z0-9])?")
MISSING_NAME = "nobody"
HANDLE_DOMAIN = "simulator.test"

EPOCH = datetime(2017, 1, 1, tzinfo=UTC)
SPREAD_DAYS = 2900
PORTRAIT_SIDE = 96


class NameRefused(ValueError):
    """An account name that the network would not accept; the message says why."""


def propose_names() -> Iterator[str]:
    """Give names without end: sam, noor… then samriver, noorstone… then with numbers."""
    yield from FIRST_NAMES
    for number in count():
        suffix = str(number + 1) if number else ""
        for turn in range(len(SECOND_NAMES)):
            for index, first in enumerate(FIRST_NAMES):
                # The second name turns with the first, so that neighbours differ in both.
                second = SECOND_NAMES[(index + turn) % len(SECOND_NAMES)]
                yield f"{first}{second}{suffix}"


def clean_name(instance: Instance, *, name: str) -> str:
    """Give the bare account name out of what a person typed. Raises NameRefused."""
    name = name.strip().removeprefix("@").lower()
    if instance.network == BLUESKY:
        name = name.removesuffix(f".{HANDLE_DOMAIN}")
        if not BLUESKY_NAME.fullmatch(name):
            raise NameRefused("A name here has up to 18 letters a to z, digits and hyphens.")
        if name.startswith(MISSING_NAME):
            raise NameRefused(f"Names that begin with “{MISSING_NAME}” never exist here.")
        return name
    name = name.removesuffix(f"@{instance.authority}")
    if not MASTODON_NAME.fullmatch(name):
        raise NameRefused("A name here has up to 30 letters a to z, digits and underscores.")
    return name


def measure_followers(name: str) -> int:
    """Give an account's follower count: a few dozen mostly, some thousands rarely."""
    share = zlib.crc32(name.encode()) / 0xFFFFFFFF
    return int(10 ** (1 + 2.6 * share))


def date_account(name: str) -> datetime:
    """Give the day on which an account was opened, between 2017 and 2024, at midnight UTC."""
    return EPOCH + timedelta(days=zlib.crc32(name.encode()[::-1]) % SPREAD_DAYS)


@lru_cache(maxsize=2048)
def draw_portrait(name: str) -> bytes:
    """Give an account's picture as a PNG: two rings around a dot, in a colour of its own."""
    seed = zlib.crc32(name.encode())
    dark = bytes(60 + (seed >> shift) % 110 for shift in (0, 8, 16))
    light = bytes(255 - (255 - value) // 3 for value in dark)
    middle = (PORTRAIT_SIDE - 1) / 2
    rows = bytearray()
    for y in range(PORTRAIT_SIDE):
        rows.append(0)
        for x in range(PORTRAIT_SIDE):
            radius = ((x - middle) ** 2 + (y - middle) ** 2) ** 0.5
            rows += light if radius < 13 or 20 < radius < 27 or 35 < radius < 39 else dark
    header = struct.pack(">IIBBBBB", PORTRAIT_SIDE, PORTRAIT_SIDE, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _pack_chunk(b"IHDR", header)
        + _pack_chunk(b"IDAT", zlib.compress(bytes(rows)))
        + _pack_chunk(b"IEND", b"")
    )


def _pack_chunk(tag: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(tag + body)
    return struct.pack(">I", len(body)) + tag + body + struct.pack(">I", checksum)
