"""How Threads refuses: the Graph API's error object, with its codes and subcodes.

Codes as in https://developers.facebook.com/docs/graph-api/guides/error-handling. Which one Threads
gives for what is hardly documented: where it was reported by those who met it, or had to be
guessed, the comment says so.
"""

import secrets
from collections.abc import Mapping

from simulator.serving import Refusal


def complain(
    code: int,
    message: str,
    *,
    subcode: int = 0,
    words: str = "",
    status: int = 400,
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    """Make a Graph error; ``words`` are those that are meant for the user."""
    error: dict[str, object] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "is_transient": code in (1, 2),
        "fbtrace_id": secrets.token_urlsafe(16),
    }
    if subcode:
        error["error_subcode"] = subcode
    if words:
        error |= {"error_user_title": words.rstrip("."), "error_user_msg": words}
    return Refusal(status, {"error": error}, headers=headers)


def refuse_token(subcode: int = 0) -> Refusal:
    """Refuse a token; a guess: with a 401, where the Graph API also has a 400."""
    message = {
        458: "Error validating access token: The user has not authorized application.",
        459: "Error validating access token: You cannot access the app till you log in.",
        463: "Error validating access token: Session has expired.",
    }.get(subcode, "Invalid OAuth access token - Cannot parse access token")
    return complain(190, message, subcode=subcode, status=401)


def refuse_permission() -> Refusal:
    """Refuse what no permission was given for."""
    return complain(10, "Application does not have permission for this action", status=403)


def refuse_object(identity: str) -> Refusal:
    """Refuse an id that is nothing, or not this token's."""
    message = (
        f"Unsupported request. Object with ID '{identity}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation."
    )
    return complain(100, message, subcode=33)


def refuse_container(identity: str) -> Refusal:
    """Refuse to publish a container that is not there: reported of ones that are too new.

    A guess: that one that expired, or was published before, is answered in the same way.
    """
    words = f"The media with id {identity} cannot be found."
    return complain(24, "The requested resource does not exist", subcode=4279009, words=words)


def refuse_pace(headers: Mapping[str, str] | None = None) -> Refusal:
    """Refuse one call too many: reported."""
    message = "Calls to this api have exceeded the rate limit."
    return complain(613, message, subcode=4279002, headers=headers)
