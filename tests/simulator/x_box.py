"""One app's way through the simulated X."""

import base64
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.simulator.conftest import REDIRECT, hash_verifier

SCOPE = "tweet.read tweet.write users.read offline.access"
VERIFIER = "v" * 43


def read_query(url):
    return dict(parse_qsl(urlsplit(url).query))


class XBox:
    """An app at the simulated X, confidential unless it has no secret."""

    def __init__(self, box, client_id="simulated-x", secret="simulated-x-secret"):
        self.box, self.url = box, box.find("x")["url"]
        self.client_id, self.secret = client_id, secret

    def address(self, **changes):
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "scope": SCOPE,
            "state": "abc",
            "code_challenge": hash_verifier(VERIFIER),
            "code_challenge_method": "S256",
        }
        return f"{self.url}/i/oauth2/authorize?{urlencode(query | changes)}"

    def agree(self, account="sam", **changes):
        return read_query(self.box.consent(self.address(**changes), account))["code"]

    def send(self, path, **form):
        headers = {}
        if self.secret:
            packed = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
            headers["Authorization"] = f"Basic {packed}"
        else:
            form["client_id"] = self.client_id
        return self.box.call("POST", self.url + path, headers=headers, data=form)

    def trade(self, code, **changes):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        return self.send("/2/oauth2/token", **(form | changes))

    def refresh(self, token):
        return self.send("/2/oauth2/token", grant_type="refresh_token", refresh_token=token)

    def call(self, credentials, path, method="GET", **options):
        headers = {"Authorization": f"Bearer {credentials['access_token']}"}
        return self.box.call(method, self.url + path, headers=headers, **options)

    def post(self, credentials, text):
        return self.call(credentials, "/2/tweets", "POST", json={"text": text})

    def list(self, credentials, **query):
        path = f"/2/users/{credentials['id']}/tweets?{urlencode(query)}"
        return self.call(credentials, path).json


@pytest.fixture
def x(box):
    """The simulated X, as the app uses it that credentials are seeded for."""
    return XBox(box)


@pytest.fixture
def sam(box):
    """Sam's credentials."""
    return box.seed("x", account="sam")
