"""An account's posts on Threads: made ready, made public, found again, counted.

A post is a container first, which nobody sees and which is forgotten after 24 hours, and public
once the container is published (https://developers.facebook.com/documentation/threads/posts).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import quote

from networks.base import Numbers, Post, Receipt
from networks.comparing import is_same_text
from networks.deleting import NO_POST_ID, PERHAPS_GONE, tell_of_deletion
from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.interpreting import read_id, read_moment, read_web_address
from networks.reading import READ_SECONDS, read_text
from networks.threads_calls import Budget, Calls
from networks.threads_errors import GONE, UNCLEAR, UNREADY, MediaGone, NotAllowed, NotForToken

PAGE_SIZE, MOST_PAGES = 100, 10
CLOCK_SECONDS = 60
PERMALINK_SECONDS = 2.0
TRIES = 3  # to publish a container that Threads does not find
METRICS = {
    "views": "impressions",
    "likes": "likes",
    "replies": "replies",
    "reposts": "reposts",
    "quotes": "quotes",
}

_CANNOT_LOOK = gettext_noop("Threads does not show the account's posts, so nobody could look.")
_TOO_MANY = gettext_noop("The account has posted too much on Threads since to look through.")
_NOT_SHOWN_YET = gettext_noop("Threads says that the post is out, but does not show it yet.")
_SLOW = gettext_noop("Threads was too slow to make the post ready. It will be tried again.")
_NO_DELETING = gettext_noop(
    "This site may not delete what the account posted on Threads. Please delete the post there, or "
    "link the account again and leave every permission switched on."
)
_MEDIA_ID = re.compile(r"[0-9]{1,30}")
# Threads shows the one topic of a post without its sign.
_TOPIC_SIGN = re.compile(r"(?<![\w/&])#(?=\w)")


@dataclass(frozen=True, kw_only=True)
class Posts:
    """The posts of the account that ``calls`` are made for.

    ``settle_seconds`` is the pause before a container that Threads does not find yet is asked for
    again: a new one may take that long to be known everywhere.
    """

    calls: Calls
    settle_seconds: float = 1.0

    async def prepare(self, text: str, *, deadline_seconds: float) -> str:
        """Make a container for exactly this text, and give its id.

        Of a link in the text Threads makes a preview by itself; asking for one could only fail.
        """
        form = {"media_type": "TEXT", "text": text}
        made = await self.calls.make(
            f"{self._account}/threads", form=form, deadline_seconds=deadline_seconds
        )
        container_id = read_id(made)
        if not container_id:
            raise TryLater(UNREADY)
        return container_id

    async def publish(self, post: Post, *, deadline_seconds: float) -> Receipt:
        """Publish what is ready, else make it first; all of it by the deadline.

        A container is asked for again only after Threads said that there is none, and what became
        of it does not say that it is out: a new one may not be known everywhere yet.
        """
        budget = Budget(deadline_seconds)
        # Half of the time is kept for the request that counts.
        container_id = post.prepared or await self.prepare(
            post.text, deadline_seconds=deadline_seconds / 2
        )
        for tries_left in reversed(range(TRIES)):
            try:
                return await self._release(container_id, budget)
            except MediaGone:
                if await self._read_state(container_id, budget) == "PUBLISHED":
                    raise OutcomeUnknown(UNCLEAR) from None
                if not tries_left or budget.left() < 2 * self.settle_seconds:
                    break
            await asyncio.sleep(self.settle_seconds)
        raise TryLater(GONE, after_seconds=0, prepared_is_gone=True)

    async def find(self, post: Post) -> list[Receipt]:
        """Look through the account's posts, newest first, back to where it can stand.

        A container that was published has a post, shown or not, so that then nothing is absent.
        """
        try:
            found = await self._look(post)
            if found or not post.prepared:
                return found
            state = await self._read_state(post.prepared)
        except (NeedsRelink, Rejected):
            raise OutcomeUnknown(_CANNOT_LOOK) from None
        if state == "PUBLISHED":
            raise OutcomeUnknown(_NOT_SHOWN_YET)
        return found

    async def count(self, remote_ids: Sequence[str]) -> dict[str, Numbers | None]:
        """Read what people did with posts: one request each, as Threads has it.

        Nothing is given for those whose owner did not allow it (``threads_manage_insights``).
        """
        counted: dict[str, Numbers | None] = {}
        for remote_id in remote_ids:
            path = f"{quote(remote_id, safe='')}/insights"
            try:
                told = await self.calls.read(path, {"metric": ",".join(METRICS)})
            except (MediaGone, NotForToken):
                counted[remote_id] = None
            except (NeedsRelink, Rejected):
                await self.check()
            else:
                counted[remote_id] = _read_numbers(told)
        return counted

    async def delete(self, remote_id: str, *, deadline_seconds: float) -> bool:
        """Take a post of the account away; False when the account has none of this id.

        https://developers.facebook.com/documentation/threads/posts/delete-posts; it takes a leave
        of its own (``threads_delete``). Raises all four errors.
        """
        if not _MEDIA_ID.fullmatch(remote_id):
            raise Rejected(NO_POST_ID, host="Threads")
        budget = Budget(deadline_seconds)
        try:
            told = await self.calls.delete(remote_id, deadline_seconds=deadline_seconds)
        except NotAllowed:
            raise Rejected(_NO_DELETING) from None
        except (MediaGone, NotForToken):
            await self._make_sure_it_is_gone(remote_id, budget)
            return False
        except (OutcomeUnknown, Rejected) as trouble:
            raise tell_of_deletion(trouble, host="Threads") from None
        if told.get("success") is not True:
            raise OutcomeUnknown(PERHAPS_GONE, host="Threads")
        return True

    async def _make_sure_it_is_gone(self, remote_id: str, budget: Budget) -> None:
        """Raise what it means that a post is still there, or that the token is good for nothing.

        The Graph API has one refusal for what is not there and for what we may not do to it.
        """
        try:
            await self.calls.read(remote_id, {"fields": "id"}, deadline_seconds=budget.left())
        except (MediaGone, NotForToken):
            await self.calls.read("me", {"fields": "id"}, deadline_seconds=budget.left())
        else:
            raise Rejected(_NO_DELETING)

    async def check(self) -> None:
        """Raise NeedsRelink when the token is not let in any more; TryLater."""
        await self.calls.read("me", {"fields": "id"})

    @property
    def _account(self) -> str:
        return quote(self.calls.account_id, safe="")

    async def _release(self, container_id: str, budget: Budget) -> Receipt:
        """Make a container public, and read where people find it, which may fail."""
        if budget.left() <= 0:
            raise TryLater(_SLOW)
        media_id = read_id(
            await self.calls.post(
                f"{self._account}/threads_publish",
                form={"creation_id": container_id},
                deadline_seconds=budget.left(),
            )
        )
        if not media_id:
            raise OutcomeUnknown(UNCLEAR)
        try:
            shown = await self.calls.read(
                quote(media_id, safe=""),
                {"fields": "id,permalink"},
                deadline_seconds=min(PERMALINK_SECONDS, budget.left()),
            )
        except NetworkError:
            shown = {}
        return Receipt(remote_id=media_id, url=read_web_address(shown, "permalink"))

    async def _read_state(self, container_id: str, budget: Budget | None = None) -> str:
        """Give what became of a container, empty when Threads knows of none."""
        seconds = budget.left() if budget else READ_SECONDS
        try:
            told = await self.calls.read(
                quote(container_id, safe=""), {"fields": "status"}, deadline_seconds=seconds
            )
        except (MediaGone, NotForToken):
            return ""
        except Rejected:
            # A post has no status: it may have taken the place of its container.
            raise OutcomeUnknown(UNCLEAR) from None
        return read_text(told, "status")

    async def _look(self, post: Post) -> list[Receipt]:
        since = post.sought_from - timedelta(seconds=CLOCK_SECONDS)
        found: dict[str, Receipt] = {}
        params = {
            "fields": "id,text,permalink,timestamp,media_type",
            "limit": str(PAGE_SIZE),
        }
        for _ in range(MOST_PAGES):
            page = await self.calls.read(f"{self._account}/threads", params)
            items = _read_items(page)
            moments = [read_moment(item.get("timestamp")) for item in items]
            for item, moment in zip(items, moments, strict=True):
                is_old = moment is not None and moment < since
                receipt = None if is_old else _match(item, post.text)
                if receipt:
                    found[receipt.remote_id] = receipt
            after = _read_cursor(page)
            if not items or not after or (moments[-1] is not None and moments[-1] < since):
                return list(found.values())
            if after == params.get("after"):
                break  # it gives the same page again and again
            params["after"] = after
        if found:
            return list(found.values())
        raise OutcomeUnknown(_TOO_MANY)


def _read_items(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = page.get("data")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise OutcomeUnknown(_CANNOT_LOOK)
    return items


def _read_cursor(page: Mapping[str, Any]) -> str:
    """Give where the next page begins, empty on the last one."""
    paging = page.get("paging")
    cursors = paging.get("cursors") if isinstance(paging, dict) else None
    return read_text(cursors, "after") if isinstance(cursors, dict) else ""


def _match(item: Mapping[str, Any], text: str) -> Receipt | None:
    """Give the receipt of an item that says this text, None for others' that were passed on."""
    remote_id = read_id(item)
    if not remote_id or item.get("media_type") == "REPOST_FACADE":
        return None
    shown = escape(_TOPIC_SIGN.sub("", read_text(item, "text")), quote=False)
    if not is_same_text(shown, _TOPIC_SIGN.sub("", text)):
        return None
    return Receipt(remote_id=remote_id, url=read_web_address(item, "permalink"))


def _read_numbers(told: Mapping[str, Any]) -> Numbers:
    metrics = told.get("data")
    numbers: dict[str, int] = {}
    for metric in metrics if isinstance(metrics, list) else ():
        value = read_metric(metric)
        name = METRICS.get(str(metric.get("name"))) if isinstance(metric, dict) else None
        if name and value is not None:
            numbers[name] = value
    return Numbers(**numbers)


def read_metric(metric: object) -> int | None:
    """Give the one number of a metric (``values`` or ``total_value``), None when it has none."""
    if not isinstance(metric, dict):
        return None
    values = metric.get("values")
    holder = values[0] if isinstance(values, list) and values else metric.get("total_value")
    value = holder.get("value") if isinstance(holder, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return None
    return value
