"""Says a state by its shape, then by its word: never by colour alone.

Four shapes are enough for every state: a small dot waits, a full dot is there, a cross failed, and
a hollow ring is in doubt. The same shapes are in the crowd, the pills and the tallies.
"""

import math
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext_lazy

from campaigns.numbering import group_digits

SHAPES: Mapping[str, SafeString] = {
    "waiting": SafeString('<circle cx="8" cy="8" r="2.75"/>'),
    "sent": SafeString('<circle cx="8" cy="8" r="7"/>'),
    "failed": SafeString('<path d="M2.5 2.5l11 11m0-11l-11 11"/>'),
    "unknown": SafeString('<circle cx="8" cy="8" r="6"/>'),
}

LABELS: Mapping[str, tuple[str, str | Promise]] = {
    # a delivery
    "planned": ("waiting", pgettext_lazy("delivery", "Planned")),
    "claimed": ("waiting", pgettext_lazy("delivery", "Being sent")),
    "waiting": ("waiting", pgettext_lazy("delivery", "Waiting")),
    "sent": ("sent", pgettext_lazy("delivery", "Sent")),
    "failed": ("failed", pgettext_lazy("delivery", "Failed")),
    "unknown": ("unknown", pgettext_lazy("delivery", "Being looked up")),
    "unconfirmed": ("unknown", pgettext_lazy("delivery", "Not confirmed")),
    "withdrawn": ("waiting", pgettext_lazy("delivery", "Withdrawn")),
    "not_sent": ("failed", pgettext_lazy("delivery", "Not sent")),
    # a pledge, and whether its account can be posted from
    "live": ("sent", pgettext_lazy("pledge", "Pledged")),
    "called": ("sent", pgettext_lazy("pledge", "Called")),
    "ready": ("sent", pgettext_lazy("pledge", "Ready")),
    "renew": ("unknown", pgettext_lazy("pledge", "To renew")),
    "offered": ("waiting", pgettext_lazy("pledge", "To post by hand")),
    "reported": ("sent", pgettext_lazy("pledge", "Posted by hand")),
    # a linked account
    "linked": ("sent", pgettext_lazy("account", "Linked")),
    "needs_relink": ("unknown", pgettext_lazy("account", "To be authorised again")),
    "unlinked": ("waiting", pgettext_lazy("account", "Unlinked")),
    # a campaign and its revisions
    "draft": ("waiting", pgettext_lazy("campaign", "Draft")),
    "in_review": ("waiting", pgettext_lazy("campaign", "In review")),
    "changes_asked": ("unknown", pgettext_lazy("campaign", "Changes asked")),
    "rejected": ("failed", pgettext_lazy("campaign", "Rejected")),
    "scheduled": ("sent", pgettext_lazy("campaign", "Scheduled")),
    "suspended": ("unknown", pgettext_lazy("campaign", "Suspended")),
    "cancelled": ("failed", pgettext_lazy("campaign", "Cancelled")),
    "launched": ("sent", pgettext_lazy("campaign", "Launched")),
    "approved": ("sent", pgettext_lazy("campaign", "Approved")),
    "superseded": ("waiting", pgettext_lazy("campaign", "Replaced")),
    # a launch
    "armed": ("waiting", pgettext_lazy("launch", "Armed")),
    "firing": ("sent", pgettext_lazy("launch", "Leaving now")),
    "held": ("unknown", pgettext_lazy("launch", "Held")),
    "finished": ("sent", pgettext_lazy("launch", "Finished")),
    "missed": ("failed", pgettext_lazy("launch", "Missed its goal")),
}

TALLY: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sent", ("sent",)),
    ("waiting", ("planned", "claimed", "waiting")),
    ("failed", ("failed",)),
    ("unconfirmed", ("unknown", "unconfirmed")),
    ("not_sent", ("not_sent",)),
    ("withdrawn", ("withdrawn",)),
)
ALWAYS_TOLD = 4  # the first rows of a tally are told even when they are 0


def count_by_shape(counts: Mapping[str, int]) -> dict[str, int]:
    """Add up deliveries by the shape of their state. Withdrawn ones have no dot in a launch."""
    shapes = dict.fromkeys(SHAPES, 0)
    for state, number in counts.items():
        if state != "withdrawn":
            shapes[LABELS[state][0]] += max(0, number)
    return shapes


def tally_states(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Give the rows of a tally as (state, number); together they are the sum of `counts`.

    Sent, waiting, failed and not confirmed are always there, the others when they are not 0.
    """
    rows = [(row, sum(counts.get(state, 0) for state in states)) for row, states in TALLY]
    return rows[:ALWAYS_TOLD] + [row for row in rows[ALWAYS_TOLD:] if row[1]]


def draw_glyph(state: str) -> SafeString:
    """Draw the shape of a state; raises KeyError for a state that has none."""
    shape = LABELS[state][0]
    return format_html(
        '<svg class="glyph glyph--{}" viewBox="0 0 16 16" aria-hidden="true">{}</svg>',
        shape,
        SHAPES[shape],
    )


def draw_pill(state: str, *, word: str | Promise = "") -> SafeString:
    """Draw the shape of a state with its word, or with a word of the caller's own."""
    shape, usual_word = LABELS[state]
    return format_html(
        '<span class="pill pill--{}">{}{}</span>',
        shape,
        draw_glyph(state),
        word or usual_word,
    )


def draw_meter(used: int, *, limit: int) -> SafeString:
    """Draw how full a text is: a ring that closes, and the numbers in words.

    `used` and `limit` are in the network's own count (networks/text.py).
    """
    turn = 2 * math.pi * 7
    part = min(1.0, used / limit) if limit > 0 else 1.0
    over = max(0, used - limit)
    numbers = {
        "used": group_digits(used),
        "limit": group_digits(limit),
        "over": group_digits(over),
    }
    if over:
        words = ngettext(
            "%(used)s of %(limit)s: %(over)s too many",
            "%(used)s of %(limit)s: %(over)s too many",
            over,
        )
    else:
        words = gettext("%(used)s of %(limit)s characters")
    return format_html(
        '<span class="length{}"><svg viewBox="0 0 20 20" aria-hidden="true">'
        '<circle cx="10" cy="10" r="7"/><circle class="length__on" cx="10" cy="10" r="7"'
        ' stroke-dasharray="{} {}" transform="rotate(-90 10 10)"/></svg>{}</span>',
        " length--over" if over else "",
        *(f"{turn * part:.2f}", f"{turn:.2f}"),
        words % numbers,
    )
