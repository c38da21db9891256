"""What everybody sees of a campaign, read together: its crowd, its faces, its news, its launch.

Nothing in it depends on who reads, nor on their language: strangers of all languages share it for a
moment (``remembering``). So there is no sentence in it, but numbers, names, and what people wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from campaigns.models import Campaign, CampaignUpdate, Revision
from launches.models import Launch
from launches.recounting import RecallSummary, summarise_recall
from launches.results import Summary, find_launch, summarise_launch
from pages.facing import Face, list_faces
from pages.readying import COUNTS, Readying
from pages.varying import Variety, measure_variety
from supporters.counting import count_turnout
from supporters.models import Pledge

FACES = 24
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
class Gathered:
    """A campaign as everybody sees it. ``summary`` is there once the launch was decided,
    ``recall`` once its posts are to be deleted again; ``others`` are the exact words in the further
    wordings.
    """

    campaign: Campaign
    revision: Revision
    launch: Launch | None
    summary: Summary | None
    recall: RecallSummary | None
    crowd: Crowd
    faces: list[Face]
    updates: list[CampaignUpdate]
    others: list[str]
    variety: Variety


def gather(campaign: Campaign) -> Gathered:
    """Read all of it; nine queries, and some more once its launch was decided."""
    revision = campaign.revision
    launch = find_launch(campaign)
    made = getattr(launch, "recall", None) if launch and launch.decided_at else None
    return Gathered(
        campaign=campaign,
        revision=revision,
        launch=launch,
        summary=summarise_launch(launch) if launch and launch.decided_at else None,
        recall=summarise_recall(made) if made else None,
        crowd=count_crowd(campaign),
        faces=list_faces(campaign, most=FACES),
        updates=list(campaign.updates.shown()) if campaign.approved_id else [],
        others=[text for position, text in revision.texts.items() if position > 1],
        variety=measure_variety([campaign])[campaign.pk],
    )


def count_crowd(campaign: Campaign) -> Crowd:
    """Count the people, the accounts and the reach of the pledges that stand."""
    pledges = Pledge.objects.filter(campaign=campaign).counting()
    counts = pledges.with_readiness().aggregate(
        silent=Count("pk", filter=Q(account__followers=None)),
        told=Sum("account__followers"),
        **COUNTS,
    )
    told = int(counts.pop("told") or 0)
    turnout = count_turnout(campaign)
    is_told = not counts["accounts"] or counts["silent"] < counts["accounts"]
    return Crowd(
        people=turnout.people,
        by_account=turnout.by_account,
        by_hand=turnout.by_hand,
        reach=round_estimate(told) if is_told else None,
        **counts,
    )


def round_estimate(number: int) -> int:
    """Round to three digits: a sum of followers is no more exact than that."""
    if number < EXACT_BELOW:
        return number
    return int(round(number, 3 - len(str(number))))
