"""The stage of life a campaign is shown in: its own state and its launch's, taken together."""

from datetime import datetime
from enum import StrEnum

from campaigns.models import PAGE_STATES, Campaign, CampaignState
from launches.models import Launch, LaunchState


class Stage(StrEnum):
    """One panel of the campaign page each (``templates/pages/panels/``)."""

    PREVIEW = "preview"  # never in public so far: for its organiser and the staff alone
    SUSPENDED = "suspended"
    OPEN = "open"
    LEAVING = "leaving"  # its moment has come, and nothing is decided yet
    FIRING = "firing"
    HELD = "held"
    FINISHED = "finished"
    STOPPED = "stopped"  # cancelled while it was under way: a part of it may have been posted
    MISSED = "missed"
    CANCELLED = "cancelled"

    @property
    def is_private(self) -> bool:
        """Whether readers at large get a 404 instead."""
        return self in (Stage.PREVIEW, Stage.SUSPENDED)

    @property
    def is_under_way(self) -> bool:
        """Whether there is something to watch now."""
        return self in (Stage.LEAVING, Stage.FIRING, Stage.HELD)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self in (Stage.FINISHED, Stage.STOPPED, Stage.MISSED, Stage.CANCELLED)

    @property
    def has_results(self) -> bool:
        """Whether posts left, or could have."""
        return self in (Stage.FINISHED, Stage.STOPPED, Stage.MISSED)

    @property
    def pill(self) -> str:
        """The state whose shape and word say it (``pages/labelling.py``)."""
        others = {
            Stage.PREVIEW: "draft",
            Stage.OPEN: "scheduled",
            Stage.LEAVING: "firing",
            Stage.STOPPED: "cancelled",
        }
        return others.get(self, self.value)


UNDER_WAY_OR_OVER = {
    LaunchState.FIRING: Stage.FIRING,
    LaunchState.HELD: Stage.HELD,
    LaunchState.FINISHED: Stage.FINISHED,
    LaunchState.MISSED: Stage.MISSED,
    LaunchState.CANCELLED: Stage.STOPPED,
}


def find_stage(campaign: Campaign, *, launch: Launch | None, now: datetime) -> Stage:
    """The stage of a campaign whose real launch, if there is one yet, is ``launch``."""
    if campaign.state == CampaignState.SUSPENDED:
        return Stage.SUSPENDED
    if campaign.approved_id is None or campaign.state not in PAGE_STATES:
        return Stage.PREVIEW
    if campaign.state == CampaignState.CANCELLED:
        return Stage.CANCELLED
    if campaign.state == CampaignState.LAUNCHED and launch is not None:
        return UNDER_WAY_OR_OVER.get(LaunchState(launch.state), Stage.LEAVING)
    return Stage.OPEN if campaign.is_open(now) else Stage.LEAVING
