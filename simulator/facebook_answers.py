"""Facebook's answers in JSON: refusals, and the fields of people, Pages and posts.

By https://developers.facebook.com/docs/graph-api/guides/error-handling and …/graph-api/reference/.
Messages are those that developers quote. Assumed: the HTTP statuses of most refusals (the pages
show bodies only), and that `shares` is left out of a post that nobody shared.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from simulator.facebook_tokens import Person
from simulator.serving import Refusal
from simulator.world import Account, Post, World

REMOVED = "Error validating access token: The user has not authorized application {app}."
CHECKPOINTED = (
    "You cannot access the app till you log in to www.facebook.com and follow the instructions "
    "given."
)
MISSING = (
    "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to "
    "missing permissions, or does not support this operation."
)


def refuse(
    status: int,
    code: int,
    message: str,
    *,
    subcode: int = 0,
    kind: str = "OAuthException",
    headers: dict[str, str] | None = None,
    **more: object,
) -> Refusal:
    """Make a refusal in the Graph API's words; `more` are further members of the error."""
    error: dict[str, Any] = {"message": message, "type": kind, "code": code}
    error |= {"error_subcode": subcode} if subcode else {}
    trace = {"fbtrace_id": "AsimulatedTrace"}
    return Refusal(status, {"error": error | more | trace}, headers=headers)


def refuse_missing(identity: str, *, method: str = "get") -> Refusal:
    """Make the refusal for what does not exist, or not for this token."""
    message = MISSING.format(method=method, id=identity)
    return refuse(400, 100, message, subcode=33, kind="GraphMethodException")


def describe_person(person: Person) -> dict[str, Any]:
    """Give a User, as far as the app may see it."""
    return {
        "id": person.id,
        "name": person.name.capitalize(),
        "permissions": {
            "data": [
                {"permission": name, "status": status}
                for name, status in sorted(person.permissions.items())
            ]
        },
    }


def describe_page(page: Account) -> dict[str, Any]:
    """Give a Page."""
    url = page.instance.url
    return {
        "id": page.id,
        "name": page.name.capitalize(),
        "category": "Community",
        "link": f"{url}/{page.name}",
        "followers_count": page.followers,
        "fan_count": page.followers,
        "picture": {"data": {"url": f"{url}/avatars/{page.name}.png", "is_silhouette": False}},
    }


def describe_post(post: Post, *, world: World) -> dict[str, Any]:
    """Give a Page post."""
    moment = datetime.fromtimestamp(post.at, tz=UTC)
    counts = world.count_reactions(post)
    entity = {
        "id": post.id,
        "message": post.text,
        "created_time": moment.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "from": {"name": post.account.name.capitalize(), "id": post.account.id},
        "permalink_url": post.url,
        "reactions": {"data": [], "summary": {"total_count": counts.likes}},
        "comments": {"data": [], "summary": {"total_count": counts.replies}},
    }
    return entity | ({"shares": {"count": counts.reposts}} if counts.reposts else {})


POST_FIELDS = frozenset(
    {"id", "message", "created_time", "from", "permalink_url", "reactions", "comments", "shares"}
)


def choose_fields(entity: dict[str, Any], *, fields: str, known: frozenset[str]) -> dict[str, Any]:
    """Keep what `fields` asks for, and the id. Raises Refusal for a field that does not exist."""
    names = _split_fields(fields)
    for name in names:
        if name not in known:
            raise refuse(400, 100, f"(#100) Tried accessing nonexisting field ({name})")
    wanted = {*names, "id"}
    return {name: value for name, value in entity.items() if name in wanted}


def _split_fields(fields: str) -> list[str]:
    """Give the names of `a,b.limit(1){c,d},e`: a, b, e."""
    names, depth = [""], 0
    for letter in fields:
        depth += (letter in "({") - (letter in ")}")
        if letter == "," and not depth:
            names.append("")
        else:
            names[-1] += letter
    return [name for each in names if (name := each.partition(".")[0].partition("{")[0].strip())]


def cut_page(
    entities: list[tuple[int, dict[str, Any]]],
    *,
    limit: int,
    after: str,
    address: Callable[[str], str],
) -> dict[str, Any]:
    """Give one page of a list, newest first; `address` makes the next one's from its cursor.

    `entities` are numbered; a cursor is the number of the last one shown.
    """
    if after.isdigit():
        entities = [entry for entry in entities if entry[0] < int(after)]
    shown = entities[:limit]
    paging: dict[str, Any] = {}
    if shown:
        first, last = str(shown[0][0]), str(shown[-1][0])
        paging["cursors"] = {"before": first, "after": last}
        if len(entities) > limit:
            paging["next"] = address(last)
    return {"data": [entity for _, entity in shown], "paging": paging}
