"""What LinkedIn's answers mean: to a post, to a token, and of whose it is.

By https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api,
…/linkedin/marketing/error-responses and …/linkedin/shared/api-guide/concepts/error-handling.
Errors are JSON with ``status``, ``message`` and, the newer ones, ``code`` and ``errorDetails``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from networks.base import Credentials, Profile
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
from networks.interpreting import read_web_address
from networks.oauth import read_error, shorten
from networks.reading import read_object, read_text
from networks.waiting import MOST_SECONDS, read_wait

RELINK = gettext_noop(
    "LinkedIn no longer accepts the authorisation. Please link the account again."
)
UNCLEAR = gettext_noop("LinkedIn gave no clear answer, so it is not known whether the post is out.")
_EXPIRED = gettext_noop("The authorisation at LinkedIn has run out. It is being renewed.")
_DENIED = gettext_noop(
    "LinkedIn does not let this site post for this account: “%(reason)s”. Please link it again."
)
_DUPLICATE = gettext_noop(
    "LinkedIn did not take this post, because this account had just said the same there: %(url)s. "
    "Nothing was posted this time."
)
_DUPLICATE_SOMEWHERE = gettext_noop(
    "LinkedIn did not take this post, because this account had just said the same there. Nothing "
    "was posted this time."
)
_TOO_LONG = gettext_noop("LinkedIn says that the text is too long. Please shorten it.")
_REFUSED = gettext_noop("LinkedIn refused the post: “%(reason)s”.")
_VERSION_GONE = gettext_noop(
    "LinkedIn no longer serves version %(version)s of its API. Whoever runs this site has to name "
    "a newer one in LINKEDIN_VERSION."
)
_APP_IS_OVER = gettext_noop(
    "LinkedIn takes no more from this site today: the daily limit of its app is reached. It ends "
    "at midnight UTC."
)
_BUSY = gettext_noop(
    "LinkedIn takes no more from this account at the moment. It will be asked again later."
)
_CONFLICT = gettext_noop("LinkedIn was busy with this account. It will be asked again later.")
_ELSEWHERE = gettext_noop("LinkedIn is not answering for itself at the moment.")
_NO_SERVICE = gettext_noop("LinkedIn does not take posts at the moment.")
_KEPT_OUT = gettext_noop("LinkedIn kept us out before the post reached it.")
_APP_UNKNOWN = gettext_noop(
    "LinkedIn does not recognise this site: “%(reason)s”. Whoever runs it has to look after "
    "LINKEDIN_CLIENT_ID and LINKEDIN_CLIENT_SECRET."
)
_NOT_RENEWED = gettext_noop("LinkedIn did not renew the authorisation: “%(reason)s”.")

_URN = re.compile(r"urn:li:(?:share|ugcPost|activity):[0-9]{1,25}")
_MEMBER = re.compile(r"[A-Za-z0-9_-]{1,100}")
# What its servers call their own errors says nothing to a reader.
_JAVA = re.compile(r"^(?:[A-Za-z_]\w*\.)+\w+: *")
_TOO_LONG_CODES = {"FIELD_LENGTH_TOO_LONG", "FIELD_ARRAY_SIZE_TOO_HIGH"}
_VERSION_CODES = {"NONEXISTENT_VERSION", "VERSION_MISSING"}


def explain_refusal(
    answer: Answer, credentials: Credentials, *, version: str, web_url: str
) -> NetworkError:
    """Say what an answer to a post that is no 201 means.

    ``version`` is the one we asked for, ``web_url`` the origin where people read posts.
    """
    status, content = answer.status, read_object(answer)
    if status < 300 or status == 408 or status >= 500:
        return OutcomeUnknown(UNCLEAR)
    if status == 426 or _VERSION_CODES.intersection(_read_codes(content)):
        return TryLater(_VERSION_GONE, scope="network", version=version)
    plain: dict[int, NetworkError] = {
        401: explain_token(answer, credentials),
        404: TryLater(_NO_SERVICE, scope="host"),
        # "A write conflict occurred. Retry the request."
        409: TryLater(_CONFLICT),
        429: explain_limit(answer),
    }
    if status in plain:
        return plain[status]
    if status < 400:
        # Not followed: somebody else answers there, for maintenance or for ever.
        return TryLater(_ELSEWHERE, scope="host")
    if status == 403 and content is None:
        # A wall in front of LinkedIn, not LinkedIn.
        return TryLater(_KEPT_OUT, scope="host")
    return _explain_words(answer, credentials, web_url=web_url)


def _explain_words(answer: Answer, credentials: Credentials, *, web_url: str) -> NetworkError:
    """Say what is wrong with the words, or with who says them."""
    content = read_object(answer)
    codes = set(_read_codes(content))
    if "DUPLICATE_POST" in codes or (answer.status == 422 and _read_urn(content)):
        return _explain_duplicate(content, web_url=web_url)
    if codes & _TOO_LONG_CODES:
        return Rejected(_TOO_LONG)
    reason = read_reason(answer, credentials.access_token)
    if answer.status == 403:
        return NeedsRelink(_DENIED, reason=reason)
    return Rejected(_REFUSED, reason=reason)


def was_deleted(answer: Answer, urn: str) -> bool | None:
    """Whether a deletion was carried out, False when there was no such post; None for a refusal.

    A 204 says that it is gone, also of a post that was gone before. That a 404 would name the post
    that it did not find is a guess; any other one is about the way there.
    """
    if answer.status == 204:
        return True
    content = read_object(answer) or {}
    is_about_way = "RESOURCE_NOT_FOUND" in _read_codes(content)
    names_post = urn.rpartition(":")[2] in read_text(content, "message")
    return False if answer.status == 404 and names_post and not is_about_way else None


def explain_undeleted(
    answer: Answer, credentials: Credentials, *, version: str, web_url: str
) -> NetworkError:
    """Say what an answer means that does not say that a post is deleted.

    A 403 may be about this one post: it is no reason to ask for a new authorisation.
    """
    trouble = explain_refusal(answer, credentials, version=version, web_url=web_url)
    if answer.status == 403 and isinstance(trouble, NeedsRelink):
        reason = read_reason(answer, credentials.access_token)
        return Rejected(REFUSED, host="LinkedIn", reason=reason)
    return tell_of_deletion(trouble, host="LinkedIn")


def explain_token(answer: Answer, credentials: Credentials) -> NetworkError:
    """Say what a 401 means: a token that has run out can be renewed by who has leave to do so."""
    content = read_object(answer) or {}
    says_so = "expired" in f"{read_text(content, 'code')} {read_text(content, 'message')}".lower()
    has_ended = credentials.expires_at is not None and credentials.expires_at <= datetime.now(UTC)
    if credentials.refresh_token and (says_so or has_ended):
        return TryLater(_EXPIRED, after_seconds=0, token_expired=True)
    return NeedsRelink(RELINK)


def explain_limit(answer: Answer) -> TryLater:
    """Say who has to wait after a 429, and how long.

    Limits are counted by day for each member and for the whole app, and end at midnight UTC; which
    one it is stands in the message, where it stands at all. No header is documented.
    """
    words = read_text(read_object(answer) or {}, "message")
    wait = read_wait(answer.headers)
    if wait is None and re.search(r"\bDAY\b", words):
        now = datetime.now(UTC)
        left = 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)
        wait = min(float(left), MOST_SECONDS)
    if re.search(r"\bAPPLICATION\b", words):
        return TryLater(_APP_IS_OVER, after_seconds=wait, scope="network")
    return TryLater(_BUSY, after_seconds=wait)


def explain_renewal(answer: Answer, *secrets: str) -> NetworkError:
    """Say why a refresh token was not taken. It is not spent by that, nor by being used."""
    name, words = read_error(answer)
    reason = read_reason(answer, *secrets)
    if name.startswith("invalid_client"):
        return TryLater(_APP_UNKNOWN, scope="network", reason=reason)
    if name == "invalid_grant" or "expired or revoked" in words:
        return NeedsRelink(RELINK)
    if name:
        return Rejected(_NOT_RENEWED, reason=reason)
    return TryLater(_NOT_RENEWED, scope="host", reason=reason)


def read_posted(answer: Answer) -> str:
    """Give the URN of the post that an answer says was made; empty when it says nothing of it."""
    urn = unquote(answer.headers.get("x-restli-id", ""))
    return urn if is_urn(urn) else ""


def read_member(answer: Answer) -> Profile | None:
    """Give whose token it is, by OpenID Connect's userinfo; None when that is no member.

    It tells no page, no followers and no age: of a member, sites see the name and the picture.
    """
    content = (read_object(answer) if answer.status == 200 else None) or {}
    member, name = read_text(content, "sub"), shorten(read_text(content, "name"))
    if not _MEMBER.fullmatch(member):
        return None
    return Profile(
        account_id=member,
        handle=name or member,
        display_name=name,
        avatar_url=read_web_address(content, "picture"),
    )


def read_reason(answer: Answer, *secrets: str) -> str:
    """Give LinkedIn's own words for a refusal, unless they repeat one of our ``secrets``."""
    _, words = read_error(answer)
    words = _JAVA.sub("", words)
    if not words or any(secret and secret in words for secret in secrets):
        return f"HTTP {answer.status}"
    return words


def is_urn(text: str) -> bool:
    """Whether this names a post."""
    return _URN.fullmatch(text) is not None


def make_permalink(urn: str, *, web_url: str) -> str:
    """Give where people read a post."""
    return f"{web_url}/feed/update/{urn}"


def _explain_duplicate(content: Mapping[str, Any] | None, *, web_url: str) -> Rejected:
    """The other post is shown, but is no proof of ours: it has no date, and may be deleted."""
    urn = _read_urn(content)
    if not urn:
        return Rejected(_DUPLICATE_SOMEWHERE)
    return Rejected(_DUPLICATE, url=make_permalink(urn, web_url=web_url), urn=urn)


def _read_urn(content: Mapping[str, Any] | None) -> str:
    """Give the post that a refusal names: "Content is a duplicate of urn:li:share:…"."""
    words = read_text(content or {}, "message")
    match = _URN.search(words) if "duplicate" in words.lower() else None
    return match[0] if match else ""


def _read_codes(content: Mapping[str, Any] | None) -> Iterator[str]:
    """Give every code of an error: its own, and those of the fields that are wrong."""
    yield read_text(content or {}, "code")
    details = (content or {}).get("errorDetails")
    errors = details.get("inputErrors") if isinstance(details, dict) else None
    for each in errors if isinstance(errors, list) else ():
        if isinstance(each, dict):
            yield read_text(each, "code")
