"""Openings in which nobody knows whether a post is there: answers that are lost, workers that die.

From each a mistake would post twice, or say of a post that it is not there.
"""

from tests.launches.openings import (
    A_LONG_WHILE,
    CLAIM_A,
    CLAIM_A_SLOWLY,
    CLAIM_B,
    FINE,
    HIDDEN,
    HOUR,
    LEASE_ENDS,
    LOOK,
    NEXT,
    Opening,
)
from tests.launches.staging import BLUESKY, KEYED, LINKEDIN, THREADS, UNKEYED, X

DOUBTFUL = (
    Opening(
        "begun as late as the lease lets, by a worker that dies, and carried out after it",
        (KEYED,),
        (
            *(CLAIM_A_SLOWLY, ("pass_time", 29), FINE, ("crash", 0)),
            *(("pass_time", 12), *LOOK, NEXT, *LOOK, ("carry_out_late", 0), FINE),
        ),
        ("sent",),
    ),
    Opening(
        "a worker dies behind a post that was taken, where no key is known",
        (UNKEYED, LINKEDIN),
        (
            *(CLAIM_A, ("crash", 0), ("carry_out_late", 0), ("carry_out_late", 0)),
            *(("pass_time", LEASE_ENDS), CLAIM_B, FINE, FINE, NEXT, CLAIM_B, FINE),
        ),
        ("sent", "unconfirmed"),
        posts=2,
    ),
    Opening(
        "begun too late for the lease, while another worker looks",
        (KEYED,),
        (
            *(CLAIM_A_SLOWLY, ("pass_time", 35), FINE, ("pass_time", 16)),
            *(CLAIM_B, ("go_on", 1, "fine"), NEXT, CLAIM_B, ("go_on", 1, "fine")),
        ),
        ("sent",),
    ),
    Opening(
        "no answer, looked for while it is still under way",
        (KEYED, UNKEYED),
        (
            *(CLAIM_A, ("go_on", 0, "late"), ("go_on", 0, "late"), NEXT, CLAIM_B, FINE, FINE),
            *(NEXT, CLAIM_B, ("carry_out_late", 0), ("carry_out_late", 0), FINE, FINE),
        ),
        ("sent", "sent"),
    ),
    Opening(
        "an answer is lost where no key is known, and the post is not shown",
        (UNKEYED,),
        (CLAIM_A, HIDDEN, ("pass_time", LEASE_ENDS), *LOOK, NEXT, CLAIM_B, FINE),
        ("unconfirmed",),
        posts=1,
    ),
    Opening(
        "its owner has it sent, and presses twice",
        (UNKEYED,),
        (
            *(CLAIM_A, ("go_on", 0, "lost"), ("pass_time", LEASE_ENDS), *LOOK),
            *(("act", UNKEYED, "send_anyway"), ("act", UNKEYED, "send_anyway"), NEXT),
            *(CLAIM_A, FINE, ("act", UNKEYED, "send_anyway"), FINE),
        ),
        ("sent",),
    ),
    Opening(
        "its owner takes the risk once, and not twice",
        (UNKEYED,),
        (
            *(CLAIM_A, HIDDEN, ("pass_time", LEASE_ENDS), *LOOK),
            *(("act", UNKEYED, "send_anyway"), NEXT, CLAIM_B, FINE, HIDDEN),
            *(("pass_time", LEASE_ENDS), *LOOK, NEXT, CLAIM_B, FINE),
        ),
        ("unconfirmed",),
        posts=2,
    ),
    Opening(
        "an answer is lost where nothing is to be seen, or late",
        (LINKEDIN, THREADS, X),
        (
            *(
                CLAIM_A,
                HIDDEN,
                FINE,
                HIDDEN,
                HIDDEN,
            ),
            *(("pass_time", LEASE_ENDS), CLAIM_B, FINE, FINE, FINE, NEXT, CLAIM_B, FINE),
        ),
        ("unconfirmed",) * 3,
        posts=3,
    ),
    Opening(
        "an answer is lost where a key is known, and the post is not shown",
        (KEYED, BLUESKY),
        (
            *(CLAIM_A, HIDDEN, HIDDEN, ("pass_time", LEASE_ENDS)),
            *(*LOOK, FINE, NEXT, *LOOK, FINE, FINE),
        ),
        ("sent", "sent"),
    ),
    Opening(
        "an answer is lost, and the post is not shown by the latest time",
        (KEYED, BLUESKY),
        (CLAIM_A, HIDDEN, HIDDEN, ("wait", 200), *LOOK, FINE),
        ("unconfirmed", "unconfirmed"),
        {"latest_minutes": 3},
        posts=2,
    ),
    Opening(
        "an answer is lost, and what is sent again is refused",
        (KEYED, BLUESKY),
        (
            *(CLAIM_A, HIDDEN, HIDDEN, ("pass_time", LEASE_ENDS), *LOOK, FINE, NEXT, *LOOK, FINE),
            *(("go_on", 0, "refused"), ("go_on", 0, "unlinked")),
        ),
        ("unconfirmed", "unconfirmed"),
        posts=2,
    ),
    Opening(
        "looked up when the key is forgotten",
        (KEYED,),
        (
            *(CLAIM_A, HIDDEN, ("pass_time", LEASE_ENDS)),
            *(CLAIM_B, ("go_on", 0, "busy", HOUR), A_LONG_WHILE, *LOOK, NEXT, *LOOK),
        ),
        ("unconfirmed",),
        posts=1,
    ),
    Opening(
        "an absence that was proof grows old",
        (KEYED,),
        (
            *(CLAIM_A, HIDDEN, ("pass_time", LEASE_ENDS), *LOOK, NEXT),
            *(*LOOK, ("go_on", 0, "busy", HOUR), A_LONG_WHILE, CLAIM_B, FINE, FINE),
        ),
        ("unconfirmed",),
        posts=1,
    ),
    Opening(
        "back from the dead, with a refusal",
        (KEYED,),
        (
            *(CLAIM_A, ("go_on", 0, "busy", None, False), ("pass_time", LEASE_ENDS), CLAIM_B),
            *(("go_on", 0, "fine", None, False), ("flush", 1), NEXT, CLAIM_B),
            *(("go_on", 0, "fine", None, False), ("flush", 0), NEXT, CLAIM_A, FINE),
        ),
        ("sent",),
    ),
    Opening(
        "back from the dead, with what it never began",
        (KEYED,),
        (
            *(CLAIM_A_SLOWLY, ("pass_time", 31), ("go_on", 0, "fine", None, False)),
            *(("pass_time", 20), CLAIM_B, ("go_on", 0, "fine", None, False), ("flush", 1), NEXT),
            *(CLAIM_B, ("go_on", 0, "fine", None, False), ("flush", 0), NEXT, CLAIM_A, FINE),
        ),
        ("sent",),
    ),
    Opening(
        "back from the dead, with proof",
        (KEYED, BLUESKY),
        (
            *(CLAIM_A, ("go_on", 0, "fine", None, False), ("go_on", 0, "fine", None, False)),
            *(("pass_time", LEASE_ENDS), CLAIM_B, ("flush", 0), FINE, FINE),
        ),
        ("sent", "sent"),
    ),
)
