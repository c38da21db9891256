"""Proofs, checked with nothing but the standards and bare cryptography."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from networks.dpop import (
    Nonces,
    Prover,
    load_key,
    make_key,
    read_client_key,
    sign_assertion,
    sign_proof,
)
from networks.errors import OutcomeUnknown, TryLater
from networks.http import Http
from tests.networks.servers import serve


def decode(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def verify(token: str, *, jwk: dict[str, str] | None = None) -> tuple[dict[str, Any], Any]:
    """Check an ES256 token by hand (RFC 7515, 7518), with its own key unless one is given."""
    head, body, signature = token.split(".")
    header, raw = json.loads(decode(head)), decode(signature)
    assert header["alg"] == "ES256"
    key = jwk or header["jwk"]
    assert key["kty"] == "EC"
    assert key["crv"] == "P-256"
    x, y = (int.from_bytes(decode(key[name])) for name in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    assert len(raw) == 64
    both = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public.verify(both, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    return header, json.loads(decode(body))


def test_proof_says_what_the_standard_wants() -> None:
    jwk = make_key()
    proof = sign_proof(
        load_key(jwk),
        method="POST",
        url="https://pds.example/xrpc/a.b?c=d#e",
        nonce="n-1",
        access_token="secret",
    )
    header, claims = verify(proof)
    assert header["typ"] == "dpop+jwt"
    assert set(header["jwk"]) == {"kty", "crv", "x", "y"}, "the private half stays here"
    assert header["jwk"]["x"] == json.loads(jwk)["x"]
    assert claims["htm"] == "POST"
    assert claims["htu"] == "https://pds.example/xrpc/a.b"
    assert claims["nonce"] == "n-1"
    assert claims["ath"] == encode(hashlib.sha256(b"secret").digest())
    assert abs(claims["iat"] - time.time()) < 5


def test_proof_without_nonce_and_token_leaves_them_out() -> None:
    _, claims = verify(sign_proof(load_key(make_key()), method="GET", url="https://a.example/"))
    assert set(claims) == {"jti", "htm", "htu", "iat"}


def test_every_proof_has_an_id_of_its_own() -> None:
    key = load_key(make_key())
    proofs = [sign_proof(key, method="GET", url="https://a.example/") for _ in range(50)]
    assert len({verify(proof)[1]["jti"] for proof in proofs}) == 50


def test_thumbprint_is_that_of_rfc_7638() -> None:
    key = load_key(make_key())
    x, y = key.public["x"], key.public["y"]
    text = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    assert key.thumbprint == encode(hashlib.sha256(text.encode()).digest())


def test_assertion_names_client_and_server_and_runs_out() -> None:
    key = load_key(make_key())
    fields = sign_assertion(
        key, client_id="https://a.example/c.json", audience="https://as.example"
    )
    header, claims = verify(fields["client_assertion"], jwk=dict(key.public))
    assert fields["client_assertion_type"].endswith(":jwt-bearer")
    assert header["kid"] == key.thumbprint
    assert claims["iss"] == claims["sub"] == "https://a.example/c.json"
    assert claims["aud"] == "https://as.example"
    assert 0 < claims["exp"] - claims["iat"] <= 60


def test_client_key_is_read_from_pem_and_from_jwk() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    numbers = private.private_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "d": encode(numbers.private_value.to_bytes(32))}
    jwk |= {"x": encode(numbers.public_numbers.x.to_bytes(32))}
    jwk |= {"y": encode(numbers.public_numbers.y.to_bytes(32))}
    assert read_client_key(pem).thumbprint == read_client_key(json.dumps(jwk)).thumbprint


def to_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    nothing = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, nothing).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "{}",
        '{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}',
        to_pem(ec.generate_private_key(ec.SECP384R1())),
        to_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    ],
)
def test_other_keys_are_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"P-256") as caught:
        read_client_key(text)
    assert not text or text not in str(caught.value)


def test_public_jwk_is_no_signing_key() -> None:
    public = {name: value for name, value in json.loads(make_key()).items() if name != "d"}
    with pytest.raises(ValueError, match="private"):
        load_key(json.dumps(public))


def test_keys_do_not_show_in_text() -> None:
    jwk = make_key()
    prover = Prover(key=load_key(jwk), nonces=Nonces(), access_token="canary-token")
    assert json.loads(jwk)["d"] not in repr(prover)
    assert "canary" not in repr(prover)


def test_nonces_are_kept_per_server_and_bounded() -> None:
    nonces = Nonces(size=3)
    nonces.remember("https://a.example/x", "one")
    nonces.remember("https://a.example/y", "two")
    nonces.remember("https://a.example/y", "three", with_token=True)
    assert nonces.find("https://A.example/z?q") == "two"
    assert nonces.find("https://a.example/z", with_token=True) == "three"
    for number in range(3):
        nonces.remember(f"https://{number}.example/", "n")
    assert nonces.find("https://a.example/x") == ""
    assert nonces.find("https://2.example/") == "n"


@pytest.mark.parametrize("nonce", ["", "a" * 513, "é", "a\r\nb", "a\x00"])
def test_unfit_nonce_is_not_remembered(nonce: str) -> None:
    nonces = Nonces()
    nonces.remember("https://a.example/", nonce)
    assert nonces.find("https://a.example/") == ""


class Guard:
    """A server that wants nonces: gives ``nonces`` in turn, and takes only the last it gave."""

    def __init__(self, *, nonces: list[str], status: int = 401, delay_seconds: float = 0) -> None:
        self.nonces = nonces
        self.status = status
        self.delay_seconds = delay_seconds
        self.current = ""
        self.seen: list[dict[str, Any]] = []
        self.forms: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.delay_seconds)
        _, claims = verify(request.headers["DPoP"])
        self.seen.append(claims)
        self.forms.append(await request.text())
        wanted = self.current
        if self.nonces:
            self.current = self.nonces.pop(0)
        headers = {"DPoP-Nonce": self.current}
        if claims.get("nonce") == wanted and wanted:
            return web.json_response({"ok": True}, headers=headers)
        body = {"error": "use_dpop_nonce"}
        return web.json_response(body, status=self.status, headers=headers)


def send_to(guard: Guard, *, times: int = 1, deadline_seconds: float = 10.0) -> list[int]:
    """Send requests one after another with one memory of nonces; give their final statuses."""

    async def run() -> list[int]:
        prover = Prover(key=load_key(make_key()), nonces=Nonces())
        async with (
            serve(guard.answer) as host,
            Http(user_agent="test", allowed_hosts=frozenset({host})) as http,
        ):
            return [
                (
                    await prover.send(
                        http,
                        "POST",
                        f"http://{host}/oauth/par",
                        make_form=lambda: {"n": str(len(guard.seen))},
                        deadline_seconds=deadline_seconds,
                    )
                ).status
                for _ in range(times)
            ]

    return asyncio.run(run())


@pytest.mark.parametrize("status", [400, 401])
def test_new_nonce_is_tried_once_and_remembered(status: int) -> None:
    guard = Guard(nonces=["one"], status=status)
    assert send_to(guard, times=3) == [200, 200, 200]
    assert [claims.get("nonce") for claims in guard.seen] == [None, "one", "one", "one"]
    assert len({claims["jti"] for claims in guard.seen}) == 4


def test_nonce_that_turns_is_followed_from_any_answer() -> None:
    guard = Guard(nonces=["one", "two", "three"])
    assert send_to(guard, times=2) == [200, 200]
    assert [claims.get("nonce") for claims in guard.seen] == [None, "one", "two"]


def test_server_that_never_is_content_is_asked_twice_only() -> None:
    guard = Guard(nonces=[f"n{number}" for number in range(9)])
    guard.current = "never"
    original = guard.answer

    async def forget(request: web.Request) -> web.StreamResponse:
        guard.current = ""
        return await original(request)

    guard.answer = forget  # type: ignore[method-assign]
    assert send_to(guard) == [401]
    assert len(guard.seen) == 2


def test_form_is_made_anew_for_the_second_request() -> None:
    guard = Guard(nonces=["one"])
    send_to(guard)
    assert guard.forms == ["n=0", "n=1"]


def test_both_requests_share_the_deadline() -> None:
    guard = Guard(nonces=["one"], delay_seconds=0.46)
    with pytest.raises((TryLater, OutcomeUnknown)) as caught:
        send_to(guard, deadline_seconds=0.5)
    assert (len(guard.seen), caught.type) in ((1, TryLater), (0, OutcomeUnknown))


def test_second_request_has_only_the_time_that_is_left() -> None:
    guard = Guard(nonces=["one"], delay_seconds=0.6)
    started_at = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        send_to(guard, deadline_seconds=1.0)
    assert time.monotonic() - started_at < 1.5
    assert len(guard.seen) == 1


def test_silence_after_sending_leaves_the_outcome_unknown() -> None:
    guard = Guard(nonces=["one"], delay_seconds=5)
    with pytest.raises(OutcomeUnknown):
        send_to(guard, deadline_seconds=0.2)
