"""What one worker knows of the hosts it sends to: who answers, and who is to be left alone."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings

from launches import breaking, resting
from launches.claims import Claim
from networks import registry
from networks.errors import NetworkError, OutcomeUnknown, TryLater
from networks.http import Answer

Run = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True)
class _GivenUp:
    """When a host was given up by the database's clock; ``probed``: it was being asked again."""

    host: str
    at: datetime
    probed: bool


class Hosts:
    """The hosts of one worker's run. All but ``write_down`` awaits nothing."""

    def __init__(self) -> None:
        self._answering: set[str] = set()
        self._failures: Counter[str] = Counter()
        self._silent_since: dict[str, datetime] = {}
        self._given_up: dict[str, _GivenUp] = {}
        self._answered: set[str] = set()
        self._resting: dict[str, datetime] = {}
        self._untold: dict[str, tuple[datetime, datetime]] = {}

    def answers(self, host: str) -> bool:
        """Whether the last that was heard of it was an answer."""
        return host in self._answering

    def learn(self, silent: Collection[str], *, now: datetime) -> None:
        """What the database said at a claim: which hosts do not answer, by any worker's ears."""
        for host in silent:
            self._silent_since.setdefault(host, now)
        for host in set(self._silent_since).difference(silent, self._given_up):
            del self._silent_since[host]

    def list_resting(self, now: datetime) -> list[str]:
        """Hosts that asked this worker to be left alone for longer than until now."""
        self._resting = {host: until for host, until in self._resting.items() if until > now}
        return list(self._resting)

    def may_begin(self, claim: Claim, *, now: datetime) -> bool:
        """Whether a claim in hand may be carried out.

        Not if its host was given up meanwhile, or has asked to be left alone.
        """
        host = claim.server.host
        since = self._silent_since.get(host)
        until = self._resting.get(host)
        is_heard = since is None or _find_claimed_at(claim) >= since
        return is_heard and (until is None or until <= now)

    def rest(self, host: str, seconds: float, *, now: datetime) -> None:
        """The host asked to be left alone for so long."""
        until = now + timedelta(seconds=seconds)
        if seconds > 0 and until > self._resting.get(host, now):
            self._resting[host] = until
            self._untold[host] = now, until

    def hear(
        self, claim: Claim, now: Callable[[], datetime], outcome: Answer | NetworkError
    ) -> None:
        """What came of a request for a claim, by the wire: any answer but a 5xx is a good sign."""
        if isinstance(outcome, Answer):
            self._read_rest(claim, outcome, now=now())
        if isinstance(outcome, Answer) and outcome.status < 500:
            self._note_answer(claim.server.host)
        elif isinstance(outcome, Answer | TryLater | OutcomeUnknown):
            self._note_failure(claim, at=now())

    def _read_rest(self, claim: Claim, answer: Answer, *, now: datetime) -> None:
        seconds = registry.get(claim.network).read_rest(claim.server, answer.headers)
        if seconds is not None:
            self.rest(claim.server.host, seconds, now=now)

    def _note_answer(self, host: str) -> None:
        self._answering.add(host)
        self._failures.pop(host, None)
        if self._silent_since.pop(host, None):
            self._given_up.pop(host, None)
            self._answered.add(host)

    def _note_failure(self, claim: Claim, *, at: datetime) -> None:
        host = claim.server.host
        self._answering.discard(host)
        since = self._silent_since.get(host)
        if since is not None:
            # Of those that were under way when it was given up nothing new is learnt.
            if _find_claimed_at(claim) >= since:
                self._give_up(_GivenUp(host, at, probed=True))
            return
        self._failures[host] += 1
        if self._failures[host] >= breaking.FAILURES:
            self._give_up(_GivenUp(host, at, probed=False))

    def _give_up(self, given_up: _GivenUp) -> None:
        host = given_up.host
        self._failures.pop(host, None)
        self._answered.discard(host)
        self._silent_since[host] = given_up.at
        self._given_up[host] = given_up

    async def write_down(self, run: Run) -> None:
        """Tell the other workers. Raises what the database does; then it is told the next time."""
        for host, given_up in list(self._given_up.items()):
            await run(partial(breaking.give_up, host, now=given_up.at, probed=given_up.probed))
            if self._given_up.get(host) is given_up:
                del self._given_up[host]
        # Before what they ask for: the answer that ends a silence may ask to be left alone.
        if self._answered:
            answered = set(self._answered)
            await run(partial(breaking.take_back, answered))
            self._answered -= answered
        for host, (at, until) in list(self._untold.items()):
            await run(partial(resting.rest, host, now=at, until=until))
            if self._untold.get(host) == (at, until):
                del self._untold[host]


def _find_claimed_at(claim: Claim) -> datetime:
    return claim.lease_until - timedelta(seconds=settings.LEASE_SECONDS)
