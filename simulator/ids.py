"""How each network numbers things: snowflakes, ULIDs, DIDs, TIDs."""

import base64
import hashlib

ULID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


def derive_did(handle: str) -> str:
    """Give the did:plc of a handle: 24 characters of base32, as the method's paper says.

    A real one is the hash of the account's first signed operation; nobody can check that here.
    """
    digest = hashlib.sha256(f"plc:{handle}".encode()).digest()
    return "did:plc:" + base64.b32encode(digest).decode().lower()[:24]


def encode_order(order: int, *, ids: str) -> str:
    """Write a number of `World.mint_order` as an id: decimal, or a ULID for GoToSocial."""
    if ids == "snowflake":
        return str(order)
    value = (order >> 16) << 80 | (order & 0xFFFF) << 64
    return "".join(ULID_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def decode_order(identity: str, *, ids: str) -> int:
    """Read an id back into its number; what is no id counts as 0, older than everything."""
    if ids == "snowflake":
        return int(identity) if identity.isascii() and identity.isdigit() else 0
    value = 0
    for letter in identity.upper():
        if letter not in ULID_ALPHABET:
            return 0
        value = value << 5 | ULID_ALPHABET.index(letter)
    return (value >> 80) << 16 | (value >> 64) & 0xFFFF


def encode_tid(microseconds: int, *, clock: int = 0) -> str:
    """Write microseconds since 1970 as a TID, the AT protocol's 13-letter timestamp."""
    value = microseconds << 10 | clock
    return "".join(TID_ALPHABET[(value >> shift) & 31] for shift in range(60, -1, -5))
