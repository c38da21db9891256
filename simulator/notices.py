"""What Meta tells an app when somebody removes it: signed, to an address that the app gave.

By https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback.
Assumed: that Threads signs with its own app's secret, and names the account by its id there.
"""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any, Protocol, runtime_checkable

import aiohttp

from simulator.world import Account

ANSWER_SECONDS = 20


@runtime_checkable
class Teller(Protocol):
    """A server that tells apps by itself."""

    def list_owners(self, account: Account) -> list[tuple[str, str]]:
        """Give who has to do with an account: an app's secret, and their id at that app."""


def sign_request(user_id: str, *, secret: str) -> str:
    """Give the `signed_request` about somebody."""
    content = {"user_id": user_id, "algorithm": "HMAC-SHA256", "issued_at": int(time.time())}
    payload = _encode(json.dumps(content).encode())
    digest = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    return f"{_encode(digest)}.{payload}"


async def tell(address: str, signed_request: str) -> dict[str, Any]:
    """Send one; gives the answer's `status` and `body`."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    form = {"signed_request": signed_request}
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(address, data=form, allow_redirects=False) as answer,
    ):
        return {"status": answer.status, "body": await answer.text()}


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
