"""The servers on which supporters' accounts live: found, remembered, registered with once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from networks.base import Network, Registration, Server
from networks.errors import NetworkError
from networks.http import Http
from networks.registry import get, open_http
from supporters import vault
from supporters.models import (
    AccountState,
    KnownServer,
    LinkedAccount,
    LinkRequest,
    PendingRevocation,
)

FACTS_LAST = timedelta(days=1)
SERVERS_REST = timedelta(hours=1)
# Mastodon clears away apps that are a day old and that nobody has authorised.
UNUSED_REGISTRATION_LASTS = timedelta(hours=12)

logger = logging.getLogger(__name__)
Found = TypeVar("Found")


def ask_network(work: Callable[[Http], Awaitable[Found]]) -> Found:
    """Run one piece of asking from ordinary code, on a session of its own.

    Never called inside a transaction: a slow server would hold its locks. Raises what ``work``
    raises.
    """

    async def go() -> Found:
        async with open_http() as http:
            return await work(http)

    return asyncio.run(go())


def return_address(network: str) -> str:
    """Where a network sends browsers back to; the same for all of its servers."""
    return f"{settings.SITE_URL}{reverse('link_return', args=[network])}"


def find_known_server(adapter: Network, *, address: str) -> tuple[KnownServer, str]:
    """The server that a person's words lead to, and the account's name there ("" if not said).

    Asks the network. Raises the errors of ``networks.errors``.
    """
    server, hint = ask_network(lambda http: adapter.find_server(http, address))
    return remember_server(server), hint


def remember_server(server: Server) -> KnownServer:
    """The row of a server that was just asked; its facts are brought up to date."""
    facts = {"url": server.url, "version": server.version[:200], "facts": dict(server.facts)}
    known, made = KnownServer.objects.get_or_create(
        network=server.network, host=server.host, defaults=facts
    )
    if not made:
        for name, value in {**facts, "checked_at": timezone.now()}.items():
            setattr(known, name, value)
        known.save(update_fields=[*facts, "checked_at"])
    return known


def refresh_known_server(known: KnownServer) -> bool:
    """Ask a server anew when what it told is older than a day; whether it did.

    What it is (its version says whether keys are honoured) decides how an uncertain post is
    handled. A server that cannot be asked keeps its old facts.
    """
    if known.checked_at > timezone.now() - FACTS_LAST:
        return False
    try:
        server, _ = ask_network(lambda http: get(known.network).find_server(http, known.url))
    except (NetworkError, LookupError) as error:
        logger.warning("%s could not be asked anew: %s", known.host, error)
        return False
    return remember_server(server).pk == known.pk


def get_registration(adapter: Network, *, known: KnownServer) -> Registration:
    """Our registration at a server, made when there is none that is good.

    Two at once may both register; the first to write its row wins, and both use that one. Where
    the operator registered by hand, the settings are all there is to know. Raises the errors of
    ``networks.errors``, and VaultError.
    """
    redirect_uri = return_address(known.network)
    if not adapter.registers:
        return _read_settings(adapter, known=known)
    if known.sealed_registration and not _is_outworn(known, redirect_uri=redirect_uri):
        return read_registration(known)
    made = ask_network(lambda http: adapter.register(http, known.server, redirect_uri=redirect_uri))
    wrote = KnownServer.objects.filter(
        pk=known.pk, sealed_registration=known.sealed_registration
    ).update(
        sealed_registration=vault.seal_registration(made, network=known.network, host=known.host),
        registered_for=redirect_uri,
        registered_at=timezone.now(),
    )
    known.refresh_from_db()
    return made if wrote else read_registration(known)


def read_registration(known: KnownServer) -> Registration:
    """Our registration as it is kept. Raises VaultError, also when there is none."""
    adapter = get(known.network)
    if not adapter.registers:
        return _read_settings(adapter, known=known)
    if not known.sealed_registration:
        raise vault.VaultError(f"There is no registration at {known.host}.")
    return vault.unseal_registration(
        known.sealed_registration, network=known.network, host=known.host
    )


def forget_servers() -> int:
    """Forget servers on which nobody known here lives any more: some have one person alone.

    Not within an hour of asking one: somebody may just be on the way there. Gives how many.
    """
    kept = (LinkedAccount, LinkRequest, PendingRevocation)
    unused = KnownServer.objects.filter(
        *(~Exists(model.objects.filter(known_server=OuterRef("pk"))) for model in kept),
        checked_at__lt=timezone.now() - SERVERS_REST,
    )
    forgotten = 0
    for known in unused:
        try:
            with transaction.atomic():
                forgotten += KnownServer.objects.filter(pk=known.pk).delete()[0]
        except IntegrityError:  # somebody came meanwhile
            continue
    return forgotten


def _read_settings(adapter: Network, *, known: KnownServer) -> Registration:
    """What the operator registered by hand, and put into the settings."""
    address = return_address(known.network)
    return ask_network(lambda http: adapter.register(http, known.server, redirect_uri=address))


def _is_outworn(known: KnownServer, *, redirect_uri: str) -> bool:
    """Whether the server would not know our registration any more, or not send anybody back."""
    if known.registered_for != redirect_uri:
        return True
    if known.registered_at is None or (
        known.registered_at > timezone.now() - UNUSED_REGISTRATION_LASTS
    ):
        return False
    return not LinkedAccount.objects.filter(known_server=known, state=AccountState.LINKED).exists()
