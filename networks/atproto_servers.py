"""What there is to know of an AT protocol server before anybody signs in there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from networks.atproto import find_issuer
from networks.base import Server
from networks.errors import NetworkError, Rejected
from networks.oauth import read_server_metadata, shorten
from networks.reading import read, read_object, read_text

if TYPE_CHECKING:
    from networks.http import Http


async def read_server(http: Http, url: str, *, network: str) -> Server:
    """Describe the server at an origin: who authorises for it, where, and its version.

    ``facts`` are what ``networks.atproto_sessions`` goes by. Where this is no PDS it may itself be
    an authorization server, for PDSs behind it. Raises Rejected when it is neither, TryLater.
    """
    try:
        issuer = await find_issuer(http, url)
    except Rejected:
        # bsky.social itself keeps no accounts; which of its servers does, the sign-in tells.
        metadata = await read_server_metadata(http, url)
    else:
        metadata = await read_server_metadata(http, issuer)
    return Server(
        network=network,
        host=urlsplit(url).netloc,
        url=url,
        version=await _read_version(http, url),
        facts={
            "issuer": metadata.issuer,
            "authorization_endpoint": metadata.authorization_endpoint,
            "token_endpoint": metadata.token_endpoint,
            "par_endpoint": metadata.par_endpoint,
            "revocation_endpoint": metadata.revocation_endpoint,
            "scopes": list(metadata.scopes),
        },
    )


async def _read_version(http: Http, url: str) -> str:
    """Ask a PDS for its version; "" from one that does not say."""
    try:
        content = read_object(await read(http, f"{url}/xrpc/_health")) or {}
    except NetworkError:
        return ""
    return shorten(read_text(content, "version"), most=60)
