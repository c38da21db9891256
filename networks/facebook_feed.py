"""A Page's posts: which ones stand there, how they fare, and taking one away.

https://developers.facebook.com/docs/pages-api/posts has the last.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import quote

from networks import facebook_pages as pages
from networks.base import Credentials, Numbers, Post, Receipt
from networks.deleting import NO_POST_ID, NOT_THEIRS
from networks.errors import NeedsRelink, OutcomeUnknown, Rejected, gettext_noop
from networks.facebook_errors import explain, explain_undeleted, is_missing
from networks.facebook_graph import Graph, Reply
from networks.facebook_reading import ask
from networks.interpreting import read_skew

# The Graph API shows at most 600 posts of a Page's year.
PAGE_SIZE, MOST_PAGES, PAGE_BYTES = 50, 12, 4_000_000
# It refuses to be asked for more by their ids.
POSTS_AT_ONCE = 50
CLOCK_SECONDS = 60

_POST_ID = re.compile(r"(?:([0-9]{1,30})_)?[0-9]{1,30}")
_CANNOT_LOOK = gettext_noop("Facebook does not show the Page's posts, so nobody could look.")
_TOO_MANY = gettext_noop("The Page has posted too much since to look through.")


@dataclass(frozen=True, kw_only=True)
class Feed:
    """What a Page posted. ``website`` is where people read it."""

    graph: Graph
    credentials: Credentials
    website: str

    async def find(self, post: Post) -> list[Receipt]:
        """Look through the Page's posts, newest first, back to the planned moment.

        Raises OutcomeUnknown or TryLater when it could not look.
        """
        found: dict[str, Receipt] = {}
        place: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            reply = await self._read_page(place)
            posts = pages.read_list(reply.content)
            if posts is None:
                raise OutcomeUnknown(_CANNOT_LOOK)
            # Where Facebook's clock is behind ours, it dates posts too early.
            skew = min(read_skew(reply.answer), timedelta())
            since = post.sought_from + skew - timedelta(seconds=CLOCK_SECONDS)
            moments = [pages.read_moment_of(each) for each in posts]
            for each, moment in zip(posts, moments, strict=True):
                is_old = moment is not None and moment < since
                receipt = None if is_old else self._match(each, post.text)
                if receipt:
                    found[receipt.remote_id] = receipt
            following = pages.read_next(reply.content)
            # A page may be empty in the middle, by what it leaves out.
            if not following or (posts and moments[-1] is not None and moments[-1] < since):
                return list(found.values())
            if following == place:
                break  # it gives the same page again and again
            place = following
        if found:
            return list(found.values())
        raise OutcomeUnknown(_TOO_MANY)

    async def count(self, remote_ids: Sequence[str]) -> dict[str, Numbers | None]:
        """Give posts' numbers, None for one that is gone. Raises NeedsRelink, Rejected, TryLater.

        All are asked for at once. Where one of them is gone the answer is a refusal, and each half
        is asked for by itself.
        """
        if not remote_ids:
            return {}
        reply = await ask(
            self.graph,
            lambda api: api.get_objects(list(remote_ids), fields=pages.NUMBER_FIELDS),
            access_token=self.credentials.access_token,
            max_bytes=PAGE_BYTES,
        )
        if is_missing(reply.refusal):
            if len(remote_ids) == 1:
                return {remote_ids[0]: None}
            middle = len(remote_ids) // 2
            first = await self.count(remote_ids[:middle])
            return {**first, **await self.count(remote_ids[middle:])}
        if not reply.is_good:
            raise explain(reply, may_be_done=False, secrets=self._secrets)
        told: Mapping[str, object] = {each: reply.content.get(each) for each in remote_ids}
        return {
            each: pages.read_numbers(post) for each, post in told.items() if isinstance(post, dict)
        }

    async def delete(self, remote_id: str) -> bool:
        """Take a post of the Page away; False when it is not there. Raises all four errors.

        Facebook has one refusal for what is not there and for what we may not do to it: so it is
        looked whether it is there.
        """
        match = _POST_ID.fullmatch(remote_id)
        if not match:
            raise Rejected(NO_POST_ID, host="Facebook")
        if match[1] not in (None, self.credentials.account_id):
            raise Rejected(NOT_THEIRS, host="Facebook")
        give_up_at = time.monotonic() + self.graph.deadline_seconds
        token = self.credentials.access_token
        reply = await self.graph.ask(lambda api: api.delete_object(remote_id), access_token=token)
        if reply.is_good and reply.content.get("success") is True:
            return True
        if is_missing(reply.refusal):
            left = max(give_up_at - time.monotonic(), 0.1)
            graph = replace(self.graph, deadline_seconds=left)
            shown = await ask(
                graph, lambda api: api.get_object(remote_id, fields="id"), access_token=token
            )
            if is_missing(shown.refusal):
                return False
            if not shown.is_good:
                raise explain(shown, may_be_done=False, secrets=self._secrets)
        raise explain_undeleted(reply, secrets=self._secrets)

    async def _read_page(self, place: Mapping[str, str]) -> Reply:
        page_id = quote(self.credentials.account_id, safe="")
        reply = await ask(
            self.graph,
            lambda api: api.get_connections(
                page_id, "feed", fields=pages.POST_FIELDS, limit=PAGE_SIZE, **place
            ),
            access_token=self.credentials.access_token,
            max_bytes=PAGE_BYTES,
        )
        if reply.is_good:
            return reply
        error = explain(reply, may_be_done=False, secrets=self._secrets)
        if isinstance(error, NeedsRelink | Rejected):
            raise OutcomeUnknown(error.sentence, **error.facts)
        raise error

    def _match(self, post: Mapping[str, object], text: str) -> Receipt | None:
        return pages.match(
            post, page_id=self.credentials.account_id, text=text, website=self.website
        )

    @property
    def _secrets(self) -> tuple[str, str]:
        return self.credentials.access_token, self.graph.secret
