"""What this site is to the authorization servers of the AT protocol: its name, its page, its key.

A client is named by the address of a page of metadata that it serves itself. Three kinds
(https://atproto.com/specs/oauth, "Clients"): on https with a key of its own, *confidential*,
sessions of two years; on https without one, *public*, two weeks; and on this machine, for
development and trials, named ``http://localhost`` with its metadata in the query.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from networks.atproto_records import COLLECTION
from networks.dpop import read_client_key, sign_assertion
from networks.errors import Rejected, gettext_noop

# putRecord takes leave to create and to update; deleting is for a recall.
SCOPE = f"atproto repo:{COLLECTION}?action=create&action=update&action=delete"
# Servers from before permissions by collection (2025) know only this, which allows much more.
BROAD_SCOPE = "atproto transition:generic"
_DECLARED_SCOPES = f"{SCOPE} transition:generic"

METADATA_PATH = "/oauth/bluesky/client-metadata.json"
KEYS_PATH = "/oauth/bluesky/jwks.json"
_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})

_NEEDS_HTTPS = gettext_noop(
    "Bluesky accounts can only be linked on a site that is reached by https. Please tell whoever "
    "runs this site."
)
_NEEDS_NUMBER = gettext_noop(
    "Bluesky does not come back to “localhost”. Open this site as %(address)s and start again."
)


class Client:
    """This site as a client; a pure function of where it is and of its key.

    ``site_url`` is an origin. ``client_key`` is a private P-256 key (PEM, or a JWK in JSON) or "";
    sessions are bound to it, so a new key ends them all. It is not used on a loopback site.
    Raises ValueError for a key that is none.
    """

    def __init__(self, *, site_url: str, client_key: str = "", name: str = "CrowdSpeak") -> None:
        self._site_url = site_url.rstrip("/")
        self._name = name
        parts = urlsplit(self._site_url)
        self._is_loopback = parts.scheme == "http" and parts.hostname in _LOOPBACK_HOSTS
        self._is_secure = parts.scheme == "https"
        self._key = read_client_key(client_key) if client_key and self._is_secure else None

    def make_id(self, *, redirect_uri: str) -> str:
        """Give the client's name, for a consent that comes back to ``redirect_uri``.

        Raises Rejected on a site that no server would come back to.
        """
        if self._is_secure:
            return self._site_url + METADATA_PATH
        if not self._is_loopback:
            raise Rejected(_NEEDS_HTTPS)
        parts = urlsplit(redirect_uri)
        # RFC 8252, section 8.3: the address by its number, since a name may lead elsewhere.
        if parts.hostname == "localhost":
            address = f"http://127.0.0.1:{parts.port or 80}"
            raise Rejected(_NEEDS_NUMBER, address=address)
        return "http://localhost?" + urlencode(
            {"redirect_uri": redirect_uri, "scope": _DECLARED_SCOPES}
        )

    def describe(self, *, redirect_uri: str) -> dict[str, Any]:
        """Give the metadata for the page at ``METADATA_PATH``; servers read it at every consent."""
        # An assertion signed with our key, or nothing but the name.
        method = "private_key_jwt" if self._key else "none"
        document: dict[str, Any] = {
            "client_id": self._site_url + METADATA_PATH,
            "client_name": self._name,
            "client_uri": self._site_url,
            "redirect_uris": [redirect_uri],
            "application_type": "web",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": _DECLARED_SCOPES,
            "dpop_bound_access_tokens": True,
            "token_endpoint_auth_method": method,
        }
        if self._key:
            document |= {
                "token_endpoint_auth_signing_alg": "ES256",
                "jwks_uri": self._site_url + KEYS_PATH,
            }
        return document

    def describe_keys(self) -> dict[str, Any]:
        """Give the public half of the key, for the page at ``KEYS_PATH``; no keys without one."""
        if self._key is None:
            return {"keys": []}
        public = {
            **self._key.public,
            "kid": self._key.thumbprint,
            "use": "sig",
            "alg": "ES256",
        }
        return {"keys": [public]}

    def sign_in(self, *, client_id: str, issuer: str) -> dict[str, str]:
        """Give the form fields with which the client names itself, and proves it if it can.

        Made anew for each request: an assertion is good only once. ``client_id`` is the name that
        the session was begun with.
        """
        fields = {"client_id": client_id}
        if self._key and client_id == self._site_url + METADATA_PATH:
            fields |= sign_assertion(self._key, client_id=client_id, audience=issuer)
        return fields


def covers_posting(scope: str) -> bool:
    """Whether a granted scope lets us put posts (https://atproto.com/specs/permission)."""
    granted = scope.split()
    if "atproto" not in granted:
        return False
    return "transition:generic" in granted or any(_covers_collection(one) for one in granted)


def _covers_collection(scope: str) -> bool:
    """Whether this is ``repo:<collection>?action=…`` for ours; no action at all means any."""
    kind, _, query = scope.partition("?")
    fields = parse_qs(query)
    if kind != "repo" and not kind.startswith("repo:"):
        return False
    collections = {*fields.get("collection", ()), kind.removeprefix("repo:")}
    actions = set(fields.get("action", ("create", "update")))
    return bool(collections & {COLLECTION, "*"}) and actions >= {"create", "update"}
