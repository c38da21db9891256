"""What the simulated X remembers: its apps, authorization codes, tokens.

As https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code says: a code is good
for 30 seconds, an access token for two hours, a refresh token once.
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from simulator.layout import Instance
from simulator.pacing import Windows
from simulator.world import Account, World

CODE_SECONDS = 30
ACCESS_SECONDS = 2 * 3600
SCOPES = ("tweet.read", "tweet.write", "users.read", "offline.access")


@dataclass(frozen=True, slots=True)
class App:
    """An app of the developer console; without a secret it is a public client.

    `trouble` is what its operator has to see to: "credits" or "suspended".
    """

    client_id: str
    client_secret: str = ""
    trouble: str = ""


# The console itself is not simulated: these apps are there, and any callback address is theirs.
APPS = {
    app.client_id: app
    for app in (
        App("simulated-x", "simulated-x-secret"),
        App("simulated-x-public"),
        App("simulated-x-penniless", "simulated-x-secret", trouble="credits"),
        App("simulated-x-suspended", "simulated-x-secret", trouble="suspended"),
    )
}


@dataclass(slots=True, eq=False)
class Code:
    """An authorization code; it is good once, for its app and redirect_uri."""

    app: App
    account: Account
    redirect_uri: str
    scopes: frozenset[str]
    challenge: str
    method: str
    expires_at: float


@dataclass(slots=True, eq=False)
class Session:
    """What an owner allowed an app: one access and one refresh token at a time."""

    app: App
    account: Account
    scopes: frozenset[str]
    access_token: str = ""
    refresh_token: str = ""
    expires_at: float = 0


@dataclass(slots=True)
class XServer:
    """The memory of the one server. Its accounts and posts live in the world."""

    instance: Instance
    world: World
    windows: Windows = field(default_factory=Windows)
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, Session] = field(default_factory=dict)
    refresh: dict[str, Session] = field(default_factory=dict)

    def issue_code(self, **facts: Any) -> str:
        """Give a new authorization code; `facts` are the fields of Code but its end."""
        value = secrets.token_urlsafe(48)
        seconds = min(CODE_SECONDS, self.world.settings.code_seconds)
        self.codes[value] = Code(**facts, expires_at=time.time() + seconds)
        return value

    def redeem_code(
        self, value: str, *, app: App, redirect_uri: str, verifier: str
    ) -> Session | None:
        """Trade a code for a session, once; None when anything about it is wrong.

        A guess: that a wrong verifier does not use a code up.
        """
        code = self.codes.get(value)
        if code is None or code.app is not app or code.redirect_uri != redirect_uri:
            return None
        if code.expires_at < time.time() or not _fits(code, verifier=verifier):
            return None
        del self.codes[value]
        return Session(app=app, account=code.account, scopes=code.scopes)

    def issue_tokens(self, session: Session, *, seconds: int | None = None) -> dict[str, Any]:
        """Give a session new tokens; gives the answer of the token endpoint.

        The old refresh token is spent. A guess: that the old access token ends with it.
        """
        lifetime = ACCESS_SECONDS if seconds is None else seconds
        self._forget(session)
        session.access_token = secrets.token_urlsafe(48)
        session.expires_at = time.time() + lifetime
        self.access[session.access_token] = session
        answer: dict[str, Any] = {
            "token_type": "bearer",
            "expires_in": lifetime,
            "access_token": session.access_token,
            "scope": " ".join(sorted(session.scopes)),
        }
        if "offline.access" in session.scopes:
            session.refresh_token = secrets.token_urlsafe(48)
            self.refresh[session.refresh_token] = session
            answer["refresh_token"] = session.refresh_token
        return answer

    def find_session(self, access_token: str) -> Session | None:
        """Give the session of an access token that has not run out."""
        session = self.access.get(access_token)
        return session if session is not None and session.expires_at > time.time() else None

    def revoke_token(self, value: str) -> bool:
        """Revoke one token for good; whether there was one.

        A guess: that a revoked refresh token leaves its access token as it is, and the reverse.
        """
        return any(held.pop(value, None) is not None for held in (self.access, self.refresh))

    def revoke_account(self, account: Account) -> int:
        """Revoke all that an account allowed; gives how many access tokens that were."""
        held = [session for session in self.access.values() if session.account is account]
        self.access = {key: one for key, one in self.access.items() if one.account is not account}
        self.refresh = {key: one for key, one in self.refresh.items() if one.account is not account}
        self.codes = {key: one for key, one in self.codes.items() if one.account is not account}
        return len(held)

    def seed_token(self, account: Account, *, given: dict[str, Any]) -> dict[str, Any]:
        """Give credentials for an account as if its owner had allowed an app.

        `given` may have a `client_id` of APPS, a `scope`, and `expires_in` (seconds). The answer is
        the account's description (`id` is what never changes) with `url`, `client_id`,
        `client_secret`, and what the token endpoint gives: `access_token`, `refresh_token`,
        `expires_in`, `scope`. Raises KeyError for an unknown client.
        """
        app = APPS[str(given.get("client_id") or "simulated-x")]
        scopes = frozenset(str(given.get("scope") or " ".join(SCOPES)).split())
        session = Session(app=app, account=account, scopes=scopes)
        return account.describe() | {
            "url": self.instance.url,
            "account_url": f"{self.instance.url}/{account.name}",
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            **self.issue_tokens(session, seconds=given.get("expires_in")),
        }

    def reset(self, *, accounts: bool) -> None:
        """Forget rate counts; with `accounts`, tokens and codes as well."""
        self.windows.clear()
        if accounts:
            self.codes.clear()
            self.access.clear()
            self.refresh.clear()

    def _forget(self, session: Session) -> None:
        self.access.pop(session.access_token, None)
        self.refresh.pop(session.refresh_token, None)


def _fits(code: Code, *, verifier: str) -> bool:
    if code.method == "plain":
        return code.challenge == verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code.challenge
