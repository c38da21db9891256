"""Prepare a rehearsal: plan what would be posted, and have an account made up for each post."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from campaigns.clock import database_now
from launches import rehearsing, weeding
from launches.delivering import new_loop
from launches.models import DeliveryState, Launch
from launches.rehearsals import Rehearsal, RehearsalState, RehearsedPost, RehearsedState
from launches.simulating import (
    NoStage,
    Stage,
    clear_stage,
    find_stage,
    make_credentials,
    open_control,
)
from launches.watching import DatabaseThread
from launches.weeding import Row, Words
from networks import registry
from networks.errors import gettext_noop
from supporters.counting import count_turnout
from supporters.models import KnownServer, Pledge, PledgeState

BATCH = 500
LEAD = timedelta(seconds=3)  # from prepared to the moment, so that all workers are there
ALIVE = timedelta(seconds=120)  # longer than a batch takes to be prepared

NOT_PLAYED = gettext_noop("The simulator does not play this network, so it was not tried.")
TOO_LONG = gettext_noop(
    "These words are too long for %(host)s: %(used)s characters by its rules, %(limit)s at most."
)
FAILED = gettext_noop("Something unexpected happened. Please tell whoever runs this site.")

logger = logging.getLogger(__name__)


def prepare(rehearsal: Rehearsal) -> bool:
    """Plan its posts, and have an account made up for each; whether it runs now."""
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(_prepare_on_stage(rehearsal))
    except NoStage as trouble:
        logger.warning("rehearsal %s has no stage: %s", rehearsal.pk, trouble.sentence)
        rehearsing.stop(rehearsal, why=trouble.sentence)
    except Exception:
        logger.exception("rehearsal %s could not be prepared", rehearsal.pk)
        rehearsing.stop(rehearsal, why=FAILED)
    return False


async def _prepare_on_stage(rehearsal: Rehearsal) -> bool:
    async with DatabaseThread("rehearsal") as database, open_control() as control:
        stage = await find_stage(control)
        await clear_stage(control)
        last = 0
        while pledges := await database.run(partial(_read_pledges, rehearsal.campaign_id, last)):
            last = pledges[-1].pk
            planned = await database.run(partial(_plan, rehearsal, pledges, stage))
            open_ones = [post for post in planned if post.state == RehearsedState.PLANNED]
            wanted = [
                (post.network, post.place, f"rehearsal{rehearsal.pk}p{post.pledge_id}")
                for post in open_ones
            ]
            made = await make_credentials(control, wanted) if wanted else []
            for post, credentials in zip(open_ones, made, strict=True):
                post.credentials = credentials
            if not await database.run(partial(_keep, rehearsal, planned)):
                return False
        return await database.run(partial(_begin, rehearsal, stage))


def _read_pledges(campaign_id: int, after: int) -> list[Pledge]:
    """The next live pledges, read as a page reads them; their keys stay where they are."""
    live = Pledge.objects.filter(campaign=campaign_id, state=PledgeState.LIVE, pk__gt=after)
    related = live.select_related("person", "account", "campaign")
    return list(related.defer("account__sealed_credentials").order_by("pk")[:BATCH])


def _plan(rehearsal: Rehearsal, pledges: Sequence[Pledge], stage: Stage) -> list[RehearsedPost]:
    """What would become of these pledges if their launch were now; what can be tried is planned."""
    servers = {
        (known.network, known.host): known
        for known in KnownServer.objects.filter(host__in={each.host for each in pledges})
    }
    now = database_now()
    return [
        _plan_one(
            rehearsal, pledge, stage=stage, known=servers[pledge.network, pledge.host], now=now
        )
        for pledge in pledges
    ]


def _plan_one(
    rehearsal: Rehearsal, pledge: Pledge, *, stage: Stage, known: KnownServer, now: datetime
) -> RehearsedPost:
    post = RehearsedPost(
        rehearsal=rehearsal,
        pledge=pledge,
        network=pledge.network,
        host=pledge.host,
        text=pledge.text,
        language=pledge.language,
    )
    end = _find_end(pledge, now=now)
    if end is not None:
        is_failed = end[0] == DeliveryState.FAILED
        post.state = RehearsedState.FAILED if is_failed else RehearsedState.NOT_SENT
        post.reason = end[1]
        return post
    length = registry.get(pledge.network).measure(known.server, pledge.text)
    player = stage.choose(pledge.network, known.server, turn=pledge.pk)
    if player is None:
        post.state, post.reason = RehearsedState.NOT_SENT, NOT_PLAYED
    elif length.over:
        post.state, post.reason = RehearsedState.FAILED, TOO_LONG
        post.reason_facts = {"host": pledge.host, "used": length.used, "limit": length.limit}
    else:
        post.place = player.host
    return post


def _find_end(pledge: Pledge, *, now: datetime) -> tuple[DeliveryState, str] | None:
    """By the launch's own rule, as if it had called this pledge at its moment just now."""
    campaign, account = pledge.campaign, pledge.account
    assert campaign.launch_at is not None, "a scheduled campaign has a moment"
    assert campaign.latest_at is not None, "and a latest time"
    launch = Launch(campaign=campaign, launch_at=campaign.launch_at, latest_at=campaign.latest_at)
    facts: dict[str, Any] = dict.fromkeys(Row._fields)
    facts |= {
        "network": pledge.network,
        "attempt": 0,
        "is_uncertain": False,
        "pledge_id": pledge.pk,
        "is_active": pledge.person.is_active,
        "account_state": account.state,
    }
    said = Words(
        state=PledgeState.CALLED,
        text=pledge.text,
        language=pledge.language,
        agreed=pledge.agreed_latest_at - pledge.agreed_launch_at,
    )
    return weeding.find_end(launch, Row(**facts), said=said, now=now)


def _keep(rehearsal: Rehearsal, planned: Sequence[RehearsedPost]) -> bool:
    """Write posts down, but of pledges that are gone by now; False: it was stopped meanwhile."""
    preparing = Rehearsal.objects.filter(pk=rehearsal.pk, state=RehearsalState.PREPARING)
    if not preparing.update(alive_until=database_now() + ALIVE):
        return False
    live = Pledge.objects.filter(
        pk__in=[post.pledge_id for post in planned], state=PledgeState.LIVE
    )
    standing = set(live.values_list("pk", flat=True))
    posts = [post for post in planned if post.pledge_id in standing]
    RehearsedPost.objects.bulk_create(posts, ignore_conflicts=True)
    return True


def _begin(rehearsal: Rehearsal, stage: Stage) -> bool:
    campaign = rehearsal.campaign
    return rehearsing.begin(
        rehearsal,
        launch_at=database_now() + LEAD,
        places={"places": list(stage.places), "servers": list(stage.servers)},
        people=count_turnout(campaign).people,
        threshold=campaign.threshold,
    )
