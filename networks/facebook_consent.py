"""From the code that the login dialog gave to the Pages that a person lets us post on.

By https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow and
…/facebook-login/guides/access-tokens/get-long-lived.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from facebook import GraphAPI

from networks import facebook_pages as pages
from networks.base import Profile, Registration
from networks.errors import Rejected, TryLater, gettext_noop
from networks.facebook_graph import Graph
from networks.facebook_reading import read
from networks.interpreting import read_id

LIST_SIZE, MOST_LISTS = 100, 10

SPEAKS_NOT = gettext_noop("Facebook did not answer as it should. Please try again later.")
_NOT_ALL = gettext_noop(
    "Not every permission was given, and without all of them nothing can be posted. Please start "
    "again and leave them ticked."
)
_NO_PAGE = gettext_noop(
    "Facebook named no Page on which you may post. Nobody can post to a personal profile this "
    "way: choose a Page on which you may create content, or take part by posting yourself."
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who agreed: their id at our app, and a token of theirs that lasts."""

    person_id: str
    access_token: str = field(repr=False)


async def trade_code(
    graph: Graph,
    registration: Registration,
    *,
    code: str,
    redirect_uri: str,
    scopes: Collection[str],
) -> Person:
    """Trade a code for a token that lasts, and see that nothing of it was unticked.

    Only the token of a Page that was got by such a one does not end. Raises Rejected, NeedsRelink
    and TryLater.
    """
    app = (registration.client_id, registration.client_secret)
    short = await _get_token(
        graph,
        lambda api: api.get_access_token_from_code(code, redirect_uri, *app),
        secrets=(code,),
    )
    token = await _get_token(
        graph, lambda api: api.extend_access_token(*app), access_token=short, secrets=(code,)
    )
    fields = "id,permissions.limit(100)"
    content = await read(graph, lambda api: api.get_object("me", fields=fields), access_token=token)
    person_id = read_id(content)
    if not person_id:
        raise TryLater(SPEAKS_NOT, scope="host")
    if not set(scopes) <= pages.read_granted(content):
        raise Rejected(_NOT_ALL)
    return Person(person_id=person_id, access_token=token)


async def list_pages(graph: Graph, person: Person) -> list[tuple[str, Profile]]:
    """Give the Pages that a person chose and may post on: a token for each, and its profile.

    Raises Rejected when there is none, NeedsRelink, TryLater.
    """
    found: dict[str, tuple[str, Profile]] = {}
    place: dict[str, str] = {}
    for _ in range(MOST_LISTS):
        content = await read(graph, _ask_accounts(place), access_token=person.access_token)
        listed = pages.read_list(content)
        if listed is None:
            raise TryLater(SPEAKS_NOT, scope="host")
        for each in listed:
            profile, token = pages.read_profile(each), pages.read_token(each)
            if profile and token and pages.may_post(each):
                found[profile.account_id] = (token, profile)
        following = pages.read_next(content)
        if not following or following == place:
            break
        place = following
    if not found:
        raise Rejected(_NO_PAGE)
    return list(found.values())


def _ask_accounts(place: Mapping[str, str]) -> Callable[[GraphAPI], object]:
    return lambda api: api.get_connections(
        "me", "accounts", fields=pages.LISTED_FIELDS, limit=LIST_SIZE, **place
    )


async def _get_token(
    graph: Graph,
    call: Callable[[GraphAPI], object],
    *,
    access_token: str = "",
    secrets: tuple[str, ...],
) -> str:
    content = await read(graph, call, access_token=access_token, secrets=secrets)
    token = pages.read_token(content)
    if not token:
        raise TryLater(SPEAKS_NOT, scope="host")
    return token
