"""Everything that can happen around a launch, in any order, and what must be true all the same."""

import logging
import os

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from launches import pace
from tests.launches import promises
from tests.launches.doubts import DOUBTFUL
from tests.launches.moving import PARTS, Game
from tests.launches.openings import ORDERLY
from tests.launches.playing import ANSWERS, play_networks
from tests.launches.staging import DEEDS, VOICES
from tests.launches.stepping import step_counters

pytestmark = pytest.mark.django_db

OPENINGS = {opening.name: opening for opening in (*ORDERLY, *DOUBTFUL)}
EXAMPLES = {"sqlite": 15, "postgresql": 10}  # quick enough for the suite
MOVES_MOST = 25
# Shorter and longer than a look's age, a deadline, what a lease leaves to begin in, a lease, the
# wait before the moment, a silence, the time for which a key is proof, and a latest time.
STEPS = (*[1] * 8, *[11] * 3, 29, 31, 31, *[51] * 6, 61, 130, 1000, 3300)
KEYS = ("rotate keys", "rotate keys", "lose keys")
STEERING = (
    *(*["hold"] * 4, *["resume"] * 4, "cancel", "answer", "end pauses", *KEYS),
    *("rewrite", "suspend", "lift", "ignite", "pause_all", "resume_all"),
)
voices = st.sampled_from(VOICES)
ticks = st.sampled_from(("all", "all", "all", *PARTS))
# What each move takes, and how often there is one. As rules of their own Hypothesis would leave out
# some in each example, and hardly any launch would come far.
MOVES = {
    "act": (voices, st.sampled_from(DEEDS)),
    "steer": (st.sampled_from(STEERING),),
    "pass_time": (st.sampled_from(STEPS), ticks, st.sampled_from((0, 2))),
    "claim": (st.integers(0, 1), st.sampled_from((1, 10)), st.booleans()),
    "prepare": (st.integers(0, 1),),
    "go_on": (
        st.integers(0, 9),
        st.sampled_from(ANSWERS),
        st.sampled_from((None, None, 600)),
        st.booleans(),
    ),
    "crash": (st.integers(0, 1),),
    "carry_out_late": (st.integers(0, 9),),
    "flush": (st.sampled_from((None, 0, 1)),),
}
OFTEN = (*MOVES, "act", "steer", "crash", *["pass_time"] * 3, *["go_on"] * 8)
moves = st.sampled_from(OFTEN).flatmap(lambda name: st.tuples(st.just(name), *MOVES[name]))


free = st.tuples(
    st.sets(voices, min_size=2, max_size=5),
    st.fixed_dictionaries(
        {
            "short_by": st.sampled_from((None, None, 0, 1)),
            "launch_in": st.sampled_from((20, 90)),
            "latest_minutes": st.sampled_from((3, 20, 90)),
            "has_begun": st.sampled_from((True, True, False)),
        }
    ),
    st.just(()),
)
known = st.tuples(st.sampled_from(sorted(OPENINGS)), st.integers(0, 5)).map(
    lambda drawn: OPENINGS[drawn[0]].leave_out(drawn[1])
)


class ByChance(Game, RuleBasedStateMachine):
    """A game whose moves chance chooses, from the beginning or from within an opening."""

    given = ()

    def __init__(self):
        super().__init__()
        self.begin(*self.given)

    @initialize(position=st.one_of(free, known, known))
    def set_up(self, position):
        pledged, facts, moves = position
        self.announce(pledged, **facts)
        for move in moves:
            self.move(*move)

    @rule(move=moves)
    def go_anywhere(self, move):
        self.move(*move)

    def teardown(self):
        try:
            if self.stage is not None:
                self.come_to_an_end()
        finally:
            self.undo()


@pytest.fixture
def given(settings, monkeypatch, olive, caplog):
    """What a game takes of the test that it is played in."""
    settings.LEASE_SECONDS, settings.DEADLINE_SECONDS = 40, 10.0
    settings.CACHE_URL = ""
    pace._shared.cache_clear()
    step_counters(monkeypatch)
    for name in ("launches", "supporters"):  # troubles are what this is about
        caplog.set_level(logging.CRITICAL, logger=name)
    yield settings, olive, play_networks(monkeypatch, settings)
    pace._shared.cache_clear()


@pytest.mark.parametrize("opening", OPENINGS.values(), ids=OPENINGS)
def test_an_opening_comes_to_its_end(given, opening):
    game = Game()
    game.begin(*given)
    try:
        game.announce(opening.pledged, **opening.facts)
        for move in opening.moves:
            game.move(*move)
        game.come_to_an_end()
        assert promises.read_ends(game.stage) == opening.ends
        posts = opening.ends.count("sent") if opening.posts is None else opening.posts
        assert len(game.networks.posts) == posts
    finally:
        game.undo()


def test_whatever_happens_a_launch_keeps_its_promises(given):
    class Machine(ByChance):
        pass

    Machine.given = given
    asked = os.environ.get("LAUNCH_EXAMPLES")
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=int(asked or EXAMPLES[connection.vendor]),
            stateful_step_count=MOVES_MOST,
            deadline=None,
            derandomize=asked is None,
            # To find the shortest game takes minutes: for who looks for it.
            phases=[Phase.generate, *([Phase.shrink] if asked else [])],
            print_blob=True,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
