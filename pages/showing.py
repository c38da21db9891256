"""What a campaign's page shows: its words, its crowd, its moment, and what became of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language

from campaigns.models import Campaign, CampaignUpdate, Revision, Visibility
from campaigns.previewing import Preview, preview_posts
from launches.models import DeliveryState, Launch
from launches.recounting import RecallSummary
from launches.results import Summary
from networks.base import Mode
from networks.registry import all_networks
from pages.facing import Face
from pages.gathering import Crowd, Gathered
from pages.staging import Stage, find_stage
from pages.varying import Variety
from supporters.models import AssistedPledge, Pledge

ROOM_OPENS = timedelta(hours=1)  # from then on the page leads to the launch room


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


def show_campaign(gathered: Gathered, *, reader: Any, now: datetime) -> Showing:
    """The page of a campaign for ``reader`` (the request's user), who may see it."""
    campaign, launch = gathered.campaign, gathered.launch
    launch_at = campaign.launch_at
    return Showing(
        campaign=campaign,
        revision=gathered.revision,
        stage=find_stage(campaign, launch=launch, now=now),
        launch=launch,
        summary=gathered.summary,
        recall=gathered.recall,
        crowd=gathered.crowd,
        faces=gathered.faces,
        updates=gathered.updates,
        posts=list_posts(gathered.revision),
        others=gathered.others,
        variety=gathered.variety,
        mine=count_lent(campaign, person=reader),
        mine_by_hand=count_promised(campaign, person=reader),
        is_mine=reader.is_authenticated and campaign.organiser_id == reader.pk,
        is_near=launch_at is not None and launch_at - now <= ROOM_OPENS,
        seconds_left=max(0, math.ceil((launch_at - now).total_seconds())) if launch_at else 0,
    )


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
