"""Requests that prove, with a key of their own, who sends them: DPoP (RFC 9449).

Also the key with which a confidential client names itself (RFC 7523), and keys' names (RFC 7638).
No key or token is ever logged, or part of an error.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm

from networks.errors import TryLater, gettext_noop
from networks.reading import read_object

if TYPE_CHECKING:
    from networks.http import Answer, Http

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
MAX_NONCE_CHARACTERS = 512
# A second request is only worth sending with this part of the time left: one that is then cut off
# would leave its outcome unknown, where now nothing has happened.
LEAST_PART_FOR_REPEAT = 0.1

_NO_TIME_LEFT = gettext_noop("%(host)s answered too slowly to be asked a second time.")


def make_key() -> str:
    """Give a new private P-256 key as a JWK in JSON; secret."""
    jwk: str = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()))
    return jwk


@dataclass(frozen=True)
class SigningKey:
    """A private P-256 key, ready to sign: its public JWK, and its name, the JWK's thumbprint."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    public: Mapping[str, str]
    thumbprint: str


# Thousands of accounts, each with a key of its own, are posted for by one process; reading a key
# costs more than signing with it. Some 8 MB when full.
@lru_cache(maxsize=8192)
def load_key(jwk: str) -> SigningKey:
    """Read a private P-256 key that ``make_key`` made. Raises ValueError (without the key)."""
    try:
        private = ECAlgorithm.from_jwk(jwk)
    except (jwt.InvalidKeyError, ValueError):
        private = None
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ValueError("not a private EC key")  # noqa: TRY004 -- the value is wrong, not the type
    return _prepare(private)


def read_client_key(text: str) -> SigningKey:
    """Read the key that an operator made for a confidential client: PEM, or a JWK in JSON.

    Raises ValueError with a sentence that says what is wanted (never with the key).
    """
    wanted = "The client key must be a private EC key on the curve P-256, as PEM or as a JWK."
    try:
        if text.lstrip().startswith("{"):
            return load_key(text.strip())
        private = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError(wanted) from None
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ValueError(wanted)  # noqa: TRY004 -- the value is wrong, not the type
    try:
        return _prepare(private)
    except ValueError:
        raise ValueError(wanted) from None


def _prepare(private: ec.EllipticCurvePrivateKey) -> SigningKey:
    if not isinstance(private.curve, ec.SECP256R1):
        raise ValueError("not a P-256 key")  # noqa: TRY004
    full = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    public = {name: str(full[name]) for name in ("crv", "kty", "x", "y")}
    # RFC 7638: the hash of the required members, in this order and without spaces.
    canonical = json.dumps(public, sort_keys=True, separators=(",", ":"))
    return SigningKey(private, public, encode_bytes(hashlib.sha256(canonical.encode()).digest()))


def sign_proof(
    key: SigningKey, *, method: str, url: str, nonce: str = "", access_token: str = ""
) -> str:
    """Give a DPoP proof (RFC 9449, section 4.2) for one request; each is good only once."""
    claims: dict[str, Any] = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": urlunsplit((*urlsplit(url)[:3], "", "")),
        "iat": int(time.time()),
    }
    if nonce:
        claims["nonce"] = nonce
    if access_token:
        claims["ath"] = encode_bytes(hashlib.sha256(access_token.encode("ascii")).digest())
    headers = {"typ": "dpop+jwt", "jwk": dict(key.public)}
    return jwt.encode(claims, key.private, algorithm="ES256", headers=headers)


def sign_assertion(key: SigningKey, *, client_id: str, audience: str) -> dict[str, str]:
    """Give the form fields with which a confidential client names itself (private_key_jwt).

    ``audience`` is the authorization server's issuer. Good for a minute, and once.
    """
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    }
    signed = jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.thumbprint})
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}


class Nonces:
    """The DPoP nonces that servers gave last, at most ``size`` of them.

    A server's nonces are good for all keys for some minutes, so that one is remembered per server:
    hundreds of requests in flight learn from each other. Losing one costs a repeated request. An
    origin may hold an authorization server and a resource server, each with its own nonces: which
    of them is meant is told by whether a token is shown (RFC 9449, sections 8 and 9).
    """

    def __init__(self, *, size: int = 1024) -> None:
        self._size = size
        self._latest: OrderedDict[tuple[str, bool], str] = OrderedDict()
        self._lock = threading.Lock()  # one adapter serves the loops of several worker threads

    def find(self, url: str, *, with_token: bool = False) -> str:
        """Give the latest nonce for the server at this address, "" without one."""
        with self._lock:
            return self._latest.get((find_origin(url), with_token), "")

    def remember(self, url: str, nonce: str, *, with_token: bool = False) -> None:
        """Keep what an answer's DPoP-Nonce header said, if it is fit to be sent back."""
        if not is_nonce(nonce):
            return
        place = (find_origin(url), with_token)
        with self._lock:
            self._latest[place] = nonce
            self._latest.move_to_end(place)
            if len(self._latest) > self._size:
                self._latest.popitem(last=False)


def is_nonce(text: str) -> bool:
    """Whether a server's nonce may be put into a proof: some printable ASCII, and not too much."""
    return 0 < len(text) <= MAX_NONCE_CHARACTERS and text.isascii() and text.isprintable()


def find_origin(url: str) -> str:
    """Give ``scheme://host[:port]`` of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


@dataclass(frozen=True, kw_only=True)
class Prover:
    """Sends requests of one session, each with its proof.

    ``nonces`` is shared by all sessions; ``access_token`` is "" where there is none yet.
    """

    key: SigningKey
    nonces: Nonces
    access_token: str = field(default="", repr=False)

    async def send(
        self,
        http: Http,
        method: str,
        url: str,
        *,
        json: Any = None,
        make_form: Callable[[], Mapping[str, str]] | None = None,
        deadline_seconds: float,
    ) -> Answer:
        """Send a request; once more, and only once, if its nonce is refused.

        A server checks the proof before anything else, so that a refused nonce means that nothing
        was done. Both requests share the deadline. The form is made anew for each, because a
        client assertion is good only once. Raises what ``Http.request`` raises, and TryLater when
        no time is left for the second request.
        """
        give_up_at = time.monotonic() + deadline_seconds
        has_token = bool(self.access_token)
        nonce = self.nonces.find(url, with_token=has_token)
        for is_last in (False, True):
            left = give_up_at - time.monotonic()
            if is_last and left < deadline_seconds * LEAST_PART_FOR_REPEAT:
                break
            answer = await http.request(
                method,
                url,
                headers=self._make_headers(method, url, nonce=nonce),
                json=json,
                form=make_form() if make_form else None,
                deadline_seconds=left,
            )
            given = answer.headers.get("DPoP-Nonce", "")
            self.nonces.remember(url, given, with_token=has_token)
            if is_last or not is_nonce(given) or not _asks_for_nonce(answer):
                return answer
            nonce = given
        raise TryLater(_NO_TIME_LEFT, after_seconds=0, scope="host", host=urlsplit(url).netloc)

    def _make_headers(self, method: str, url: str, *, nonce: str) -> dict[str, str]:
        proof = sign_proof(
            self.key, method=method, url=url, nonce=nonce, access_token=self.access_token
        )
        if not self.access_token:
            return {"DPoP": proof}
        return {"Authorization": f"DPoP {self.access_token}", "DPoP": proof}


def _asks_for_nonce(answer: Answer) -> bool:
    """Whether a request was refused only for its nonce."""
    if answer.status not in (400, 401):
        return False
    if "use_dpop_nonce" in answer.headers.get("WWW-Authenticate", ""):
        return True
    return (read_object(answer) or {}).get("error") == "use_dpop_nonce"


def encode_bytes(raw: bytes) -> str:
    """Give bytes as base64 for addresses (RFC 4648, section 5), without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
