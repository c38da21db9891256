"""The solicitation budget: who may be asked by mail now, across all organisers.

Whoever is over it is not mailed, and reads the same in My pledges.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Count

from accounts.models import User
from campaigns.models import Campaign
from supporters.asks import (
    ASKS_PER_WEEK,
    MOST_ASKS_PER_WEEK,
    Ask,
    MailChoice,
    MutedCampaign,
)
from supporters.models import AssistedPledge, Pledge, PledgeState

WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Askable:
    """Somebody who wants news of a campaign. ``may_mail``: their budget is not used up."""

    person: User
    email: str
    may_mail: bool


def list_people(campaign: Campaign, *, after: int, limit: int) -> list[int]:
    """The keys of who stands behind a campaign, each once, in their order past ``after``."""
    keys: set[int] = set()
    for model in (Pledge, AssistedPledge):
        standing = model.objects.filter(campaign=campaign, person_id__gt=after)
        standing = standing.exclude(state=PledgeState.WITHDRAWN).order_by("person_id")
        keys |= set(standing.values_list("person_id", flat=True).distinct()[:limit])
    return sorted(keys)[:limit]


def find_askable(keys: Sequence[int], *, campaign: Campaign, now: datetime) -> list[Askable]:
    """Those of these people who have a confirmed address, and want news of this campaign.

    Their rows are locked until the transaction ends: nobody else counts their asks meanwhile, and
    nobody erases them.
    """
    people = User.objects.select_for_update(no_key=True).filter(pk__in=keys, is_active=True)
    muted = MutedCampaign.objects.filter(campaign=campaign, person__in=keys)
    deaf = set(muted.values_list("person_id", flat=True))
    held = [person for person in people.order_by("pk") if person.pk not in deaf]
    addresses = _find_addresses(keys)
    left = count_left(keys, now=now)
    return [
        Askable(person=each, email=addresses[each.pk], may_mail=left[each.pk] > 0)
        for each in held
        if each.pk in addresses
    ]


def count_left(keys: Collection[int], *, now: datetime) -> dict[int, int]:
    """How many more asks each may get by mail this week; none at 0 and below."""
    chosen = dict(
        MailChoice.objects.filter(person__in=keys).values_list("person_id", "asks_per_week")
    )
    mailed = Ask.objects.filter(person__in=keys, is_mailed=True, decided_at__gt=now - WEEK)
    counts = dict(
        mailed.order_by()
        .values("person")
        .annotate(number=Count("pk"))
        .values_list("person", "number")
    )
    return {key: chosen.get(key, ASKS_PER_WEEK) - counts.get(key, 0) for key in keys}


def find_choice(person: User) -> int:
    """How many asks a week this person wants by mail."""
    found = MailChoice.objects.filter(person=person).values_list("asks_per_week", flat=True).first()
    return ASKS_PER_WEEK if found is None else int(found)


def choose_asks(person: User, *, number: int) -> None:
    """From now on so many a week; 0: none."""
    number = max(0, min(number, MOST_ASKS_PER_WEEK))
    MailChoice.objects.update_or_create(person=person, defaults={"asks_per_week": number})


def list_muted(person: User) -> list[Campaign]:
    """The campaigns of which this person wants no news by mail, the latest first."""
    rows = MutedCampaign.objects.filter(person=person).select_related("campaign__approved")
    return [each.campaign for each in rows.order_by("-muted_at", "-pk")]


def is_muted(person: User, *, campaign: Campaign) -> bool:
    """Whether this person wants no news of this campaign by mail."""
    return bool(MutedCampaign.objects.filter(person=person, campaign=campaign).exists())


def mute(person: User, *, campaign: Campaign) -> None:
    """No more news of this campaign by mail; it stands in My pledges all the same."""
    MutedCampaign.objects.get_or_create(person=person, campaign=campaign)


def hear_again(person: User, *, campaign: Campaign, whatever_chosen: bool) -> None:
    """News of this campaign by mail again; ``whatever_chosen``: also where none at all was wanted.

    That is for the person alone, and not for whoever has a mail that was passed on.
    """
    with transaction.atomic():
        MutedCampaign.objects.filter(person=person, campaign=campaign).delete()
        if whatever_chosen and find_choice(person) == 0:
            choose_asks(person, number=ASKS_PER_WEEK)


def _find_addresses(keys: Collection[int]) -> dict[int, str]:
    """The confirmed address of each, the primary one first."""
    confirmed = EmailAddress.objects.filter(user__in=keys, verified=True)
    found: dict[int, str] = {}
    for user_id, email in confirmed.order_by("-primary", "pk").values_list("user_id", "email"):
        found.setdefault(user_id, email)
    return found
