"""Openings: how a launch comes into a position from which a mistake would post twice, or wrongly.

Chance alone hardly ever gets there. Each is played as it stands, to the end that it must come to;
and games by chance begin with a part of one.
"""

from dataclasses import dataclass, field

from tests.launches.staging import BLUESKY, KEYED, LINKEDIN, THREADS, UNKEYED, X

HOUR = 3600
LEASE_ENDS = 51  # a lease and a deadline, and a second
CLAIM_A, CLAIM_B = ("claim", 0), ("claim", 1)
CLAIM_A_SLOWLY = ("claim", 0, 10, False)
CLAIM_KEYED = ("claim", 0, 10, True, BLUESKY)
CLAIM_KEYED_SLOWLY = ("claim", 0, 10, False, BLUESKY)
A_LONG_WHILE = ("wait", HOUR + 50)
FINE, HIDDEN = ("go_on", 0, "fine"), ("go_on", 0, "hidden")
IGNITE = ("steer", "ignite")
# The second worker takes what is due, and its network answers; and that a second later.
LOOK, NEXT = (CLAIM_B, FINE), ("pass_time", 1)


@dataclass(frozen=True)
class Opening:
    """``pledged`` and ``facts`` are how it is announced, ``ends`` the states at its end.

    ``posts`` is how many there are at the networks then; None: as many as are sent.
    """

    name: str
    pledged: tuple
    moves: tuple
    ends: tuple
    facts: dict = field(default_factory=dict)
    posts: int | None = None

    def leave_out(self, last):
        """How it is announced, and its moves but for so many at the end."""
        return self.pledged, self.facts, self.moves[: max(0, len(self.moves) - last)]


ORDERLY = (
    Opening(
        "everybody is heard",
        (KEYED, UNKEYED, BLUESKY, LINKEDIN, THREADS, X),
        (CLAIM_A, *[FINE] * 7),
        ("sent",) * 6,
    ),
    Opening(
        "ticks and workers come twice, early and late",
        (KEYED, BLUESKY),
        (
            *(("pass_time", 5), IGNITE, CLAIM_A, ("pass_time", 5), ("pass_time", 9), IGNITE),
            *(CLAIM_A, ("pass_time", 0, "all", 2), CLAIM_B, ("pass_time", 1), CLAIM_A, CLAIM_B),
            *(IGNITE, FINE, FINE, ("pass_time", 200), IGNITE),
        ),
        ("sent", "sent"),
        {"has_begun": False, "latest_minutes": 3},
    ),
    Opening(
        "one is missing to the threshold",
        (KEYED, BLUESKY),
        (CLAIM_A, ("pass_time", 1), CLAIM_B),
        ("not_sent", "not_sent"),
        {"short_by": 1},
    ),
    Opening(
        "withdrawn before its claim",
        (KEYED, BLUESKY),
        (("act", KEYED, "withdraw"), ("claim", 0, 1), CLAIM_B, FINE),
        ("withdrawn", "sent"),
    ),
    Opening(
        "withdrawn, and pledged anew in other words while it was armed and made ready",
        (THREADS,),
        (
            *(("pass_time", 5), ("prepare", 0), FINE, ("pass_time", 1)),
            *(("act", THREADS, "withdraw and pledge_in_own_words"), ("pass_time", 1)),
            *(("pass_time", 20), CLAIM_A, FINE, FINE),
        ),
        ("sent",),
        {"has_begun": False},
    ),
    Opening(
        "pledged anew in other words while it is being made ready",
        (THREADS,),
        (
            *(("pass_time", 5), ("prepare", 0), ("act", THREADS, "withdraw")),
            *(("act", THREADS, "pledge_in_own_words"), ("pass_time", 1), FINE, ("pass_time", 20)),
            *(CLAIM_A, FINE, FINE),
        ),
        ("sent",),
        {"has_begun": False},
    ),
    Opening(
        "the organiser's words change after the consent",
        (KEYED, THREADS),
        (
            *(("steer", "rewrite"), ("act", KEYED, "reword"), ("steer", "rewrite")),
            *(("pass_time", 70), ("prepare", 0), FINE, ("act", THREADS, "reword")),
            *(("steer", "rewrite"), ("pass_time", 25), CLAIM_A, FINE, FINE),
        ),
        ("sent", "sent"),
        {"has_begun": False, "launch_in": 90},
    ),
    Opening(
        "held, and resumed",
        (KEYED, BLUESKY),
        (
            *(CLAIM_KEYED_SLOWLY, ("steer", "hold"), CLAIM_B, FINE, ("pass_time", 1), CLAIM_B),
            *(("act", BLUESKY, "withdraw"), ("steer", "resume"), CLAIM_B, FINE),
        ),
        ("sent", "withdrawn"),
    ),
    Opening(
        "all launches are paused, and go on",
        (KEYED, BLUESKY),
        (
            *(CLAIM_KEYED_SLOWLY, ("steer", "pause_all"), CLAIM_B, FINE, NEXT, CLAIM_B),
            *(("act", BLUESKY, "withdraw"), ("steer", "resume_all"), CLAIM_B, FINE),
        ),
        ("sent", "withdrawn"),
    ),
    Opening(
        "cancelled while one is under way",
        (KEYED, BLUESKY),
        (CLAIM_KEYED, ("steer", "cancel"), CLAIM_B, FINE),
        ("sent", "not_sent"),
    ),
    Opening(
        "suspended at its moment, and let go on",
        (KEYED, BLUESKY),
        (
            *(("steer", "suspend"), ("pass_time", 20), CLAIM_A, ("act", KEYED, "withdraw")),
            *(("steer", "lift"), ("pass_time", 1), CLAIM_A, FINE),
        ),
        ("sent",),
        {"has_begun": False},
    ),
    Opening(
        "begun shortly before the latest time is past",
        (KEYED, BLUESKY),
        (
            *(("pass_time", 50), ("pass_time", 50), ("pass_time", 50), ("pass_time", 10)),
            *(CLAIM_KEYED_SLOWLY, CLAIM_A_SLOWLY, ("pass_time", 19), FINE, ("pass_time", 1)),
            *(FINE, FINE),
        ),
        ("sent", "not_sent"),
        {"latest_minutes": 3},
    ),
    Opening(
        "keys are rotated before the moment and after it",
        (KEYED, BLUESKY),
        (("steer", "rotate keys"), ("claim", 0, 1), ("steer", "rotate keys"), FINE, CLAIM_A, FINE),
        ("sent", "sent"),
    ),
    Opening(
        "a key is lost",
        (KEYED,),
        (("steer", "rotate keys"), ("steer", "lose keys"), CLAIM_A, FINE, ("flush",)),
        ("failed",),
    ),
    Opening(
        "a network refuses the whole site, and its pause is ended",
        (KEYED, UNKEYED, BLUESKY),
        (
            *(CLAIM_A, ("go_on", 0, "network down", HOUR), FINE, FINE, ("pass_time", 2), CLAIM_A),
            *(("act", UNKEYED, "withdraw"), ("steer", "end pauses"), CLAIM_A, FINE, FINE),
        ),
        ("sent",) * 3,
    ),
    Opening(
        "the scheduler was silent across the moment",
        (KEYED, LINKEDIN),
        (
            *(("pass_time", 5), ("pass_time", 130), CLAIM_A, ("steer", "answer"), ("pass_time", 1)),
            *(CLAIM_A, FINE, FINE, FINE),
        ),
        ("sent", "sent"),
        {"has_begun": False, "launch_in": 90},
    ),
    Opening(
        "the scheduler was silent across the moment, and nobody answers what is asked then",
        (KEYED, LINKEDIN),
        (("pass_time", 5), ("pass_time", 130), CLAIM_A, NEXT, CLAIM_B),
        ("not_sent", "not_sent"),
        {"has_begun": False, "launch_in": 90, "latest_minutes": 20},
    ),
    Opening(
        "erased while it is under way, and come back",
        (KEYED, BLUESKY),
        (CLAIM_KEYED, ("act", KEYED, "erase and pledge"), FINE, CLAIM_A, FINE),
        ("sent", "sent"),
    ),
)
