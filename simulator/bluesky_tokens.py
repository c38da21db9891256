"""What one simulated Bluesky server remembers: pushed requests, codes, sessions, its clients."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from simulator.bluesky_clients import ClientDirectory
from simulator.dpop import NonceKeeper, thumbprint
from simulator.layout import Instance
from simulator.pacing import Windows
from simulator.world import Account, World

SEEDED_SCOPE = "atproto transition:generic"
SEEDED_CLIENT = "http://localhost?scope=atproto%20transition%3Ageneric"
REQUEST_PREFIX = "urn:ietf:params:oauth:request_uri:req-"
# A public client's session lives two weeks (settings), a confidential one's two years.
CONFIDENTIAL_SECONDS = 2 * 365 * 24 * 3600


@dataclass(slots=True, eq=False)
class PushedRequest:
    """A request for authorization that was pushed (RFC 9126); good for one decision."""

    uri: str
    params: dict[str, Any]
    client_name: str
    is_confidential: bool
    jkt: str
    expires_at: float


@dataclass(slots=True, eq=False)
class Session:
    """What an owner allowed a client: one DPoP key, one refresh token at a time."""

    account: Account
    client_id: str
    scope: str
    jkt: str
    expires_at: float
    is_over: bool = False


@dataclass(slots=True, eq=False)
class Code:
    """An authorization code, bound to the request it answers."""

    request: PushedRequest
    account: Account
    expires_at: float
    session: Session | None = None


@dataclass(slots=True, eq=False)
class Grant:
    """An access or refresh token of a session; a refresh token is good once."""

    session: Session
    expires_at: float
    is_used: bool = False


@dataclass(slots=True, eq=False)
class BlueskyServer:
    """One server's memory: authorization server and PDS at one address, with two nonce series."""

    instance: Instance
    world: World
    windows: Windows = field(default_factory=Windows)
    clients: ClientDirectory = field(default_factory=ClientDirectory)
    sign_in_nonces: NonceKeeper = field(default_factory=NonceKeeper)
    resource_nonces: NonceKeeper = field(default_factory=NonceKeeper)
    requests: dict[str, PushedRequest] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, Grant] = field(default_factory=dict)
    refresh: dict[str, Grant] = field(default_factory=dict)
    sessions_of: dict[Account, list[Session]] = field(default_factory=dict)

    def push_request(
        self, params: dict[str, Any], *, client_name: str, is_confidential: bool, jkt: str
    ) -> PushedRequest:
        """Keep a pushed request and give it its request_uri."""
        request = PushedRequest(
            uri=REQUEST_PREFIX + secrets.token_hex(16),
            params=params,
            client_name=client_name,
            is_confidential=is_confidential,
            jkt=jkt,
            expires_at=time.time() + self.world.settings.request_seconds,
        )
        self.requests[request.uri] = request
        return request

    def find_request(self, uri: str, *, client_id: str) -> PushedRequest | None:
        """Give a pushed request that still waits for its owner's decision."""
        request = self.requests.get(uri)
        if request is None or request.expires_at < time.time():
            return None
        return request if request.params.get("client_id") == client_id else None

    def issue_code(self, request: PushedRequest, *, account: Account) -> str:
        """Give a code for a pushed request, which is thereby used up."""
        self.requests.pop(request.uri, None)
        value = "cod-" + secrets.token_hex(32)
        self.codes[value] = Code(
            request=request,
            account=account,
            expires_at=time.time() + self.world.settings.code_seconds,
        )
        return value

    def open_session(
        self,
        account: Account,
        *,
        client_id: str,
        scope: str,
        jkt: str,
        is_confidential: bool = False,
    ) -> Session:
        """Open a session bound to the DPoP key with that thumbprint."""
        seconds = CONFIDENTIAL_SECONDS if is_confidential else self.world.settings.session_seconds
        session = Session(
            account=account,
            client_id=client_id,
            scope=scope,
            jkt=jkt,
            expires_at=time.time() + seconds,
        )
        self.sessions_of.setdefault(account, []).append(session)
        return session

    def issue_tokens(self, session: Session, *, seconds: int | None = None) -> dict[str, Any]:
        """Give a new pair of tokens as the token endpoint answers it."""
        if seconds is None:
            seconds = self.world.settings.access_token_seconds
        access, refresh = "tok-" + secrets.token_hex(32), "ref-" + secrets.token_hex(32)
        self.access[access] = Grant(session=session, expires_at=time.time() + seconds)
        self.refresh[refresh] = Grant(session=session, expires_at=session.expires_at)
        return {
            "access_token": access,
            "token_type": "DPoP",
            "refresh_token": refresh,
            "scope": session.scope,
            "expires_in": seconds,
            "sub": session.account.id,
        }

    def end_session(self, session: Session) -> None:
        """End a session: none of its tokens works any more."""
        session.is_over = True
        held = self.sessions_of.get(session.account, [])
        self.sessions_of[session.account] = [other for other in held if other is not session]

    def revoke_account(self, account: Account) -> int:
        """End all sessions of an account; gives how many it had."""
        sessions = self.sessions_of.pop(account, [])
        for session in sessions:
            session.is_over = True
        self.codes = {key: code for key, code in self.codes.items() if code.account is not account}
        return len(sessions)

    def seed_token(self, account: Account, *, given: dict[str, Any]) -> dict[str, Any]:
        """Give credentials for an account as if its owner had allowed a client.

        `given` may have `client_id`, `scope`, `expires_in` (seconds) and `dpop_jwk` (a private
        P-256 key; without it a new one is made). Raises KeyError for a key without x and y.
        """
        jwk = given.get("dpop_jwk") or make_key()
        session = self.open_session(
            account,
            client_id=str(given.get("client_id") or SEEDED_CLIENT),
            scope=str(given.get("scope") or SEEDED_SCOPE),
            jkt=thumbprint(jwk["x"], jwk["y"]),
        )
        url = self.instance.url
        return account.describe() | {
            "issuer": url,
            "pds_url": url,
            "token_endpoint": f"{url}/oauth/token",
            "revocation_endpoint": f"{url}/oauth/revoke",
            "client_id": session.client_id,
            "dpop_jwk": jwk,
            **self.issue_tokens(session, seconds=given.get("expires_in")),
        }

    def reset(self, *, accounts: bool) -> None:
        """Forget rate counts; with `accounts`, sessions, requests and codes as well."""
        self.windows.clear()
        if accounts:
            for memory in (self.requests, self.codes, self.access, self.refresh, self.sessions_of):
                memory.clear()


def make_key() -> dict[str, str]:
    """Make a private P-256 key, as a JWK with text in every field."""
    jwk = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    return {key: str(value) for key, value in jwk.items() if key != "key_ops"}
