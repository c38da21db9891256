"""Campaigns as rows of a departures board: which are coming, which are past, and their numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q

from campaigns.models import Campaign, CampaignQuerySet, CampaignState, Theme
from launches.models import Delivery, DeliveryState, Launch, LaunchKind, LaunchState
from pages.staging import Stage, find_stage
from supporters.counting import count_turnouts

UNDER_WAY = (LaunchState.FIRING, LaunchState.HELD)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a launch so far. Lags are from the announced moment, in milliseconds."""

    total: int
    sent: int
    unsent: int
    unclear: int
    first_lag_ms: int | None
    last_lag_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A campaign with what a board shows of it; ``outcome`` once its launch was decided."""

    campaign: Campaign
    stage: Stage
    people: int
    threshold: int | None
    outcome: Outcome | None

    @property
    def zone(self) -> str:
        """The campaign's own time zone."""
        return self.campaign.revision.zone or "UTC"

    @property
    def has_posts(self) -> bool:
        """Whether anything of it was posted."""
        return self.outcome is not None and self.outcome.sent > 0


def find_coming() -> CampaignQuerySet:
    """Listed campaigns still to be said, and those being said now; the next one first."""
    scheduled = Q(state=CampaignState.SCHEDULED)
    leaving = Q(state=CampaignState.LAUNCHED) & Q(_launched(UNDER_WAY))
    return _with_rows(scheduled | leaving).order_by("launch_at", "pk")


def find_past() -> CampaignQuerySet:
    """Listed campaigns that are over, however they ended; the latest first."""
    cancelled = Q(state=CampaignState.CANCELLED)
    over = Q(state=CampaignState.LAUNCHED) & ~Q(_launched(UNDER_WAY))
    return _with_rows(cancelled | over).order_by("-launch_at", "-pk")


def find_said() -> CampaignQuerySet:
    """Listed campaigns whose launch went out to its end; the latest first."""
    said = Q(state=CampaignState.LAUNCHED) & Q(_launched((LaunchState.FINISHED,)))
    return _with_rows(said).order_by("-launch_at", "-pk")


def narrow(campaigns: CampaignQuerySet, *, theme: Theme | None, words: str) -> CampaignQuerySet:
    """Those of one theme (None: any) whose title holds all the words."""
    if theme is not None:
        campaigns = campaigns.filter(approved__theme=theme)
    for word in words.split():
        campaigns = campaigns.filter(approved__title__icontains=word)
    return campaigns


def list_rows(campaigns: Sequence[Campaign], *, now: datetime) -> list[Row]:
    """Rows for a page of campaigns, in their order; four queries, however many there are."""
    launches = find_launches(campaigns)
    turnouts = count_turnouts(campaigns)
    outcomes = sum_up(launch for launch in launches.values() if launch.decided_at)
    rows = []
    for campaign in campaigns:
        launch = launches.get(campaign.pk)
        is_decided = launch is not None and launch.pk in outcomes
        rows.append(
            Row(
                campaign=campaign,
                stage=find_stage(campaign, launch=launch, now=now),
                people=launch.people or 0
                if launch and is_decided
                else turnouts[campaign.pk].people,
                threshold=launch.threshold if launch and is_decided else campaign.threshold,
                outcome=outcomes[launch.pk] if launch and is_decided else None,
            )
        )
    return rows


def find_launches(campaigns: Iterable[Campaign]) -> dict[int, Launch]:
    """The real launch of each campaign that has one, by the campaign's key."""
    found = Launch.objects.filter(campaign__in=[each.pk for each in campaigns])
    return {launch.campaign_id: launch for launch in found.filter(kind=LaunchKind.REAL)}


def sum_up(launches: Iterable[Launch]) -> dict[int, Outcome]:
    """What came of each decided launch, by its key. No query when there are none."""
    by_key = {launch.pk: launch for launch in launches}
    if not by_key:
        return {}
    sent = Q(state=DeliveryState.SENT)
    sums = (
        Delivery.objects.filter(launch__in=by_key)
        .order_by()
        .values("launch")
        .annotate(
            total=Count("pk"),
            sent=Count("pk", filter=sent),
            unsent=Count("pk", filter=_in_states(DeliveryState.FAILED, DeliveryState.NOT_SENT)),
            unclear=Count(
                "pk", filter=_in_states(DeliveryState.UNKNOWN, DeliveryState.UNCONFIRMED)
            ),
            first_at=Min("answered_at", filter=sent),
            last_at=Max("answered_at", filter=sent),
        )
    )
    found: dict[int, Any] = {each["launch"]: each for each in sums}
    return {pk: _write_outcome(launch, sums=found.get(pk, {})) for pk, launch in by_key.items()}


def _write_outcome(launch: Launch, *, sums: Mapping[str, Any]) -> Outcome:
    def lag_ms(at: datetime | None) -> int | None:
        return None if at is None else round((at - launch.launch_at).total_seconds() * 1000)

    return Outcome(
        total=sums.get("total", 0),
        sent=sums.get("sent", 0),
        unsent=sums.get("unsent", 0),
        unclear=sums.get("unclear", 0),
        first_lag_ms=lag_ms(sums.get("first_at")),
        last_lag_ms=lag_ms(sums.get("last_at")),
    )


def _in_states(*states: DeliveryState) -> Q:
    return Q(state__in=states)


def _launched(states: Collection[LaunchState]) -> Exists:
    real = Launch.objects.filter(campaign=OuterRef("pk"), kind=LaunchKind.REAL)
    return Exists(real.filter(state__in=states))


def _with_rows(condition: Q) -> CampaignQuerySet:
    found: CampaignQuerySet = Campaign.objects.listed().filter(condition).with_pages()
    return found
