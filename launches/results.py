"""What happened, in numbers that add up: the tally has every state and sums to the pledges."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q

from campaigns.models import Campaign, CampaignState
from launches.models import Delivery, DeliveryState, Launch, LaunchKind, LaunchState
from launches.offering import Assisted, count_assisted
from launches.sweeping import TOO_LATE
from supporters.counting import count_turnout
from supporters.models import Pledge, PledgeState


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A launch's numbers. Lags run from the announced moment to the network's answer, in ms.

    ``tally`` are the posts of lent accounts, and they alone; ``assisted`` is what people posted by
    their own hand, as they say; ``by_hand`` are people who promised to, until it is decided.
    ``too_late`` are those of the unsent that could not leave by the latest time.
    """

    state: str
    launch_at: datetime | None
    pledges: int
    people: int
    threshold: int | None
    tally: dict[str, int]
    first_lag_ms: int | None
    last_lag_ms: int | None
    by_hand: int
    assisted: Assisted
    too_late: int = 0

    @property
    def sent(self) -> int:
        """How many posts are proved to be there."""
        return self.tally[DeliveryState.SENT]

    @property
    def waiting(self) -> int:
        """How many are still to be sent."""
        return sum(
            self.tally[state]
            for state in (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.WAITING)
        )

    @property
    def unclear(self) -> int:
        """How many are being looked up or could not be proved."""
        return self.tally[DeliveryState.UNKNOWN] + self.tally[DeliveryState.UNCONFIRMED]

    @property
    def unsent(self) -> int:
        """How many failed or were not sent."""
        return self.tally[DeliveryState.FAILED] + self.tally[DeliveryState.NOT_SENT]

    @property
    def unsent_or_withdrawn(self) -> int:
        """How many failed, were not sent, or were withdrawn."""
        return self.unsent + self.tally[DeliveryState.WITHDRAWN]

    @property
    def said_nothing(self) -> bool:
        """Whether it is over, and no post is there, as far as anybody knows or says."""
        is_over = self.state == LaunchState.FINISHED
        return is_over and not (self.sent or self.unclear or self.assisted.reported)

    def as_json(self) -> dict[str, Any]:
        """The public answer of ``/campaigns/<slug>/results.json``."""
        return {
            "state": self.state,
            "launch_at": self.launch_at.isoformat() if self.launch_at else None,
            "pledges": self.pledges,
            "threshold": self.threshold,
            "tally": self.tally,
            "first_lag_ms": self.first_lag_ms,
            "last_lag_ms": self.last_lag_ms,
            "assisted": asdict(self.assisted),
        }


def find_launch(campaign: Campaign) -> Launch | None:
    """The campaign's one real launch, once it exists, with its recall."""
    real = Launch.objects.filter(campaign=campaign, kind=LaunchKind.REAL)
    return real.select_related("recall").first()


def summarise(campaign: Campaign) -> Summary:
    """The numbers of a campaign's launch; before its decision, of its live pledges."""
    launch = find_launch(campaign)
    if launch is None or launch.decided_at is None:
        return _summarise_pledges(campaign, launch)
    return summarise_launch(launch)


def summarise_launch(launch: Launch) -> Summary:
    """The numbers of a launch that was decided."""
    deliveries: Any = Delivery.objects.filter(launch=launch)
    tally = deliveries.tally()
    answered = deliveries.filter(state=DeliveryState.SENT).aggregate(
        first=Min("answered_at"), last=Max("answered_at")
    )
    return Summary(
        state=launch.state,
        launch_at=launch.launch_at,
        pledges=sum(tally.values()),
        people=launch.people or 0,
        threshold=launch.threshold,
        tally=tally,
        first_lag_ms=_lag_ms(launch, answered["first"]),
        last_lag_ms=_lag_ms(launch, answered["last"]),
        by_hand=0,
        assisted=count_assisted(launch),
        too_late=deliveries.filter(state=DeliveryState.NOT_SENT, reason=TOO_LATE).count()
        if tally[DeliveryState.NOT_SENT]
        else 0,
    )


def _summarise_pledges(campaign: Campaign, launch: Launch | None) -> Summary:
    turnout = count_turnout(campaign)
    live = Pledge.objects.filter(campaign=campaign, state=PledgeState.LIVE)
    pledges = live.count()
    tally = dict.fromkeys(DeliveryState.values, 0)
    if campaign.state == CampaignState.CANCELLED:
        state: str = LaunchState.CANCELLED
        tally[DeliveryState.NOT_SENT] = pledges
    else:
        state = launch.state if launch else LaunchState.SCHEDULED
        tally[DeliveryState.PLANNED] = pledges
    return Summary(
        state=state,
        launch_at=campaign.launch_at,
        pledges=pledges,
        people=turnout.people,
        threshold=campaign.threshold,
        tally=tally,
        first_lag_ms=None,
        last_lag_ms=None,
        by_hand=turnout.by_hand,
        assisted=Assisted(),
    )


def _lag_ms(launch: Launch, answered_at: datetime | None) -> int | None:
    if answered_at is None:
        return None
    return round((answered_at - launch.launch_at).total_seconds() * 1000)


def find_lags(launch: Launch) -> tuple[float, float, float] | None:
    """From the announced moment to the answer of its first, median and last post, in seconds.

    None: nothing was posted. Of an even number the later of the two in the middle.
    """
    answers: Any = Delivery.objects.filter(launch=launch, state=DeliveryState.SENT)
    facts = answers.aggregate(number=Count("pk"), first=Min("answered_at"), last=Max("answered_at"))
    if not facts["number"]:
        return None
    ordered = answers.order_by("answered_at").values_list("answered_at", flat=True)
    moments = facts["first"], ordered[facts["number"] // 2], facts["last"]
    first, median, last = ((moment - launch.launch_at).total_seconds() for moment in moments)
    return first, median, last


@dataclass(frozen=True, kw_only=True)
class NetworkTally:
    """One network's share of a launch."""

    network: str
    sent: int
    unsent: int
    unclear: int
    waiting: int

    @property
    def total(self) -> int:
        """All of its deliveries."""
        return self.sent + self.unsent + self.unclear + self.waiting


def split_by_network(launch: Launch) -> list[NetworkTally]:
    """How each network did, the largest first."""
    rows = (
        Delivery.objects.filter(launch=launch)
        .values("network")
        .annotate(
            sent=Count("pk", filter=Q(state=DeliveryState.SENT)),
            unsent=Count(
                "pk",
                filter=Q(
                    state__in=[
                        DeliveryState.FAILED,
                        DeliveryState.NOT_SENT,
                        DeliveryState.WITHDRAWN,
                    ]
                ),
            ),
            unclear=Count(
                "pk", filter=Q(state__in=[DeliveryState.UNKNOWN, DeliveryState.UNCONFIRMED])
            ),
            waiting=Count(
                "pk",
                filter=Q(
                    state__in=[
                        DeliveryState.PLANNED,
                        DeliveryState.CLAIMED,
                        DeliveryState.WAITING,
                    ]
                ),
            ),
        )
    )
    tallies = [NetworkTally(**row) for row in rows]
    return sorted(tallies, key=lambda tally: -tally.total)
