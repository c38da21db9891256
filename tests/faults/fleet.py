"""Everything that a launch runs on, and every way to break it: what the storm plays with."""

import contextlib
import heapq
import time
from collections import Counter
from itertools import count

from tests.processes import Product, end, freeze, kill, thaw

SILENT_SECONDS = 12
ROLES = ("worker", "worker", "worker", "beat", "beat", "web")


class Fleet:
    """The product's processes, its PostgreSQL and its Valkey.

    Whatever is broken comes back by itself some seconds later, as under a service manager:
    ``attend`` does what is due. ``done`` counts what was done.
    """

    def __init__(self, product: Product, *, postgres, valkey, dice):
        self.product = product
        self.postgres = postgres
        self.valkey = valkey
        self.dice = dice
        self.done = Counter()
        self.running = [(role, product.start(role)) for role in ROLES]
        self.frozen = []
        self.away = set()
        self._later = []
        self._order = count()

    @property
    def kills(self):
        """How many processes were killed with -9."""
        return sum(number for name, number in self.done.items() if name.startswith("kill"))

    def is_ticking(self):
        """Whether a tick was noted within some seconds.

        Where none was, nothing more is broken until there is one: a minute without any is a
        silence, in which a launch asks its operator and the storm proves nothing.
        """
        try:
            noted_at = (self.product.folder / "last_tick").stat().st_mtime
        except FileNotFoundError:
            return False
        return time.time() - noted_at < SILENT_SECONDS

    def attend(self):
        """Bring back what is due by now."""
        while self._later and self._later[0][0] <= time.monotonic():
            heapq.heappop(self._later)[2]()

    def calm(self):
        """Bring everything back."""
        while self._later:
            heapq.heappop(self._later)[2]()

    def _soon(self, act, *, seconds):
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._order), act))

    def strike(self):
        """Break something."""
        acts = {
            self.kill_process: 10,
            self.end_process: 2,
            self.freeze_process: 2,
            self.crash_postgres: 2,
            self.kill_postgres: 1,
            self.stop_postgres: 1,
            self.cut_postgres: 1,
            self.kill_valkey: 1,
            self.empty_valkey: 2,
            self.cut_valkey: 1,
            self.freeze_valkey: 1,
        }
        (act,) = self.dice.choices(list(acts), weights=list(acts.values()))
        act()

    def kill_process(self):
        """Kill -9 one of the product's processes."""
        role, process = self._take()
        if process is not None:
            kill(process)
            self.done[f"kill {role}"] += 1
            self._start_soon(role)

    def end_process(self):
        """Ask one to end, and start the next one at once: a rolling upgrade."""
        role, process = self._take()
        if process is not None:
            end(process)
            self.done[f"end {role}"] += 1
            self._start_soon(role, most=0.5)

    def freeze_process(self):
        """Stop one where it stands, for longer than its leases last or shorter."""
        role, process = self._take()
        if process is None:
            return
        freeze(process)
        self.frozen.append(process)
        self.done[f"freeze {role}"] += 1

        def wake():
            self.frozen.remove(process)
            thaw(process)
            self.running.append((role, process))

        self._soon(wake, seconds=self.dice.uniform(0.3, 10))

    def _take(self):
        for each in [each for each in self.running if each[1].poll() is not None]:
            self.running.remove(each)  # it ended by itself
            self.done[f"ended by itself: {each[0]}"] += 1
            self._start_soon(each[0])
        if not self.running:
            return "", None
        return self.running.pop(self.dice.randrange(len(self.running)))

    def _start_soon(self, role, *, most=2.0):
        def start():
            self.running.append((role, self.product.start(role)))

        self._soon(start, seconds=self.dice.uniform(0, most))

    def _break(self, name, machine, act, *, back, most=3.0):
        """Break a server that is there, and bring it back."""
        if machine in self.away:
            return
        self.done[name] += 1
        self.away.add(machine)
        act()

        def bring_back():
            back()
            self.away.discard(machine)

        self._soon(bring_back, seconds=self.dice.uniform(0, most))

    def crash_postgres(self):
        """Kill -9 one of its backends: it ends all, recovers, and goes on."""
        if self.postgres not in self.away:
            self.done["kill PostgreSQL's backend"] += 1
            self.postgres.crash()

    def kill_postgres(self):
        """Kill -9 all of it."""
        self._break("kill PostgreSQL", self.postgres, self.postgres.kill, back=self.postgres.start)

    def stop_postgres(self):
        """Stop it as an operator does."""
        self._break("stop PostgreSQL", self.postgres, self.postgres.stop, back=self.postgres.start)

    def cut_postgres(self):
        """End every connection to it."""
        if self.postgres not in self.away:
            self.done["cut PostgreSQL"] += 1
            self.postgres.cut()

    def kill_valkey(self):
        """Kill -9; it comes back empty."""
        self._break("kill Valkey", self.valkey, self.valkey.kill, back=self.valkey.start)

    def freeze_valkey(self):
        """It answers nobody for a while."""
        self._break("freeze Valkey", self.valkey, self.valkey.freeze, back=self.valkey.thaw, most=5)

    def empty_valkey(self):
        """FLUSHALL."""
        if self.valkey not in self.away:
            self.done["empty Valkey"] += 1
            self.valkey.ask("FLUSHALL")

    def cut_valkey(self):
        """End every connection to it."""
        if self.valkey not in self.away:
            self.done["cut Valkey"] += 1
            self.valkey.ask("CLIENT", "KILL", "TYPE", "normal")

    def stop(self):
        """End everything."""
        with contextlib.suppress(Exception):
            self.calm()
        self.product.stop()
