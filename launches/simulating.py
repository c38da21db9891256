"""The stage of a rehearsal: a simulator's servers, adapters for them, and accounts made up there.

It is known only by its control page (``REHEARSAL_URL``) and over HTTP, through a way out that leads
to its own addresses and nowhere else. No account's key is read for it: who posts there, and with
what, the simulator makes up itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from networks import registry
from networks.base import Credentials, Network, Server
from networks.errors import NetworkError, gettext_noop
from networks.http import Answer, Http

CONTROL_SECONDS = 30.0
ANSWER_MOST_BYTES = 16_000_000

UNREACHABLE = gettext_noop(
    "The simulator does not answer. Nothing was tried. Please tell whoever runs this site."
)
NOT_ITS_OWN = gettext_noop(
    "The simulator names servers that are not its own, so nothing was tried. Please tell whoever "
    "runs this site."
)


class NoStage(Exception):
    """There is nothing to rehearse on; ``sentence`` is for the organiser, to be translated."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Stage:
    """The simulator's servers: ``places`` as it describes them, ``servers`` as adapters found them.

    Both are JSON, so that they can be kept in the rehearsal's row for every worker.
    """

    places: Sequence[Mapping[str, str]]
    servers: Sequence[Mapping[str, Any]] = ()

    @property
    def hosts(self) -> frozenset[str]:
        """Every ``host:port`` that can be reached from it."""
        return list_hosts(self.places)

    @cached_property
    def networks(self) -> Mapping[str, Network]:
        """Adapters for its servers, by the names of their networks."""
        return registry.build_simulated(self.places)

    @cached_property
    def _servers(self) -> Mapping[str, Server]:
        return {facts["host"]: Server(**facts) for facts in self.servers}

    def get_server(self, place: str) -> Server:
        """The server at this ``host:port``."""
        return self._servers[place]

    def open_http(self, *, connections: int = 100) -> Http:
        """The way out of a rehearsal."""
        return registry.open_closed_http(self.hosts, connections=connections)

    def choose(self, network: str, server: Server, *, turn: int) -> Server | None:
        """Who plays this server: one that counts and keeps keys as it does. None: nobody does.

        Those that would do take turns.
        """
        adapter = self.networks.get(network)
        here = [each for each in self._servers.values() if each.network == network]
        if adapter is None or not here:
            return None
        limit, keeps = adapter.measure(server, "").limit, adapter.honours_keys(server)
        wide = [each for each in here if adapter.measure(each, "").limit >= limit] or here
        alike = [each for each in wide if adapter.honours_keys(each) == keeps] or wide
        return alike[turn % len(alike)]


def list_hosts(places: Sequence[Mapping[str, str]]) -> frozenset[str]:
    """Every ``host:port`` in these descriptions."""
    return frozenset(urlsplit(url).netloc for url in _list_urls(places))


def _list_urls(places: Sequence[Mapping[str, str]]) -> list[str]:
    return [url for place in places for key, url in place.items() if key.endswith("url") and url]


def open_control() -> Http:
    """The way to the simulator's control page alone."""
    return registry.open_closed_http(frozenset({urlsplit(settings.REHEARSAL_URL).netloc}))


async def find_stage(control: Http) -> Stage:
    """Ask the simulator for its servers, and the servers for what they are. Raises NoStage.

    Servers that it names elsewhere, or that stand for the networks on this site, are refused: what
    is rehearsed must not look like posts.
    """
    places = await _ask(control, "instances")
    if not places:
        raise NoStage(UNREACHABLE)
    own = urlsplit(settings.REHEARSAL_URL).hostname
    is_own = all(urlsplit(url).hostname == own for url in _list_urls(places))
    if not is_own or list_hosts(places) & settings.NETWORK_EXCEPTIONS:
        raise NoStage(NOT_ITS_OWN)
    stage = Stage(places)
    servers = []
    async with stage.open_http() as http:
        for place in places:
            adapter = stage.networks.get(place["network"])
            if adapter is not None:
                try:
                    server, _ = await adapter.find_server(http, place["url"])
                except NetworkError:
                    raise NoStage(UNREACHABLE) from None
                servers.append(asdict(server))
    return Stage(places, servers)


async def clear_stage(control: Http) -> None:
    """Have the simulator forget all that was rehearsed before. Raises NoStage."""
    await _ask(control, "reset", {"accounts": True})


async def make_credentials(
    control: Http, wanted: Sequence[tuple[str, str, str]]
) -> list[dict[str, Any]]:
    """Have accounts made up, each with what it takes to post from it. Raises NoStage.

    ``wanted`` are network, ``host:port`` and name of each; gives JSON that ``read_credentials``
    reads, in the same order.
    """
    orders = [
        {"network": network, "instance": place, "account": name} for network, place, name in wanted
    ]
    made = await _ask(control, "tokens", orders)
    return [_describe(network, given) for (network, _, _), given in zip(wanted, made, strict=True)]


def read_credentials(kept: Mapping[str, Any]) -> Credentials:
    """Made-up credentials, as they were kept."""
    return Credentials(**kept)


def _describe(network: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What an adapter needs of a simulated account; each takes of the further facts what it knows.

    Without a refresh token, since none is refreshed: they last for an hour.
    """
    extra = {name: str(given[name]) for name in ("pds_url", "issuer", "person") if name in given}
    if "dpop_jwk" in given:
        extra["dpop_key"] = json.dumps(given["dpop_jwk"])
    return {
        "network": network,
        "account_id": str(given["id"]),
        "access_token": str(given["access_token"]),
        "extra": extra,
    }


async def _ask(control: Http, path: str, order: object = None) -> Any:
    url = f"{settings.REHEARSAL_URL}/_simulator/{path}"
    try:
        answer: Answer = await control.request(
            "GET" if order is None else "POST",
            url,
            json=order,
            deadline_seconds=CONTROL_SECONDS,
            max_bytes=ANSWER_MOST_BYTES,
        )
        if answer.status < 300:
            return answer.json()
    except (NetworkError, ValueError):
        pass
    raise NoStage(UNREACHABLE)
