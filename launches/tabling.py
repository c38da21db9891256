"""The tables of a results page for a spreadsheet: each as rows of cells, its columns' names first.

Names and states are those of ``results.json``. A cell that is None is a number that nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import Campaign
from launches.following import read_clicks
from launches.gathering import Day, trace_supporters
from launches.lagging import measure_lags
from launches.models import Delivery, DeliveryState, Launch
from launches.readings import NUMBERS
from launches.recalls import find_recall
from launches.recounting import summarise_recall
from launches.results import NetworkTally
from launches.surveying import Survey
from launches.totalling import Part, total_rounds

UNSENT_STATES = (
    DeliveryState.FAILED,
    DeliveryState.UNCONFIRMED,
    DeliveryState.NOT_SENT,
    DeliveryState.WITHDRAWN,
)

Cells = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a table is made of."""

    campaign: Campaign
    launch: Launch
    seen: Survey
    now: datetime


Table = Callable[[Source], Iterator[Cells]]


def list_seconds(source: Source) -> Iterator[Cells]:
    """Posts in each second of the first minute."""
    yield "second", "posts", "so_far"
    so_far = 0
    for second, number in enumerate(source.seen.seconds):
        so_far += number
        yield second, number, so_far


def list_lags(source: Source) -> Iterator[Cells]:
    """How many posts were how late."""
    yield "from_seconds", "to_seconds", "posts", "so_far"
    lags = measure_lags(source.launch)
    for span in lags.spans if lags else ():
        yield span.from_seconds, span.to_seconds, span.number, span.so_far


def list_networks(source: Source) -> Iterator[Cells]:
    """How each network's posts ended."""
    return tell_networks(source.seen.networks)


def tell_networks(tallies: Iterable[NetworkTally]) -> Iterator[Cells]:
    """How the posts of a launch, or of a rehearsal, ended on each network."""
    yield "network", "sent", "waiting", "not_sent", "not_confirmed"
    for tally in tallies:
        yield tally.network, tally.sent, tally.waiting, tally.unsent, tally.unclear


def list_supporters(source: Source) -> Iterator[Cells]:
    """How many had pledged at the end of each day."""
    return tell_days(trace_supporters(source.campaign))


def tell_days(days: Iterable[Day]) -> Iterator[Cells]:
    """How many stood behind a campaign at the end of each of these days."""
    yield "day", "people", "accounts"
    for day in days:
        yield day.day.isoformat(), day.people, day.accounts


def list_numbers(source: Source) -> Iterator[Cells]:
    """What the networks tell of the posts, at each time they were read."""
    yield "after_seconds", *_name_parts()
    for each in total_rounds(source.launch, now=source.now):
        if each.has_begun:
            yield each.after_seconds, *_tell_part(each.whole)


def list_numbers_by_network(source: Source) -> Iterator[Cells]:
    """The same of each network apart."""
    yield "after_seconds", "network", *_name_parts()
    for each in total_rounds(source.launch, now=source.now):
        if each.has_begun:
            for network, part in each.networks.items():
                yield each.after_seconds, network, *_tell_part(part)


def _name_parts() -> Cells:
    return (*NUMBERS, "posts", "read", "gone", "unread")


def _tell_part(part: Part) -> Cells:
    numbers = (part.totals[name].number for name in NUMBERS)
    return (*numbers, part.posts, part.read, part.gone, part.unread)


def list_clicks(source: Source) -> Iterator[Cells]:
    """Clicks on the short link since the launch; no rows where they are not counted."""
    yield "from", "clicks"
    launch = source.launch
    followed = read_clicks(source.campaign, since=launch.launch_at, now=source.now)
    for span in followed.spans if followed else ():
        yield span.starts_at.isoformat(), span.clicks


def list_recalled(source: Source) -> Iterator[Cells]:
    """What became of the posts that a recall was to delete, by network."""
    yield "network", "deleted", "gone", "waiting", "kept", "left", "total"
    made = find_recall(source.launch)
    for part in summarise_recall(made).networks if made else ():
        ended = (part.deleted, part.gone, part.waiting, part.kept, part.left, part.total)
        yield part.label, *ended


def list_unsent(source: Source) -> Iterator[Cells]:
    """Every post that did not go out, and why: for who may steer the launch."""
    yield "account", "network", "state", "reason"
    unsent: Any = find_unsent(source.launch)
    for delivery in unsent.iterator(chunk_size=1000):
        pledge = delivery.pledge
        handle = pledge.account.handle if pledge else ""
        yield handle, delivery.network, delivery.state, delivery.sentence


def find_unsent(launch: Launch) -> Any:
    """The deliveries of a launch that did not go out."""
    unsent = Delivery.objects.filter(launch=launch, state__in=UNSENT_STATES)
    return unsent.select_related("pledge__account").order_by("pk")


TABLES: dict[str, Table] = {
    "seconds": list_seconds,
    "lag": list_lags,
    "networks": list_networks,
    "supporters": list_supporters,
    "numbers": list_numbers,
    "numbers-by-network": list_numbers_by_network,
    "clicks": list_clicks,
    "recalled": list_recalled,
}
PRIVATE_TABLES: dict[str, Table] = {"unsent": list_unsent}
