"""The faces of a campaign: who agreed to be shown, each person once, by the first they gave."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import Campaign
from supporters.models import AssistedPledge, Pledge


@dataclass(frozen=True, kw_only=True)
class Face:
    """Somebody on the wall, as ``components/_wall.html`` shows them."""

    name: str


def list_faces(campaign: Campaign, *, most: int) -> list[Face]:
    """Those who agreed to be shown, each person once, the newest first; two queries.

    By the time of pledging, which no index is of: of its key's, the database would read everybody
    else's newer pledges to find those of a campaign that is over.
    """
    newest = "-pledged_at", "-pk"
    faces = [
        (each.pledged_at, name_account(each))
        for each in find_by_account(campaign).order_by(*newest)[:most]
    ]
    faces += [
        (each.pledged_at, Face(name=each.person.name))
        for each in find_by_hand(campaign).order_by(*newest)[:most]
    ]
    faces.sort(key=lambda face: face[0], reverse=True)
    return [face for _pledged_at, face in faces[:most]]


def find_by_account(campaign: Campaign) -> QuerySet[Pledge]:
    """One shown pledge of each person, the first they made, with its account."""
    shown = Pledge.objects.filter(campaign=campaign, is_shown=True).counting()
    earlier = shown.filter(person=OuterRef("person"), pk__lt=OuterRef("pk"))
    found: QuerySet[Pledge] = shown.filter(~Exists(earlier), person__is_active=True)
    return found.select_related("account").only(
        "pledged_at", "person_id", "account__display_name", "account__handle"
    )


def find_by_hand(campaign: Campaign) -> QuerySet[AssistedPledge]:
    """The same of who has a name, and is not shown by an account already."""
    shown = AssistedPledge.objects.filter(campaign=campaign, is_shown=True).counting()
    earlier = shown.filter(person=OuterRef("person"), pk__lt=OuterRef("pk"))
    lent = Pledge.objects.filter(campaign=campaign, is_shown=True, person=OuterRef("person"))
    found: QuerySet[AssistedPledge] = shown.filter(
        ~Exists(earlier), ~Exists(lent.counting()), person__is_active=True
    )
    named = found.exclude(person__name="").select_related("person")
    return named.only("pledged_at", "person__name")


def name_account(pledge: Pledge) -> Face:
    """A face by the account that was lent."""
    return Face(name=pledge.account.display_name or pledge.account.handle)
