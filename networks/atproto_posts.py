"""Posts of the AT protocol: written once, looked up under their key, counted, taken away again.

https://docs.bsky.app/docs/api/com-atproto-repo-delete-record; that what is not there gives no
commit, as in the PDS's source (``packages/pds/src/api/com/atproto/repo/deleteRecord.ts``).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from networks.atproto_accounts import explain_trouble
from networks.atproto_records import (
    COLLECTION,
    build_record,
    build_uri,
    make_rkey,
    read_uri,
)
from networks.base import Credentials, Numbers, Post, Receipt
from networks.deleting import NO_POST_ID, NOT_THEIRS, PERHAPS_GONE, tell_of_deletion
from networks.errors import (
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.oauth import read_error
from networks.reading import read_object, read_text
from networks.tallies import read_tally
from networks.waiting import read_wait
from networks.xrpc import explain_refusal

if TYPE_CHECKING:
    from networks.dpop import Prover
    from networks.http import Answer, Http

# The lexicon's limit of app.bsky.feed.getPosts.
POSTS_AT_ONCE = 25
_SCOPE_ERRORS = frozenset({"ScopeMissingError", "insufficient_scope"})

_TAKEN_AND_HIDDEN = gettext_noop(
    "%(host)s says that this post was there already, but does not show it."
)
_UNCLEAR = gettext_noop("%(host)s gave no clear answer, so it is not known what it did.")
_NOT_LOOKED = gettext_noop("%(host)s does not show at the moment whether the post is there.")
_NO_LEAVE = gettext_noop(
    "The authorisation at %(host)s does not cover deleting. Please link the account again and "
    "allow everything that is asked for, or delete the post there."
)
_NOT_COUNTED = gettext_noop("%(host)s does not tell at the moment how the posts are doing.")


@dataclass(frozen=True, kw_only=True)
class Posts:
    """Where posts are read: their numbers at an AppView ("" for none), by people at ``web_url``."""

    appview_url: str
    web_url: str

    async def write(
        self,
        http: Http,
        prover: Prover,
        credentials: Credentials,
        post: Post,
        *,
        home: str,
        deadline_seconds: float,
    ) -> Receipt:
        """Write a post under its key, if nothing is there. Raises all four errors.

        ``home`` is the origin of the account's server, ``prover`` sends in the account's name.
        """
        give_up_at = time.monotonic() + deadline_seconds
        did, rkey = credentials.account_id, make_rkey(post)
        host = urlsplit(home).netloc
        answer = await prover.send(
            http,
            "POST",
            f"{home}/xrpc/com.atproto.repo.putRecord",
            json={
                "repo": did,
                "collection": COLLECTION,
                "rkey": rkey,
                "swapRecord": None,
                "record": build_record(post),
            },
            deadline_seconds=deadline_seconds,
        )
        if answer.status == 200:
            return self._read_receipt(answer, did=did, rkey=rkey, host=host)
        if read_error(answer)[0] == "InvalidSwap":
            left = max(give_up_at - time.monotonic(), 0.1)
            try:
                standing = await self.look(
                    http, did=did, rkey=rkey, home=home, deadline_seconds=left
                )
            except TryLater:
                raise OutcomeUnknown(_NOT_LOOKED, host=host) from None
            if standing is None:
                raise Rejected(_TAKEN_AND_HIDDEN, host=host)
            return standing
        raise explain_trouble(answer, credentials, host=host)

    async def look(
        self, http: Http, *, did: str, rkey: str, home: str, deadline_seconds: float
    ) -> Receipt | None:
        """Read one record; None when the account's server says that it is not there."""
        host = urlsplit(home).netloc
        answer = await http.request(
            "GET",
            f"{home}/xrpc/com.atproto.repo.getRecord",
            params={"repo": did, "collection": COLLECTION, "rkey": rkey},
            deadline_seconds=deadline_seconds,
        )
        if answer.status == 200:
            return self._read_receipt(answer, did=did, rkey=rkey, host=host)
        if answer.status in (400, 404) and read_error(answer)[0] == "RecordNotFound":
            return None
        if answer.status == 429:
            raise explain_refusal(answer, host=host)
        raise OutcomeUnknown(_NOT_LOOKED, host=host)

    async def remove(
        self,
        http: Http,
        prover: Prover,
        credentials: Credentials,
        uri: str,
        *,
        home: str,
        deadline_seconds: float,
    ) -> bool:
        """Take a post away by its address; False when it was not there. Raises all four errors."""
        did, host = credentials.account_id, urlsplit(home).netloc
        place = read_uri(uri)
        if place is None:
            raise Rejected(NO_POST_ID, host=host)
        if place[0] != did:
            raise Rejected(NOT_THEIRS, host=host)
        answer = await prover.send(
            http,
            "POST",
            f"{home}/xrpc/com.atproto.repo.deleteRecord",
            json={"repo": did, "collection": COLLECTION, "rkey": place[1]},
            deadline_seconds=deadline_seconds,
        )
        if answer.status == 200:
            content = read_object(answer)
            # The first servers said nothing at all.
            if content is None and answer.body.strip():
                raise OutcomeUnknown(PERHAPS_GONE, host=host)
            return isinstance((content or {}).get("commit"), dict)
        if answer.status == 403 and read_error(answer)[0] in _SCOPE_ERRORS:
            raise Rejected(_NO_LEAVE, host=host)
        raise tell_of_deletion(explain_trouble(answer, credentials, host=host), host=host)

    async def count(
        self, http: Http, uris: Sequence[str], *, did: str, home: str, deadline_seconds: float
    ) -> dict[str, Numbers | None]:
        """Give the numbers of an account's posts; nothing is known of them without an AppView.

        An AppView leaves out what it has not seen yet and what it does not show; a post is only
        gone if its own server says so. Raises TryLater when the AppView does not answer.
        """
        if not self.appview_url or not uris:
            return {}
        told = await self._ask_appview(http, uris, deadline_seconds=deadline_seconds)
        known: dict[str, Numbers | None] = {uri: _count(told[uri]) for uri in uris if uri in told}
        for uri in uris:
            rkey = uri.rpartition("/")[2]
            if uri in known or uri != build_uri(did, rkey):
                continue
            try:
                standing = await self.look(
                    http, did=did, rkey=rkey, home=home, deadline_seconds=deadline_seconds
                )
            except NetworkError:
                break  # whatever is left will be asked for next time
            if standing is None:
                known[uri] = None
        return known

    async def _ask_appview(
        self, http: Http, uris: Sequence[str], *, deadline_seconds: float
    ) -> Mapping[str, Mapping[str, Any]]:
        """Give what the AppView shows of posts, by their address."""
        host = urlsplit(self.appview_url).netloc
        try:
            answer = await http.request(
                "GET",
                f"{self.appview_url}/xrpc/app.bsky.feed.getPosts",
                params=[("uris", uri) for uri in uris],
                deadline_seconds=deadline_seconds,
            )
        except (OutcomeUnknown, TryLater):
            # The scope is the account's: its own server has nothing to do with it.
            raise TryLater(_NOT_COUNTED, host=host) from None
        shown = (read_object(answer) or {}).get("posts")
        if answer.status != 200 or not isinstance(shown, list):
            raise TryLater(_NOT_COUNTED, after_seconds=read_wait(answer.headers), host=host)
        return {read_text(each, "uri"): each for each in shown if isinstance(each, dict)}

    def _read_receipt(self, answer: Answer, *, did: str, rkey: str, host: str) -> Receipt:
        """Take an answer for proof only if it names the record that was meant."""
        content = read_object(answer) or {}
        uri = build_uri(did, rkey)
        if content.get("uri") != uri or not read_text(content, "cid"):
            raise OutcomeUnknown(_UNCLEAR, host=host)
        return Receipt(remote_id=uri, url=f"{self.web_url}/profile/{did}/post/{rkey}")


def _count(shown: Mapping[str, Any]) -> Numbers:
    return Numbers(
        likes=read_tally(shown, "likeCount"),
        reposts=read_tally(shown, "repostCount"),
        replies=read_tally(shown, "replyCount"),
        quotes=read_tally(shown, "quoteCount"),
    )
