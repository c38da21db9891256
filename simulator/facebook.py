"""Facebook's Graph API: who is asking, people and their Pages, a Page's feed.

By https://developers.facebook.com/docs/graph-api/reference/page/feed, …/guides/secure-requests
and …/overview/rate-limiting. Assumed:

- that a Page has one engaged person, and so 4,800 calls a day; that an app has 200 an hour for
  each person who ever agreed;
- that 63,206 characters are counted as Unicode has them;
- that a post repeats the last one by its words alone (506), and as long as that one stands;
- for an account that is `deactivated`, that its person has to sign in first (subcode 459); for
  one that is `takendown`, a block for policy violations (368).
"""

from typing import Any

from aiohttp import web

from simulator.facebook_answers import (
    CHECKPOINTED,
    POST_FIELDS,
    REMOVED,
    choose_fields,
    cut_page,
    describe_page,
    describe_person,
    describe_post,
    refuse,
    refuse_missing,
)
from simulator.facebook_oauth import SERVER
from simulator.facebook_tokens import APP, FacebookServer, Token
from simulator.pacing import Limit, Standing
from simulator.serving import answer_json, read_params, read_text
from simulator.wording import find_link
from simulator.world import Account, Post, World

PAGE_LIMIT = Limit(points=4800, seconds=86_400)
APP_CALLS_PER_PERSON = 200
# Counted by itself: how many there may be grows with the app's people.
APP_WINDOW = Limit(points=10**9, seconds=3600)
MOST_CHARACTERS = 63_206
LIST_SIZE, LIST_MOST = 25, 100
IDS_MOST = 50

PERSON_FIELDS = frozenset({"id", "name", "permissions"})
PAGE_FIELDS = frozenset({"id", "name", "category", "link", "followers_count", "fan_count"}) | {
    "picture"
}
LISTED_FIELDS = PAGE_FIELDS | {"access_token", "tasks"}
NO_PROOF = "API calls from the server require an appsecret_proof argument"
WRONG_PROOF = "Invalid appsecret_proof provided in the API argument"


async def find_token(request: web.Request) -> tuple[str, Token | None]:
    """Give the token that a request carries, as it is, and what it stands for."""
    params = await read_params(request)
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    value = read_text(params, "access_token") or (shown if scheme == "Bearer" else "")
    return value, request.app[SERVER].tokens.get(value)


async def require_token(request: web.Request, *, permission: str = "") -> Token:
    """Give a good token, counted against its limit. Raises Refusal."""
    value, token = await find_token(request)
    if not value:
        raise refuse(400, 2500, "An active access token must be used to query information.")
    if token is None:
        raise refuse(401, 190, "Invalid OAuth access token - Cannot parse access token")
    if token.is_revoked:
        raise refuse(401, 190, REMOVED.format(app=APP.client_id), subcode=458)
    if token.is_spent:
        message = "Error validating access token: Session has expired."
        raise refuse(401, 190, message, subcode=463)
    await _check_proof(request, value)
    _count(request, token)
    if permission and token.person.permissions.get(permission) != "granted":
        message = f"(#200) Requires {permission} permission to manage the object"
        raise refuse(403, 200, message)
    if token.page is not None and token.page.state == "deactivated":
        raise refuse(401, 190, CHECKPOINTED, subcode=459)
    return token


async def _check_proof(request: web.Request, value: str) -> None:
    proof = read_text(await read_params(request), "appsecret_proof")
    if not APP.proves(value, proof):
        message = WRONG_PROOF if proof else NO_PROOF
        raise refuse(400, 100, message, kind="GraphMethodException")


def _count(request: web.Request, token: Token) -> None:
    server = request.app[SERVER]
    if token.page is None:
        used = APP_WINDOW.points - server.windows.count(APP, limit=APP_WINDOW).remaining
        most = APP_CALLS_PER_PERSON * max(len(server.people), 1)
        request["app_share"] = used * 100 // most
        if used > most:
            raise refuse(403, 4, "(#4) Application request limit reached", is_transient=True)
        return
    standing: Standing = server.windows.count(token.page, limit=PAGE_LIMIT)
    request["page"], request["standing"] = token.page, standing
    if standing.exceeded:
        raise refuse(403, 32, "(#32) Page request limit reached", is_transient=True)


async def show_node(request: web.Request) -> web.Response:
    """GET /v25.0/me and GET /v25.0/id: a person, a Page or a post."""
    token = await require_token(request)
    fields = read_text(await read_params(request), "fields")
    identity = request.match_info["id"]
    return answer_json(_describe(request.app[SERVER], identity, token=token, fields=fields))


async def show_nodes(request: web.Request) -> web.Response:
    """GET /v25.0/?ids=: several at once; one that is not there spoils it for all."""
    token = await require_token(request)
    params = await read_params(request)
    identities = [each for each in read_text(params, "ids").split(",") if each]
    if len(identities) > IDS_MOST:
        message = f"(#100) Too many IDs. Maximum: {IDS_MOST}. Provided: {len(identities)}."
        raise refuse(400, 100, message)
    server, fields = request.app[SERVER], read_text(params, "fields")
    return answer_json(
        {each: _describe(server, each, token=token, fields=fields) for each in identities}
    )


def _describe(
    server: FacebookServer, identity: str, *, token: Token, fields: str
) -> dict[str, Any]:
    if identity == "me":
        identity = token.page.id if token.page else token.person.id
    if identity == token.person.id:
        return choose_fields(
            describe_person(token.person), fields=fields or "name", known=PERSON_FIELDS
        )
    post = server.world.posts_by_id.get(identity)
    if post is not None and post.account.instance is server.instance:
        usual = "created_time,message"
        entity = describe_post(post, world=server.world)
        return choose_fields(entity, fields=fields or usual, known=POST_FIELDS)
    page = _find_page(server, identity)
    return choose_fields(describe_page(page), fields=fields or "name", known=PAGE_FIELDS)


def _find_page(server: FacebookServer, identity: str, *, method: str = "get") -> Account:
    found = server.world.find_accounts(identity, instance=server.instance)
    if not found or found[0].id != identity:
        raise refuse_missing(identity, method=method)
    return found[0]


async def list_accounts(request: web.Request) -> web.Response:
    """GET /v25.0/me/accounts: the Pages that the person chose, with a token for each."""
    server = request.app[SERVER]
    token = await require_token(request, permission="pages_show_list")
    fields = read_text(await read_params(request), "fields") or "name,access_token,tasks"
    entities = []
    for page, tasks in sorted(token.person.tasks.items(), key=lambda entry: -int(entry[0].id)):
        entity = describe_page(page) | {
            "access_token": server.give_page_token(page, holder=token).value,
            "tasks": list(tasks),
        }
        entities.append((int(page.id), choose_fields(entity, fields=fields, known=LISTED_FIELDS)))
    return answer_json(await _cut(request, entities))


async def list_posts(request: web.Request) -> web.Response:
    """GET /v25.0/page/feed: newest first."""
    token = await require_token(request, permission="pages_read_engagement")
    page = _require_page(request, token, method="get")
    fields = read_text(await read_params(request), "fields") or "created_time,message"
    world = request.app[SERVER].world
    entities = [
        (
            post.order,
            choose_fields(describe_post(post, world=world), fields=fields, known=POST_FIELDS),
        )
        for post in reversed(page.posts.values())
    ]
    return answer_json(await _cut(request, entities))


async def _cut(request: web.Request, entities: list[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    params = await read_params(request)
    given = read_text(params, "limit")
    limit = min(int(given) if given.isdigit() and int(given) else LIST_SIZE, LIST_MOST)

    def address(after: str) -> str:
        kept = request.url.update_query({"limit": str(limit), "after": after})
        return f"{request.app[SERVER].instance.url}{kept.path_qs}"

    return cut_page(entities, limit=limit, after=read_text(params, "after"), address=address)


async def publish_post(request: web.Request) -> web.Response:
    """POST /v25.0/page/feed: gives the post's id, the Page's before it."""
    token = await require_token(request, permission="pages_manage_posts")
    page = _require_page(request, token, method="post")
    if "CREATE_CONTENT" not in token.person.tasks.get(page, ()):
        raise refuse(403, 200, "(#200) The user hasn't authorized the application to do this.")
    if page.state == "takendown":
        message = "The action attempted has been deemed abusive or is otherwise disallowed"
        raise refuse(400, 368, message)
    text = _read_words(await read_params(request))
    last = next(reversed(page.posts.values()), None)
    if last is not None and last.text == text:
        advice = "This status update is identical to the last one you posted."
        raise refuse(
            400, 506, "(#506) Duplicate status message", subcode=1455006, error_user_msg=advice
        )
    post = _add_post(request.app[SERVER].world, page, text=text)
    request["outcome"] = "accepted"
    return answer_json({"id": post.id})


def _require_page(request: web.Request, token: Token, *, method: str) -> Account:
    page = _find_page(request.app[SERVER], request.match_info["id"], method=method)
    if token.page is None:
        raise refuse(403, 210, "(#210) A page access token is required to request this resource.")
    if token.page is not page:
        raise refuse_missing(page.id, method=method)
    return page


def _read_words(params: dict[str, Any]) -> str:
    return _check_words(read_text(params, "message"))


def _check_words(text: str) -> str:
    if not text.strip():
        raise refuse(400, 100, "(#100) Missing message or attachment")
    if len(text) > MOST_CHARACTERS:
        raise refuse(400, 100, "(#100) The status you have entered is too long")
    return text


def write_by_hand(world: World, account: Account, *, text: str) -> Post:
    """Add what somebody shared themselves. Raises Refusal.

    Profiles and Pages are one here: only who asks the API for what it lists can tell them apart.
    """
    return _add_post(world, account, text=_check_words(text), by_hand=True)


def _add_post(world: World, page: Account, *, text: str, by_hand: bool = False) -> Post:
    order = world.mint_order()
    identity = f"{page.id}_{order}"
    url = f"{page.instance.url}/{identity}"
    return world.add_post(
        page,
        id=identity,
        order=order,
        text=text,
        url=url,
        uri=url,
        link=find_link(text),
        by_hand=by_hand,
    )


async def delete_post(request: web.Request) -> web.Response:
    """DELETE /v25.0/post: the Page's own."""
    token = await require_token(request, permission="pages_manage_posts")
    identity = request.match_info["id"]
    post = token.page.posts.get(identity) if token.page else None
    if post is None:
        raise refuse_missing(identity, method="delete")
    request.app[SERVER].world.delete_post(post)
    return answer_json({"success": True})


async def forget_person(request: web.Request) -> web.Response:
    """DELETE /v25.0/person/permissions: by the app's own token, or by the person's."""
    server = request.app[SERVER]
    value, _ = await find_token(request)
    identity = request.match_info["id"]
    if value == APP.token:
        await _check_proof(request, value)
    elif (await require_token(request)).person.id != identity:
        raise refuse_missing(identity, method="delete")
    for person in server.people.values():
        if person.id == identity:
            server.forget_person(person)
    return answer_json({"success": True})
