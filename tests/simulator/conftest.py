"""A real simulator for the tests, in a process of its own, and small clients that talk to it."""

import asyncio
import base64
import hashlib
import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import jwt
import pytest
from jwt.algorithms import ECAlgorithm

ROOT = Path(__file__).resolve().parents[2]
REDIRECT = "http://127.0.0.1:9/callback"
SCOPES = "read:statuses write:statuses profile"
BLUESKY_SCOPE = "atproto transition:generic"
DEVELOPMENT_CLIENT = "http://localhost?" + urlencode(
    {"redirect_uri": "http://127.0.0.1/callback", "scope": BLUESKY_SCOPE}
)
TIMEOUT = aiohttp.ClientTimeout(total=10)


class Answer:
    """What came back: status, headers, text."""

    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text

    @property
    def json(self):
        return json.loads(self.text)


def hash_verifier(verifier):
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def read_query(url):
    return dict(parse_qsl(urlsplit(url).query))


class Box:
    """A running simulator."""

    def __init__(self, process, ready):
        self.process, self.ready = process, ready
        self.control = ready["control"]
        self.instances = ready["instances"]

    def find(self, kind):
        return next(one for one in self.instances if one["kind"] == kind)

    def call(self, method, url, **options):
        """Make one request; a path goes to the control API."""

        async def work():
            address = url if "://" in str(url) else self.control + url
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT) as session,
                session.request(method, address, allow_redirects=False, **options) as answer,
            ):
                return Answer(answer.status, answer.headers, await answer.text())

        return asyncio.run(work())

    def seed(self, network="mastodon", **order):
        """Give ready-made credentials."""
        answer = self.call("POST", "/_simulator/tokens", json={"network": network, **order})
        assert answer.status == 200, answer.text
        return answer.json

    def set_faults(self, *rules):
        answer = self.call("PUT", "/_simulator/faults", json=list(rules))
        assert answer.status == 200, answer.text

    def consent(self, authorize_url, account, decision="allow"):
        order = {"authorize_url": authorize_url, "account": account, "decision": decision}
        answer = self.call("POST", "/_simulator/consents", json=order)
        assert answer.status == 200, answer.text
        return answer.json["redirect"]

    def summary(self):
        return self.call("GET", "/_simulator/summary").json

    def toot(self, credentials, text, key=None):
        """Publish on Mastodon."""
        headers = {"Authorization": f"Bearer {credentials['access_token']}"}
        if key:
            headers["Idempotency-Key"] = key
        return self.call(
            "POST",
            credentials["url"] + "/api/v1/statuses",
            headers=headers,
            json={"status": text},
        )


class DpopClient:
    """Signs requests with one P-256 key and does the nonce dance when asked to."""

    def __init__(self, box, jwk):
        self.box = box
        self.key = ECAlgorithm.from_jwk(jwk)
        self.public = {name: jwk[name] for name in ("kty", "crv", "x", "y")}
        self.nonces = {}

    def prove(self, method, url, *, token=None, **changes):
        claims = {
            "jti": secrets.token_hex(8),
            "htm": method,
            "htu": url.partition("?")[0],
            "iat": int(time.time()),
        }
        nonce = self.nonces.get("/xrpc/" in url)
        if nonce:
            claims["nonce"] = nonce
        if token:
            claims["ath"] = hash_verifier(token)
        claims |= changes
        header = {"typ": "dpop+jwt", "jwk": self.public}
        return jwt.encode(claims, self.key, algorithm="ES256", headers=header)

    def call_once(self, method, url, *, token=None, proof=None, **options):
        headers = {"DPoP": proof or self.prove(method, url, token=token)}
        if token:
            headers["Authorization"] = f"DPoP {token}"
        answer = self.box.call(method, url, headers=headers, **options)
        if "DPoP-Nonce" in answer.headers:
            self.nonces["/xrpc/" in url] = answer.headers["DPoP-Nonce"]
        return answer

    def call(self, method, url, **options):
        answer = self.call_once(method, url, **options)
        if "use_dpop_nonce" in answer.text:
            answer = self.call_once(method, url, **options)
        return answer

    def put(self, credentials, text, rkey, **record):
        """Publish on Bluesky."""
        body = {
            "repo": credentials["did"],
            "collection": "app.bsky.feed.post",
            "rkey": rkey,
            "record": {"text": text, "createdAt": "2026-11-01T12:00:00.000Z", **record},
        }
        url = credentials["pds_url"] + "/xrpc/com.atproto.repo.putRecord"
        return self.call("POST", url, token=credentials["access_token"], json=body)


@pytest.fixture(scope="session")
def started_box(tmp_path_factory):
    """One simulator for all tests, on free ports. It must have nothing to complain about."""
    complaints = tmp_path_factory.mktemp("simulator") / "stderr"
    with (
        complaints.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "simulator", "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        try:
            yield Box(process, json.loads(process.stdout.readline()))
        finally:
            process.terminate()
    assert complaints.read_text() == ""


@pytest.fixture
def box(started_box):
    """The simulator, emptied."""
    started_box.call("POST", "/_simulator/reset", json={"accounts": True})
    started_box.call("DELETE", "/_simulator/mail")
    return started_box


@pytest.fixture
def client_of(box):
    """Makes a DpopClient that has an account's key."""
    return lambda credentials: DpopClient(box, credentials["dpop_jwk"])


@pytest.fixture
def bluesky(box):
    """A Bluesky account of Sam's: its credentials, and a client with its key."""
    credentials = box.seed("bluesky", account="sam")
    return credentials, DpopClient(box, credentials["dpop_jwk"])


class MastodonSignIn:
    """One app's way through Mastodon's OAuth."""

    def __init__(self, box, kind="mastodon"):
        self.box, self.url = box, box.find(kind)["url"]
        scopes = SCOPES if kind != "mastodon-4.2" else SCOPES.replace("profile", "read:accounts")
        self.scopes = scopes
        self.verifier = secrets.token_urlsafe(32)
        form = {"client_name": "Test", "redirect_uris": REDIRECT, "scopes": scopes}
        self.app = box.call("POST", self.url + "/api/v1/apps", data=form).json

    def address(self, **changes):
        query = {
            "response_type": "code",
            "client_id": self.app["client_id"],
            "redirect_uri": REDIRECT,
            "scope": self.scopes,
            "state": "abc",
            "code_challenge": hash_verifier(self.verifier),
            "code_challenge_method": "S256",
        }
        return f"{self.url}/oauth/authorize?{urlencode(query | changes)}"

    def trade(self, code, **changes):
        form = {
            "grant_type": "authorization_code",
            "client_id": self.app["client_id"],
            "client_secret": self.app["client_secret"],
            "redirect_uri": REDIRECT,
            "code": code,
            "code_verifier": self.verifier,
        }
        kept = {key: value for key, value in (form | changes).items() if value is not None}
        return self.box.call("POST", self.url + "/oauth/token", data=kept)

    def sign_in(self, account="sam"):
        code = read_query(self.box.consent(self.address(), account))["code"]
        return self.trade(code).json


class BlueskySignIn:
    """One development client's way through Bluesky's OAuth."""

    def __init__(self, box, jwk):
        self.box, self.url = box, box.find("bluesky")["url"]
        self.dpop = DpopClient(box, jwk)
        self.verifier = secrets.token_urlsafe(32)

    def push(self, **changes):
        form = {
            "client_id": DEVELOPMENT_CLIENT,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": BLUESKY_SCOPE,
            "state": "abc",
            "code_challenge": hash_verifier(self.verifier),
            "code_challenge_method": "S256",
            "login_hint": "sam.simulator.test",
        }
        kept = {key: value for key, value in (form | changes).items() if value is not None}
        return self.dpop.call("POST", self.url + "/oauth/par", data=kept)

    def address(self, **changes):
        query = {
            "client_id": DEVELOPMENT_CLIENT,
            "request_uri": self.push(**changes).json["request_uri"],
        }
        return f"{self.url}/oauth/authorize?{urlencode(query)}"

    def trade(self, code, **changes):
        form = {
            "grant_type": "authorization_code",
            "client_id": DEVELOPMENT_CLIENT,
            "redirect_uri": REDIRECT,
            "code": code,
            "code_verifier": self.verifier,
        }
        kept = {key: value for key, value in (form | changes).items() if value is not None}
        return self.dpop.call("POST", self.url + "/oauth/token", data=kept)

    def refresh(self, token):
        form = {"grant_type": "refresh_token", "client_id": DEVELOPMENT_CLIENT}
        url = self.url + "/oauth/token"
        return self.dpop.call("POST", url, data=form | {"refresh_token": token})

    def sign_in(self, account="sam"):
        return self.trade(read_query(self.box.consent(self.address(), account))["code"]).json


@pytest.fixture
def mastodon_sign_in(box):
    """Makes a MastodonSignIn for a kind of server."""
    return lambda kind="mastodon": MastodonSignIn(box, kind)


@pytest.fixture
def bluesky_sign_in(box):
    """A BlueskySignIn with a key of its own."""
    jwk = box.seed("bluesky", account="keymaker")["dpop_jwk"]
    return BlueskySignIn(box, jwk)
