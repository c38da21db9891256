"""The tables of a rehearsal's page for a spreadsheet, as ``tabling`` makes those of a launch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from campaigns.models import Campaign
from launches.rehearsal_results import describe, list_texts
from launches.rehearsals import Rehearsal
from launches.tabling import Cells, tell_networks

Table = Callable[[Campaign], Iterator[Cells]]


def list_networks(campaign: Campaign) -> Iterator[Cells]:
    """How the posts of the latest rehearsal ended on each network."""
    latest = _find_latest(campaign)
    return tell_networks(describe(latest).networks if latest else ())


def list_seconds(campaign: Campaign) -> Iterator[Cells]:
    """Its posts in each second since its moment."""
    yield "second", "posts"
    latest = _find_latest(campaign)
    yield from enumerate(describe(latest).seconds if latest else ())


def list_posts(campaign: Campaign) -> Iterator[Cells]:
    """Its posts, word for word; the account only of who agreed to be shown."""
    yield "account", "network", "state", "reason", "words"
    latest = _find_latest(campaign)
    if latest is None or latest.is_open:  # as on the page: once it is over
        return
    for post in list_texts(latest).iterator(chunk_size=1000):
        pledge = post.pledge
        handle = pledge.account.handle if pledge and pledge.is_shown else ""
        yield handle, post.network, post.state, post.sentence, post.text


def list_rehearsals(campaign: Campaign) -> Iterator[Cells]:
    """Every rehearsal that is kept, the latest first; times are UTC."""
    yield "asked_at", "state", "sent", "posts", "posts_per_second"
    for rehearsal in Rehearsal.objects.filter(campaign=campaign).order_by("-pk"):
        outcome = describe(rehearsal)
        pace = outcome.posts_per_second
        yield (
            rehearsal.asked_at.isoformat(),
            rehearsal.state,
            outcome.sent,
            outcome.posts,
            None if pace is None else round(pace, 1),
        )


def _find_latest(campaign: Campaign) -> Rehearsal | None:
    return Rehearsal.objects.filter(campaign=campaign).order_by("-pk").first()


TABLES: dict[str, Table] = {
    "networks": list_networks,
    "seconds": list_seconds,
    "posts": list_posts,
    "rehearsals": list_rehearsals,
}
