"""Which servers we may speak to: by name, before anything is opened, and by address, at connect.

The names come from strangers (an instance, a PDS), so both are checked: the name refuses what no
public server is called, the address refuses where no public server lives, whatever the DNS said.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Set as AbstractSet

import idna
import regex
from yarl import URL

from networks.errors import Rejected, gettext_noop

# Special-purpose blocks by IANA's registries (RFC 6890 and its successors). Written out, because
# ``ipaddress.is_private`` lets several of them through on Python 3.11.
_REFUSED_IPV4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a carrier's customers
        "127.0.0.0/8",  # this machine
        "168.63.129.16/32",  # Azure's own service, inside a public block
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# The only block in which the world's servers get addresses; what is outside (::1, ::/96, mapped,
# NAT64 64:ff9b::/96 and 64:ff9b:1::/48, fc00::/7, fe80::/10, fec0::/10, ff00::/8) is refused.
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_IPV6 = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: wraps any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # 6bone, given back
        "3fff::/20",  # documentation
    )
)

# Names that mean this machine or this house, whatever a resolver makes of them.
_HOME_NAMES = frozenset(
    {
        *("localhost", "local", "localdomain", "internal", "test", "invalid", "onion", "arpa"),
        *("lan", "intranet", "corp", "home", "private", "alt"),
    }
)
# Scripts that are written together; any other mixture within a label is a disguise.
_WRITTEN_TOGETHER = (
    frozenset({"Latin", "Han", "Hiragana", "Katakana"}),
    frozenset({"Latin", "Han", "Hangul"}),
    frozenset({"Latin", "Han", "Bopomofo"}),
)
_SCRIPTS = (
    *("Latin", "Cyrillic", "Greek", "Armenian", "Cherokee", "Han", "Hiragana", "Katakana"),
    *("Hangul", "Bopomofo", "Arabic", "Hebrew", "Devanagari", "Thai", "Georgian"),
)
_SCRIPT_PATTERNS = {name: regex.compile(rf"\p{{Script={name}}}") for name in _SCRIPTS}
# Cyrillic, Greek and Armenian letters that pass for Latin ones; a label of nothing else is one too.
_LATIN_TWINS = frozenset("абвгенкмнорпстухьԁԍԛԝҽһіїјѕӏүѵьοαρνκικτυχωεηγօոսցհզյք")
_LATIN_LETTERS = frozenset("ßæœøłđðþħŋəĳ")

_NOT_A_SERVER = gettext_noop(
    "“%(typed)s” is not the name of a server. Write it like “mastodon.social”."
)
_EMPTY = gettext_noop("Write the name of your server, like “mastodon.social”.")
_USERINFO = gettext_noop(
    "There is an @ where none belongs. Write only the server, like “mastodon.social”, or the "
    "account with both signs, like “@sam@mastodon.social”."
)
_PORT = gettext_noop("“%(typed)s” names a port. Write the server's name alone.")
_NUMBER = gettext_noop("“%(typed)s” is a number. Write the server's name, like “mastodon.social”.")
_TRAILING_DOT = gettext_noop("“%(typed)s” ends with a dot. Write the server's name without it.")
_NOT_PUBLIC = gettext_noop(
    "“%(typed)s” is not a public server. Write one that everybody can reach."
)
_LOOKALIKE = gettext_noop(
    "“%(typed)s” mixes letters that look alike but are not the same. Type the server's name by "
    "hand instead of pasting it."
)
_NOT_A_WEB_ADDRESS = gettext_noop("The server gave an address that cannot be used: “%(typed)s”.")
_NOT_HTTPS = gettext_noop("“%(typed)s” is not reached safely: its address must begin with https.")


def is_public(address: str) -> bool:
    """Whether a numeric IP address, as a socket is about to use it, is out on the public net."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in block for block in _REFUSED_IPV4)
    return parsed in _GLOBAL_IPV6 and not any(parsed in block for block in _REFUSED_IPV6)


def clean_host(text: str, *, allowed_hosts: AbstractSet[str] = frozenset()) -> str:
    """Turn what a person typed into a host: ``name``, or ``name:port`` where that is allowed.

    Takes a name (``mastodon.social``), a page's address (``https://mastodon.social/@sam``) or an
    account (``@sam@mastodon.social``). Gives it in lower case, IDNA-encoded (UTS 46).
    ``allowed_hosts`` are exact ``host:port`` pairs that are let through as they are.
    Raises Rejected with what to write instead. Opens no socket.
    """
    typed = text.strip()
    rest = re.sub(r"^https?://", "", typed, flags=re.IGNORECASE)
    authority = rest.partition("/")[0]
    is_address = rest != typed
    account = re.fullmatch(r"@[^@\s]+@([^@\s]+)", authority)
    if account and not is_address:
        authority = account[1]
    if authority.lower() in allowed_hosts:
        return authority.lower()
    shown = _shorten(typed)
    if not typed:
        raise Rejected(_EMPTY)
    if "@" in authority:
        raise Rejected(_USERINFO)
    if "://" in rest or not rest.isprintable() or " " in rest:
        raise Rejected(_NOT_A_SERVER, typed=shown)
    return _check_name(authority, shown=shown)


def check_url(url: str, *, allowed_hosts: AbstractSet[str] = frozenset()) -> tuple[URL, bool]:
    """Check the address of a request before anything is opened.

    Gives it parsed, and whether its exact ``host:port`` is one of ``allowed_hosts`` (then plain
    http and any port will do). Everything else is https on port 443 with a public name.
    Raises Rejected.
    """
    try:
        parsed = URL(url)
        host, port = parsed.raw_host or "", parsed.port
    except ValueError:
        raise Rejected(_NOT_A_WEB_ADDRESS, typed=_shorten(url.partition("?")[0])) from None
    shown = _shorten(host)
    if parsed.scheme not in ("https", "http") or not host:
        raise Rejected(_NOT_A_WEB_ADDRESS, typed=_shorten(url.partition("?")[0]))
    if parsed.user is not None or parsed.password is not None:
        raise Rejected(_USERINFO)
    if f"{host}:{port}" in allowed_hosts:
        return parsed, True
    if parsed.scheme != "https":
        raise Rejected(_NOT_HTTPS, typed=shown)
    if port != 443:
        raise Rejected(_PORT, typed=f"{shown}:{port}")
    _check_name(host, shown=shown)
    return parsed, False


def _check_name(name: str, *, shown: str) -> str:
    """Give a public server's name, encoded. Raises Rejected for anything else."""
    if "[" in name or name.count(":") > 1:
        raise Rejected(_NUMBER, typed=shown)
    if ":" in name:
        raise Rejected(_PORT, typed=shown)
    try:
        mapped = idna.uts46_remap(name, std3_rules=True, transitional=False)
        if mapped.endswith("."):
            raise Rejected(_TRAILING_DOT, typed=shown)
        encoded = idna.encode(mapped, strict=True, std3_rules=True).decode("ascii").lower()
        labels = encoded.split(".")
        letters = [idna.decode(label) if label.startswith("xn--") else label for label in labels]
    except UnicodeError:
        raise Rejected(_NOT_A_SERVER, typed=shown) from None
    # As browsers do: a name whose last label is a number is an IPv4 address in disguise.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        raise Rejected(_NUMBER, typed=shown)
    if labels[-1] in _HOME_NAMES:
        raise Rejected(_NOT_PUBLIC, typed=shown)
    if len(labels) < 2:
        raise Rejected(_NOT_A_SERVER, typed=shown)
    if any(_is_disguised(label, top=letters[-1]) for label in letters):
        raise Rejected(_LOOKALIKE, typed=shown)
    return encoded


def _is_disguised(label: str, *, top: str) -> bool:
    """Whether a label is made to be read as another: scripts mixed, or one passing for Latin."""
    scripts = {name for name, pattern in _SCRIPT_PATTERNS.items() if pattern.search(label)}
    if len(scripts) > 1 and not any(scripts <= together for together in _WRITTEN_TOGETHER):
        return True
    letters = [letter for letter in label if letter.isalpha()]
    if scripts == {"Latin"}:
        return any(
            not unicodedata.normalize("NFD", letter)[0].isascii() and letter not in _LATIN_LETTERS
            for letter in letters
        )
    return bool(letters) and top.isascii() and all(letter in _LATIN_TWINS for letter in letters)


def _shorten(text: str) -> str:
    """What was typed, fit to be shown in a sentence."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in text[:81])
    return printable if len(printable) <= 80 else printable[:79] + "…"
