"""Who may ask a Bluesky server for authorization: client ids and their metadata.

The AT protocol's OAuth specification has two kinds of client id: an https URL where the client's
metadata document lies, and `http://localhost?redirect_uri=…&scope=…` for development. Here the
document is fetched from loopback addresses only, over http as well: nothing leaves the machine.
"""

import ipaddress
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import jwt

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DOCUMENT_BYTES = 65_536
FETCH_SECONDS = 5
KEPT_SECONDS = 60
LOOPBACK_REDIRECTS = ("http://127.0.0.1/", "http://[::1]/")


class ClientRefused(Exception):
    """A client that cannot be taken; `error` is the OAuth error."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Client:
    """What a client's metadata says. `keys` are JWKs of a confidential client."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    is_development: bool = False
    is_confidential: bool = False
    keys: tuple[dict[str, Any], ...] = ()

    def allows_redirect(self, uri: str) -> bool:
        """Tell whether a redirect URI is the client's; on loopback the port may be any."""
        if not self.is_development:
            return uri in self.redirect_uris
        return _drop_port(uri) in {_drop_port(known) for known in self.redirect_uris}


class ClientDirectory:
    """The clients met so far; documents are fetched again after a minute."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Client, float]] = {}
        self._assertions: dict[str, float] = {}

    async def find_client(self, client_id: str) -> Client:
        """Give the client of an id. Raises ClientRefused."""
        parts = urlsplit(client_id)
        if parts.scheme == "http" and parts.netloc == "localhost" and parts.path in ("", "/"):
            return _read_development_client(client_id)
        known, kept_until = self._known.get(client_id, (None, 0.0))
        if known is not None and kept_until > time.time():
            return known
        client = _read_document(client_id, await self._fetch(client_id))
        if not client.keys and client.is_confidential:
            raise ClientRefused("invalid_client_metadata", "The client's keys are missing.")
        self._known[client_id] = (client, time.time() + KEPT_SECONDS)
        return client

    def authenticate(self, client: Client, *, params: dict[str, Any], issuer: str) -> None:
        """Check a confidential client's signed assertion (RFC 7523). Raises ClientRefused."""
        if not client.is_confidential:
            return
        if params.get("client_assertion_type") != ASSERTION_TYPE:
            raise ClientRefused("invalid_client", "private_key_jwt is needed")
        assertion = str(params.get("client_assertion"))
        for jwk in client.keys:
            try:
                claims = jwt.decode(
                    assertion,
                    jwt.PyJWK(jwk).key,
                    algorithms=["ES256"],
                    audience=issuer,
                    issuer=client.id,
                    options={"require": ["iss", "sub", "aud", "jti", "iat"]},
                )
            except jwt.PyJWTError:
                continue
            if claims["sub"] == client.id and claims["jti"] not in self._assertions:
                self._remember(claims["jti"])
                return
        raise ClientRefused("invalid_client", "The client's assertion does not hold.")

    def _remember(self, jti: str) -> None:
        now = time.time()
        if len(self._assertions) > 10_000:
            self._assertions = {
                key: until for key, until in self._assertions.items() if until > now
            }
        self._assertions[jti] = now + 600

    async def _fetch(self, url: str) -> dict[str, Any]:
        if not _is_loopback(url):
            message = "The simulator fetches client metadata from loopback addresses only."
            raise ClientRefused("invalid_client_metadata", message)
        document = await _fetch_json(url)
        if isinstance(document.get("jwks_uri"), str) and _is_loopback(document["jwks_uri"]):
            document["jwks"] = await _fetch_json(document["jwks_uri"])
        return document


async def _fetch_json(url: str) -> dict[str, Any]:
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            body = json.loads(await response.content.read(DOCUMENT_BYTES))
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise ClientRefused("invalid_client_metadata", f"{url} gave no metadata.") from error
    if response.status != 200 or not isinstance(body, dict):
        raise ClientRefused("invalid_client_metadata", f"{url} gave no metadata.")
    return body


def _read_document(client_id: str, document: dict[str, Any]) -> Client:
    uris = document.get("redirect_uris")
    if document.get("client_id") != client_id:
        raise ClientRefused("invalid_client_metadata", "client_id is not the document's address.")
    if not document.get("dpop_bound_access_tokens") or not isinstance(uris, list) or not uris:
        message = "dpop_bound_access_tokens and redirect_uris are needed."
        raise ClientRefused("invalid_client_metadata", message)
    keys = document.get("jwks", {})
    return Client(
        id=client_id,
        name=str(document.get("client_name") or client_id),
        redirect_uris=tuple(str(uri) for uri in uris),
        scopes=frozenset(str(document.get("scope", "")).split()),
        is_confidential=document.get("token_endpoint_auth_method") == "private_key_jwt",
        keys=tuple(keys.get("keys", ())) if isinstance(keys, dict) else (),
    )


def _read_development_client(client_id: str) -> Client:
    query = parse_qs(urlsplit(client_id).query)
    if set(query) - {"redirect_uri", "scope"}:
        raise ClientRefused("invalid_client_metadata", "Only redirect_uri and scope may be given.")
    uris = query.get("redirect_uri") or list(LOOPBACK_REDIRECTS)
    if not all(_is_loopback_address(uri) for uri in uris):
        message = "A development client's redirect_uri is http://127.0.0.1 or http://[::1]."
        raise ClientRefused("invalid_client_metadata", message)
    return Client(
        id=client_id,
        name="A development client",
        redirect_uris=tuple(uris),
        scopes=frozenset(query.get("scope", ["atproto"])[0].split()),
        is_development=True,
    )


def _drop_port(uri: str) -> tuple[str, str | None, str, str]:
    parts = urlsplit(uri)
    return (parts.scheme, parts.hostname, parts.path or "/", parts.query)


def _is_loopback_address(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1")


def _is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    try:
        return parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False
