"""What the answers of a Mastodon server mean.

Statuses and error bodies by https://docs.joinmastodon.org/entities/ and by Mastodon's own source;
everything in them is a stranger's, and is only passed on in a form that may be shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from networks.base import Profile, Receipt
from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.http import Answer
from networks.oauth import shorten
from networks.reading import read_object, read_text
from networks.waiting import read_wait

BUSY = gettext_noop("%(host)s has too much to do. It will be asked again later.")
RELINK = gettext_noop(
    "%(host)s no longer accepts the authorisation. Please link the account again."
)
DISABLED = gettext_noop("%(host)s does not let this account post: “%(reason)s”.")
UNCLEAR = gettext_noop("%(host)s gave no clear answer, so it is not known whether the post is out.")
_REFUSED = gettext_noop("%(host)s refused the post: “%(reason)s”.")
_ELSEWHERE = gettext_noop("%(host)s is not answering for itself at the moment.")
_CLOSED = gettext_noop("%(host)s has closed.")
_NO_SERVICE = gettext_noop("%(host)s does not take posts at the moment.")
_KEPT_OUT = gettext_noop("%(host)s kept us out before the post reached it.")

# What Mastodon says when it is the account or its authorisation that stands in the way.
_OWNERS_MATTER = re.compile(r"scope|disabled|suspended|pending|confirm", re.IGNORECASE)
_NOBODY = "requires an authenticated user"


def explain_refusal(answer: Answer, *, host: str, secret: str) -> NetworkError:
    """Say what a refusal of a post means: whether the post may be out, and who has to wait.

    ``secret`` is the token that was sent, which no error may repeat.
    """
    status = answer.status
    reason = read_reason(answer, secret)
    plain: dict[int, NetworkError] = {
        401: NeedsRelink(RELINK, host=host),
        404: TryLater(_NO_SERVICE, scope="host", host=host),
        408: OutcomeUnknown(UNCLEAR, host=host),
        410: Rejected(_CLOSED, host=host),
        429: TryLater(BUSY, after_seconds=read_wait(answer.headers), host=host),
    }
    if status in plain:
        return plain[status]
    if status in (403, 422):
        return _explain_ban(answer, host=host, reason=reason)
    if 300 <= status < 400:
        # Not followed: somebody else answers there, for maintenance or for ever.
        return TryLater(_ELSEWHERE, scope="host", host=host)
    if 400 <= status < 500:
        return Rejected(_REFUSED, host=host, reason=reason)
    return OutcomeUnknown(UNCLEAR, host=host)


def _explain_ban(answer: Answer, *, host: str, reason: str) -> NetworkError:
    """Tell apart who is kept out: everybody, this account, or these words."""
    if answer.status == 403 and read_object(answer) is None:
        # A wall in front of the server, not the server.
        return TryLater(_KEPT_OUT, scope="host", host=host)
    if answer.status == 403 and _OWNERS_MATTER.search(reason):
        return NeedsRelink(DISABLED, host=host, reason=reason)
    if answer.status == 422 and _NOBODY in reason:
        return NeedsRelink(RELINK, host=host)
    return Rejected(_REFUSED, host=host, reason=reason)


def read_reason(answer: Answer, *secrets: str) -> str:
    """Give the server's own words for a refusal, unless they repeat one of our ``secrets``."""
    content = read_object(answer) or {}
    words = shorten(read_text(content, "error_description") or read_text(content, "error"))
    if not words or any(secret and secret in words for secret in secrets):
        return f"HTTP {answer.status}"
    return words


def read_receipt(status: Mapping[str, Any]) -> Receipt | None:
    """Give a status's receipt, None when it is none."""
    remote_id = read_id(status)
    if not remote_id:
        return None
    return Receipt(remote_id=remote_id, url=read_web_address(status, "url", "uri"))


def read_account(content: Mapping[str, Any], *, domain: str) -> Profile | None:
    """Give the account that an answer describes, at a server of that domain; None for none."""
    account_id, name = read_id(content), read_text(content, "username")
    if not account_id or not name:
        return None
    followers = content.get("followers_count")
    return Profile(
        account_id=account_id,
        handle=f"@{shorten(name)}@{domain}",
        display_name=shorten(read_text(content, "display_name")),
        url=read_web_address(content, "url"),
        avatar_url=read_web_address(content, "avatar_static", "avatar"),
        followers=followers if isinstance(followers, int) and followers >= 0 else None,
        created_at=read_moment(content.get("created_at")),
    )


def read_id(content: Mapping[str, Any]) -> str:
    """Give an entity's id, empty when there is none. It is text, but some write a number."""
    value = content.get("id")
    is_number = isinstance(value, int) and not isinstance(value, bool)
    identity = str(value) if is_number else read_text(content, "id")
    return identity if 0 < len(identity) <= 200 and identity.isprintable() else ""


def read_web_address(content: Mapping[str, Any], *names: str) -> str:
    """Give the first of these members that may stand in a page as a link; empty when none may."""
    addresses = (read_text(content, name) for name in names)
    return next(
        (
            each
            for each in addresses
            if each.isprintable() and re.fullmatch(r"https?://[^\s<>\"']+", each)
        ),
        "",
    )


def read_moment(value: object) -> datetime | None:
    """Read a date of the API (ISO 8601, UTC when it names no zone); None when it is none."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def read_skew(answer: Answer) -> timedelta:
    """Give how far the server's clock is ahead of ours, by its Date header (nothing without)."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError, IndexError):
        return timedelta()
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment - datetime.now(UTC)
