"""Reading what a server says of itself or of an account: requests that may safely be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from networks.errors import OutcomeUnknown, TryLater, gettext_noop
from networks.http import NotJson

if TYPE_CHECKING:
    from networks.http import Answer, Http

READ_SECONDS = 8.0
MAX_BYTES = 300_000

NO_ANSWER = gettext_noop("%(host)s did not answer. Please try again in a few minutes.")
_NO_SENSE = gettext_noop("%(host)s has trouble at the moment. Please try again in a few minutes.")


async def read(
    http: Http,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    deadline_seconds: float = READ_SECONDS,
) -> Answer:
    """Ask for a page and give the answer, unless it says that the server cannot serve just now.

    A read changes nothing, so that its unknown outcome is only a delay: it becomes ``TryLater``,
    as do a 429 and a 5xx (``scope="host"``). Any other status is the caller's to judge.
    """
    host = urlsplit(url).netloc
    try:
        answer = await http.request(
            "GET",
            url,
            params=params,
            headers=headers,
            deadline_seconds=deadline_seconds,
            max_bytes=MAX_BYTES,
        )
    except OutcomeUnknown:
        raise TryLater(NO_ANSWER, scope="host", host=host) from None
    if answer.status == 429 or answer.status >= 500:
        raise TryLater(_NO_SENSE, scope="host", host=host)
    return answer


def read_object(answer: Answer) -> dict[str, Any] | None:
    """Give the answer's JSON object, or None when it is anything else."""
    try:
        content = answer.json()
    except NotJson:
        return None
    return content if isinstance(content, dict) else None


def read_text(content: Mapping[str, Any], name: str) -> str:
    """Give a member of a stranger's JSON object if it is text, otherwise the empty string."""
    value = content.get(name)
    return value if isinstance(value, str) else ""
