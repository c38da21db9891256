"""Which requests for a short link are a person's click: not robots, not previews, not prefetches.

Right after a launch every server that a post arrives at fetches its link for a preview, Mastodon's
by the thousand: without this the number would say nothing. What is told here is told by the
request itself. Whoever pretends to be a browser is counted as one.
"""

from functools import lru_cache

from django.http import HttpRequest
from is_bot import Bots

# Longer than any browser's; what takes a pattern long is a long text.
MOST_CHARACTERS = 512
# What the package does not know (0.3.7): Bluesky's previews, and those of Viber and of apps in
# Dart, which open no pages.
OTHERS = ("cardyb", "^viber/", r"^dart/.*\(dart:io\)")
# https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Purpose, and what browsers sent
# before: Chrome, Safari (its previews of pages), Firefox.
PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
AHEAD = ("prefetch", "prerender", "preview")

_robots = Bots()
_robots.extend(OTHERS)


def is_click(request: HttpRequest) -> bool:
    """Whether somebody follows the link, as far as their browser tells."""
    headers = request.headers
    agent = headers.get("User-Agent", "").strip()
    if request.method != "GET" or not agent:
        return False
    purposes = " ".join(headers.get(name, "") for name in PURPOSES).lower()
    if any(word in purposes for word in AHEAD):
        return False
    # Browsers tell what they fetch for; a page is a "document", everything else a part of one.
    if headers.get("Sec-Fetch-Dest", "document") != "document":
        return False
    return not is_robot(agent[:MOST_CHARACTERS])


@lru_cache(maxsize=4096)
def is_robot(agent: str) -> bool:
    """Whether this is the User-Agent of a robot or of a preview, by the lists that are known.

    The patterns take a millisecond for a browser's; the crowd of a launch shares a few hundred.
    """
    return bool(_robots.is_bot(agent))
