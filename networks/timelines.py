"""The statuses on a Mastodon server: which ones stand there, how they fare, and taking one away.

By https://docs.joinmastodon.org/methods/accounts/#statuses and …/methods/statuses/.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from networks.asking import UNREADY, authorise
from networks.base import Credentials, Numbers, Post, Receipt, Server
from networks.comparing import is_same_text
from networks.deleting import NO_POST_ID, NOT_THEIRS, PERHAPS_GONE, STILL_THERE, tell_of_deletion
from networks.errors import NeedsRelink, OutcomeUnknown, Rejected, TryLater, gettext_noop
from networks.http import Answer, Http, NotJson
from networks.interpreting import (
    BUSY,
    RELINK,
    explain_refusal,
    read_id,
    read_moment,
    read_receipt,
    read_skew,
)
from networks.reading import read_object, read_text
from networks.recognising import is_keyed
from networks.tallies import read_tally
from networks.waiting import read_wait

PAGE_SIZE, MOST_PAGES, PAGE_BYTES = 40, 10, 4_000_000
# Mastodon refuses to be asked for more by their ids.
STATUSES_AT_ONCE = 20
CLOCK_SECONDS = 60

# Numbers, ULIDs (GoToSocial) and flake ids (Pleroma): nothing by which an address could be left.
_STATUS_ID = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)

_CANNOT_LOOK = gettext_noop("%(host)s does not show the account's posts, so nobody could look.")
_TOO_MANY = gettext_noop("The account on %(host)s has posted too much since to look through.")


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What an account posted, as its server shows it; each request ends by its deadline."""

    http: Http
    server: Server
    credentials: Credentials
    deadline_seconds: float

    async def find(self, post: Post) -> list[Receipt]:
        """Look through the account's posts, newest first, back to the planned moment.

        Raises OutcomeUnknown or TryLater when it could not look.
        """
        found: dict[str, Receipt] = {}
        account = quote(self.credentials.account_id, safe="")
        params = {"limit": str(PAGE_SIZE), "exclude_reblogs": "true"}
        for _ in range(MOST_PAGES):
            answer, is_owner = await self._read(f"/api/v1/accounts/{account}/statuses", params)
            statuses, skew = _read_list(answer), read_skew(answer)
            if statuses is None:
                raise OutcomeUnknown(_CANNOT_LOOK, host=self.server.host)
            # A server whose clock is behind dates its posts too early; one that is ahead, too late.
            since = post.sought_from + min(skew, timedelta()) - timedelta(seconds=CLOCK_SECONDS)
            moments = [read_moment(status.get("created_at")) for status in statuses]
            for status, moment in zip(statuses, moments, strict=True):
                is_old = moment is not None and moment < since
                receipt = None if is_old else _match(status, post.text)
                if receipt:
                    found[receipt.remote_id] = receipt
            if not statuses or (moments[-1] is not None and moments[-1] < since):
                if not found and not is_owner:
                    raise OutcomeUnknown(_CANNOT_LOOK, host=self.server.host)
                return list(found.values())
            last_id = read_id(statuses[-1])
            if last_id == params.get("max_id", ""):
                break  # it gives the same page again and again
            params["max_id"] = last_id
        if found:
            return list(found.values())
        raise OutcomeUnknown(_TOO_MANY, host=self.server.host)

    async def count(self, remote_ids: Sequence[str]) -> dict[str, Numbers | None]:
        """Give posts' numbers: of all at once where the server can do that, else one by one.

        What is not among all is asked for by itself: only a clear word makes a post gone. Raises
        NeedsRelink where strangers see nothing and our token is refused; TryLater.
        """
        known: dict[str, Numbers | None] = {}
        try:
            if remote_ids and _gives_several(self.server):
                params = [("id[]", remote_id) for remote_id in remote_ids]
                answer, _ = await self._read("/api/v1/statuses", params)
                told = {read_id(status): status for status in _read_list(answer) or ()}
                known = {each: _count(told[each]) for each in remote_ids if each in told}
            for remote_id in remote_ids:
                if remote_id not in known:
                    known |= await self._count_one(remote_id)
        except TryLater:
            if not known:
                raise
        except OutcomeUnknown:
            if not known:
                raise self._delay() from None
        return known

    async def delete(self, remote_id: str) -> bool:
        """Take a status of the account away; False when it is not there (any more).

        Raises all four errors. That there is no such status, Mastodon also says of somebody else's,
        and servers of what they do not know to do; GoToSocial once said nothing (``null``): so it
        is looked.
        """
        if not _STATUS_ID.fullmatch(remote_id):
            raise Rejected(NO_POST_ID, host=self.server.host)
        give_up_at = time.monotonic() + self.deadline_seconds
        answer = await self.http.request(
            "DELETE",
            f"{self.server.url}/api/v1/statuses/{remote_id}",
            headers=authorise(self.credentials.access_token),
            deadline_seconds=self.deadline_seconds,
        )
        content = read_object(answer)
        if answer.status == 200 and content is not None and _names(content, remote_id):
            return True
        says_nothing = answer.status == 200 and answer.body.strip() == b"null"
        if says_nothing or (answer.status == 404 and content is not None):
            left = max(give_up_at - time.monotonic(), 0.1)
            await self._make_sure_it_is_gone(remote_id, within_seconds=left)
            return False
        secret = self.credentials.access_token
        trouble = explain_refusal(answer, host=self.server.host, secret=secret)
        raise tell_of_deletion(trouble, host=self.server.host)

    async def _make_sure_it_is_gone(self, remote_id: str, *, within_seconds: float) -> None:
        """Raise what it means that a status is still there for its owner, or that nobody knows."""
        headers = authorise(self.credentials.access_token)
        try:
            answer = await self._ask(
                f"/api/v1/statuses/{remote_id}", headers=headers, deadline_seconds=within_seconds
            )
        except OutcomeUnknown:
            raise self._delay() from None
        status = read_object(answer)
        if status is not None and answer.status == 404:
            return
        if status is None or answer.status != 200 or read_id(status) != remote_id:
            raise OutcomeUnknown(PERHAPS_GONE, host=self.server.host)
        owner = status.get("account")
        if isinstance(owner, dict) and read_id(owner) != self.credentials.account_id:
            raise Rejected(NOT_THEIRS, host=self.server.host)
        raise TryLater(STILL_THERE, host=self.server.host)

    async def _count_one(self, remote_id: str) -> dict[str, Numbers | None]:
        """Give the numbers of one post, None when it is gone; nothing when that was not said."""
        answer, is_owner = await self._read(f"/api/v1/statuses/{quote(remote_id, safe='')}")
        if answer.status == 401:
            raise NeedsRelink(RELINK, host=self.server.host)
        status = read_object(answer)
        if status is not None and answer.status == 200 and read_id(status) == remote_id:
            return {remote_id: _count(status)}
        # A page of HTML is not the API's word, and from strangers some hide what is there.
        is_gone = status is not None and answer.status == 404 and is_owner
        return {remote_id: None} if is_gone else {}

    async def _read(
        self, path: str, params: Mapping[str, str] | Sequence[tuple[str, str]] | None = None
    ) -> tuple[Answer, bool]:
        """Read as the account's owner, else as a stranger, to whom some servers show only a part.

        Gives the answer, and whether it was given to the owner.
        """
        for headers in (authorise(self.credentials.access_token), None):
            answer = await self._ask(
                path, params, headers=headers, deadline_seconds=self.deadline_seconds
            )
            if answer.status not in (401, 403):
                break
        return answer, headers is not None

    async def _ask(
        self,
        path: str,
        params: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        *,
        headers: Mapping[str, str] | None,
        deadline_seconds: float,
    ) -> Answer:
        """Read once. Raises TryLater when the server has too much to do, or trouble."""
        answer = await self.http.request(
            "GET",
            f"{self.server.url}{path}",
            params=params,
            headers=headers,
            deadline_seconds=deadline_seconds,
            max_bytes=PAGE_BYTES,
        )
        if answer.status == 429:
            wait = read_wait(answer.headers)
            raise TryLater(BUSY, after_seconds=wait, host=self.server.host)
        if answer.status >= 500:
            raise self._delay()
        return answer

    def _delay(self) -> TryLater:
        return TryLater(UNREADY, scope="host", host=self.server.host)


def _names(content: Mapping[str, Any], remote_id: str) -> bool:
    """Whether an answer gives the deleted status a last time; old servers give an empty object."""
    return not content or read_id(content) == remote_id


def _gives_several(server: Server) -> bool:
    """Whether posts can be asked for by a list of ids: in Mastodon itself, from 4.3 on."""
    numbers = re.match(r"(\d+)\.(\d+)", server.version)
    is_mastodon = is_keyed(server.version, software=str(server.facts.get("software", "")))
    return is_mastodon and numbers is not None and (int(numbers[1]), int(numbers[2])) >= (4, 3)


def _read_list(answer: Answer) -> list[dict[str, Any]] | None:
    """Give the objects of the answer's JSON list, or None when it is anything else."""
    try:
        content = answer.json() if answer.status == 200 else None
    except NotJson:
        return None
    is_list = isinstance(content, list) and all(isinstance(item, dict) for item in content)
    return content if is_list else None


def _match(status: Mapping[str, Any], text: str) -> Receipt | None:
    is_same = not status.get("reblog") and is_same_text(read_text(status, "content"), text)
    return read_receipt(status) if is_same else None


def _count(status: Mapping[str, Any]) -> Numbers:
    return Numbers(
        likes=read_tally(status, "favourites_count"),
        reposts=read_tally(status, "reblogs_count"),
        replies=read_tally(status, "replies_count"),
        quotes=read_tally(status, "quotes_count"),
    )
