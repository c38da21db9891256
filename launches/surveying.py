"""What is to be seen of a launch by anybody at all, taken in at one glance: two queries.

It knows nobody: whatever is one person's own, or the organiser's alone, is not in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from campaigns.clock import tell_now
from campaigns.models import Campaign, CampaignState
from launches.glancing import SECONDS, Post, Row, read_rows
from launches.models import OPEN_STATES, Delivery, DeliveryState, Launch, LaunchKind, LaunchState
from launches.offering import Assisted
from launches.pauses import HostPause, Standstill
from launches.recalls import Recall
from launches.recounting import RecallSummary, sum_up_recall
from launches.results import NetworkTally, Summary
from supporters.counting import read_turnout, with_turnout
from supporters.models import AssistedPledge, Pledge, PledgeState

MINUTE = timedelta(minutes=1)
NEAR, COMING = timedelta(minutes=1), timedelta(minutes=10)
FRESH = timedelta(minutes=2)  # after the moment most has been said


@dataclass(frozen=True, kw_only=True)
class Survey:
    """A launch as everybody may see it. ``is_before``: its moment has not come.

    ``silent_hosts`` is how many servers do not answer that posts wait for. ``seconds`` are the
    posts of each second since the moment; ``feed`` the newest of who agreed to be shown.
    """

    summary: Summary
    is_before: bool
    is_decided: bool
    is_paused: bool = False
    held_why: str = ""
    silent_hosts: int = 0
    recall: RecallSummary | None = None
    networks: Sequence[NetworkTally] = ()
    seconds: Sequence[int] = ()
    feed: Sequence[Post] = ()
    wait_seconds: int = field(default=0)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen in it."""
        return self.summary.state in (
            LaunchState.FINISHED,
            LaunchState.MISSED,
            LaunchState.CANCELLED,
        )

    @property
    def is_watched(self) -> bool:
        """Whether there is anything to wait for."""
        return self.wait_seconds > 0

    @property
    def wait_ms(self) -> int:
        """How soon to look again; 0: nothing more will change."""
        return 1000 * self.wait_seconds

    @property
    def phase(self) -> str:
        """What a watcher is told of at once when it changes."""
        state = f"{self.summary.state}{'-paused' if self.is_paused else ''}"
        return f"{state}-coming" if self.is_before else state

    @property
    def newest(self) -> int:
        """The posts of the last second in which there were any."""
        return next((number for number in reversed(self.seconds) if number), 0)

    @property
    def busiest(self) -> int:
        """The most posts of one second."""
        return max(self.seconds, default=0)

    @property
    def held_sentence(self) -> str:
        """Why it is held, in the reader's language."""
        return gettext(self.held_why) if self.held_why else ""


def survey(campaigns: QuerySet[Campaign], slug: str) -> Survey | None:
    """Look at the launch of one of these campaigns; None where it is not among them. Two queries.

    ``campaigns`` are those that the reader may see.
    """
    launch: Any = _find_launch(campaigns, slug)
    if launch is not None and launch.decided_at is not None:
        return _survey_decided(launch)
    found: Any = with_turnout(campaigns.filter(slug=slug)).annotate(
        now=tell_now(),
        live=_count(Pledge.objects.filter(campaign=OuterRef("pk"), state=PledgeState.LIVE)),
    )
    campaign = found.first()
    return _survey_coming(campaign, launch) if campaign is not None else None


def survey_public(slug: str) -> Survey | None:
    """The same for who is nobody; None where the campaign's page is not public."""
    return survey(Campaign.objects.seen_by(AnonymousUser()), slug)


def _find_launch(campaigns: QuerySet[Campaign], slug: str) -> Launch | None:
    waiting = Delivery.objects.filter(
        launch=OuterRef(OuterRef("pk")), host=OuterRef("host"), state__in=OPEN_STATES
    )
    called = AssistedPledge.objects.filter(
        campaign=OuterRef("campaign"), state=PledgeState.CALLED
    ).order_by()
    launches: Any = Launch.objects.filter(
        kind=LaunchKind.REAL, campaign__in=campaigns.filter(slug=slug).select_related(None)
    )
    found: Launch | None = (
        launches.select_related("campaign", "recall")
        .annotate(
            now=tell_now(),
            is_paused=Exists(Standstill.objects.all()),
            silent=_count(HostPause.objects.filter(Exists(waiting), silences__gt=0)),
            offered=_count(called),
            reported=_count(called.filter(reported_at__isnull=False)),
        )
        .first()
    )
    return found


def _count(rows: QuerySet[Any]) -> Coalesce:
    """How many rows a subquery has."""
    counted = rows.order_by().annotate(one=Value(1)).values("one").annotate(number=Count("*"))
    return Coalesce(Subquery(counted.values("number")), Value(0), output_field=IntegerField())


def _survey_coming(campaign: Any, launch: Any) -> Survey:
    """Before anything is decided: who stands behind it."""
    turnout = read_turnout(campaign)
    tally = dict.fromkeys(DeliveryState.values, 0)
    is_off = campaign.state == CampaignState.CANCELLED
    tally[DeliveryState.NOT_SENT if is_off else DeliveryState.PLANNED] = campaign.live
    state = launch.state if launch else LaunchState.SCHEDULED
    moment = campaign.launch_at
    is_paused = bool(launch and launch.is_paused)
    return Survey(
        summary=Summary(
            state=LaunchState.CANCELLED if is_off else state,
            launch_at=moment,
            pledges=campaign.live,
            people=turnout.people,
            threshold=campaign.threshold,
            tally=tally,
            first_lag_ms=None,
            last_lag_ms=None,
            by_hand=turnout.by_hand,
            assisted=Assisted(),
        ),
        is_before=moment is not None and campaign.now < moment and not is_off,
        is_decided=False,
        is_paused=is_paused,
        wait_seconds=0
        if is_off or (launch and launch.is_over)
        else _wait_for(moment, now=campaign.now),
    )


def _wait_for(moment: datetime | None, *, now: datetime) -> int:
    """How long a watcher waits before they look again, before a launch."""
    if moment is None or moment - now > COMING:
        return 30
    left = moment - now
    if left > NEAR:
        return 5
    return 1 if left > -MINUTE else 5  # long past its moment: it stands still


def _survey_decided(launch: Any) -> Survey:
    rows = read_rows(launch)
    counts = [row for row in rows if row.kind == "posts"]
    tally = Counter(dict.fromkeys(DeliveryState.values, 0))
    seconds = [0] * SECONDS
    networks: dict[str, Counter[str]] = {}
    for row in counts:
        tally[row.state] += row.number
        networks.setdefault(row.network, Counter())[row.state] += row.number
        if row.second is not None and 0 <= row.second < SECONDS:
            seconds[row.second] += row.number
    recall = _read_recall(launch, rows)
    summary = Summary(
        state=launch.state,
        launch_at=launch.launch_at,
        pledges=sum(tally.values()),
        people=launch.people or 0,
        threshold=launch.threshold,
        tally=dict(tally),
        first_lag_ms=_lag_ms(launch, min(_list_answers(counts, "first"), default=None)),
        last_lag_ms=_lag_ms(launch, max(_list_answers(counts, "last"), default=None)),
        by_hand=0,
        assisted=Assisted(
            offered=launch.offered + launch.erased_offered,
            reported=launch.reported + launch.erased_reported,
        ),
        too_late=sum(row.number for row in counts if row.mark),
    )
    return Survey(
        summary=summary,
        is_before=launch.now < launch.launch_at,
        is_decided=True,
        is_paused=launch.is_paused and not launch.is_over,
        held_why=launch.held_why if launch.state == LaunchState.HELD else "",
        silent_hosts=0 if launch.is_over else launch.silent,
        recall=recall,
        networks=sorted(
            (_add_up(name, found) for name, found in networks.items()),
            key=lambda each: (-each.total, each.network),
        ),
        seconds=_cut(seconds),
        feed=[row.as_post(launch) for row in rows if row.kind == "shown"],
        wait_seconds=_wait_after(launch, recall),
    )


def _wait_after(launch: Any, recall: RecallSummary | None) -> int:
    if recall is not None and recall.recall.is_open:
        return 3
    if launch.is_over:
        return 0
    is_fresh = launch.now - launch.decided_at < FRESH
    return 1 if launch.state == LaunchState.FIRING and is_fresh else 3


def _list_answers(rows: Sequence[Row], which: str) -> list[datetime]:
    answers = [getattr(row, which) for row in rows if row.state == DeliveryState.SENT]
    return [answer for answer in answers if answer is not None]


def _lag_ms(launch: Launch, answered_at: datetime | None) -> int | None:
    if answered_at is None:
        return None
    return round((answered_at - launch.launch_at).total_seconds() * 1000)


def _cut(seconds: list[int]) -> list[int]:
    """Without the empty ones at the end; ten at least."""
    last = max((place for place, number in enumerate(seconds) if number), default=0)
    return seconds[: max(10, last + 1)]


def _add_up(network: str, found: Mapping[str, int]) -> NetworkTally:
    """One network's states as its four parts."""
    states = DeliveryState
    return NetworkTally(
        network=network,
        sent=found.get(states.SENT, 0),
        unsent=sum(found.get(each, 0) for each in (states.FAILED, states.NOT_SENT))
        + found.get(states.WITHDRAWN, 0),
        unclear=found.get(states.UNKNOWN, 0) + found.get(states.UNCONFIRMED, 0),
        waiting=sum(found.get(each, 0) for each in (states.PLANNED, states.CLAIMED))
        + found.get(states.WAITING, 0),
    )


def _read_recall(launch: Any, rows: Sequence[Row]) -> RecallSummary | None:
    made: Recall | None = getattr(launch, "recall", None)
    if made is None:
        return None
    lines = [row for row in rows if row.kind == "recalled"]
    return sum_up_recall(made, ((row.network, row.state, row.number, row.mark) for row in lines))
