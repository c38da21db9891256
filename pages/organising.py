"""The organiser's desk: each campaign with where it stands and what can be done next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.checking import Missing, list_missing
from campaigns.models import (
    Campaign,
    CampaignState,
    ReviewDecision,
    Revision,
    RevisionState,
)
from launches import rehearsing
from launches.following import count_clicks
from launches.models import Launch
from pages.listing import find_launches
from pages.readying import Readying, count_ready
from pages.showing import ROOM_OPENS
from pages.staging import Stage, find_stage
from pages.varying import Variety, measure_variety
from supporters.counting import Turnout, count_turnouts

WRITABLE = (RevisionState.DRAFT, RevisionState.CHANGES_ASKED, RevisionState.REJECTED)
IN_PUBLIC = (CampaignState.SCHEDULED, CampaignState.SUSPENDED)
OVER = (CampaignState.CANCELLED, CampaignState.LAUNCHED)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One campaign on its organiser's desk.

    ``working`` is the latest revision: what is being written or read, else the approved one.
    ``decision`` is the latest word of a reviewer on the campaign, ``missing`` what the draft lacks,
    ``clicks`` how often its short links were followed; None: not counted.
    """

    campaign: Campaign
    working: Revision
    launch: Launch | None
    stage: Stage
    turnout: Turnout
    variety: Variety
    readying: Readying
    clicks: int | None
    decision: ReviewDecision | None
    missing: list[Missing]
    now: datetime

    @property
    def shown(self) -> Revision:
        """What readers see, else what they would."""
        return self.campaign.approved or self.working

    @property
    def title(self) -> str:
        """What it is called."""
        return self.shown.title or _("Untitled campaign")

    @property
    def people(self) -> int:
        """How many people count; once it was decided, those who counted then."""
        if self.launch is not None and self.launch.people is not None:
            return self.launch.people
        return self.turnout.people

    @property
    def threshold(self) -> int | None:
        """How many people it takes, as it stands."""
        return self.campaign.threshold if self.campaign.approved_id else self.working.threshold

    @property
    def pill(self) -> str:
        """The state whose shape and word say where it stands."""
        return self.campaign.state if self.stage == Stage.PREVIEW else self.stage.pill

    @property
    def is_changing(self) -> bool:
        """Whether there is a newer version beside the one in public."""
        is_newer = self.working.pk != self.campaign.approved_id
        return self.campaign.state in IN_PUBLIC and is_newer

    @property
    def words(self) -> str:
        """What a reviewer said that still matters to the organiser; empty: nothing."""
        is_waiting = self.working.state == RevisionState.IN_REVIEW
        if self.decision is None or is_waiting or self.campaign.state == CampaignState.LAUNCHED:
            return ""
        return self.decision.reason

    @property
    def can_write(self) -> bool:
        """Whether the wizard can be gone on with."""
        is_frozen = self.campaign.is_frozen(self.now)
        return self.campaign.state not in OVER and not is_frozen and self.working.state in WRITABLE

    @property
    def can_submit(self) -> bool:
        """Whether what is written is complete."""
        return self.can_write and self.working.state == RevisionState.DRAFT and not self.missing

    @property
    def can_take_back(self) -> bool:
        """Whether it waits for a reviewer."""
        return self.campaign.state not in OVER and self.working.state == RevisionState.IN_REVIEW

    @property
    def can_revise(self) -> bool:
        """Whether a change of what is in public can be begun."""
        is_settled = self.working.state == RevisionState.APPROVED
        is_frozen = self.campaign.is_frozen(self.now)
        return self.campaign.state in IN_PUBLIC and is_settled and not is_frozen

    @property
    def can_cancel(self) -> bool:
        """Whether it can be called off; once it leaves, the launch room has the controls."""
        is_settled = self.campaign.state in (*OVER, CampaignState.REJECTED)
        return not is_settled and self.stage != Stage.LEAVING

    @property
    def shows_ready(self) -> bool:
        """Whether it matters how many accounts can be posted from."""
        return self.stage == Stage.OPEN and bool(self.readying.accounts)

    @property
    def can_tell(self) -> bool:
        """Whether news can be written, or what was written be looked after."""
        return self.campaign.approved_id is not None

    @property
    def can_rehearse(self) -> bool:
        """Whether its launch can be tried out."""
        return rehearsing.is_on() and self.stage == Stage.OPEN

    @property
    def has_room(self) -> bool:
        """Whether the launch room is worth a look."""
        launch_at = self.campaign.launch_at
        is_near = launch_at is not None and launch_at - self.now <= ROOM_OPENS
        return self.stage.is_under_way or (self.stage == Stage.OPEN and is_near)

    @property
    def next_step(self) -> str:
        """The step of the wizard to go on with."""
        return self.missing[0].step if self.missing else "check"


def find_own(person: User) -> QuerySet[Campaign]:
    """A person's own campaigns, the one changed last first."""
    own: QuerySet[Campaign] = Campaign.objects.filter(organiser=person).with_pages()
    return own.order_by("-updated_at", "-pk")


def list_entries(campaigns: Sequence[Campaign], *, now: datetime) -> list[Entry]:
    """The desk's entries, in the order given; nine queries, however many there are."""
    launches = find_launches(campaigns)
    turnouts = count_turnouts(campaigns)
    varieties = measure_variety(campaigns)
    readying = count_ready(campaigns)
    clicks = count_clicks(campaigns)
    revisions = _find_working(campaigns)
    decisions = _find_decisions(campaigns)
    entries = []
    for campaign in campaigns:
        working = revisions[campaign.pk]
        working.campaign = campaign
        launch = launches.get(campaign.pk)
        entries.append(
            Entry(
                campaign=campaign,
                working=working,
                launch=launch,
                stage=find_stage(campaign, launch=launch, now=now),
                turnout=turnouts[campaign.pk],
                variety=varieties[campaign.pk],
                readying=readying[campaign.pk],
                clicks=clicks.get(campaign.pk),
                decision=decisions.get(campaign.pk),
                missing=list_missing(working, now=now) if working.state in WRITABLE else [],
                now=now,
            )
        )
    return entries


def _find_working(campaigns: Sequence[Campaign]) -> dict[int, Revision]:
    newest = Revision.objects.filter(campaign=OuterRef("campaign")).order_by("-number")
    found = Revision.objects.filter(
        campaign__in=[each.pk for each in campaigns], pk=Subquery(newest.values("pk")[:1])
    )
    found = found.select_related("theme").prefetch_related("wordings")
    return {revision.campaign_id: revision for revision in found}


def _find_decisions(campaigns: Sequence[Campaign]) -> dict[int, ReviewDecision]:
    latest = ReviewDecision.objects.filter(
        revision__campaign=OuterRef("revision__campaign")
    ).order_by("-decided_at", "-pk")
    found = ReviewDecision.objects.filter(
        revision__campaign__in=[each.pk for each in campaigns],
        pk=Subquery(latest.values("pk")[:1]),
    ).select_related("revision")
    return {decision.revision.campaign_id: decision for decision in found}
