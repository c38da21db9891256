"""Asking the Graph API for what posts nothing, so that no answer is no more than a delay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from facebook import GraphAPI

from networks.errors import OutcomeUnknown, TryLater
from networks.facebook_errors import UNREADY, explain
from networks.facebook_graph import MAX_BYTES, Graph, Reply


async def ask(
    graph: Graph,
    call: Callable[[GraphAPI], object],
    *,
    access_token: str = "",
    max_bytes: int = MAX_BYTES,
) -> Reply:
    """Ask, and give whatever was answered; TryLater when nothing was."""
    try:
        return await graph.ask(call, access_token=access_token, max_bytes=max_bytes)
    except OutcomeUnknown:
        raise TryLater(UNREADY, scope="host") from None


async def read(
    graph: Graph,
    call: Callable[[GraphAPI], object],
    *,
    access_token: str = "",
    secrets: tuple[str, ...] = (),
) -> Mapping[str, Any]:
    """Ask, and give what was asked for; anything else is raised as what it means.

    ``secrets`` are what goes along besides the token, and what no sentence may repeat.
    """
    reply = await ask(graph, call, access_token=access_token)
    if not reply.is_good:
        kept = (access_token, graph.secret, *secrets)
        raise explain(reply, may_be_done=False, secrets=kept)
    return reply.content
