"""What the simulated LinkedIn remembers: apps, codes, tokens, and what was just said.

Assumed: that a member's tokens live and die one by one, except when other scopes are granted.
"""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from simulator.layout import Instance
from simulator.pacing import Windows
from simulator.world import Account, World

SCOPES = frozenset({"openid", "profile", "email", "w_member_social"})
SEEDED_SCOPE = "openid profile w_member_social"
ACCESS_SECONDS = 60 * 24 * 3600
REFRESH_SECONDS = 365 * 24 * 3600
# "Wait 10 minutes for the duplicate restriction to expire" (UGC Post API).
DUPLICATE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class App:
    """A client that somebody registered by hand in the developer portal.

    `refreshes`: LinkedIn gave it leave to renew tokens, as it does for approved partners.
    """

    client_id: str
    client_secret: str
    name: str
    refreshes: bool = False


APPS = {
    app.client_id: app
    for app in (
        App("simulated-linkedin", "simulated-linkedin-secret", "Simulated app"),
        App("simulated-partner", "simulated-partner-secret", "Simulated partner", refreshes=True),
    )
}


@dataclass(slots=True, eq=False)
class Code:
    """An authorization code; it is good once, for its app and redirect_uri."""

    app: App
    account: Account
    redirect_uri: str
    scopes: frozenset[str]
    expires_at: float


@dataclass(slots=True, eq=False)
class Token:
    """An access or a refresh token, with what became of it."""

    value: str
    app: App
    account: Account
    scopes: frozenset[str]
    expires_at: float
    is_revoked: bool = False
    created_at: int = field(default_factory=lambda: int(time.time()))

    @property
    def status(self) -> str:
        """What introspection calls it."""
        if self.is_revoked:
            return "revoked"
        return "active" if self.expires_at > time.time() else "expired"

    @property
    def seconds_left(self) -> int:
        """How long it is still good."""
        return max(int(self.expires_at - time.time()), 0)


class LinkedInServer:
    """LinkedIn's memory. Its accounts and posts live in the world."""

    def __init__(self, instance: Instance, *, world: World) -> None:
        self.instance = instance
        self.world = world
        self.windows = Windows()
        self.codes: dict[str, Code] = {}
        self.access: dict[str, Token] = {}
        self.refresh: dict[str, Token] = {}
        self._tokens_of: dict[Account, list[Token]] = {}
        self._said: dict[tuple[Account, str], tuple[str, float]] = {}

    def issue_code(
        self, app: App, *, account: Account, redirect_uri: str, scopes: frozenset[str]
    ) -> str:
        """Give a new authorization code. LinkedIn's own lives 30 minutes."""
        value = secrets.token_urlsafe(64)
        self.codes[value] = Code(
            app=app,
            account=account,
            redirect_uri=redirect_uri,
            scopes=scopes,
            expires_at=time.time() + self.world.settings.code_seconds,
        )
        return value

    def redeem_code(self, value: str, *, app: App, redirect_uri: str) -> dict[str, Any] | None:
        """Trade a code for tokens, once; None when anything about it is wrong."""
        code = self.codes[value]
        if code.app is not app or code.redirect_uri != redirect_uri:
            return None
        del self.codes[value]
        if code.expires_at < time.time():
            return None
        return self.issue_tokens(app, account=code.account, scopes=code.scopes)

    def issue_tokens(
        self,
        app: App,
        *,
        account: Account,
        scopes: frozenset[str],
        seconds: int = ACCESS_SECONDS,
        refresh: Token | None = None,
    ) -> dict[str, Any]:
        """Give the answer of the token endpoint: other scopes than before end all older tokens.

        `refresh` is the token that this one is renewed by; it keeps its own end.
        """
        for token in self._tokens_of.get(account, []):
            if token.app is app and token.scopes != scopes:
                token.is_revoked = True
        access = self._mint(app, account, scopes=scopes, seconds=seconds)
        self.access[access.value] = access
        answer = {
            "access_token": access.value,
            "expires_in": access.seconds_left,
            "scope": ",".join(sorted(scopes)),
            "token_type": "Bearer",
        }
        if app.refreshes:
            refresh = refresh or self._mint(app, account, scopes=scopes, seconds=REFRESH_SECONDS)
            self.refresh[refresh.value] = refresh
            answer |= {
                "refresh_token": refresh.value,
                "refresh_token_expires_in": refresh.seconds_left,
            }
        return answer

    def revoke_account(self, account: Account) -> int:
        """Do what a member does who removes an app; gives how many tokens there were."""
        tokens = [one for one in self._tokens_of.pop(account, []) if not one.is_revoked]
        for token in tokens:
            token.is_revoked = True
        self.codes = {key: code for key, code in self.codes.items() if code.account is not account}
        return len(tokens)

    def recall_said(self, account: Account, *, text: str) -> str | None:
        """Give the post with the same words that bars another one; it may be deleted since."""
        urn, barred_until = self._said.get((account, text), ("", 0.0))
        return urn if barred_until > time.time() else None

    def keep_said(self, account: Account, *, text: str, urn: str) -> None:
        """Remember what was just said."""
        self._said[account, text] = (urn, time.time() + DUPLICATE_SECONDS)

    def seed_token(self, account: Account, *, given: dict[str, Any]) -> dict[str, Any]:
        """Give credentials for an account as if its owner had allowed an app.

        `given` may name a `client_id` of APPS, a `scope` (spaces between) and `expires_in`
        (seconds). The answer is the account's entry (`id` is the member's `sub`) with `url` (API
        and site in one), `client_id`, `client_secret`, and what the token endpoint gives:
        `access_token`, `expires_in`, `scope`, and for the partner `refresh_token`. Raises KeyError
        for an unknown client.
        """
        app = APPS[str(given.get("client_id") or next(iter(APPS)))]
        scope = str(given.get("scope") or SEEDED_SCOPE)
        seconds = given.get("expires_in")
        return account.describe() | {
            "url": self.instance.url,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            **self.issue_tokens(
                app,
                account=account,
                scopes=frozenset(scope.split()),
                seconds=ACCESS_SECONDS if seconds is None else int(seconds),
            ),
        }

    def reset(self, *, accounts: bool) -> None:
        """Forget what was said and rate counts; with `accounts`, tokens and codes as well."""
        self._said.clear()
        self.windows.clear()
        if accounts:
            self.codes.clear()
            self.access.clear()
            self.refresh.clear()
            self._tokens_of.clear()

    def _mint(self, app: App, account: Account, *, scopes: frozenset[str], seconds: int) -> Token:
        token = Token(
            value="AQ" + secrets.token_urlsafe(96),
            app=app,
            account=account,
            scopes=scopes,
            expires_at=time.time() + seconds,
        )
        self._tokens_of.setdefault(account, []).append(token)
        return token
