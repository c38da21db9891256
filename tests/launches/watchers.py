"""Watching a launch in a test: what everybody asks for, and a second that passes without a wait."""

import re

from django.core.cache import cache

from launches import broadcasting


def pass_a_second():
    """The last survey is old now, for this process and for all others."""
    broadcasting.forget()
    cache.clear()


def watch(client, *, slug="river", language="en", **headers):
    """One question of a watcher."""
    return client.get(f"/campaigns/{slug}/launch/live/{language}/", headers=headers)


def read_part(page, name):
    """The words of one part of the room."""
    html = page.partition(f'data-part="{name}">')[2].partition("<div data-part=")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()
