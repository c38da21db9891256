"""What a run stands on: the rows that it takes its work from, and the networks that it goes to.

A real launch's are below. A rehearsal has others (``rehearsal_runs``), and nothing of these.
"""

from collections.abc import Collection

from launches import claiming, recording
from launches.claiming import Claimed, Room
from launches.claims import Claim
from launches.minding import Hosts
from launches.preparing import keep
from launches.recording import Result
from launches.watching import DatabaseThread, HoldFlag
from networks import registry
from networks.base import Network
from networks.http import Http


class Ground:
    """The ledger, and the networks as the settings have them."""

    def __init__(self, launch_id: int) -> None:
        self._launch_id = launch_id

    def open_http(self, *, connections: int) -> Http:
        """The way out."""
        return registry.open_http(connections=connections)

    def find_network(self, name: str) -> Network:
        """The adapter that a claim is carried out with."""
        return registry.get(name)

    def make_flag(self, database: DatabaseThread) -> HoldFlag:
        """What says at most 250 ms late whether a request may start."""
        return HoldFlag(self._launch_id, database)

    def make_hosts(self) -> Hosts:
        """What a worker knows of the hosts that it sends to."""
        return Hosts()

    def claim(self, *, most: int, except_hosts: Collection[str], room: Room) -> Claimed:
        """Take work (``claiming``)."""
        return claiming.claim(self._launch_id, most=most, except_hosts=except_hosts, room=room)

    def give_back(self, claims: Collection[Claim]) -> None:
        """Put back what was not begun."""
        claiming.give_back(claims)

    def keep(self, delivery_id: int, *, attempt: int, prepared: str) -> bool:
        """Note what was made ready; whether the claim still stands (``preparing``)."""
        return keep(delivery_id, attempt=attempt, prepared=prepared)

    def record(self, results: Collection[Result]) -> None:
        """Write down how claims ended (``recording``)."""
        recording.record(results)
