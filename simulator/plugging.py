"""What a network brings along to be simulated: its server, its dialect, its routes, its consent.

``simulator.plugs`` lists the networks; nothing else has to know which they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from simulator.layout import Instance
from simulator.serving import Dialect, Handler
from simulator.world import Account, Post, World

Routes = list[tuple[str, str, str, Handler]]


class Server(Protocol):
    """What the control API needs of a network's server."""

    instance: Instance

    def revoke_account(self, account: Account) -> int:
        """Revoke all credentials of an account."""

    def seed_token(self, account: Account, *, given: dict[str, Any]) -> dict[str, Any]:
        """Give credentials as if the owner had agreed."""

    def reset(self, *, accounts: bool) -> None:
        """Forget what a reset forgets."""


class Decide(Protocol):
    """Press a button on an authorize page; gives where the browser is sent."""

    def __call__(
        self, server: Any, params: dict[str, Any], *, account: str, allowed: bool
    ) -> str: ...


class Write(Protocol):
    """Add what somebody wrote on the network's own page. Raises Refusal for words it does not take.

    What is added is marked as posted ``by_hand``.
    """

    def __call__(self, world: World, account: Account, *, text: str) -> Post: ...


@dataclass(frozen=True, slots=True)
class Composer:
    """A network's own page for a new post. ``paths`` lead to it; the first is also posted to.

    ``takes_words``: a link may fill them in. Otherwise it brings a link alone.
    """

    paths: tuple[str, ...]
    write: Write
    takes_words: bool = True


@dataclass(frozen=True, slots=True)
class Plug:
    """One network. ``key`` is where its handlers find their server in the application."""

    build: Callable[[Instance, World], Server]
    key: web.AppKey[Any]
    dialect: Callable[[], Dialect]
    list_routes: Callable[[Instance], Routes]
    decide: Decide
    composer: Composer
