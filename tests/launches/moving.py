"""The moves around a launch: supporters, scheduler, organiser, workers, networks and the clock.

Each is one step of one of them, on the real database and by the product's own functions, and after
each the promises are checked. Who chooses the moves, and in which order, is another matter.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction

from campaigns.clock import database_now
from launches import asking, holding, planning, sweeping, ticking
from launches.igniting import end_cancelled, ignite
from launches.pauses import NetworkPause
from tests.launches import promises
from tests.launches.staging import VOICES, Stage
from tests.launches.stepping import SteppedClock, Worker

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
BEAT_SECONDS = 50  # less than a silence
PARTS = {
    "beat": ticking.note_beat,
    "create": planning.create_launches,
    "arm": planning.arm_launches,
    "end cancelled": lambda _now: end_cancelled(),
    "expire": sweeping.expire_leases,
    "close": sweeping.close_late,
    "finish": sweeping.finish_launches,
}


class Game:
    """A launch with all who have a part in it, each at its own pace."""

    def begin(self, settings, olive, begin_networks):
        """Begin a transaction, which ``undo`` undoes, with nothing in it yet.

        Takes what the test set up: pytest's settings, Olive, and a way to have networks anew.
        """
        self.settings = settings
        Path(self.settings.LAST_TICK_FILE).unlink(missing_ok=True)
        self.first_keys = self.settings.TOKEN_KEYS
        self.example = transaction.atomic()
        self.example.__enter__()
        self.olive, self.networks = olive, begin_networks()
        self.clock = SteppedClock(NOON).__enter__()
        self.loop = asyncio.new_event_loop()
        self.stage, self.workers, self.lost = None, [], []

    def undo(self):
        for worker in self.workers:
            worker.crash()
        self.loop.close()
        self.clock.__exit__()
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)
        self.settings.TOKEN_KEYS = self.first_keys

    def announce(self, pledged, *, short_by=None, launch_in=20, latest_minutes=90, has_begun=True):
        """A campaign that so many have pledged to; ``short_by`` is missing to its threshold."""
        people = len({voice.owner for voice in pledged})
        self.stage = Stage(
            self.olive,
            threshold=None if short_by is None else people + short_by,
            launch_in=launch_in,
            latest_minutes=latest_minutes,
        )
        for voice in sorted(pledged, key=VOICES.index):
            assert self.stage.pledge(voice)
        if has_begun:
            self.pass_time(launch_in)
        self.check()

    def move(self, name, *facts):
        """Any of the moves below by its name; then what is promised must be true."""
        getattr(self, name)(*facts)
        self.check()

    def check(self):
        promises.check_posts(self.stage, self.networks)
        promises.check_ledger(self.stage, self.networks)
        promises.check_held(self.held)

    @property
    def held(self):
        """Claims in a worker's hands, and those of workers that died."""
        return [*self.lost, *(claim for worker in self.workers for claim in worker.held)]

    def act(self, voice, deed):
        """The voice's owner does one thing, or one and another."""
        for each in deed.split(" and "):
            getattr(self.stage, each)(voice)

    def pass_time(self, passed, part="all", late_by=0):
        """So many seconds, then a tick, or a part of one that read the clock a while ago."""
        self.clock.step(passed)
        self.tick(part, late_by=late_by)

    def wait(self, seconds):
        """So long, while the scheduler is never silent and does nothing else."""
        for _ in range(seconds // BEAT_SECONDS):
            self.clock.step(BEAT_SECONDS)
            ticking.note_beat(database_now())

    def tick(self, part, *, late_by=0):
        now = database_now() - timedelta(seconds=late_by)
        for name, do in PARTS.items():
            if part in (name, "all"):
                do(now)
        if self.stage.launch:
            ignite(self.stage.launch.pk)

    def steer(self, how):
        """Organiser, admin or operator."""
        launch = self.stage.launch
        match how:
            case "end pauses":
                NetworkPause.objects.all().delete()
            case "rotate keys" | "lose keys":
                self.stage.change_keys(self.settings, loses=how == "lose keys")
            case "rewrite" | "suspend" | "lift" | "pause_all" | "resume_all":
                getattr(self.stage, how)()
            case "answer" if launch:
                asking.answer(launch, sends=True)
            case "ignite" if launch:
                ignite(launch.pk)
            case "hold" | "resume" | "cancel" if launch and getattr(holding, how)(launch):
                self.stage.is_held = how == "hold"
                self.stage.is_cancelled = how == "cancel"

    def claim(self, index, most=10, begins=True, leaves=None):
        """A worker takes up to so many deliveries, and begins with them or is slow to.

        It ``leaves`` the host of one voice alone.
        """
        launch = self.stage.launch
        if launch is None:
            return
        claims = self.find_worker(index).claim(most, but=leaves.host if leaves else None)
        others = [each for each in self.held if each not in claims]
        promises.check_claimed(self.stage, claims, held=others)
        while begins and self.networks.begin_next():
            self.advance()
        self.advance()

    def find_worker(self, index):
        while len(self.workers) <= index:
            self.workers.append(Worker(self.stage.launch, loop=self.loop, networks=self.networks))
        return self.workers[index]

    def prepare(self, index):
        """A worker makes ready what it can before the moment."""
        if self.stage.launch is not None:
            self.find_worker(index).prepare()

    def go_on(self, index, how="fine", after=None, flushes=True):
        """What waits at a network, or to begin, goes on; if nothing does, something is claimed."""
        if not self.networks.waiting:
            return self.claim(index % 2, 10, begins=flushes)
        self.networks.go_on(index % len(self.networks.waiting), how, after_seconds=after)
        self.advance()
        return self.flush() if flushes else None

    def flush(self, index=None):
        """A worker, or each, writes down what came of its claims."""
        for number, worker in enumerate(self.workers):
            if index in (None, number):
                proved = worker.proved
                worker.flush()
                promises.check_proved(proved)

    def crash(self, index):
        """A worker dies."""
        if self.workers:
            worker = self.workers.pop(index % len(self.workers))
            self.lost += worker.held
            worker.crash()
            self.networks.forget_lost()

    def carry_out_late(self, index):
        """A request whose sender knows nothing of it arrives."""
        if self.networks.belated:
            self.networks.carry_out_late(index % len(self.networks.belated))

    def advance(self):
        for worker in self.workers:
            worker.advance()
        promises.check_begun(self.stage, self.networks)

    def come_to_an_end(self):
        """Let it all run out: ticks and a worker, and networks that answer."""
        while self.workers:
            self.crash(0)
        for passed in (*[50] * 8, *[600] * 20):
            self.tick("all")
            if self.stage.launch is not None:
                self.claim(0, most=50, begins=True)
                while self.networks.waiting:
                    self.go_on(0)
                self.tick("finish")
            self.check()
            if promises.are_over(self.stage):
                break
            self.clock.step(passed)
        promises.check_end(self.stage, self.networks)
