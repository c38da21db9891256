"""What a campaign's page shows: its words, its crowd, its moment, and what became of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils.translation import get_language

from campaigns.models import Campaign, CampaignUpdate, Revision, Visibility
from campaigns.previewing import Preview, preview_posts
from launches.models import DeliveryState, Launch
from launches.recounting import RecallSummary, summarise_recall
from launches.results import Summary, find_launch, summarise_launch
from networks.base import Mode
from networks.registry import all_networks
from pages.readying import COUNTS, Readying
from pages.staging import Stage, find_stage
from pages.varying import Variety, measure_variety
from supporters.counting import count_turnout
from supporters.models import AssistedPledge, Pledge

FACES = 24
ROOM_OPENS = timedelta(hours=1)  # from then on the page leads to the launch room
EXACT_BELOW = 1_000


@dataclass(frozen=True, kw_only=True)
class Crowd(Readying):
    """Who stands behind a campaign. ``reach`` is None where no account told of its followers.

    ``people`` are those who count; ``by_account`` lent an account, and ``by_hand`` promised to post
    by their own hand, some perhaps both. ``silent`` accounts do not tell how many follow them, and
    are not in the reach.
    """

    people: int
    by_account: int
    by_hand: int
    silent: int
    reach: int | None


@dataclass(frozen=True, kw_only=True)
class Face:
    """Somebody on the wall, as ``components/_wall.html`` shows them."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Showing:
    """A campaign's page. ``summary`` is there once the launch was decided, ``recall`` once its
    posts are to be deleted again. ``mine`` counts the accounts that the reader has lent,
    ``mine_by_hand`` the places where they post themselves, ``others`` are the exact words in the
    further wordings.
    """

    campaign: Campaign
    revision: Revision
    stage: Stage
    launch: Launch | None
    summary: Summary | None
    recall: RecallSummary | None
    crowd: Crowd
    faces: list[Face]
    updates: list[CampaignUpdate]
    posts: list[Preview]
    others: list[str]
    variety: Variety
    mine: int
    mine_by_hand: int
    is_mine: bool
    is_near: bool
    seconds_left: int

    @property
    def live_at(self) -> str:
        """What a page that is left open asks near the moment; empty where nothing is to come."""
        if self.stage not in (Stage.OPEN, Stage.LEAVING):
            return ""
        return reverse("launch_live", args=[self.campaign.slug, get_language()])

    @property
    def panel(self) -> str:
        """The template of what stands beside the story."""
        return f"pages/panels/{self.stage.value}.html"

    @property
    def launch_at(self) -> datetime | None:
        """The moment that holds: the approved one, else the one that is planned."""
        return self.campaign.launch_at or self.revision.launch_at

    @property
    def latest_at(self) -> datetime | None:
        """After this nothing is posted any more."""
        return self.campaign.latest_at or self.revision.latest_at

    @property
    def zone(self) -> str:
        """The campaign's own time zone."""
        return self.revision.zone or "UTC"

    @property
    def threshold(self) -> int | None:
        """How many people it takes; None: it goes out whatever the number."""
        if self.summary is not None:
            return self.summary.threshold
        if self.campaign.approved_id is not None:
            return self.campaign.threshold
        return self.revision.threshold

    @property
    def people(self) -> int:
        """How many people stand behind it; from the launch on, the number that decided."""
        return self.crowd.people if self.summary is None else self.summary.people

    @property
    def missing(self) -> int:
        """How many more people it takes."""
        return max(0, (self.threshold or 0) - self.people)

    @property
    def past(self) -> int:
        """How many people there are beyond the threshold."""
        return max(0, self.people - self.threshold) if self.threshold else 0

    @property
    def more(self) -> int:
        """How many people are not on the wall."""
        return max(0, self.people - len(self.faces))

    @property
    def is_listed(self) -> bool:
        """Whether anybody may find it, search engines too."""
        is_public = self.campaign.visibility == Visibility.PUBLIC
        return is_public and not self.stage.is_private

    @property
    def is_reach_of_some(self) -> bool:
        """Whether people who were erased since the launch are missing in the reach."""
        if self.summary is None:
            return False
        stand = self.summary.pledges - self.summary.tally[DeliveryState.WITHDRAWN]
        return self.crowd.accounts < stand

    @property
    def url(self) -> str:
        """The whole address of the page, to pass on."""
        return f"{settings.SITE_URL}{self.campaign.get_absolute_url()}"


def show_campaign(campaign: Campaign, *, reader: Any, now: datetime) -> Showing:
    """Gather the page of a campaign that ``reader`` (the request's user) may see."""
    revision = campaign.revision
    launch = find_launch(campaign)
    made = getattr(launch, "recall", None) if launch and launch.decided_at else None
    launch_at = campaign.launch_at
    return Showing(
        campaign=campaign,
        revision=revision,
        stage=find_stage(campaign, launch=launch, now=now),
        launch=launch,
        summary=summarise_launch(launch) if launch and launch.decided_at else None,
        recall=summarise_recall(made) if made else None,
        crowd=count_crowd(campaign),
        faces=list_faces(campaign, most=FACES),
        updates=list(campaign.updates.shown()) if campaign.approved_id else [],
        posts=list_posts(revision),
        others=[text for position, text in revision.texts.items() if position > 1],
        variety=measure_variety([campaign])[campaign.pk],
        mine=count_lent(campaign, person=reader),
        mine_by_hand=count_promised(campaign, person=reader),
        is_mine=reader.is_authenticated and campaign.organiser_id == reader.pk,
        is_near=launch_at is not None and launch_at - now <= ROOM_OPENS,
        seconds_left=max(0, math.ceil((launch_at - now).total_seconds())) if launch_at else 0,
    )


def count_crowd(campaign: Campaign) -> Crowd:
    """Count the people, the accounts and the reach of the pledges that stand."""
    pledges = Pledge.objects.filter(campaign=campaign).counting()
    counts = pledges.with_readiness().aggregate(
        silent=Count("pk", filter=Q(account__followers=None)), **COUNTS
    )
    turnout = count_turnout(campaign)
    is_told = not counts["accounts"] or counts["silent"] < counts["accounts"]
    return Crowd(
        people=turnout.people,
        by_account=turnout.by_account,
        by_hand=turnout.by_hand,
        reach=round_estimate(pledges.reach()) if is_told else None,
        **counts,
    )


def round_estimate(number: int) -> int:
    """Round to three digits: a sum of followers is no more exact than that."""
    if number < EXACT_BELOW:
        return number
    return int(round(number, 3 - len(str(number))))


def list_faces(campaign: Campaign, *, most: int) -> list[Face]:
    """Those who agreed to be shown, each person once, the newest first."""
    shown = Pledge.objects.filter(
        campaign=campaign, is_shown=True, person__is_active=True
    ).counting()
    firsts = shown.order_by().values("person").annotate(first=Min("pk")).values("first")
    pledges = Pledge.objects.filter(pk__in=firsts).select_related("account")
    newest = pledges.order_by("-pledged_at", "-pk")[:most]
    faces = [
        (each.pledged_at, Face(name=each.account.display_name or each.account.handle))
        for each in newest
    ]
    faces += _list_by_hand(campaign, shown.values("person"), most=most)
    faces.sort(key=lambda face: face[0], reverse=True)
    return [face for _pledged_at, face in faces[:most]]


def _list_by_hand(
    campaign: Campaign, others: QuerySet[Any], *, most: int
) -> list[tuple[datetime, Face]]:
    """Those who post by their own hand, are not among the others, and have a name to be shown."""
    shown = AssistedPledge.objects.filter(
        campaign=campaign, is_shown=True, person__is_active=True
    ).counting()
    named = shown.exclude(person__name="").exclude(person__in=others)
    firsts = named.order_by().values("person").annotate(first=Min("pk")).values("first")
    promised = AssistedPledge.objects.filter(pk__in=firsts).select_related("person")
    newest = promised.order_by("-pledged_at", "-pk")[:most]
    return [(each.pledged_at, Face(name=each.person.name)) for each in newest]


def list_posts(revision: Revision) -> list[Preview]:
    """The message as it will be on each network that is posted to from here, else on each one."""
    if not revision.message:
        return []
    networks = all_networks()
    previews = preview_posts(revision.text)
    ours = [each for each in previews if networks[each.network].mode is Mode.AUTOMATIC]
    return ours or previews


def count_lent(campaign: Campaign, *, person: Any) -> int:
    """How many accounts this person has lent to the campaign; 0 for who is not signed in."""
    if not person.is_authenticated:
        return 0
    return int(Pledge.objects.filter(campaign=campaign, person=person).counting().count())


def count_promised(campaign: Campaign, *, person: Any) -> int:
    """On how many networks this person posts by their own hand; 0 for who is not signed in."""
    if not person.is_authenticated:
        return 0
    promised = AssistedPledge.objects.filter(campaign=campaign, person=person)
    return int(promised.counting().count())
