"""Checking DPoP proofs (RFC 9449) with server nonces, as AT protocol servers do.

Source of the rules: RFC 9449 section 4.3, the AT protocol's OAuth specification, and the
reference implementation's error texts where clients are known to read them.
"""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from jwt.algorithms import ECAlgorithm

# Nonces live three minutes at most and change every minute, as in the reference server.
NONCE_STEP_SECONDS = 60
PROOF_SECONDS = 10
CLOCK_TOLERANCE_SECONDS = 180


class ProofRefused(Exception):
    """A proof that does not hold; `error` is `use_dpop_nonce` or `invalid_dpop_proof`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof whose signature holds: the key's thumbprint (`jkt`) and the claims."""

    jkt: str
    claims: dict[str, Any]


class NonceKeeper:
    """The nonces of one server, and the proofs it has seen."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._seen: set[str] = set()
        self._seen_before: set[str] = set()
        self._turned_at = time.time()

    def give_nonce(self) -> str:
        """Give the nonce of this minute."""
        return self._make_nonce(int(time.time()) // NONCE_STEP_SECONDS)

    def accepts_nonce(self, nonce: object) -> bool:
        """Tell whether a nonce is of this minute or one of its neighbours."""
        step = int(time.time()) // NONCE_STEP_SECONDS
        return any(nonce == self._make_nonce(step + shift) for shift in (0, -1, 1))

    def turn(self) -> None:
        """Make every nonce given so far stale."""
        self._secret = secrets.token_bytes(32)

    def check(self, proof: str, *, method: str, url: str, access_token: str | None = None) -> str:
        """Check a proof for a request and give the thumbprint of its key.

        `url` is the request's without query. With `access_token` the proof must name its hash.
        Raises ProofRefused.
        """
        opened = open_proof(proof)
        claims = opened.claims
        age = time.time() - _read_number(claims.get("iat"))
        if not -CLOCK_TOLERANCE_SECONDS <= age <= PROOF_SECONDS + CLOCK_TOLERANCE_SECONDS:
            raise _refuse('"iat" claim timestamp check failed')
        if not isinstance(claims.get("jti"), str) or not claims["jti"]:
            raise _refuse('DPoP "jti" missing')
        if claims.get("htm") != method:
            raise _refuse('DPoP "htm" mismatch')
        if _strip_query(claims.get("htu")) != url:
            raise _refuse('DPoP "htu" mismatch')
        if not claims.get("nonce"):
            raise ProofRefused("use_dpop_nonce", "Server requires nonce in DPoP proof")
        if not self.accepts_nonce(claims["nonce"]):
            raise ProofRefused("use_dpop_nonce", 'DPoP "nonce" mismatch')
        if access_token is not None and claims.get("ath") != hash_token(access_token):
            raise _refuse('DPoP "ath" mismatch')
        if access_token is None and "ath" in claims:
            raise _refuse('DPoP "ath" claim not allowed')
        self._remember(f"{opened.jkt} {claims['jti']}")
        return opened.jkt

    def _make_nonce(self, step: int) -> str:
        return _make_nonce(self._secret, step)

    def _remember(self, name: str) -> None:
        """Refuse a proof that was seen before. Two generations hold all that could still pass."""
        if name in self._seen or name in self._seen_before:
            raise _refuse("DPoP proof replayed")
        now = time.time()
        if now - self._turned_at > 2 * (PROOF_SECONDS + CLOCK_TOLERANCE_SECONDS):
            self._seen_before, self._seen, self._turned_at = self._seen, set(), now
        self._seen.add(name)


def open_proof(proof: str) -> Proof:
    """Check a proof's form and signature. Raises ProofRefused."""
    try:
        header = jwt.get_unverified_header(proof)
        jwk = header.get("jwk")
        if header.get("typ") != "dpop+jwt" or header.get("alg") != "ES256":
            raise _refuse("Failed to verify DPoP proof: typ or alg")
        if not isinstance(jwk, dict) or "d" in jwk:
            raise _refuse("Failed to verify DPoP proof: jwk")
        x, y = str(jwk.get("x")), str(jwk.get("y"))
        if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
            raise _refuse("Failed to verify DPoP proof: jwk")
        claims = jwt.decode(
            proof,
            _read_key(x, y),
            algorithms=["ES256"],
            options={"verify_aud": False, "verify_iat": False, "verify_jti": False},
        )
    except jwt.PyJWTError as error:
        raise _refuse(f"Failed to verify DPoP proof: {error}") from error
    return Proof(jkt=thumbprint(x, y), claims=claims)


def peek_nonce(proof: str) -> object:
    """Give the nonce that a proof claims, unverified; None when it has none."""
    try:
        claims = jwt.decode(proof, options={"verify_signature": False, "verify_aud": False})
    except jwt.PyJWTError:
        return None
    return claims.get("nonce")


@lru_cache(maxsize=20_000)
def thumbprint(x: str, y: str) -> str:
    """Give the RFC 7638 thumbprint of a P-256 key."""
    return pack(hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()))


@lru_cache(maxsize=20_000)
def hash_token(token: str) -> str:
    """Give the `ath` of an access token."""
    return pack(hashlib.sha256(token.encode()))


def pack(digest: "hashlib._Hash") -> str:
    """Write a digest in base64url without padding."""
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


@lru_cache(maxsize=20_000)
def _read_key(x: str, y: str) -> EllipticCurvePublicKey:
    key = ECAlgorithm.from_jwk({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    if not isinstance(key, EllipticCurvePublicKey):
        raise jwt.InvalidKeyError("a private key")
    return key


@lru_cache(maxsize=64)
def _make_nonce(secret: bytes, step: int) -> str:
    digest = hmac.new(secret, str(step).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _strip_query(htu: object) -> str:
    parts = urlsplit(htu if isinstance(htu, str) else "")
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _read_number(value: object) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise _refuse('"iat" claim missing')


def _refuse(description: str) -> ProofRefused:
    return ProofRefused("invalid_dpop_proof", description)
