"""What the refusals of X mean (https://docs.x.com/x-api/fundamentals/response-codes-and-errors).

They come as problem+json: ``type`` is an address whose last part names the kind, ``detail`` is for
people, and ``errors`` may say more. The kinds of refusal that X does not document (credits, apps
that are shut out, accounts that are locked) are known from what X answers in 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from networks.deleting import REFUSED, tell_of_deletion
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

RELINK = gettext_noop("X no longer accepts the authorisation. Please link the account again.")
UNCLEAR = gettext_noop("X gave no clear answer, so it is not known whether the post is out.")
UNREADY = gettext_noop("X has trouble at the moment. Please try again in a few minutes.")
DUPLICATE = gettext_noop(
    "X does not take the same words twice from one account, and these were posted from yours "
    "already, before this launch. Change them a little to say them again."
)
DUPLICATE_UNSEEN = gettext_noop(
    "X says that these words stand on the account already, but does not show them."
)
_EXPIRED = gettext_noop("The authorisation at X has run out and is being renewed.")
_NO_CREDITS = gettext_noop(
    "This site has used up what it may do at X for now. Its operator has to see to it."
)
_SHUT_OUT = gettext_noop(
    "X does not let this site in at the moment: “%(reason)s”. Its operator has to see to it."
)
_BUSY = gettext_noop("X has too much to do. It will be asked again later.")
_SITE_LIMIT = gettext_noop("This site has posted on X as often as it may in a day.")
_ACCOUNT_LIMIT = gettext_noop("The account has posted on X as often as it may for now.")
_ACCOUNT_SHUT = gettext_noop(
    "X does not let this account post: “%(reason)s”. Sign in at x.com to see why."
)
_AUTOMATED = gettext_noop(
    "X took the post for an automated one and refused it. You can still post it yourself at x.com."
)
_REFUSED = gettext_noop("X refused the post: “%(reason)s”.")
_NOT_SHOWN = gettext_noop("X did not want to tell: “%(reason)s”.")
_ELSEWHERE = gettext_noop("X is not answering for itself at the moment.")

# The last part of the problem's type, or the title, where it is about this site and not about the
# account: everybody waits. Spending limits come as 402, 403 or 429.
_OUT_OF_CREDITS = frozenset(
    {"credits", "usage-capped", "creditsdepleted", "spendcapreached", "usagecapexceeded"}
)
_SITE_KINDS = frozenset({"client-forbidden", "unsupported-authentication", "oauth1-permissions"})
_SITE_MATTER = re.compile(
    r"\b(?:app|application|client)\b.*\b(?:suspended|restricted|cannot perform write)",
    re.IGNORECASE,
)
_ACCOUNT_MATTER = re.compile(r"suspended|locked|deactivated|not permitted to access", re.IGNORECASE)
_DAILY_MATTER = re.compile(r"\bdaily\b.*\blimit\b", re.IGNORECASE)
_LOOKS_AUTOMATED = re.compile(r"might be automated", re.IGNORECASE)
_DUPLICATE = re.compile(r"duplicate content|is a duplicate", re.IGNORECASE)


def explain_refusal(answer: Answer, *, secret: str, can_refresh: bool = False) -> NetworkError:
    """Say what an answer that is no success means for a post.

    ``secret`` is the token that was sent, which no error may repeat; ``can_refresh`` is whether it
    has run out by our own clock and can be renewed: X says of no refused token why. Only a 5xx, a
    408 and a success that says nothing leave the outcome unknown.
    """
    status, reason = answer.status, read_reason(answer, secret)
    shutting = _explain_shutting(answer, reason)
    if shutting:
        return shutting
    plain: dict[int, NetworkError] = {
        401: _explain_token(can_refresh=can_refresh),
        403: _explain_ban(answer, reason),
        404: TryLater(_ELSEWHERE, scope="host"),
        408: OutcomeUnknown(UNCLEAR),
        429: _explain_limit(answer.headers),
    }
    if status in plain:
        return plain[status]
    if 300 <= status < 400:
        # Not followed: somebody else answers there, for maintenance or for ever.
        return TryLater(_ELSEWHERE, scope="host")
    if 400 <= status < 500:
        return Rejected(_REFUSED, reason=reason)
    return OutcomeUnknown(UNCLEAR)


def explain_unread(answer: Answer, *, secret: str, can_refresh: bool = False) -> NetworkError:
    """Say what it means that something could not be read: what is unknown of a post is a delay."""
    trouble = explain_refusal(answer, secret=secret, can_refresh=can_refresh)
    if isinstance(trouble, OutcomeUnknown):
        return TryLater(UNREADY, scope="host")
    if trouble.sentence == _REFUSED:
        return Rejected(_NOT_SHOWN, **trouble.facts)
    return trouble


def explain_undeleted(answer: Answer, *, secret: str, can_refresh: bool = False) -> NetworkError:
    """Say what an answer that is no success means for a post that was to be deleted."""
    trouble = explain_refusal(answer, secret=secret, can_refresh=can_refresh)
    if isinstance(trouble, Rejected):  # in X's own words, whatever it would mean for a new post
        return Rejected(REFUSED, host="X", reason=read_reason(answer, secret))
    return tell_of_deletion(trouble, host="X")


def is_duplicate(answer: Answer) -> bool:
    """Whether X refuses a post because its words stand on the account already."""
    return answer.status in (400, 403) and _DUPLICATE.search(read_reason(answer)) is not None


def read_reason(answer: Answer, *secrets: str) -> str:
    """Give X's own words for a refusal, unless they repeat one of our ``secrets``."""
    content = read_object(answer) or {}
    errors = content.get("errors")
    more = errors[0] if isinstance(errors, list) and errors else {}
    words = shorten(
        (read_text(more, "message") if isinstance(more, dict) else "")
        or read_text(content, "error_description")
        or read_text(content, "detail")
        or read_text(content, "title")
    )
    if not words or any(secret and secret in words for secret in secrets):
        return f"HTTP {answer.status}"
    return words


def _explain_shutting(answer: Answer, reason: str) -> TryLater | None:
    """Say what keeps the whole site out, None when nothing does."""
    names = _read_names(read_object(answer) or {})
    if answer.status == 402 or (answer.status in (403, 429) and names & _OUT_OF_CREDITS):
        return TryLater(_NO_CREDITS, scope="network")
    if answer.status == 403 and (names & _SITE_KINDS or _SITE_MATTER.search(reason)):
        return TryLater(_SHUT_OUT, scope="network", reason=reason)
    return None


def _read_names(problem: Mapping[str, Any]) -> set[str]:
    """Give what a problem is called: the end of its type, its title; in small letters."""
    kind = read_text(problem, "type").rstrip("/").rpartition("/")[2]
    return {kind.lower(), read_text(problem, "title").lower()}


def _explain_token(*, can_refresh: bool) -> NetworkError:
    if can_refresh:
        return TryLater(_EXPIRED, after_seconds=0, token_expired=True)
    return NeedsRelink(RELINK)


def _explain_ban(answer: Answer, reason: str) -> NetworkError:
    """Tell apart who is kept out: everybody, this account, or these words."""
    if read_object(answer) is None:
        return TryLater(_ELSEWHERE, scope="host")  # a wall in front of X, not X
    if _DUPLICATE.search(reason):
        return Rejected(DUPLICATE)
    if _DAILY_MATTER.search(reason):
        return TryLater(_ACCOUNT_LIMIT)
    if _LOOKS_AUTOMATED.search(reason):
        # X says “try again later”; asking again by machine is what gets accounts locked.
        return Rejected(_AUTOMATED)
    if _ACCOUNT_MATTER.search(reason):
        return Rejected(_ACCOUNT_SHUT, reason=reason)
    return Rejected(_REFUSED, reason=reason)


def _explain_limit(headers: Mapping[str, str]) -> TryLater:
    """Read from a 429 how long to wait, and who has to.

    By ``x-rate-limit-*`` for 15 minutes of the account, ``x-app-limit-24hour-*`` for the day of the
    site and ``x-user-limit-24hour-*`` for that of the account; resets are in seconds since 1970.
    """
    if headers.get("x-app-limit-24hour-remaining") == "0":
        wait = _read_reset(headers, "x-app-limit-24hour")
        return TryLater(_SITE_LIMIT, after_seconds=wait, scope="network")
    if headers.get("x-user-limit-24hour-remaining") == "0":
        return TryLater(_ACCOUNT_LIMIT, after_seconds=_read_reset(headers, "x-user-limit-24hour"))
    return TryLater(_BUSY, after_seconds=_read_reset(headers, "x-rate-limit"))


def _read_reset(headers: Mapping[str, str], limit: str) -> float | None:
    """Give the seconds until a limit is lifted, within reason; None when nothing is said of it."""
    return read_wait(
        {
            "Retry-After": headers.get("Retry-After", ""),
            "RateLimit-Reset": headers.get(f"{limit}-reset", ""),
        }
    )
