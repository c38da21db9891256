"""Carry out one claim against its network, and say what came of it.

Uncertain outcomes are looked up, always, before anything is sent again; and it is sent again only
where finding nothing is proof that nothing is there.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from launches.claims import Claim
from launches.models import AttemptOutcome, DeliveryState
from launches.pausing import PAUSE_SECONDS
from launches.recording import Result
from networks.base import Credentials, Network, Post, Receipt
from networks.errors import (
    NeedsRelink,
    NetworkError,
    OutcomeUnknown,
    Rejected,
    TryLater,
    gettext_noop,
)
from networks.http import Http

logger = logging.getLogger(__name__)

LOOK_DEADLINES = 2  # a look may take this many deadlines: several pages of an account's posts
BACKOFF_MOST_SECONDS = 60.0

STRANGE = gettext_noop("Something unexpected happened while posting; we are looking it up.")
UNMADE = gettext_noop("The post could not be made ready. It will be tried again.")
SLOW = gettext_noop("The network took too long to show what is there; we look again.")
NO_PROOF = gettext_noop(
    "The network gave no clear answer, and this server gives no proof that nothing was posted. "
    "To be safe it is not sent again."
)
NO_PROOF_LEFT = gettext_noop(
    "The network gave no clear answer, and we may no longer look whether the post is there."
)
ABSENT_TOO_LATE = gettext_noop(
    "The network gave no clear answer and did not show the post later. The latest time you agreed "
    "to has passed, so it is not sent again."
)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What carrying out a claim takes: the network, an open session, the database's time.

    ``keep`` writes down what was made ready for a claim, and says whether it is still its claim.
    ``may_start`` is the last look before a request that may post: not held, time enough. Awaits
    nothing where the answer is at hand.
    """

    network: Network
    http: Http
    now: Callable[[], datetime]
    keep: Callable[[Claim, str], Awaitable[bool]]
    may_start: Callable[[Claim], Awaitable[bool]]


def back_off(tries: int) -> float:
    """Seconds to wait after so many tries: 1, 2, 4 … 60, spread by a quarter."""
    wait = min(BACKOFF_MOST_SECONDS, 2.0 ** min(max(0, tries - 1), 7))
    return wait * random.uniform(0.75, 1.25)  # noqa: S311  (it is no secret)


async def carry_out(desk: Desk, claim: Claim, credentials: Credentials) -> Result | None:
    """Look up, send, or both. None: it may not start now, nothing was sent, give it back."""
    started_at = desk.now()
    if claim.looks:
        looked = await _look_up(desk, claim, credentials, started_at)
        if looked is not None:
            return looked
    return await _send(desk, claim, credentials, started_at)


async def _look_up(
    desk: Desk, claim: Claim, credentials: Credentials, started_at: datetime
) -> Result | None:
    """What looking gave; None: it is not there, and this claim is to send it."""
    try:
        async with asyncio.timeout(LOOK_DEADLINES * settings.DEADLINE_SECONDS):
            found = await desk.network.find(desk.http, claim.server, credentials, claim.post)
    except NetworkError as error:
        return note_not_begun(desk.now(), claim, started_at, error)
    except TimeoutError:
        return note_not_begun(desk.now(), claim, started_at, TryLater(SLOW))
    except Exception:
        logger.exception("looking up delivery %s failed", claim.delivery_id)
        return note_not_begun(desk.now(), claim, started_at, TryLater(STRANGE))
    if found:
        return _note_sent(desk, claim, started_at, found[0], AttemptOutcome.FOUND)
    if not claim.sends:
        return _note_absent(desk, claim, started_at)
    return None if _may_send_again(desk, claim) else _note_absent(desk, claim, started_at)


def _may_send_again(desk: Desk, claim: Claim) -> bool:
    """Whether what was looked for and not found may be sent: nothing of it can arrive later.

    Or its owner, who was told that something can, said "send it".
    """
    return claim.is_released or not claim.is_uncertain or _is_proved_absent(desk, claim)


def _is_proved_absent(desk: Desk, claim: Claim) -> bool:
    age = (desk.now() - claim.first_tried_at).total_seconds()
    return desk.network.absence_proves(
        claim.server, post=claim.post, seconds_since_first_attempt=age
    )


async def _send(
    desk: Desk, claim: Claim, credentials: Credentials, started_at: datetime
) -> Result | None:
    """Send once; None: it was not begun, or has to stop before the request that posts.

    Some networks take several requests: for Bluesky a second one when it wants another nonce, for
    Threads two at least. Each goes through the gate, so that none starts after a hold.
    """
    gate = _Gate(desk, claim)
    http = desk.http.behind(gate.lets_pass)
    try:
        post = await _make_ready(desk, claim, credentials, http)
        receipt = await desk.network.publish(http, claim.server, credentials, post)
    except NetworkError as error:
        if gate.is_shut and isinstance(error, TryLater):
            return None
        return note_error(desk.now(), claim, started_at, error)
    except Exception:
        logger.exception("sending delivery %s failed", claim.delivery_id)
        return note_error(desk.now(), claim, started_at, OutcomeUnknown(STRANGE))
    if not receipt.remote_id:
        return note_error(desk.now(), claim, started_at, OutcomeUnknown(STRANGE))
    return _note_sent(desk, claim, started_at, receipt, AttemptOutcome.SENT)


async def _make_ready(desk: Desk, claim: Claim, credentials: Credentials, http: Http) -> Post:
    """The post with what its network wants to be made before, which is written down first.

    So whoever comes after knows what may have been made public, and that nothing can have been
    where nothing is written down. Raises what ``prepare`` raises, and TryLater.
    """
    if claim.post.prepared or not desk.network.prepares:
        return claim.post
    try:
        prepared = await desk.network.prepare(http, claim.server, credentials, claim.post)
    except OutcomeUnknown:
        raise TryLater(UNMADE) from None  # nobody sees it, whatever became of it
    if not await desk.keep(claim, prepared):
        raise TryLater(UNMADE)
    return replace(claim.post, prepared=prepared)


class _Gate:
    """The last look before each request of a claim that may post; ``is_shut`` once it said no."""

    def __init__(self, desk: Desk, claim: Claim) -> None:
        self._desk = desk
        self._claim = claim
        self.is_shut = False

    async def lets_pass(self) -> bool:
        self.is_shut = self.is_shut or not await self._desk.may_start(self._claim)
        return not self.is_shut


def _name_account(claim: Claim) -> tuple[int, datetime]:
    """The account, as it was linked when it was claimed."""
    return claim.account_id, claim.linked_at


def _note_sent(
    desk: Desk, claim: Claim, started_at: datetime, receipt: Receipt, outcome: AttemptOutcome
) -> Result:
    return Result(
        delivery_id=claim.delivery_id,
        attempt=claim.attempt,
        state=DeliveryState.SENT,
        outcome=outcome,
        started_at=started_at,
        ended_at=desk.now(),
        remote_id=receipt.remote_id,
        permalink=receipt.url,
    )


def _note_absent(desk: Desk, claim: Claim, started_at: datetime) -> Result:
    """Looked, and it is not there: whether it may be sent again, the network's rules tell.

    That is all they tell. A server that is slow to take a post or to show it may still have it, so
    nothing that was uncertain once is ever called failed or not sent.
    """
    now = desk.now()
    if not _is_proved_absent(desk, claim):
        state, reason, due_at = DeliveryState.UNCONFIRMED, NO_PROOF, None
    elif now >= claim.latest_at:
        state, reason, due_at = DeliveryState.UNCONFIRMED, ABSENT_TOO_LATE, None
    else:
        state, reason, due_at = DeliveryState.WAITING, "", now
    return Result(
        delivery_id=claim.delivery_id,
        attempt=claim.attempt,
        state=state,
        outcome=AttemptOutcome.ABSENT,
        started_at=started_at,
        ended_at=now,
        due_at=due_at,
        reason=reason,
    )


def _read_wait(error: NetworkError) -> float:
    """What the network asked for, in seconds; 0 when it asked for nothing."""
    return (error.after_seconds or 0.0) if isinstance(error, TryLater) else 0.0


def note_not_begun(
    now: datetime, claim: Claim, started_at: datetime, error: NetworkError
) -> Result:
    """It could not be looked up, or not even begun: nothing was sent, and it is tried later.

    Where it never can be, what was to be sent fails and what was to be proved stays without proof.
    """
    if not isinstance(error, TryLater | OutcomeUnknown):
        return _note_unlookable(claim, started_at, now, error)
    wait = max(_read_wait(error), back_off(claim.attempt))
    return Result(
        delivery_id=claim.delivery_id,
        attempt=claim.attempt,
        state=DeliveryState.WAITING if claim.sends else DeliveryState.UNKNOWN,
        outcome=AttemptOutcome.LATER,
        started_at=started_at,
        ended_at=now,
        due_at=now + timedelta(seconds=wait),
        reason=error.sentence,
        reason_facts=dict(error.facts),
    )


def note_stray(now: datetime, claim: Claim, started_at: datetime) -> Result:
    """An error that nobody thought of: a post may be there, so it is looked up."""
    error = OutcomeUnknown(STRANGE)
    if claim.sends:
        return note_error(now, claim, started_at, error)
    return note_not_begun(now, claim, started_at, error)


def _note_unlookable(
    claim: Claim, started_at: datetime, now: datetime, error: NetworkError
) -> Result:
    """The network will not let us in, ever: what was to be sent fails, the rest has no proof."""
    has_no_proof = claim.looks or claim.is_released
    return Result(
        delivery_id=claim.delivery_id,
        attempt=claim.attempt,
        state=DeliveryState.UNCONFIRMED if has_no_proof else DeliveryState.FAILED,
        outcome=AttemptOutcome.FAILED,
        started_at=started_at,
        ended_at=now,
        reason=NO_PROOF_LEFT if claim.looks else error.sentence,
        reason_facts={} if claim.looks else dict(error.facts),
        needs_relink=_name_account(claim) if isinstance(error, NeedsRelink) else None,
    )


def note_error(now: datetime, claim: Claim, started_at: datetime, error: NetworkError) -> Result:
    """What one of the four errors means for a delivery that was to be sent."""
    due_at = None
    match error:
        case TryLater(scope="network"):
            state, outcome = DeliveryState.WAITING, AttemptOutcome.LATER
            due_at = now + timedelta(seconds=_read_wait(error) or PAUSE_SECONDS)
        case TryLater():
            state, outcome = DeliveryState.WAITING, AttemptOutcome.LATER
            due_at = now + timedelta(seconds=max(_read_wait(error), back_off(claim.tries)))
        case Rejected() | NeedsRelink():
            # This request was refused; an earlier one may have been taken, and not be shown yet.
            has_no_proof = claim.is_uncertain or claim.is_released
            state = DeliveryState.UNCONFIRMED if has_no_proof else DeliveryState.FAILED
            outcome = AttemptOutcome.FAILED
        case _:
            state, outcome = DeliveryState.UNKNOWN, AttemptOutcome.UNKNOWN
            # Not before its lease and one deadline are over: nothing of it is under way by then.
            due_at = claim.lease_until + timedelta(seconds=settings.DEADLINE_SECONDS)
    return Result(
        delivery_id=claim.delivery_id,
        attempt=claim.attempt,
        state=state,
        outcome=outcome,
        started_at=started_at,
        ended_at=now,
        due_at=due_at,
        reason=error.sentence,
        reason_facts=dict(error.facts),
        needs_relink=_name_account(claim) if isinstance(error, NeedsRelink) else None,
        token_refused=isinstance(error, NeedsRelink)
        or (isinstance(error, TryLater) and error.token_expired),
        prepared_is_gone=isinstance(error, TryLater) and error.prepared_is_gone,
        pauses_host=isinstance(error, TryLater) and error.scope == "host",
        asks_rest=isinstance(error, TryLater) and error.scope == "host" and _read_wait(error) > 0,
        pauses_network=isinstance(error, TryLater) and error.scope == "network",
    )
