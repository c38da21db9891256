"""Whose a token of X is (https://docs.x.com/x-api/users/get-my-user)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from networks.base import Profile
from networks.interpreting import read_moment, read_web_address
from networks.oauth import shorten
from networks.reading import read_object, read_text
from networks.tallies import read_tally
from networks.x_client import Client


async def read_owner(client: Client, *, web_url: str) -> Profile:
    """Read the account that a client speaks for. Raises TryLater, NeedsRelink and Rejected.

    ``web_url`` is where people read X.
    """
    fields = ["created_at", "profile_image_url", "public_metrics"]
    answer = await client.read("get_me", user_auth=False, user_fields=fields)
    told = (read_object(answer) or {}).get("data") if answer.status == 200 else None
    profile = _read_user(told, web_url=web_url) if isinstance(told, dict) else None
    if profile is None:
        raise client.explain_unread(answer)
    return profile


def _read_user(user: Mapping[str, Any], *, web_url: str) -> Profile | None:
    """Give the account that X describes, None for none."""
    account_id, name = read_text(user, "id"), shorten(read_text(user, "username"))
    if not account_id.isdecimal() or not name:
        return None
    told = user.get("public_metrics")
    return Profile(
        account_id=account_id,
        handle=f"@{name}",
        display_name=shorten(read_text(user, "name")),
        url=f"{web_url}/{quote(name, safe='')}",
        avatar_url=read_web_address(user, "profile_image_url"),
        followers=read_tally(told, "followers_count") if isinstance(told, dict) else None,
        created_at=read_moment(user.get("created_at")),
    )
