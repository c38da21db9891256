"""The wall: what was posted on all networks, newest first, with the numbers."""

import time
from itertools import islice

from aiohttp import web

from simulator.control import DESK
from simulator.pages import render
from simulator.wording import split_links
from simulator.world import World

POSTS_SHOWN = 100
RECENT_SECONDS = 10


async def show_wall(request: web.Request) -> web.Response:
    """GET /: the page; its script fetches it again every two seconds and swaps the live part."""
    desk = request.app[DESK]
    world = desk.world
    newest = list(islice((p for p in reversed(world.posts) if not p.deleted), POSTS_SHOWN))
    return render(
        "wall.html",
        summary=world.summarise(),
        recent=_count_recent(world),
        recent_seconds=RECENT_SECONDS,
        instances=[(instance, world.standing[instance]) for instance in world.instances],
        faults=[describe_rule(rule) for rule in desk.faults.describe()],
        by_hand=world.count_by_hand(),
        posts=[(post, split_links(post.text)) for post in newest],
        shown=len(newest),
    )


def _count_recent(world: World) -> int:
    since = time.time() - RECENT_SECONDS
    number = 0
    for post in reversed(world.posts):
        if post.at < since:
            break
        number += not post.deleted and not post.by_hand
    return number


def describe_rule(rule: dict[str, object]) -> str:
    """Say a fault rule in one line: what was set, and how often it struck."""
    struck = rule.get("struck")
    number = sum(struck.values()) if isinstance(struck, dict) else 0
    parts = [f"{key} {value}" for key, value in rule.items() if key not in ("struck", "matched")]
    return f"{', '.join(parts)} — struck {number} of {rule.get('matched', 0)}"


def add_wall_routes(app: web.Application) -> None:
    """Add the wall to the application of the first port."""
    app.router.add_get("/", show_wall)
