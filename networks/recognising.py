"""What a server that speaks Mastodon's API is: its software, its limits, its way of consent.

Any server may be named by anybody, so that nothing it says is believed without a look: addresses
stay on its own host, numbers within reason, and a key is only trusted where the software is known
to honour it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from networks.addresses import clean_host
from networks.base import Server
from networks.errors import Rejected, TryLater, gettext_noop
from networks.http import Http
from networks.reading import read, read_object, read_text

USUAL_CHARACTERS = 500
USUAL_PER_URL = 23

_NOT_MASTODON = gettext_noop(
    "%(host)s does not answer like a Mastodon server. Write the address at which you read your "
    "timeline in the browser."
)
# Mastodon's own version numbers. What only speaks its API says so behind a space, as in
# "2.7.2 (compatible; Pleroma 2.9.1)", or counts from 0, as GoToSocial does.
_MASTODON_VERSION = re.compile(r"[3-9]\.\d+\.\d+(?:-(?:alpha|beta|rc|nightly)[\w.-]*)?")
# Forks that keep Mastodon's own code for posting, and call themselves so in NodeInfo.
_MASTODON_SOFTWARE = frozenset({"mastodon", "hometown"})
_KNOWN_FORK = re.compile(r"\+(?:glitch|hometown|chuckya)\b[\w.+-]*")


async def recognise_server(http: Http, host: str) -> Server:
    """Ask a server what it is. ``host`` is a cleaned name, ``name:port`` only where allowed.

    Raises Rejected when it does not speak Mastodon's API, TryLater when it cannot be reached.
    """
    url = f"{'http' if host in http.allowed_hosts else 'https'}://{host}"
    instance = await _read_instance(http, url=url, host=host)
    software, metadata = await asyncio.gather(
        _read_software(http, url=url), _read_metadata(http, url=url)
    )
    return Server(
        network="mastodon",
        host=host,
        url=url,
        version=read_text(instance, "version")[:100],
        facts={
            "domain": _read_domain(instance) or host,
            "software": software,
            **_read_limits(instance),
            **_choose_consent(metadata, url=url),
        },
    )


def is_keyed(version: str, *, software: str) -> bool:
    """Whether a server is known to honour Idempotency-Key: Mastodon itself, and its close forks.

    ``software`` is its name by NodeInfo, empty when it did not say. What is not known is not keyed.
    """
    match = _MASTODON_VERSION.match(version)
    if match is None or not re.fullmatch(r"(?:\+[\w.+-]+)?", version[match.end() :]):
        return False
    if software:
        return software in _MASTODON_SOFTWARE
    return match.end() == len(version) or bool(_KNOWN_FORK.fullmatch(version[match.end() :]))


async def _read_instance(http: Http, *, url: str, host: str) -> dict[str, Any]:
    """Read ``/api/v2/instance``, or version 1 of it where that is all there is."""
    for version in ("v2", "v1"):
        answer = await read(http, f"{url}/api/{version}/instance")
        content = read_object(answer) if answer.status == 200 else None
        if content is not None and read_text(content, "version"):
            return content
    raise Rejected(_NOT_MASTODON, host=host)


def _read_domain(instance: Mapping[str, Any]) -> str:
    """Give the name that a server's accounts carry: ``domain``, in version 1 ``uri``."""
    named = read_text(instance, "domain") or read_text(instance, "uri")
    return (urlsplit(named).netloc if "://" in named else named).lower()[:255]


def _read_limits(instance: Mapping[str, Any]) -> dict[str, int]:
    configuration = instance.get("configuration")
    statuses = configuration.get("statuses") if isinstance(configuration, dict) else None
    limits = statuses if isinstance(statuses, dict) else {}
    return {
        "max_characters": _read_number(
            limits.get("max_characters") or instance.get("max_toot_chars"),
            otherwise=USUAL_CHARACTERS,
            most=1_000_000,
        ),
        "reserved_per_url": _read_number(
            limits.get("characters_reserved_per_url"), otherwise=USUAL_PER_URL, most=1000
        ),
    }


def _read_number(value: object, *, otherwise: int, most: int) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and isinstance(value, int) and 0 < value <= most else otherwise


async def _read_software(http: Http, *, url: str) -> str:
    """Give the software's name by NodeInfo; empty when the server does not say."""
    try:
        links = (read_object(await read(http, f"{url}/.well-known/nodeinfo")) or {}).get("links")
        for link in links if isinstance(links, list) else ():
            address = read_text(link, "href") if isinstance(link, dict) else ""
            if address.startswith(f"{url}/"):
                content = read_object(await read(http, address)) or {}
                software = content.get("software")
                return read_text(software, "name").lower() if isinstance(software, dict) else ""
    except (TryLater, Rejected):
        pass
    return ""


async def _read_metadata(http: Http, *, url: str) -> dict[str, Any]:
    """Give RFC 8414 metadata, from Mastodon 4.3 on; empty where there is none for this server."""
    try:
        answer = await read(http, f"{url}/.well-known/oauth-authorization-server")
    except (TryLater, Rejected):
        return {}
    content = (read_object(answer) if answer.status == 200 else None) or {}
    # Mastodon writes its issuer with a stroke at the end; one of another host is not to be used.
    return content if read_text(content, "issuer").rstrip("/") == url else {}


def _choose_consent(metadata: Mapping[str, Any], *, url: str) -> dict[str, Any]:
    """Decide how consent is asked for: where, with which scopes, with PKCE or without."""

    def choose(name: str, path: str) -> str:
        offered = read_text(metadata, name)
        return offered if offered.startswith(f"{url}/") else f"{url}{path}"

    scopes = metadata.get("scopes_supported")
    methods = metadata.get("code_challenge_methods_supported")
    has_profile = isinstance(scopes, list) and "profile" in scopes
    return {
        "issuer": read_text(metadata, "issuer") or url,
        "names_issuer": metadata.get("authorization_response_iss_parameter_supported") is True,
        "pkce": isinstance(methods, list) and "S256" in methods,
        # "profile" (4.3) shows who somebody is and nothing else; before, it takes read:accounts.
        "scopes": f"read:statuses write:statuses {'profile' if has_profile else 'read:accounts'}",
        "authorize_url": choose("authorization_endpoint", "/oauth/authorize"),
        "token_url": choose("token_endpoint", "/oauth/token"),
        "revoke_url": choose("revocation_endpoint", "/oauth/revoke"),
    }


async def find_home(http: Http, host: str) -> Server:
    """Give the server behind a name, under the one name by which it is known.

    A server can be reached under several; were they kept apart, one account could be linked twice
    and post twice. Raises as ``recognise_server``.
    """
    server = await recognise_server(http, host)
    domain = str(server.facts["domain"])
    if domain == host:
        return server
    try:
        other_host = clean_host(domain, allowed_hosts=http.allowed_hosts)
        other = await recognise_server(http, other_host)
    except Rejected:
        return server  # its accounts carry a name at which it does not answer itself
    return other if other.facts["domain"] == domain == other_host else server
