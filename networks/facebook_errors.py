"""What the Graph API's refusals mean.

Codes and subcodes by https://developers.facebook.com/docs/graph-api/guides/error-handling, limits
by https://developers.facebook.com/docs/graph-api/overview/rate-limiting. A few things have no code
of their own and are told by their English words; where those change, the error is a plainer one,
never a milder one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from networks.deleting import tell_of_deletion
from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.facebook_graph import Refusal, Reply
from networks.oauth import shorten
from networks.waiting import MOST_SECONDS, read_wait

UNCLEAR = gettext_noop("Facebook gave no clear answer, so it is not known whether the post is out.")
UNREADY = gettext_noop("Facebook has trouble at the moment. Please try again in a few minutes.")
_ELSEWHERE = gettext_noop("Facebook is not answering for itself at the moment.")
_BUSY = gettext_noop("Facebook wants a rest for this Page. It will be asked again later.")
_BUSY_APP = gettext_noop("Facebook wants a rest from this site. It will be asked again later.")
_APP_SHUT_OUT = gettext_noop(
    "Facebook does not let this site in: “%(reason)s”. Whoever runs the site has to see to it."
)
_NO_RIGHT = gettext_noop(
    "Facebook does not let this site post on the Page: “%(reason)s”. Please link it again, with "
    "every permission that is asked for."
)
_NO_DELETING = gettext_noop(
    "Facebook does not let this site delete on the Page: “%(reason)s”. Please delete the post on "
    "Facebook, or link the Page again with every permission that is asked for."
)
_NO_PAGE = gettext_noop(
    "Facebook does not show this Page any more. If it is still there, please link it again."
)
_REFUSED = gettext_noop("Facebook refused: “%(reason)s”.")
_BLOCKED = gettext_noop(
    "Facebook keeps this Page from posting for now, because of its rules: “%(reason)s”. Look at "
    "the Page's messages on Facebook."
)
_DUPLICATE = gettext_noop(
    "Facebook says that the Page has just posted the same words, so it is looked up."
)
_BAD_LINK = gettext_noop("Facebook does not take the link in this post: “%(reason)s”.")
_RELINK = gettext_noop("Facebook no longer accepts the authorisation. Please link the Page again.")
_RELINK_BECAUSE = {
    458: gettext_noop(
        "This site was removed from your apps on Facebook. Please link the Page again."
    ),
    459: gettext_noop(
        "Facebook wants to ask you something first: sign in at facebook.com, then link the Page "
        "again."
    ),
    460: gettext_noop(
        "Your password on Facebook was changed, which ended the authorisation. Please link the "
        "Page again."
    ),
    463: gettext_noop("The authorisation at Facebook has run out. Please link the Page again."),
    464: gettext_noop(
        "Your Facebook account is not confirmed: sign in at facebook.com, then link the Page again."
    ),
    467: gettext_noop(
        "The authorisation at Facebook is no longer valid. Please link the Page again."
    ),
    492: gettext_noop(
        "You have no role on this Page any more. Ask whoever runs it for one, then link it again."
    ),
}

_TRANSIENT = frozenset({0, 1, 2})
_APP_LIMITS = frozenset({4, 341})
_PAGE_LIMITS = frozenset({17, 32, 613, *range(80000, 80015)})
_SESSION = frozenset({102, 190})
_APP_SHUT = frozenset({3, 101, 104})
_RIGHTS = frozenset({10, *range(200, 300)})
_LINKS = frozenset({1500, 1609005})
_DUPLICATE_POST = 506
_POLICY = 368
_MISSING = ((100, 33), (803, 0))


def explain(reply: Reply, *, may_be_done: bool, secrets: tuple[str, ...] = ()) -> NetworkError:
    """Say what an answer means that is not what was asked for.

    ``may_be_done``: the request would have posted, so that no clear word may mean that it has;
    otherwise that is only a delay. ``secrets`` are what no sentence may repeat.
    """
    refusal, status = reply.refusal, reply.answer.status
    if 300 <= status < 400:
        # Not followed: somebody else answers there, for maintenance or for ever.
        return TryLater(_ELSEWHERE, scope="host")
    if status == 429 and refusal is None:
        return TryLater(_BUSY_APP, after_seconds=_read_rest(reply.answer.headers), scope="host")
    if refusal is None or status >= 500 or (status < 400 and not refusal.code):
        return _say_unclear(may_be_done=may_be_done)
    if refusal.code in _APP_LIMITS | _PAGE_LIMITS:
        return _explain_limit(reply, refusal)
    reason = _read_reason(reply, refusal, secrets)
    return _explain_leave(refusal, reason=reason) or _explain_post(
        refusal, reason=reason, may_be_done=may_be_done
    )


def explain_undeleted(reply: Reply, *, secrets: tuple[str, ...] = ()) -> NetworkError:
    """Say what an answer means that does not say that a post is deleted.

    Who may post may still lack the role, or the permission, to delete: the Page stays linked.
    """
    trouble = explain(reply, may_be_done=True, secrets=secrets)
    if reply.refusal and trouble.sentence in (_NO_RIGHT, _NO_PAGE):
        return Rejected(_NO_DELETING, reason=_read_reason(reply, reply.refusal, secrets))
    return tell_of_deletion(trouble, host="Facebook")


def is_missing(refusal: Refusal | None) -> bool:
    """Whether the refusal says that there is no such thing, or none for us."""
    return refusal is not None and any(
        refusal.code == code and subcode in (0, refusal.subcode) for code, subcode in _MISSING
    )


def _explain_leave(refusal: Refusal, *, reason: str) -> NetworkError | None:
    """Say who has to give leave (again): Facebook to our app, or the Page's owner; None: nobody."""
    code = refusal.code
    if code in _APP_SHUT or _shuts_out_app(refusal):
        return TryLater(_APP_SHUT_OUT, scope="network", reason=reason)
    if code in _SESSION or (code == 0 and refusal.kind == "OAuthException"):
        return NeedsRelink(_RELINK_BECAUSE.get(refusal.subcode, _RELINK))
    if code in _RIGHTS:
        return NeedsRelink(_NO_RIGHT, reason=reason)
    return NeedsRelink(_NO_PAGE) if is_missing(refusal) else None


def _explain_post(refusal: Refusal, *, reason: str, may_be_done: bool) -> NetworkError:
    """Say what Facebook has against this post."""
    code = refusal.code
    if may_be_done and (code == _DUPLICATE_POST or (code == _POLICY and _is_repetition(refusal))):
        # What it repeats may be an earlier attempt of ours.
        return OutcomeUnknown(_DUPLICATE)
    if code == _POLICY:
        return Rejected(_BLOCKED, reason=reason)
    if code in _LINKS:
        return Rejected(_BAD_LINK, reason=reason)
    # Posts have stood there that were answered with code 2.
    if code in _TRANSIENT or refusal.is_passing:
        return _say_unclear(may_be_done=may_be_done)
    return Rejected(_REFUSED, reason=reason)


def _say_unclear(*, may_be_done: bool) -> NetworkError:
    return OutcomeUnknown(UNCLEAR) if may_be_done else TryLater(UNREADY, scope="host")


def _explain_limit(reply: Reply, refusal: Refusal) -> TryLater:
    """Tell apart who has to wait: whoever uses our app, or this Page."""
    rest = _read_rest(reply.answer.headers)
    if refusal.code in _APP_LIMITS:
        return TryLater(_BUSY_APP, after_seconds=rest, scope="host")
    return TryLater(_BUSY, after_seconds=rest)


def _shuts_out_app(refusal: Refusal) -> bool:
    """Whether it is our app, or its secret, that Facebook does not accept."""
    words = refusal.words.lower()
    return any(
        sign in words
        for sign in ("api access blocked", "appsecret_proof", "client secret", "validating app")
    )


def _is_repetition(refusal: Refusal) -> bool:
    return "already posted" in refusal.words.lower()


def _read_reason(reply: Reply, refusal: Refusal, secrets: tuple[str, ...]) -> str:
    """Give Facebook's own words for a refusal, unless they repeat one of our ``secrets``."""
    words = shorten(refusal.words)
    if not words or any(secret and secret in refusal.words for secret in secrets):
        return f"HTTP {reply.answer.status}"
    return words


def _read_rest(headers: Mapping[str, str]) -> float | None:
    """Give the seconds to wait: by a general header, else by Facebook's own, in minutes."""
    wait = read_wait(headers)
    if wait is not None:
        return wait
    try:
        usage = json.loads(headers.get("X-Business-Use-Case-Usage", ""))
        minutes = [
            one["estimated_time_to_regain_access"] for page in usage.values() for one in page
        ]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    known = [value for value in minutes if isinstance(value, int | float) and value > 0]
    return min(max(known), MOST_SECONDS / 60) * 60 if known else None
