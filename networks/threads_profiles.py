"""Whose a token of Threads is, and what it may be used for."""

from __future__ import annotations

from urllib.parse import quote

from networks.base import Profile
from networks.errors import NeedsRelink, Rejected, TryLater, gettext_noop
from networks.interpreting import read_id, read_web_address
from networks.oauth import shorten
from networks.reading import read_text
from networks.threads_calls import Calls
from networks.threads_errors import UNREADY, NotAllowed
from networks.threads_posts import read_metric

_NO_POSTING = gettext_noop(
    "You did not allow posting, so nothing was stored. Start again, and leave every permission "
    "switched on."
)


async def read_owner(calls: Calls, *, web_url: str, counts_followers: bool) -> Profile:
    """Read whose the token is. Threads does not tell how old an account is.

    ``web_url`` is where people read profiles; ``counts_followers``: leave for that was asked for.
    """
    told = await calls.read("me", {"fields": "id,username,name,threads_profile_picture_url"})
    account_id, name = read_id(told), shorten(read_text(told, "username"))
    if not account_id or not name:
        raise TryLater(UNREADY)
    return Profile(
        account_id=account_id,
        handle=f"@{name}",
        display_name=shorten(read_text(told, "name")),
        url=f"{web_url}/@{quote(name, safe='')}",
        avatar_url=read_web_address(told, "threads_profile_picture_url"),
        followers=await _read_followers(calls, account_id) if counts_followers else None,
    )


async def check_leave(calls: Calls) -> None:
    """Raise Rejected when posting was not allowed: reading its limit takes the same permission."""
    path = f"{quote(calls.account_id, safe='')}/threads_publishing_limit"
    try:
        await calls.read(path, {"fields": "quota_usage,config"})
    except NotAllowed:
        raise Rejected(_NO_POSTING) from None


async def _read_followers(calls: Calls, account_id: str) -> int | None:
    """Give the number of followers; None where Threads does not tell it, or not now."""
    path = f"{quote(account_id, safe='')}/threads_insights"
    try:
        told = await calls.read(path, {"metric": "followers_count"})
    except (NeedsRelink, Rejected, TryLater):
        return None
    metrics = told.get("data")
    return read_metric(metrics[0]) if isinstance(metrics, list) and metrics else None
