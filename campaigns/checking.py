"""What a campaign lacks before it can go to review."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import MOST_WORDINGS, Revision
from campaigns.moments import check_distance
from campaigns.previewing import list_excesses, name_wording
from campaigns.wording import digest_words

STEPS = ("theme", "story", "message", "moment", "check")
STEP_OF_FIELD = {
    **dict.fromkeys(("theme",), "theme"),
    **dict.fromkeys(("title", "summary", "story", "picture", "picture_alt"), "story"),
    **dict.fromkeys(("message", "link", "hashtag", "counts_clicks", "language"), "message"),
    **{f"wording_{position}": "message" for position in range(2, MOST_WORDINGS + 1)},
    **dict.fromkeys(
        (
            *("day", "time", "zone", "fold", "threshold", "counts_assisted"),
            *("latest_minutes", "visibility"),
        ),
        "moment",
    ),
}

GAP = re.compile(r"\[\[[^\[\]\n]{1,200}\]\]")
CHOICES = frozenset({"theme", "fold", "visibility"})


class Missing(NamedTuple):
    """What a campaign lacks: the step it is of, a sentence, and the name of the field there."""

    step: str
    sentence: str
    field: str

    @property
    def anchor(self) -> str:
        """The id of the field on its page; of several buttons, the first."""
        return f"id_{self.field}_0" if self.field in CHOICES else f"id_{self.field}"


def list_missing(revision: Revision, *, now: datetime) -> list[Missing]:
    """What must still be written or put right, in the order of the steps."""
    found = [
        *_list_unwritten(revision),
        *_list_gaps(revision),
        *_list_pending(revision),
        *_list_wordings(revision),
        *_list_moment(revision, now=now),
    ]
    return sorted(found, key=lambda item: STEPS.index(item.step))


def needs_lead(revision: Revision, *, moment: datetime) -> bool:
    """Whether reviewers must be given their time: not when the approved moment stays as it is."""
    approved_at = revision.campaign.launch_at
    return approved_at is None or approved_at.replace(microsecond=0) != moment.replace(
        microsecond=0
    )


def _list_unwritten(revision: Revision) -> list[Missing]:
    wanted: list[tuple[object, str, str]] = [
        (revision.theme_id, "theme", _("Choose a theme.")),
        (revision.title, "title", _("Give the campaign a title.")),
        (revision.summary, "summary", _("Sum it up in a sentence or two.")),
        (revision.story, "story", _("Tell the story.")),
        (
            not revision.picture or revision.picture_alt,
            "picture_alt",
            _("Say what the picture shows, for those who cannot see it."),
        ),
        (revision.message, "message", _("Write the message.")),
        (revision.launch_at, "day", _("Choose the moment.")),
    ]
    return [_lack(field, sentence) for value, field, sentence in wanted if not value]


def _list_gaps(revision: Revision) -> Iterator[Missing]:
    """The ``[[gaps]]`` of the example that it was begun with, a sentence for each field."""
    words = {
        "title": (_("Title"), revision.title),
        "summary": (_("Summary"), revision.summary),
        "story": (_("Story"), revision.story),
        **{
            name_field(position): (name_wording(position), message)
            for position, message in revision.messages.items()
        },
    }
    for field, (label, text) in words.items():
        gaps = GAP.findall(text)
        if gaps:
            sentence = ngettext(
                "%(field)s: there is still a gap to fill in, %(gap)s",
                "%(field)s: there are still %(number)d gaps to fill in, the first is %(gap)s",
                len(gaps),
            )
            yield _lack(field, sentence % {"field": label, "number": len(gaps), "gap": gaps[0]})


def name_field(position: int) -> str:
    """The name of a wording's field: the message is the first."""
    return "message" if position == 1 else f"wording_{position}"


def _lack(field: str, sentence: str) -> Missing:
    return Missing(step=STEP_OF_FIELD[field], sentence=sentence, field=field)


def _list_wordings(revision: Revision) -> list[Missing]:
    """What is too long, and for whom; with several wordings, each is named."""
    texts = revision.texts
    if len(texts) == 1:
        return [_lack("message", sentence) for sentence in list_excesses(revision.text)]
    found = [
        (position, sentence) for position, text in texts.items() for sentence in list_excesses(text)
    ]
    seen = {digest_words(revision.message)}
    for position, message in revision.messages.items():
        digest = digest_words(message)
        if position > 1 and digest in seen:
            found.append((position, _("It says the same as another one.")))
        seen.add(digest)
    return [
        _lack(name_field(position), f"{name_wording(position)}: {sentence}")
        for position, sentence in found
    ]


def _list_pending(revision: Revision) -> list[Missing]:
    first: dict[str, str] = {}
    for name in revision.pending:
        if name in STEP_OF_FIELD:
            first.setdefault(STEP_OF_FIELD[name], name)
    sentences = {
        "theme": _("The theme has to be chosen again."),
        "story": _("Something in the story has to be put right."),
        "message": _("Something in the message has to be put right."),
        "moment": _("Something about the moment has to be put right."),
    }
    return [_lack(field, sentences[step]) for step, field in first.items()]


def _list_moment(revision: Revision, *, now: datetime) -> list[Missing]:
    if revision.launch_at is None:
        return []
    lead = settings.REVIEW_LEAD_SECONDS
    if not needs_lead(revision, moment=revision.launch_at):
        lead = 0
    try:
        check_distance(revision.launch_at, zone=revision.zone or "UTC", now=now, lead_seconds=lead)
    except ValidationError as error:
        return [_lack("day", sentence) for sentence in error.messages]
    return []
