"""What simulated Threads remembers: apps, codes, tokens, containers, what was published when."""

import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from simulator.layout import Instance
from simulator.pacing import Windows
from simulator.world import Account, World

LONG_SECONDS = 60 * 86_400
DAY_SECONDS = 86_400
CONTAINER_SECONDS = DAY_SECONDS
SCOPES = frozenset(
    {"threads_basic", "threads_content_publish", "threads_manage_insights", "threads_delete"}
)
SEEDED_APP = ("990602627938098", "simulator-secret")


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code; it is good once, for its app and redirect_uri."""

    client_id: str
    account: Account
    redirect_uri: str
    scopes: frozenset[str]
    expires_at: float


@dataclass(frozen=True, slots=True)
class Token:
    """An access token of an hour (short) or of 60 days (long)."""

    value: str
    client_id: str
    account: Account
    scopes: frozenset[str]
    issued_at: float
    expires_at: float
    is_long: bool

    def describe(self) -> dict[str, Any]:
        """Give the answer to a request for a long token."""
        return {
            "access_token": self.value,
            "token_type": "bearer",
            "expires_in": int(self.expires_at - time.time()),
        }


@dataclass(slots=True, eq=False)
class Container:
    """A post that is not public yet; `media_id` is the post's, once it is."""

    id: str
    account: Account
    text: str
    made_at: float = field(default_factory=time.time)
    media_id: str = ""

    @property
    def state(self) -> str:
        """What became of it. A text is FINISHED at once here, which is not promised there."""
        if self.media_id:
            return "PUBLISHED"
        return "EXPIRED" if time.time() > self.made_at + CONTAINER_SECONDS else "FINISHED"


class ThreadsServer:
    """The one server's memory. Its accounts and posts live in the world."""

    def __init__(self, instance: Instance, *, world: World) -> None:
        self.instance = instance
        self.world = world
        self.windows = Windows()
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, Token] = {}
        self.revoked: set[str] = set()
        self.containers: dict[str, Container] = {}
        self._published: dict[Account, deque[float]] = {}
        self._secrets: dict[str, str] = {}

    def knows_app(self, client_id: str, secret: str) -> bool:
        """Tell whether an app's secret is right. Apps are registered by hand at the real one:
        here the first secret that comes with an id is its secret from then on.
        """
        return bool(client_id and secret) and secrets.compare_digest(
            self._secrets.setdefault(client_id, secret).encode(), secret.encode()
        )

    def issue_code(
        self, client_id: str, *, account: Account, redirect_uri: str, scopes: frozenset[str]
    ) -> str:
        """Give a new authorization code. The real one's live for an hour."""
        value = secrets.token_urlsafe(48)
        self.codes[value] = Code(
            client_id=client_id,
            account=account,
            redirect_uri=redirect_uri,
            scopes=scopes,
            expires_at=time.time() + self.world.settings.code_seconds,
        )
        return value

    def redeem_code(self, value: str, *, client_id: str, redirect_uri: str) -> Token | None:
        """Trade a code for a short token, once; None when anything about it is wrong."""
        code = self.codes.get(value)
        if code is None or code.client_id != client_id or code.redirect_uri != redirect_uri:
            return None
        del self.codes[value]
        if code.expires_at < time.time():
            return None
        seconds = self.world.settings.access_token_seconds
        return self._issue(code.client_id, code.account, code.scopes, seconds=seconds)

    def renew(self, token: Token) -> Token:
        """Give a long token whose 60 days begin now. The one before stays good (a guess)."""
        return self._issue(token.client_id, token.account, token.scopes, seconds=LONG_SECONDS)

    def make_container(self, account: Account, *, text: str) -> Container:
        """Keep what is to be published."""
        container = Container(id=str(self.world.mint_order()), account=account, text=text)
        self.containers[container.id] = container
        return container

    def count_published(self, account: Account) -> int:
        """Give how many posts an account published within 24 hours."""
        times = self._published.setdefault(account, deque())
        while times and times[0] < time.time() - DAY_SECONDS:
            times.popleft()
        return len(times)

    def note_published(self, account: Account) -> None:
        """Count one more."""
        self._published.setdefault(account, deque()).append(time.time())

    def revoke_account(self, account: Account) -> int:
        """Revoke all tokens and codes of an account; gives how many tokens it had."""
        held = [value for value, token in self.tokens.items() if token.account is account]
        for value in held:
            del self.tokens[value]
        self.revoked.update(held)
        self.codes = {key: code for key, code in self.codes.items() if code.account is not account}
        return len(held)

    def list_owners(self, account: Account) -> list[tuple[str, str]]:
        """Give the account for every app there is: its secret, and the account's id."""
        return [(secret, account.id) for secret in self._secrets.values()]

    def seed_token(self, account: Account, *, given: dict[str, Any]) -> dict[str, Any]:
        """Give a long token for an account as if its owner had allowed an app.

        `given` may say a `scope` (with commas) and `age_seconds`, how long ago the token was
        issued. The answer is the account's entry with `url` (the API's origin), `client_id` and
        `client_secret`, `access_token`, `token_type` and `expires_in` (seconds).
        """
        client_id, secret = SEEDED_APP
        self.knows_app(client_id, secret)
        scope = str(given.get("scope") or ",".join(sorted(SCOPES)))
        token = self._issue(
            client_id,
            account,
            frozenset(scope.split(",")),
            seconds=LONG_SECONDS,
            age_seconds=float(given.get("age_seconds") or 0),
        )
        return account.describe() | {
            "url": self.instance.url,
            "client_id": client_id,
            "client_secret": secret,
            **token.describe(),
        }

    def reset(self, *, accounts: bool) -> None:
        """Forget containers and counts; with `accounts`, tokens and codes as well."""
        self.containers.clear()
        self._published.clear()
        self.windows.clear()
        if accounts:
            self.codes.clear()
            self.tokens.clear()
            self.revoked.clear()

    def _issue(
        self,
        client_id: str,
        account: Account,
        scopes: frozenset[str],
        *,
        seconds: float,
        age_seconds: float = 0,
    ) -> Token:
        issued_at = time.time() - age_seconds
        token = Token(
            value="TH" + secrets.token_urlsafe(64),
            client_id=client_id,
            account=account,
            scopes=scopes,
            issued_at=issued_at,
            expires_at=issued_at + seconds,
            is_long=seconds == LONG_SECONDS,
        )
        self.tokens[token.value] = token
        return token
