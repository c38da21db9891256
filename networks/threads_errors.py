"""What a refusal of Threads means for a post and for its account.

The codes are the Graph API's (https://developers.facebook.com/docs/graph-api/guides/error-handling)
and, for publishing, Instagram's, whose numbers Threads shares
(https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes).
Threads' own subcodes, 4279…, are listed nowhere: what is here was reported by those who met them.
"""

from __future__ import annotations

from dataclasses import dataclass

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

RELINK = gettext_noop("Threads no longer accepts the authorisation. Please link the account again.")
EXPIRED = gettext_noop(
    "The authorisation ran out: Threads gives it for 60 days. Please link the account again."
)
UNCLEAR = gettext_noop("Threads gave no clear answer, so it is not known whether the post is out.")
UNREADY = gettext_noop("Threads has trouble at the moment. It will be asked again later.")
_REMOVED = gettext_noop(
    "This site was removed from the account's apps at Threads. Link the account again if it is to "
    "post."
)
_CHECKPOINT = gettext_noop(
    "Threads wants you to sign in there and confirm that it is you. Do that first, then link the "
    "account again."
)
_PASSWORD = gettext_noop(
    "The password was changed, and Threads ended the authorisation. Please link the account again."
)
_NO_LEAVE = gettext_noop(
    "Threads says that this site may not do that for the account: “%(reason)s”. Link it again, and "
    "leave every permission switched on."
)
_BUSY = gettext_noop("Threads asks for a pause. It will be asked again later.")
_QUOTA = gettext_noop(
    "The account has posted through apps as often as Threads allows in 24 hours. It will be tried "
    "again later."
)
_APP_KEPT_OUT = gettext_noop(
    "Threads does not let this site post at the moment: “%(reason)s”. Those who run the site have "
    "to settle that with Threads."
)
_RESTRICTED = gettext_noop(
    "Threads has restricted the account: “%(reason)s”. Open Threads and see what it asks of you."
)
_SPAM = gettext_noop("Threads took this for spam: “%(reason)s”.")
_PERHAPS_SPAM = gettext_noop(
    "Threads took this for spam, but may have let it out all the same: we are looking it up."
)
_AGAINST_RULES = gettext_noop(
    "Threads does not let the account post for a while, because of its rules: “%(reason)s”."
)
_TWICE = gettext_noop(
    "Threads says that these words were just posted: we are looking whether that was us."
)
_MANY_LINKS = gettext_noop("Threads takes five links in a post at most, and this one has more.")
_BAD_LINK = gettext_noop("Threads could not use the link in the post: “%(reason)s”.")
GONE = gettext_noop("Threads has not found what was made ready for this post. It is made again.")
_REFUSED = gettext_noop("Threads refused it: “%(reason)s”.")
_ELSEWHERE = gettext_noop("Threads is not answering for itself at the moment.")

_ENDED = {
    458: _REMOVED,
    459: _CHECKPOINT,
    460: _PASSWORD,
    463: EXPIRED,
    464: _CHECKPOINT,
    467: RELINK,
}
_PAUSES_ACCOUNT = frozenset({17, 32, 613, *range(80000, 80015)})
# Threads counts calls per app and account, far above what one account of ours can need
# (48,000 a day at least): so these two are about the app as a whole.
_PAUSES_HOST = frozenset({4, 341})
_INVALID, _NO_OBJECT = 100, 33
_NO_MEDIA = 24
_GONE_SUBCODES = frozenset({4279009, 2207006, 2207008, 2207020, 2207027})
_TAKEN_FOR_SPAM = 2207051
_JUST_POSTED = 506
_LINK_LIMIT = "THREADS_API__LINK_LIMIT_EXCEEDED"
# Codes and subcodes: the link cannot be used, the account is restricted, or blocked for a while.
_UNWANTED = {
    1609005: _BAD_LINK,
    4279047: _BAD_LINK,
    4279013: _RESTRICTED,
    2207050: _RESTRICTED,
    368: _AGAINST_RULES,
}
_PASSES = frozenset({1, 2, -1, -2})
_QUOTA_SPENT = frozenset({9, 2207042})
_APP_CODES = frozenset({3, 101})
_APP_WITHOUT_ACCESS = 4279067
_APP_BLOCKED = "API access"


class MediaGone(TryLater):
    """There is no such container or post (any more, or yet); the request changed nothing."""


class NotForToken(NeedsRelink):
    """There is no such object, or not for this token; which of the two, the Graph API hides."""


class NotAllowed(NeedsRelink):
    """The token is good, but a permission was not given, or was taken back."""


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """A Graph error. ``words`` may be shown; ``marks`` is all that it says, to look for names."""

    code: int
    subcode: int
    is_transient: bool
    words: str
    marks: str


def explain_refusal(answer: Answer, *, posts: bool, secrets: tuple[str, ...]) -> NetworkError:
    """Say what an answer that is not what was asked for means, and who has to wait.

    ``posts``: the request was to make something public; then whatever does not clearly say that
    it did not is an unknown outcome. ``secrets`` are what was sent and no error may repeat.
    """
    complaint = read_complaint(answer, *secrets)
    if complaint is None or (posts and answer.status >= 500):
        return _explain_status(answer, posts=posts)
    return (
        _explain_doubt(complaint, posts=posts)
        or _explain_object(complaint)
        or _explain_words(complaint)
        or _explain_authorisation(complaint)
        or _explain_pace(complaint, answer)
        or _explain_rest(complaint, posts=posts)
    )


def read_complaint(answer: Answer, *secrets: str) -> Complaint | None:
    """Give the Graph error that an answer holds, None when it holds none."""
    error = (read_object(answer) or {}).get("error")
    if not isinstance(error, dict):
        return None
    code, message = error.get("code"), read_text(error, "message")
    title, words = read_text(error, "error_user_title"), read_text(error, "error_user_msg")
    return Complaint(
        code=_read_number(code),
        subcode=_read_number(error.get("error_subcode")),
        is_transient=error.get("is_transient") is True,
        words=_make_fit(words or message, answer, secrets),
        marks=f"{code} {message} {title} {words}",
    )


def read_reason(answer: Answer, *secrets: str) -> str:
    """Give the words of a refusal, also of the token endpoint's, which has a form of its own."""
    complaint = read_complaint(answer, *secrets)
    if complaint is not None:
        return complaint.words
    return _make_fit(read_text(read_object(answer) or {}, "error_message"), answer, secrets)


def _make_fit(words: str, answer: Answer, secrets: tuple[str, ...]) -> str:
    line = shorten(words)
    if not line or any(secret and secret in line for secret in secrets):
        return f"HTTP {answer.status}"
    return line


def _read_number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _explain_doubt(complaint: Complaint, *, posts: bool) -> NetworkError | None:
    """Refusals that do not say that nothing was posted."""
    if complaint.subcode == _TAKEN_FOR_SPAM:
        # Such a refusal has come with the post out all the same (seen at Instagram).
        return OutcomeUnknown(_PERHAPS_SPAM) if posts else Rejected(_SPAM, reason=complaint.words)
    if complaint.code == _JUST_POSTED and posts:
        return OutcomeUnknown(_TWICE)
    return None


def _explain_object(complaint: Complaint) -> NetworkError | None:
    """Whether what the request names is not there."""
    if complaint.code == _NO_MEDIA or complaint.subcode in _GONE_SUBCODES:
        return MediaGone(GONE)
    if (complaint.code, complaint.subcode) == (_INVALID, _NO_OBJECT):
        return NotForToken(RELINK)
    return None


def _explain_words(complaint: Complaint) -> NetworkError | None:
    """Whether it is the words, or who says them, that Threads does not want."""
    if _LINK_LIMIT in complaint.marks:
        return Rejected(_MANY_LINKS)
    sentence = _UNWANTED.get(complaint.subcode) or _UNWANTED.get(complaint.code)
    return Rejected(sentence, reason=complaint.words) if sentence else None


def _explain_authorisation(complaint: Complaint) -> NetworkError | None:
    """Whether it is the account's leave that is missing, or the whole app's."""
    code, reason = complaint.code, complaint.words
    if code in (190, 102):
        return NeedsRelink(_ENDED.get(complaint.subcode, RELINK))
    is_blocked = complaint.subcode == _APP_WITHOUT_ACCESS or _APP_BLOCKED in complaint.marks
    if code in _APP_CODES or is_blocked:
        return TryLater(_APP_KEPT_OUT, scope="network", reason=reason)
    if code == 10 or 200 <= code <= 299:
        return NotAllowed(_NO_LEAVE, reason=reason)
    return None


def _explain_pace(complaint: Complaint, answer: Answer) -> NetworkError | None:
    wait = read_wait(answer.headers)
    if {complaint.code, complaint.subcode} & _QUOTA_SPENT:
        return TryLater(_QUOTA, after_seconds=wait)
    if complaint.code in _PAUSES_ACCOUNT:
        return TryLater(_BUSY, after_seconds=wait)
    if complaint.code in _PAUSES_HOST:
        return TryLater(_BUSY, after_seconds=wait, scope="host")
    return None


def _explain_rest(complaint: Complaint, *, posts: bool) -> NetworkError:
    """What has no meaning of its own: of a code that nobody listed, anything may be true."""
    is_listed = complaint.code == _INVALID and not complaint.is_transient
    if posts and not is_listed:
        return OutcomeUnknown(UNCLEAR)
    if complaint.code in _PASSES or complaint.is_transient:
        return TryLater(UNREADY)
    return Rejected(_REFUSED, reason=complaint.words)


def _explain_status(answer: Answer, *, posts: bool) -> NetworkError:
    """What is left to go by when the answer is no Graph error: a wall, a page, nonsense."""
    status = answer.status
    if status == 401:
        return NeedsRelink(RELINK)
    if status == 429:
        return TryLater(_BUSY, after_seconds=read_wait(answer.headers))
    if 300 <= status < 400 or status in (403, 404):
        return TryLater(_ELSEWHERE, scope="host")
    if 400 <= status < 500 and status != 408:
        return Rejected(_REFUSED, reason=f"HTTP {status}")
    return OutcomeUnknown(UNCLEAR) if posts else TryLater(UNREADY)
