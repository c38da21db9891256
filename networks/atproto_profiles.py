"""What an account shows of itself: name, picture, followers, age."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from networks.atproto import Directory, Identity, read_moment
from networks.base import Profile
from networks.errors import NetworkError
from networks.reading import read, read_object, read_text

if TYPE_CHECKING:
    from networks.http import Http


@dataclass(frozen=True, kw_only=True)
class Profiles:
    """Where profiles are read: names in the directory, numbers at an AppView.

    ``appview_url`` is "" without one: followers, picture and displayed name are then unknown.
    ``web_url`` is where people look at profiles.
    """

    directory: Directory
    appview_url: str
    web_url: str

    async def read(self, http: Http, identity: Identity) -> Profile:
        """Read what is known of an account; what cannot be read just now is unknown, too.

        Its age is what the AppView says, else the first entry of its DID's log.
        """
        shown, made_at = await asyncio.gather(
            self._ask_appview(http, identity.did), self.directory.read_age(http, identity.did)
        )
        followers = shown.get("followersCount")
        handle = identity.handle or identity.did
        return Profile(
            account_id=identity.did,
            handle=handle,
            display_name=read_text(shown, "displayName"),
            url=f"{self.web_url}/profile/{handle}",
            avatar_url=read_text(shown, "avatar"),
            followers=followers if isinstance(followers, int) and followers >= 0 else None,
            created_at=read_moment(shown.get("createdAt")) or made_at,
        )

    async def _ask_appview(self, http: Http, did: str) -> dict[str, Any]:
        if not self.appview_url:
            return {}
        url = f"{self.appview_url}/xrpc/app.bsky.actor.getProfile"
        try:
            answer = await read(http, url, params={"actor": did})
        except NetworkError:
            return {}
        shown = read_object(answer) or {}
        return shown if answer.status == 200 and shown.get("did") == did else {}
