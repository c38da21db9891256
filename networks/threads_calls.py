"""The Threads API as one account asks it: one origin, one version, one token."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from networks.errors import OutcomeUnknown, TryLater
from networks.http import Answer, Http
from networks.reading import READ_SECONDS, read_object
from networks.threads_errors import UNREADY, explain_refusal


class Budget:
    """What is left of the seconds that several requests share."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def left(self) -> float:
        """Give the seconds that are left, 0 when there are none."""
        return max(0.0, self._ends_at - time.monotonic())


@dataclass(frozen=True, kw_only=True)
class Calls:
    """``root`` is the API's origin with its version, ``account_id`` whose ``access_token`` it is.

    Each method gives the JSON object that was asked for, or raises one of the four errors.
    """

    http: Http
    root: str
    account_id: str
    access_token: str = field(repr=False)

    async def read(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        deadline_seconds: float = READ_SECONDS,
    ) -> dict[str, Any]:
        """Read what is there; that its outcome is unknown is only a delay."""
        return await self._ask("GET", path, params=params, deadline_seconds=deadline_seconds)

    async def make(
        self, path: str, *, form: Mapping[str, str], deadline_seconds: float
    ) -> dict[str, Any]:
        """Make what nobody sees; that its outcome is unknown is only a delay."""
        return await self._ask("POST", path, form=form, deadline_seconds=deadline_seconds)

    async def post(
        self, path: str, *, form: Mapping[str, str], deadline_seconds: float
    ) -> dict[str, Any]:
        """Make something public, once."""
        answer = await self._send("POST", path, form=form, deadline_seconds=deadline_seconds)
        return self._open(answer, posts=True)

    async def delete(self, path: str, *, deadline_seconds: float) -> dict[str, Any]:
        """Take something away."""
        answer = await self._send("DELETE", path, deadline_seconds=deadline_seconds)
        return self._open(answer, posts=True)

    async def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        try:
            answer = await self._send(method, path, **request)
        except OutcomeUnknown:
            raise TryLater(UNREADY) from None
        return self._open(answer, posts=False)

    async def _send(self, method: str, path: str, **request: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.access_token}"}
        return await self.http.request(method, f"{self.root}/{path}", headers=headers, **request)

    def _open(self, answer: Answer, *, posts: bool) -> dict[str, Any]:
        content = read_object(answer)
        if answer.status == 200 and content is not None and "error" not in content:
            return content
        raise explain_refusal(answer, posts=posts, secrets=(self.access_token,))
