"""What the simulated Facebook remembers: who runs which Pages, and what they let apps do.

An account of the simulator is a Page, since Pages are what an app can post to. Pages have people
who run them: who agrees as `sam` is the person behind the Page `sam`. Other words in the account
field of the login dialog, with commas between:

- a name: a further Page of that person, chosen as well;
- `-name`: a Page on which the person may only look;
- `!permission`: a permission that the person unticks;
- `nobody`, or a name that begins with it: a person without any Page.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from simulator.layout import Instance
from simulator.pacing import Windows
from simulator.people import MISSING_NAME
from simulator.world import Account, World

SCOPES = ("pages_show_list", "pages_read_engagement", "pages_manage_posts")
PERMISSIONS = frozenset({*SCOPES, "public_profile", "email", "pages_read_user_content"})
ALL_TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")
LOOKING_TASKS = ("ANALYZE",)
LONG_SECONDS = 60 * 24 * 3600


@dataclass(frozen=True, slots=True)
class App:
    """A client that somebody registered by hand at Meta, with "Require app secret" turned on."""

    client_id: str
    client_secret: str
    name: str

    @property
    def token(self) -> str:
        """The token by which the app speaks for itself."""
        return f"{self.client_id}|{self.client_secret}"

    def proves(self, token: str, proof: str) -> bool:
        """Tell whether this is the `appsecret_proof` of a token."""
        digest = hmac.new(self.client_secret.encode(), token.encode(), hashlib.sha256)
        return hmac.compare_digest(digest.hexdigest(), proof)


APP = App("simulated-facebook", "simulated-facebook-secret", "Simulated app")


@dataclass(slots=True, eq=False)
class Person:
    """Somebody who runs Pages; `id` is their id at our app. `tasks` says what on which Page."""

    name: str
    id: str
    tasks: dict[Account, tuple[str, ...]] = field(default_factory=dict)
    permissions: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Code:
    """A code of the login dialog; it is good once, for its redirect_uri."""

    person: Person
    redirect_uri: str
    expires_at: float
    is_used: bool = False


@dataclass(slots=True, eq=False)
class Token:
    """A token of a person, or of a Page as that person. Without `expires_at` it does not end."""

    value: str
    person: Person
    page: Account | None
    expires_at: float | None
    is_revoked: bool = False

    @property
    def is_spent(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at < time.time()


class FacebookServer:
    """Facebook's memory. Its Pages and posts live in the world."""

    def __init__(self, instance: Instance, *, world: World) -> None:
        self.instance = instance
        self.world = world
        self.windows = Windows()
        self.people: dict[str, Person] = {}
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, Token] = {}
        self._page_tokens: dict[tuple[Account, Person, bool], Token] = {}

    def meet(self, words: str, *, scopes: frozenset[str]) -> Person:
        """Give the person whom the account field names, with what they chose. Raises NameRefused.

        A name that does not exist is opened on the spot.
        """
        chosen = [word for word in (each.strip() for each in words.split(",")) if word]
        unticked = {word[1:] for word in chosen if word.startswith("!")}
        named = [word for word in chosen if not word.startswith("!")] or [""]
        if named[0].startswith(MISSING_NAME):
            person = self._ensure_person(named[0])
        else:
            pages = [
                (self.world.ensure_account(self.instance, name=word.removeprefix("-")), word)
                for word in named
            ]
            person = self._ensure_person(pages[0][0].name)
            for page, word in pages:
                person.tasks[page] = LOOKING_TASKS if word.startswith("-") else ALL_TASKS
        for scope in scopes:
            person.permissions[scope] = "declined" if scope in unticked else "granted"
        return person

    def issue_code(self, person: Person, *, redirect_uri: str) -> str:
        """Give a new code."""
        value = "AQ" + secrets.token_urlsafe(96)
        self.codes[value] = Code(
            person=person,
            redirect_uri=redirect_uri,
            expires_at=time.time() + self.world.settings.code_seconds,
        )
        return value

    def issue_token(
        self, person: Person, *, page: Account | None = None, seconds: float | None
    ) -> Token:
        """Give a new token; without `seconds` it does not end."""
        expires_at = None if seconds is None else time.time() + seconds
        token = Token("EAA" + secrets.token_urlsafe(96), person, page, expires_at)
        self.tokens[token.value] = token
        return token

    def give_page_token(self, page: Account, *, holder: Token) -> Token:
        """Give the Page's token to the holder of a person's: the same again where there is one.

        It does not end when the person's is a long-lived one, and ends with it otherwise.
        """
        is_long = holder.expires_at is None or holder.expires_at > time.time() + LONG_SECONDS / 2
        known = self._page_tokens.get((page, holder.person, is_long))
        if known is None or known.is_revoked or known.is_spent:
            known = self.issue_token(holder.person, page=page, seconds=None)
            known.expires_at = None if is_long else holder.expires_at
            self._page_tokens[page, holder.person, is_long] = known
        return known

    def forget_person(self, person: Person) -> int:
        """Take an app off a person's list; gives how many good tokens there were."""
        person.permissions.clear()
        held = [one for one in self.tokens.values() if one.person is person and not one.is_revoked]
        for token in held:
            token.is_revoked = True
        self.codes = {key: code for key, code in self.codes.items() if code.person is not person}
        return len(held)

    def revoke_account(self, account: Account) -> int:
        """Do what people do who remove the app, all who run this Page."""
        people = [one for one in self.people.values() if account in one.tasks]
        return sum(self.forget_person(person) for person in people)

    def list_owners(self, account: Account) -> list[tuple[str, str]]:
        """Give who runs a Page: the app's secret, and their id at it."""
        people = [one for one in self.people.values() if account in one.tasks]
        return [(APP.client_secret, person.id) for person in people]

    def seed_token(self, account: Account, *, given: dict[str, Any]) -> dict[str, Any]:
        """Give credentials for a Page as if the person who runs it had allowed the app.

        `given` may name a `person` who runs it (the Page's namesake otherwise). The answer is the
        Page's entry with `url` (API and site in one), `client_id`, `client_secret`,
        `access_token` (the Page's, which does not end), `person` (the id by which the permissions
        can be taken back) and `user_token` (of 60 days).
        """
        person = self._ensure_person(str(given.get("person") or account.name))
        person.tasks[account] = ALL_TASKS
        person.permissions |= dict.fromkeys(SCOPES, "granted")
        holder = self.issue_token(person, seconds=LONG_SECONDS)
        return account.describe() | {
            "url": self.instance.url,
            "client_id": APP.client_id,
            "client_secret": APP.client_secret,
            "access_token": self.give_page_token(account, holder=holder).value,
            "person": person.id,
            "user_token": holder.value,
        }

    def reset(self, *, accounts: bool) -> None:
        """Forget rate counts; with `accounts`, people, tokens and codes as well."""
        self.windows.clear()
        if accounts:
            self.people.clear()
            self.codes.clear()
            self.tokens.clear()
            self._page_tokens.clear()

    def _ensure_person(self, name: str) -> Person:
        known = self.people.get(name)
        if known is None:
            digest = hashlib.sha256(f"person:{name}".encode()).digest()
            known = Person(name=name, id=str(10**15 + int.from_bytes(digest[:6]) % 10**15))
            self.people[name] = known
        return known
