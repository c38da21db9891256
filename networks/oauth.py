"""The parts of OAuth that networks share: PKCE, server metadata, pushed requests, answers, tokens.

By the standards: RFC 7636 (PKCE), RFC 8414 (server metadata), RFC 9126 (pushed requests), RFC 9207
(the issuer in the browser's answer). Proofs and client keys are in ``networks.dpop``. No code or
token is ever logged, or part of an error.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from networks.addresses import check_url
from networks.dpop import Prover, encode_bytes
from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.reading import NO_ANSWER, read, read_object, read_text

if TYPE_CHECKING:
    from networks.http import Answer, Http

MOST_SECONDS = 10 * 365 * 86_400  # a token's life; more would not be a date
OAUTH_SECONDS = 10.0

_REFUSED = gettext_noop(
    "You did not allow it, so nothing was stored. You can start again whenever you like."
)
_REFUSED_BECAUSE = gettext_noop("%(host)s refused the authorisation: %(reason)s")
_WRONG_STATE = gettext_noop(
    "This answer does not belong to what you started here. Please start again."
)
_WRONG_ISSUER = gettext_noop(
    "The answer came from another server than the one you were sent to. Nothing was stored."
)
_NO_CODE = gettext_noop("%(host)s sent you back without an authorisation. Please start again.")
_NO_METADATA = gettext_noop("%(host)s does not say how accounts are authorised there.")
_BAD_METADATA = gettext_noop("%(host)s describes its authorisation in a way that is not safe.")
_GRANT_GONE = gettext_noop(
    "%(host)s no longer accepts the authorisation. Please link the account again."
)
_BUSY = gettext_noop("%(host)s has too much to do. It will be asked again later.")
_CLIENT_UNKNOWN = gettext_noop("%(host)s does not recognise this site: %(reason)s")
_UNCLEAR = gettext_noop("%(host)s gave no clear answer, so it is not known what it did.")
_PUSH_REFUSED = gettext_noop("%(host)s did not accept the request for an authorisation: %(reason)s")


def make_verifier() -> str:
    """Give a new PKCE verifier: 64 characters, 384 random bits."""
    return secrets.token_urlsafe(48)


def derive_challenge(verifier: str) -> str:
    """Give the PKCE challenge of a verifier, by the method S256."""
    return encode_bytes(hashlib.sha256(verifier.encode("ascii")).digest())


class InvalidScope(Rejected):
    """The server does not know what we ask leave for; an older way of asking may do."""


@dataclass(frozen=True, kw_only=True)
class ServerMetadata:
    """What an authorization server says of itself (RFC 8414); an absent address is ""."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    par_endpoint: str
    revocation_endpoint: str
    scopes: tuple[str, ...]
    names_issuer: bool  # whether it puts itself into the browser's answer (RFC 9207)


async def read_server_metadata(http: Http, issuer: str) -> ServerMetadata:
    """Read the metadata of an authorization server, an origin without a path.

    Raises Rejected when there is none, when it speaks for another issuer, or when an address in it
    must not be used; TryLater when the server cannot be reached.
    """
    host = urlsplit(issuer).netloc
    answer = await read(http, f"{issuer}/.well-known/oauth-authorization-server")
    content = read_object(answer)
    if answer.status != 200 or content is None:
        raise Rejected(_NO_METADATA, host=host)
    # Without this check one server could hand out codes in the name of another.
    if content.get("issuer") != issuer:
        raise Rejected(_BAD_METADATA, host=host)
    scopes = content.get("scopes_supported")
    metadata = ServerMetadata(
        issuer=issuer,
        authorization_endpoint=read_text(content, "authorization_endpoint"),
        token_endpoint=read_text(content, "token_endpoint"),
        par_endpoint=read_text(content, "pushed_authorization_request_endpoint"),
        revocation_endpoint=read_text(content, "revocation_endpoint"),
        scopes=tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else (),
        names_issuer=content.get("authorization_response_iss_parameter_supported") is True,
    )
    if not metadata.authorization_endpoint or not metadata.token_endpoint:
        raise Rejected(_NO_METADATA, host=host)
    for address in (
        metadata.authorization_endpoint,
        metadata.token_endpoint,
        metadata.par_endpoint,
        metadata.revocation_endpoint,
    ):
        if address:
            check_url(address, allowed_hosts=http.allowed_hosts)
    return metadata


async def push_request(
    http: Http, prover: Prover, *, endpoint: str, make_form: Callable[[], Mapping[str, str]]
) -> str:
    """Hand the server what is wanted (RFC 9126), and give the ``request_uri`` that stands for it.

    Raises InvalidScope when the server knows a scope of it not, Rejected for any other refusal,
    TryLater when it could not be asked: a request that nobody came for is forgotten, so that it
    may always be pushed again.
    """
    host = urlsplit(endpoint).netloc
    try:
        answer = await prover.send(
            http, "POST", endpoint, make_form=make_form, deadline_seconds=OAUTH_SECONDS
        )
    except OutcomeUnknown:
        raise TryLater(NO_ANSWER, scope="host", host=host) from None
    content = read_object(answer) or {}
    if answer.status in (200, 201) and read_text(content, "request_uri"):
        return read_text(content, "request_uri")
    if answer.status == 429 or answer.status >= 500:
        raise TryLater(_BUSY, scope="host", host=host)
    name, reason = read_error(answer)
    if name == "invalid_scope":
        raise InvalidScope(_PUSH_REFUSED, host=host, reason=reason)
    raise Rejected(_PUSH_REFUSED, host=host, reason=reason)


def build_authorization_url(endpoint: str, *, parameters: Mapping[str, str]) -> str:
    """Give the address of an authorisation page, keeping what its own query already says."""
    joint = "&" if urlsplit(endpoint).query else "?"
    return f"{endpoint}{joint}{urlencode(parameters)}"


def read_code(
    answer: Mapping[str, str], *, state: str, issuer: str, host: str, needs_issuer: bool
) -> str:
    """Take the code out of the browser's answer, once all that makes it ours is checked.

    ``state`` is what was sent along, ``issuer`` the server that was asked, ``needs_issuer`` whether
    an answer that does not name it is refused (otherwise a wrong name is). Raises Rejected.
    """
    if not state or not compare_digest(answer.get("state", "").encode(), state.encode()):
        raise Rejected(_WRONG_STATE)
    named = answer.get("iss", "")
    if named != issuer and (named or needs_issuer):
        raise Rejected(_WRONG_ISSUER)
    error = answer.get("error", "")
    if error == "access_denied":
        raise Rejected(_REFUSED)
    if error:
        reason = shorten(answer.get("error_description") or error)
        raise Rejected(_REFUSED_BECAUSE, host=host, reason=reason)
    if not answer.get("code"):
        raise Rejected(_NO_CODE, host=host)
    return answer["code"]


def read_error(answer: Answer) -> tuple[str, str]:
    """Give the name of a refusal and the server's words for it, fit to be shown.

    Understands OAuth's JSON (``error_description``) and AT protocol's (``message``); the words are
    the name, or the status, when there are none.
    """
    content = read_object(answer) or {}
    name = read_text(content, "error")
    words = read_text(content, "error_description") or read_text(content, "message")
    return name, shorten(words or name or f"HTTP {answer.status}")


def explain_refusal(answer: Answer, *, host: str) -> NetworkError:
    """Say what the refusal of a token endpoint means for the account (RFC 6749, section 5.2).

    A refusal comes before the token is spent, except ``invalid_grant`` (the authorisation is gone)
    and what is no clear answer at all (a 5xx, a redirect, nonsense).
    """
    name, reason = read_error(answer)
    if name == "invalid_grant":
        return NeedsRelink(_GRANT_GONE, host=host)
    if answer.status == 429:
        return TryLater(_BUSY, scope="host", host=host)
    if answer.status not in (400, 401, 403) or not name:
        return OutcomeUnknown(_UNCLEAR, host=host)
    if name in ("invalid_client", "invalid_client_metadata", "use_dpop_nonce"):
        # Our page of metadata could not be read, or a nonce ran out twice: both pass.
        return TryLater(_CLIENT_UNKNOWN, scope="host", host=host, reason=reason)
    return Rejected(_REFUSED_BECAUSE, host=host, reason=reason)


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a token endpoint gave; ``expires_at`` is None when the server said nothing of it."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    token_type: str
    scope: str
    subject: str
    expires_at: datetime | None


def read_tokens(answer: Answer) -> Tokens | None:
    """Read a token endpoint's good answer; None when it is no such thing."""
    content = read_object(answer) or {}
    access_token = read_text(content, "access_token")
    # It goes into a header: letters, digits and signs of ASCII (RFC 6749, appendix A.12).
    if not access_token or not access_token.isascii() or not access_token.isprintable():
        return None
    return Tokens(
        access_token=access_token,
        refresh_token=read_text(content, "refresh_token"),
        token_type=read_text(content, "token_type"),
        scope=read_text(content, "scope"),
        subject=read_text(content, "sub"),
        expires_at=_read_end(content.get("expires_in")),
    )


def _read_end(seconds: object) -> datetime | None:
    """Give the moment that is so many seconds away, None for what is no number."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    return datetime.now(UTC) + timedelta(seconds=min(max(seconds, 0), MOST_SECONDS))


def shorten(text: str, *, most: int = 200) -> str:
    """Make a stranger's words fit for a sentence: one printable line of ``most`` letters."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: most + 1]).strip()
    return line if len(line) <= most else f"{line[: most - 1]}…"
