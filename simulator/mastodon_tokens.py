"""What one simulated Mastodon server remembers: apps, codes, tokens, idempotency keys."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from simulator.layout import Instance
from simulator.pacing import Windows
from simulator.world import Account, Post, World

# Mastodon keeps an idempotency key for an hour (PostStatusService).
KEY_SECONDS = 3600
SEEDED_SCOPES = "read:statuses write:statuses profile"
OLD_SEEDED_SCOPES = "read:statuses write:statuses read:accounts"


@dataclass(slots=True, eq=False)
class App:
    """A registered client."""

    id: str
    name: str
    client_id: str
    client_secret: str
    redirect_uris: list[str]
    scopes: frozenset[str]
    website: str | None = None


@dataclass(slots=True, eq=False)
class Code:
    """An authorization code; it is good once, for its app and redirect_uri."""

    app: App
    account: Account
    redirect_uri: str
    scopes: frozenset[str]
    challenge: str
    expires_at: float


@dataclass(slots=True, eq=False)
class Token:
    """An access token; Mastodon's do not expire. Without an account it is the app's own."""

    value: str
    app: App
    account: Account | None
    scopes: frozenset[str]
    created_at: int = field(default_factory=lambda: int(time.time()))

    def allows(self, *wanted: str) -> bool:
        """Tell whether the token has one of these scopes, or the wider one (`read`, `write`)."""
        return any(
            scope in self.scopes or scope.partition(":")[0] in self.scopes for scope in wanted
        )

    def describe(self) -> dict[str, Any]:
        """Give the answer of the token endpoint."""
        return {
            "access_token": self.value,
            "token_type": "Bearer",
            "scope": " ".join(sorted(self.scopes)),
            "created_at": self.created_at,
        }


class MastodonServer:
    """One server's memory. Its accounts and posts live in the world."""

    def __init__(self, instance: Instance, *, world: World) -> None:
        self.instance = instance
        self.world = world
        self.windows = Windows()
        self.apps: dict[str, App] = {}
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, Token] = {}
        self._tokens_of: dict[Account, list[Token]] = {}
        self._keys: dict[tuple[Account, str], tuple[Post, float]] = {}
        self._seeding_app: App | None = None

    def register_app(
        self,
        *,
        name: str,
        redirect_uris: list[str],
        scopes: frozenset[str],
        website: str | None = None,
    ) -> App:
        """Register a client for good; a reset keeps it, as products keep its id."""
        app = App(
            id=str(len(self.apps) + 1),
            name=name,
            client_id=secrets.token_urlsafe(32),
            client_secret=secrets.token_urlsafe(32),
            redirect_uris=redirect_uris,
            scopes=scopes,
            website=website,
        )
        self.apps[app.client_id] = app
        return app

    def issue_code(
        self,
        app: App,
        *,
        account: Account,
        redirect_uri: str,
        scopes: frozenset[str],
        challenge: str,
    ) -> str:
        """Give a new authorization code."""
        value = secrets.token_urlsafe(32)
        self.codes[value] = Code(
            app=app,
            account=account,
            redirect_uri=redirect_uri,
            scopes=scopes,
            challenge=challenge,
            expires_at=time.time() + self.world.settings.code_seconds,
        )
        return value

    def redeem_code(
        self, value: str, *, app: App, redirect_uri: str, verifier: str
    ) -> Token | None:
        """Trade a code for a token, once; None when anything about it is wrong.

        Doorkeeper revokes a code only when it is redeemed: a wrong verifier does not use it up.
        """
        code = self.codes.get(value)
        if code is None or code.app is not app or code.redirect_uri != redirect_uri:
            return None
        if code.expires_at < time.time() or not _fits(code.challenge, verifier=verifier):
            return None
        del self.codes[value]
        return self.issue_token(app, account=code.account, scopes=code.scopes)

    def issue_token(self, app: App, *, account: Account | None, scopes: frozenset[str]) -> Token:
        """Give a new token."""
        token = Token(value=secrets.token_urlsafe(32), app=app, account=account, scopes=scopes)
        self.tokens[token.value] = token
        if account is not None:
            self._tokens_of.setdefault(account, []).append(token)
        return token

    def revoke_token(self, token: Token) -> None:
        """Revoke one token for good."""
        self.tokens.pop(token.value, None)
        if token.account is not None:
            held = self._tokens_of.get(token.account, [])
            self._tokens_of[token.account] = [other for other in held if other is not token]

    def revoke_account(self, account: Account) -> int:
        """Revoke all tokens and codes of an account; gives how many tokens it had."""
        tokens = self._tokens_of.pop(account, [])
        for token in tokens:
            self.tokens.pop(token.value, None)
        self.codes = {key: code for key, code in self.codes.items() if code.account is not account}
        return len(tokens)

    def recall_status(self, account: Account, *, key: str) -> Post | None:
        """Give the status made under an idempotency key within the last hour, or None."""
        post, kept_until = self._keys.get((account, key), (None, 0.0))
        return post if kept_until > time.time() else None

    def keep_key(self, account: Account, *, key: str, post: Post) -> None:
        """Remember the status made under an idempotency key."""
        self._keys[account, key] = (post, time.time() + KEY_SECONDS)

    def seed_token(self, account: Account, *, given: dict[str, Any]) -> dict[str, Any]:
        """Give credentials for an account as if its owner had allowed an app.

        `given` may name a registered `client_id` and a `scope`. Raises KeyError for an unknown
        client.
        """
        app = self._find_app(given.get("client_id"))
        new = "profile" in self.instance.kind.scopes
        scope = given.get("scope") or (SEEDED_SCOPES if new else OLD_SEEDED_SCOPES)
        token = self.issue_token(app, account=account, scopes=frozenset(scope.split()))
        return account.describe() | {
            "url": self.instance.url,
            "account_url": f"{self.instance.url}/@{account.name}",
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            **token.describe(),
        }

    def reset(self, *, accounts: bool) -> None:
        """Forget idempotency keys and rate counts; with `accounts`, tokens and codes as well."""
        self._keys.clear()
        self.windows.clear()
        if accounts:
            self.codes.clear()
            self.tokens.clear()
            self._tokens_of.clear()

    def _find_app(self, client_id: object) -> App:
        if client_id is not None:
            return self.apps[str(client_id)]
        if self._seeding_app is None:
            self._seeding_app = self.register_app(
                name="Simulator",
                redirect_uris=["urn:ietf:wg:oauth:2.0:oob"],
                scopes=self.instance.kind.scopes,
            )
        return self._seeding_app


def _fits(challenge: str, *, verifier: str) -> bool:
    if not challenge:
        return True
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
