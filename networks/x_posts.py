"""An account's posts on X: which ones stand there, how they fare, and taking one away.

By https://docs.x.com/x-api/posts/timelines/introduction, …/posts/lookup/introduction and
…/posts/manage-tweets/introduction. Each post
that is read costs its operator half a cent, so that no more are asked for than it takes.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from typing import Any
from urllib.parse import quote

from networks.base import Numbers, Post, Receipt
from networks.comparing import is_same_text
from networks.deleting import NO_POST_ID, STILL_THERE
from networks.errors import OutcomeUnknown, Rejected, TryLater, gettext_noop
from networks.http import Answer
from networks.interpreting import read_moment, read_skew
from networks.reading import read_object, read_text
from networks.tallies import read_tally
from networks.weblinks import find_weblinks
from networks.x_client import Client

PAGE_SIZE, MOST_PAGES = 100, 10
POSTS_AT_ONCE = 100
CLOCK_SECONDS = 60
SLACK = timedelta(minutes=15)  # our own clock may be that wrong; X's tells in its answer
BEFORE = timedelta(days=1)

_CANNOT_LOOK = gettext_noop("X does not show the account's posts, so nobody could look.")
_TOO_MANY = gettext_noop("The account on X has posted too much since to look through.")
_POST_ID = re.compile(r"[0-9]{1,19}")
_SHORT_LINK = re.compile(r"https?://t\.co/[0-9A-Za-z]+")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Posts:
    """An account's posts as X shows them to its owner; ``web_url`` is where people read them."""

    client: Client
    web_url: str

    async def find(self, post: Post) -> list[Receipt]:
        """Give every post with these words since the earliest moment at which it can be out.

        Raises OutcomeUnknown or TryLater when it could not look.
        """
        start = min(post.sought_from, datetime.now(UTC)) - SLACK
        found: dict[str, Receipt] = {}
        token, seen = None, set[str]()
        for _ in range(MOST_PAGES):
            answer = await self._read_page(start_time=start, pagination_token=token)
            # A clock of ours that is ahead dates the post later than X does.
            since = post.sought_from + min(read_skew(answer), timedelta())
            since -= timedelta(seconds=CLOCK_SECONDS)
            statuses, token = _read_page(answer)
            picked = self._pick(statuses, post.text, since=since)
            found |= {receipt.remote_id: receipt for receipt in picked}
            if token is None:
                return list(found.values())
            if token in seen:
                break  # it gives the same page again and again
            seen.add(token)
        if found:
            return list(found.values())
        raise OutcomeUnknown(_TOO_MANY)

    async def was_said_before(self, post: Post) -> bool:
        """Whether the account posted these words in the day before they can be this post.

        Looks at the newest hundred posts of that day. Raises what ``find`` raises.
        """
        end = post.sought_from - timedelta(seconds=CLOCK_SECONDS)
        answer = await self._read_page(start_time=end - BEFORE, end_time=end)
        statuses, _ = _read_page(answer)
        return bool(self._pick(statuses, post.text, since=end - BEFORE))

    async def count(self, remote_ids: Sequence[str]) -> dict[str, Numbers | None]:
        """Give what became of posts: None for one that X says is gone.

        One that is withheld or of a suspended account is left out. Raises TryLater, NeedsRelink and
        Rejected.
        """
        wanted = [each for each in remote_ids if each.isascii() and each.isdigit()]
        if not wanted:
            return {}

        answer = await self.client.read("get_tweets", ids=wanted, tweet_fields=["public_metrics"])
        content = read_object(answer)
        if answer.status != 200 or content is None:
            raise self.client.explain_unread(answer)
        told = {read_text(each, "id"): each for each in _read_objects(content, "data")}
        numbers: dict[str, Numbers | None] = {
            each: _read_numbers(told[each]) for each in wanted if each in told
        }
        gone = {_read_missing(each) for each in _read_objects(content, "errors")}
        return numbers | {each: None for each in wanted if each in gone and each not in told}

    async def delete(self, remote_id: str) -> bool:
        """Take a post of the account away; False when X says that there is none (any more).

        Whether it says so, or only that it is deleted, X does not document: either is good. Raises
        all four errors.
        """
        if not _POST_ID.fullmatch(remote_id):
            raise Rejected(NO_POST_ID, host="X")
        give_up_at = time.monotonic() + self.client.deadline_seconds
        answer = await self.client.call("delete_tweet", remote_id, user_auth=False)
        content = read_object(answer) or {}
        data = content.get("data")
        is_deleted = data.get("deleted") if isinstance(data, dict) else None
        if answer.status == 200 and is_deleted is True:
            return True
        problems = (content, *_read_objects(content, "errors"))
        if answer.status in (200, 404) and remote_id in map(_read_missing, problems):
            return False
        if answer.status != 200 or is_deleted is not False:
            raise self.client.explain_undeleted(answer)
        # It was not deleted by this request: because it was not there?
        left = max(give_up_at - time.monotonic(), 0.1)
        hurried = replace(self, client=replace(self.client, deadline_seconds=left))
        if (await hurried.count([remote_id])).get(remote_id, STILL_THERE) is not None:
            raise TryLater(STILL_THERE, host="X")
        return False

    async def _read_page(
        self,
        *,
        start_time: datetime,
        end_time: datetime | None = None,
        pagination_token: str | None = None,
    ) -> Answer:
        """Read a page of the account's posts, newest first."""

        answer = await self.client.call(
            "get_users_tweets",
            quote(self.client.credentials.account_id, safe=""),
            start_time=start_time,
            end_time=end_time,
            pagination_token=pagination_token,
            max_results=PAGE_SIZE,
            exclude="retweets",
            tweet_fields=["created_at", "entities"],
        )
        if answer.status == 200:
            return answer
        trouble = self.client.explain_unread(answer)
        raise trouble if isinstance(trouble, TryLater) else OutcomeUnknown(_CANNOT_LOOK)

    def _pick(
        self, statuses: Sequence[Mapping[str, Any]], text: str, *, since: datetime
    ) -> list[Receipt]:
        """Give those posts that say this, and are not older."""
        fresh = (
            each
            for each in statuses
            if (read_moment(each.get("created_at")) or since) >= since and is_same_post(each, text)
        )
        receipts = (read_receipt(each, web_url=self.web_url) for each in fresh)
        return [receipt for receipt in receipts if receipt]


def read_receipt(status: Mapping[str, Any], *, web_url: str) -> Receipt | None:
    """Give a post's receipt, None when it is none. The address is good under any handle."""
    remote_id = read_text(status, "id")
    if not _POST_ID.fullmatch(remote_id):
        return None
    return Receipt(remote_id=remote_id, url=f"{web_url}/i/web/status/{remote_id}")


def is_same_post(status: Mapping[str, Any], text: str) -> bool:
    """Whether a post of X says what ``text`` says.

    X gives its text back with ``&``, ``<`` and ``>`` written as in HTML, and every link as one of
    its own (t.co); where each leads stands in ``entities``, with a scheme if it had none.
    """
    entities = status.get("entities")
    links = _read_objects(entities, "urls") if isinstance(entities, dict) else []
    leads = {read_text(each, "url"): read_text(each, "expanded_url") for each in links}
    shown = _SHORT_LINK.sub(
        lambda short: leads.get(short[0]) or short[0], unescape(read_text(status, "text"))
    )
    return is_same_text(escape(_spell_out(shown)), _spell_out(text))


def _spell_out(text: str) -> str:
    """Write every link of a text with the same scheme."""
    text = unicodedata.normalize("NFC", text)
    pieces: list[str] = []
    done = 0
    for start, end in find_weblinks(text):
        pieces += (text[done:start], "https://", _SCHEME.sub("", text[start:end], count=1))
        done = end
    return "".join((*pieces, text[done:]))


def _read_page(answer: Answer) -> tuple[list[dict[str, Any]], str | None]:
    """Give the posts of a page, and what the next one is asked for by.

    A page without its count is none: of a suspended account X gives errors in a good answer.
    """
    content = read_object(answer) or {}
    meta = content.get("meta")
    statuses = _read_objects(content, "data")
    if not isinstance(meta, dict) or meta.get("result_count") != len(statuses):
        raise OutcomeUnknown(_CANNOT_LOOK)
    return statuses, read_text(meta, "next_token") or None


def _read_objects(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Give the objects of a member that is a list; what is anything else is left out."""
    value = content.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _read_missing(problem: Mapping[str, Any]) -> str:
    """Give the id of a post that X says does not exist; empty for any other problem."""
    kind = read_text(problem, "type").rpartition("/")[2]
    is_gone = kind == "resource-not-found"
    return (read_text(problem, "resource_id") or read_text(problem, "value")) if is_gone else ""


def _read_numbers(status: Mapping[str, Any]) -> Numbers:
    """Read the public metrics. X is about to call a retweet a repost there, as elsewhere."""
    told = status.get("public_metrics")
    metrics = told if isinstance(told, dict) else {}
    reposts = "retweet_count" if "retweet_count" in metrics else "repost_count"
    return Numbers(
        likes=read_tally(metrics, "like_count"),
        reposts=read_tally(metrics, reposts),
        replies=read_tally(metrics, "reply_count"),
        quotes=read_tally(metrics, "quote_count"),
        impressions=read_tally(metrics, "impression_count"),
    )
