"""The whole wall, page by page, and who of it is heard the furthest: only who agreed to be shown.

A page goes on after the last key of the one before, so that the thousandth costs what the first
does and nobody is shown twice while others join. Who lent an account comes first, then who posts by
their own hand; each the newest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from campaigns.models import Campaign
from pages.facing import Face, find_by_account, find_by_hand, name_account
from pages.gathering import round_estimate
from supporters.models import Pledge

PER_PAGE = 120
TOP = 10
# Accounts that are looked at for the top: somebody who lent several is named once.
TOP_ACCOUNTS = 3 * TOP
BY_ACCOUNT, BY_HAND = "a", "h"


@dataclass(frozen=True, kw_only=True)
class WallPage:
    """Some of the wall; ``next`` is where the following page begins, empty at the end."""

    faces: list[Face]
    next: str


@dataclass(frozen=True, kw_only=True)
class TopFace:
    """Somebody with many followers, as far as their network tells: an estimate."""

    name: str
    followers: int


def read_place(text: str) -> tuple[str, int | None]:
    """Where a page begins: a kind, and the key to go on after. What is no place is the start."""
    kind, _, key = text.partition("-")
    if kind not in (BY_ACCOUNT, BY_HAND) or not (key.isascii() and key.isdigit()) or len(key) > 18:
        return BY_ACCOUNT, None
    return kind, int(key) or None


def list_wall(campaign: Campaign, *, place: str) -> WallPage:
    """The people from that place on."""
    kind, before = read_place(place)
    faces: list[Face] = []
    if kind == BY_ACCOUNT:
        pledges = list(_go_on(find_by_account(campaign), before)[: PER_PAGE + 1])
        faces = [name_account(each) for each in pledges[:PER_PAGE]]
        if len(pledges) > PER_PAGE:
            return WallPage(faces=faces, next=f"{BY_ACCOUNT}-{pledges[PER_PAGE - 1].pk}")
        before = None
    room = PER_PAGE - len(faces)
    promised = list(_go_on(find_by_hand(campaign), before)[: room + 1])
    faces += [Face(name=each.person.name) for each in promised[:room]]
    if len(promised) <= room:
        return WallPage(faces=faces, next="")
    last = promised[room - 1].pk if room else 0
    return WallPage(faces=faces, next=f"{BY_HAND}-{last}")


def list_top(campaign: Campaign) -> list[TopFace]:
    """Who of those that agreed to be shown has the most followers with one account they lent."""
    shown = Pledge.objects.filter(campaign=campaign, is_shown=True, person__is_active=True)
    loud = shown.counting().filter(account__followers__gt=0).select_related("account")
    top: dict[int, TopFace] = {}
    for each in loud.order_by(F("account__followers").desc(), "pk")[:TOP_ACCOUNTS]:
        followers = round_estimate(each.account.followers or 0)
        top.setdefault(each.person_id, TopFace(name=name_account(each).name, followers=followers))
    return list(top.values())[:TOP]


def _go_on(found: QuerySet[Any], before: int | None) -> QuerySet[Any]:
    newest = found.order_by("-pk")
    return newest if before is None else newest.filter(pk__lt=before)
