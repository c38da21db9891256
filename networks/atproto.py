"""Who is who in the AT protocol: from a name to an identity, its server, and who authorises there.

A handle is a domain name that points to a DID; the DID's document names the handle back, and the
server (PDS) on which the account lives (https://atproto.com/specs/handle, …/did, …/oauth). All of
it is written by strangers: nothing is believed that the other side does not confirm.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from networks.addresses import check_url
from networks.errors import NetworkError, Rejected, TryLater, gettext_noop
from networks.oauth import shorten
from networks.reading import read, read_object, read_text

if TYPE_CHECKING:
    from networks.http import Answer, Http

MAX_DID_CHARACTERS = 2048
_DID = re.compile(r"did:plc:[a-z2-7]{24}|did:web:[a-z0-9.-]+(?:%3[Aa]\d{1,5})?")
_HANDLE = re.compile(
    r"(?=.{3,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_PROFILE_PATH = re.compile(r"/profile/([^/?#]+)")
# What comes along when a name is copied from a page: marks of direction, spaces of no width.
_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_NOT_A_HANDLE = gettext_noop(
    "“%(typed)s” is not a Bluesky handle. Write it whole, like “sam.bsky.social”."
)
_NO_ACCOUNT = gettext_noop("No Bluesky account is called “%(handle)s”. Check how it is written.")
_NOT_CONFIRMED = gettext_noop(
    "“%(handle)s” points to an account that does not bear this name, so it cannot be trusted."
)
_NO_DOCUMENT = gettext_noop("The account %(did)s is not registered, or not any more.")
_NO_SERVER = gettext_noop("The account %(did)s does not say on which server it lives.")
_NOT_A_SERVER = gettext_noop("%(host)s is not a server that Bluesky accounts live on.")
_TWO_GUARDS = gettext_noop("%(host)s describes its authorisation in a way that is not safe.")


class NoSuchAccount(Rejected):
    """A name that no account has. It may still be the name of a server."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """An account: what never changes about it, what it is called, where it lives.

    ``handle`` is "" when the name in its document does not point back to it; ``pds_url`` is an
    origin, without a slash at its end.
    """

    did: str
    handle: str
    pds_url: str


def read_name(text: str, *, allowed_hosts: AbstractSet[str] = frozenset()) -> str:
    """Turn what a person typed into a handle, a DID, or a server's origin (``https://…``).

    Takes handles (with or without @), DIDs, ``at://`` addresses, addresses of profile pages
    (``…/profile/…``) and of servers. Raises Rejected with what to write. Opens no socket.
    """
    typed = _INVISIBLE.sub("", text).strip()
    name = typed.removeprefix("at://").removeprefix("@").rstrip("/")
    profile = (
        _PROFILE_PATH.search(name) if name.lower().startswith(("https://", "http://")) else None
    )
    if profile:
        name = unquote(profile[1]).removeprefix("@")
    if name.startswith("did:") and is_did(name):
        return name
    if name.lower() in allowed_hosts:
        return f"http://{name.lower()}"
    if name.lower().startswith(("https://", "http://")):
        return read_origin(name, allowed_hosts=allowed_hosts)
    handle = _encode_handle(name)
    if not is_handle(handle):
        raise Rejected(_NOT_A_HANDLE, typed=shorten(typed, most=80))
    return handle


def _encode_handle(name: str) -> str:
    """Write a name as DNS has it: in lower case, other letters than ASCII's encoded."""
    try:
        return name.lower() if name.isascii() else name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def is_did(text: str) -> bool:
    """Whether this is a DID of one of the two kinds that the AT protocol allows."""
    return len(text) <= MAX_DID_CHARACTERS and _DID.fullmatch(text) is not None


def is_handle(text: str) -> bool:
    """Whether this is a handle by its form: a domain name of at least two labels, lower case."""
    return _HANDLE.fullmatch(text) is not None


def read_origin(url: str, *, allowed_hosts: AbstractSet[str]) -> str:
    """Give the origin of a server's address, which must have nothing else in it.

    https on its usual port, except for ``allowed_hosts``. Raises Rejected.
    """
    parsed, is_exempt = check_url(url, allowed_hosts=allowed_hosts)
    if parsed.raw_path not in ("", "/") or parsed.raw_query_string or parsed.raw_fragment:
        raise Rejected(_NOT_A_SERVER, host=shorten(url, most=80))
    host = parsed.raw_host or ""
    return f"{parsed.scheme}://{host}:{parsed.port}" if is_exempt else f"https://{host}"


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Where names are looked up: two services that the operator chose, and so trusts.

    ``plc_url`` keeps the documents of ``did:plc``; ``resolver_url`` answers
    ``com.atproto.identity.resolveHandle`` (any PDS or AppView does).
    """

    plc_url: str
    resolver_url: str
    allowed_hosts: frozenset[str] = frozenset()

    async def find_identity(self, http: Http, name: str) -> Identity:
        """Look a handle or a DID up.

        A handle has to be confirmed by the account. Raises NoSuchAccount, Rejected when the
        account does not bear that name, TryLater when this cannot be said now.
        """
        if is_did(name):
            return await self.read_identity(http, name)
        did = await self.resolve_handle(http, name)
        document = await self.read_document(http, did)
        if find_handle(document) != name:
            raise Rejected(_NOT_CONFIRMED, handle=name)
        return Identity(did=did, handle=name, pds_url=self._find_pds(document, did=did))

    async def read_identity(self, http: Http, did: str) -> Identity:
        """Read an account by its DID; its handle stays "" if it does not point back.

        Raises Rejected when the account is gone, TryLater when this cannot be said now.
        """
        document = await self.read_document(http, did)
        pds_url = self._find_pds(document, did=did)
        handle = find_handle(document)
        try:
            confirmed = bool(handle) and await self.resolve_handle(http, handle) == did
        except NetworkError:
            confirmed = False
        return Identity(did=did, handle=handle if confirmed else "", pds_url=pds_url)

    async def resolve_handle(self, http: Http, handle: str) -> str:
        """Give the DID that a handle points to, by the resolver or else by its own web server.

        Raises NoSuchAccount when it points nowhere, TryLater when the resolver cannot say.
        """
        trouble: TryLater | None = None
        try:
            answer = await read(
                http,
                f"{self.resolver_url}/xrpc/com.atproto.identity.resolveHandle",
                params={"handle": handle},
            )
            did = read_text(read_object(answer) or {}, "did")
            if answer.status == 200 and is_did(did):
                return did
        except TryLater as error:
            trouble = error
        try:
            answer = await read(http, f"https://{handle}/.well-known/atproto-did")
            did = answer.body[:MAX_DID_CHARACTERS].decode("ascii", "replace").strip()
            if answer.status == 200 and is_did(did):
                return did
        except NetworkError:
            pass  # most handles have no web server of their own; the resolver's word stands
        raise trouble or NoSuchAccount(_NO_ACCOUNT, handle=handle)

    async def read_document(self, http: Http, did: str) -> dict[str, Any]:
        """Read a DID's document. Raises Rejected when there is none (any more), TryLater."""
        answer = await read(http, self._locate_document(did))
        document = read_object(answer)
        if answer.status != 200 or document is None or document.get("id") != did:
            raise Rejected(_NO_DOCUMENT, did=did)
        return document

    async def read_age(self, http: Http, did: str) -> datetime | None:
        """Read when an account was made: the first entry of its DID's log. None when unknown."""
        if not did.startswith("did:plc:"):
            return None
        try:
            log = _read_list(await read(http, f"{self.plc_url}/{did}/log/audit"))
        except NetworkError:
            return None
        first = log[0] if log and isinstance(log[0], dict) else {}
        return read_moment(first.get("createdAt"))

    def _locate_document(self, did: str) -> str:
        if did.startswith("did:plc:"):
            return f"{self.plc_url}/{did}"
        host = unquote(did.removeprefix("did:web:")).lower()
        scheme = "http" if host in self.allowed_hosts else "https"
        return f"{scheme}://{host}/.well-known/did.json"

    def _find_pds(self, document: dict[str, Any], *, did: str) -> str:
        """Give the origin of the server that a document names. Raises Rejected."""
        services = document.get("service")
        for service in services if isinstance(services, list) else ():
            if (
                isinstance(service, dict)
                and service.get("id") in ("#atproto_pds", f"{did}#atproto_pds")
                and service.get("type") == "AtprotoPersonalDataServer"
            ):
                address = read_text(service, "serviceEndpoint")
                return read_origin(address, allowed_hosts=self.allowed_hosts)
        raise Rejected(_NO_SERVER, did=did)


def find_handle(document: dict[str, Any]) -> str:
    """Give the handle that a DID's document claims: the first that is one, "" without any."""
    claimed = document.get("alsoKnownAs")
    for address in claimed if isinstance(claimed, list) else ():
        handle = str(address).removeprefix("at://").lower()
        if str(address).startswith("at://") and is_handle(handle):
            return handle
    return ""


async def find_issuer(http: Http, pds_url: str) -> str:
    """Ask a PDS who authorises for it, and give that server's origin.

    Raises Rejected when this is no PDS or names none, or several; TryLater.
    """
    host = urlsplit(pds_url).netloc
    answer = await read(http, f"{pds_url}/.well-known/oauth-protected-resource")
    content = read_object(answer)
    if answer.status != 200 or content is None:
        raise Rejected(_NOT_A_SERVER, host=host)
    issuers = content.get("authorization_servers")
    if (
        read_text(content, "resource").rstrip("/") != pds_url
        or not isinstance(issuers, list)
        or len(issuers) != 1
    ):
        raise Rejected(_TWO_GUARDS, host=host)
    issuer = str(issuers[0])
    # An issuer is compared letter by letter (RFC 8414, section 3.3), so it has to be in its one
    # usual form.
    if read_origin(issuer, allowed_hosts=http.allowed_hosts) != issuer:
        raise Rejected(_TWO_GUARDS, host=host)
    return issuer


def read_moment(value: object) -> datetime | None:
    """Read a moment as the AT protocol writes it (RFC 3339 with a zone); None for anything else."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _read_list(answer: Answer) -> list[Any]:
    try:
        content = answer.json() if answer.status == 200 else []
    except ValueError:
        return []
    return content if isinstance(content, list) else []
