"""The site's numbers for Prometheus, read from the rows at each scrape.

So any web process gives the same truth, and workers need no port. At most fifteen queries, none of
which looks at more than the launches of a day; no label names a campaign or a person. What there is
none of has no sample: the age of the oldest unknown post is not 0 where nothing is unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce
from post_office.models import STATUS, Email
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches import breaking, stopping
from launches.models import Delivery, DeliveryState, Launch, LaunchKind, LaunchState
from launches.pausing import list_paused
from launches.recalls import OPEN_DELETIONS, Deletion
from launches.results import find_lags
from launches.ticking import seconds_since_tick
from networks import registry
from supporters.models import CHECKS_BEGIN, PendingRevocation, Pledge, PledgeState, Readiness

DAY = timedelta(days=1)
RATE_OVER = timedelta(minutes=1)
UNDER_WAY = (LaunchState.ARMED, LaunchState.FIRING, LaunchState.HELD)


def read_gauges() -> Iterator[Metric]:
    """All of them, as of now."""
    now = database_now()
    yield from _read_machinery(now)
    yield from _read_launches(now)
    yield from _read_deliveries(now)
    yield from _read_latest(now)
    yield from _read_recalls(now)
    yield from _read_mails(now)
    yield from _read_authorisations(now)


def _gauge(name: str, said: str, value: float | None) -> Metric:
    """One number; without a sample where there is none."""
    family = GaugeMetricFamily(f"crowdspeak_{name}", said)
    if value is not None:
        family.add_metric([], value)
    return family


def _age(now: datetime, since: datetime | None) -> float | None:
    return None if since is None else max(0.0, (now - since).total_seconds())


def _read_machinery(now: datetime) -> Iterator[Metric]:
    yield _gauge(
        "scheduler_age_seconds",
        "Time since the scheduler's last tick; it ticks every second. No sample: it never did.",
        seconds_since_tick(now),
    )
    paused = set(list_paused(now))
    family = GaugeMetricFamily(
        "crowdspeak_network_paused",
        "1 for a network that nothing is sent to because it failed as a whole, else 0.",
        labels=["network"],
    )
    for name in sorted({*registry.automatic_networks(), *paused}):
        family.add_metric([name], int(name in paused))
    yield family
    yield _gauge(
        "silent_hosts",
        "Servers that do not answer, so that nothing is sent to them but a try now and then.",
        len(breaking.list_open()),
    )
    yield _gauge(
        "launches_paused",
        "1 while an operator has paused all launches, else 0.",
        int(stopping.is_paused()),
    )


def _read_launches(now: datetime) -> Iterator[Metric]:
    launches = Launch.objects.filter(kind=LaunchKind.REAL).order_by()
    counts = dict(launches.values_list("state").annotate(number=Count("pk")))
    family = GaugeMetricFamily("crowdspeak_launches", "Launches by state.", labels=["state"])
    for state in LaunchState.values:
        family.add_metric([state], counts.get(state, 0))
    yield family
    # Of campaigns, since one whose scheduler stands still has no launch yet.
    moments = Campaign.objects.filter(state=CampaignState.SCHEDULED).aggregate(
        overdue=Min("launch_at", filter=Q(launch_at__lte=now)),
        coming=Min("launch_at", filter=Q(launch_at__gt=now)),
    )
    yield _gauge(
        "launch_overdue_seconds",
        "For how long a launch has been due that nobody has begun, the longest. No sample: none.",
        _age(now, moments["overdue"]),
    )
    coming = moments["coming"]
    yield _gauge(
        "next_launch_timestamp_seconds",
        "The moment of the next launch, in Unix time. No sample: none is scheduled.",
        coming.timestamp() if coming else None,
    )


def _read_deliveries(now: datetime) -> Iterator[Metric]:
    """Launches under way and those of the last day, in one statement."""
    rows = (
        Delivery.objects.filter(
            Q(launch__state__in=UNDER_WAY) | Q(launch__launch_at__gt=now - DAY),
            launch__kind=LaunchKind.REAL,
        )
        .order_by()
        .values("launch__state", "network", "state")
        .annotate(
            number=Count("pk"),
            since=Min(Coalesce("first_tried_at", "launch__launch_at")),
            fresh=Count("pk", filter=Q(answered_at__gt=now - RATE_OVER)),
        )
    )
    under_way: Counter[tuple[str, str]] = Counter()
    last_day: Counter[tuple[str, str]] = Counter()
    unknown: list[datetime] = []
    fresh = 0
    for row in rows:
        key = row["network"], row["state"]
        last_day[key] += row["number"]
        if row["launch__state"] in UNDER_WAY:
            under_way[key] += row["number"]
        if row["state"] == DeliveryState.UNKNOWN:
            unknown.append(row["since"])
        if row["state"] == DeliveryState.SENT:
            fresh += row["fresh"]
    for name, said, counts in (
        (
            "deliveries_under_way",
            "Deliveries of launches that are not over",
            under_way,
        ),
        ("deliveries_last_day", "The same, with those of launches of the last 24 hours", last_day),
    ):
        yield _count_deliveries(name, f"{said}, by network and state.", counts)
    yield _gauge(
        "oldest_unknown_seconds",
        "Time since the first attempt at the oldest post of which nobody knows whether it is "
        "there. No sample: there is none.",
        _age(now, min(unknown, default=None)),
    )
    yield _gauge(
        "posts_per_second",
        "Posts that networks took, per second, over the last minute.",
        fresh / RATE_OVER.total_seconds(),
    )


def _count_deliveries(name: str, said: str, counts: Counter[tuple[str, str]]) -> Metric:
    """Every state of each network that has any."""
    family = GaugeMetricFamily(f"crowdspeak_{name}", said, labels=["network", "state"])
    for network in sorted({network for network, _ in counts}):
        for state in DeliveryState.values:
            family.add_metric([network, state], counts[network, state])
    return family


def _read_latest(now: datetime) -> Iterator[Metric]:
    """How late the posts of the latest launch were, for a day: an alert has an end."""
    family = GaugeMetricFamily(
        "crowdspeak_latest_launch_lag_seconds",
        "From the announced moment of the latest launch of the last 24 hours to a network's "
        "answer: the first post, the median, the last. No sample: nothing was posted.",
        labels=["post"],
    )
    latest = Launch.objects.filter(
        kind=LaunchKind.REAL, decided_at__isnull=False, launch_at__gt=now - DAY
    )
    launch = latest.exclude(state=LaunchState.MISSED).order_by("-launch_at", "-pk").first()
    lags = find_lags(launch) if launch else None
    if lags is not None:
        for post, seconds in zip(("first", "median", "last"), lags, strict=True):
            family.add_metric([post], seconds)
    yield family


def _read_recalls(now: datetime) -> Iterator[Metric]:
    """Posts that are to be deleted again, in one statement."""
    waiting = Deletion.objects.filter(state__in=OPEN_DELETIONS).aggregate(
        number=Count("pk"), since=Min("noted_at")
    )
    yield _gauge("deletions_waiting", "Recalled posts to be deleted.", waiting["number"])
    yield _gauge(
        "oldest_deletion_seconds",
        "Time since the oldest of these was noted; it is given up after a day. No sample: none.",
        _age(now, waiting["since"]),
    )


def _read_mails(now: datetime) -> Iterator[Metric]:
    waiting: Any = Email.objects.filter(status__in=[STATUS.queued, STATUS.requeued]).filter(
        Q(expires_at=None) | Q(expires_at__gt=now)
    )
    mails = waiting.aggregate(number=Count("pk"), oldest=Min("created"))
    yield _gauge("mails_waiting", "Mails that wait to be sent.", mails["number"])
    yield _gauge(
        "oldest_waiting_mail_seconds",
        "Age of the oldest mail that waits to be sent. No sample: none waits.",
        _age(now, mails["oldest"]),
    )


def _read_authorisations(now: datetime) -> Iterator[Metric]:
    yield _gauge(
        "pending_revocations",
        "Authorisations that networks are still to be told to forget.",
        PendingRevocation.objects.count(),
    )
    lent: Any = Pledge.objects.filter(
        state=PledgeState.LIVE,
        campaign__state=CampaignState.SCHEDULED,
        campaign__launch_at__gt=now,
        campaign__launch_at__lte=now + CHECKS_BEGIN,
    )
    to_renew = lent.with_readiness().filter(found_readiness=Readiness.RENEW)
    yield _gauge(
        "accounts_to_renew",
        "Accounts lent to a launch of the next 72 hours that only their owner can renew.",
        to_renew.aggregate(number=Count("account", distinct=True))["number"],
    )
