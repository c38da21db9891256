"""What Meta tells an app by itself: that somebody removed it, or wants their data deleted.

A form with one field, ``signed_request``: a signature and a JSON object, both base64url, joined by
a dot; the signature is HMAC-SHA256 of the second part as it was sent, keyed by the app's secret
(https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from networks.errors import Rejected, gettext_noop

FIELD = "signed_request"
ALGORITHM = "HMAC-SHA256"
MOST_CHARACTERS = 4_000

_UNSIGNED = gettext_noop("This notice is not signed as %(network)s signs it.")


def read_signed_request(
    form: Mapping[str, str], *, secret: str, network: str
) -> tuple[str, datetime | None]:
    """Give whom a notice is about (their id at our app), and when it was written if it says so.

    Raises Rejected for what was not signed with this secret, and where there is none.
    """
    refused = Rejected(_UNSIGNED, network=network)
    text = form.get(FIELD, "")
    signature, _, payload = text.partition(".")
    if not secret or not payload or len(text) > MOST_CHARACTERS:
        raise refused
    expected = hmac.new(secret.encode(), payload.encode("utf-8", "replace"), hashlib.sha256)
    if not hmac.compare_digest(_decode(signature) or b"", expected.digest()):
        raise refused
    content = _read_object(_decode(payload))
    user_id = str(content.get("user_id") or "")
    if str(content.get("algorithm", "")).upper() != ALGORITHM or not user_id:
        raise refused
    return user_id, _read_time(content.get("issued_at"))


def _decode(text: str) -> bytes | None:
    """base64url, with or without the padding that Meta leaves out."""
    try:
        return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except ValueError:
        return None


def _read_object(text: bytes | None) -> dict[str, Any]:
    try:
        content = json.loads(text or b"")
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _read_time(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
