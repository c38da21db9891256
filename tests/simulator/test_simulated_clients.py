"""Bluesky clients with a metadata document: fetched from loopback, signed assertions checked."""

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from jwt.algorithms import ECAlgorithm

REDIRECT = "http://127.0.0.1:9/callback"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def published():
    """A web server on loopback that gives one JSON document, and its address."""
    document = {}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield document, f"http://127.0.0.1:{server.server_port}/client.json"
        server.shutdown()
        thread.join()


@pytest.fixture
def confidential(box, published):
    """A confidential client whose document is published: its id and its private key."""
    document, client_id = published
    jwk = box.seed("bluesky", account="keymaker")["dpop_jwk"]
    document |= {
        "client_id": client_id,
        "client_name": "The product",
        "redirect_uris": [REDIRECT],
        "scope": "atproto transition:generic",
        "dpop_bound_access_tokens": True,
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": {"keys": [{name: jwk[name] for name in ("kty", "crv", "x", "y")}]},
    }
    return client_id, ECAlgorithm.from_jwk(jwk)


def sign(client_id, key, **changes):
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "jti": secrets.token_hex(8), "iat": now}
    assertion = jwt.encode(claims | {"exp": now + 60} | changes, key, algorithm="ES256")
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def test_confidential_client_signs_in_with_its_key(box, bluesky_sign_in, confidential):
    client_id, key = confidential
    issuer = bluesky_sign_in.url
    answer = bluesky_sign_in.push(client_id=client_id, **sign(client_id, key, aud=issuer))
    assert answer.status == 201, answer.text
    page = f"{issuer}/oauth/authorize?client_id={client_id}&request_uri="
    assert "The product asks" in box.call("GET", page + answer.json["request_uri"]).text


def test_confidential_client_without_its_key_is_refused(bluesky_sign_in, confidential, box):
    client_id, key = confidential
    issuer = bluesky_sign_in.url
    other = ECAlgorithm.from_jwk(box.seed("bluesky", account="thief")["dpop_jwk"])
    used = sign(client_id, key, aud=issuer)
    assert bluesky_sign_in.push(client_id=client_id, **used).status == 201
    for proof in (
        {},
        used,
        sign(client_id, other, aud=issuer),
        sign(client_id, key, aud="http://elsewhere.example"),
        sign(client_id, key, aud=issuer, exp=1_000_000_000),
    ):
        answer = bluesky_sign_in.push(client_id=client_id, **proof)
        assert (answer.status, answer.json["error"]) == (400, "invalid_client")


def test_document_must_name_its_own_address(bluesky_sign_in, published):
    document, client_id = published
    document |= {"client_id": client_id + "x", "redirect_uris": [REDIRECT]}
    answer = bluesky_sign_in.push(client_id=client_id)
    assert (answer.status, answer.json["error"]) == (400, "invalid_client_metadata")
