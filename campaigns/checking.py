"""What a campaign lacks before it can go to review."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

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

Missing = tuple[str, str]  # the step, and a sentence


def list_missing(revision: Revision, *, now: datetime) -> list[Missing]:
    """What must still be written or put right, as (step, sentence), in the order of the steps."""
    found = [
        *_list_unwritten(revision),
        *_list_pending(revision),
        *_list_wordings(revision),
        *_list_moment(revision, now=now),
    ]
    return sorted(found, key=lambda item: STEPS.index(item[0]))


def needs_lead(revision: Revision, *, moment: datetime) -> bool:
    """Whether reviewers must be given their time: not when the approved moment stays as it is."""
    approved_at = revision.campaign.launch_at
    return approved_at is None or approved_at.replace(microsecond=0) != moment.replace(
        microsecond=0
    )


def _list_unwritten(revision: Revision) -> list[Missing]:
    wanted: list[tuple[object, str, str]] = [
        (revision.theme_id, "theme", _("Choose a theme.")),
        (revision.title, "story", _("Give the campaign a title.")),
        (revision.summary, "story", _("Sum it up in a sentence or two.")),
        (revision.story, "story", _("Tell the story.")),
        (
            not revision.picture or revision.picture_alt,
            "story",
            _("Say what the picture shows, for those who cannot see it."),
        ),
        (revision.message, "message", _("Write the message.")),
        (revision.launch_at, "moment", _("Choose the moment.")),
    ]
    return [(step, sentence) for value, step, sentence in wanted if not value]


def _list_wordings(revision: Revision) -> list[Missing]:
    """What is too long, and for whom; with several wordings, each is named."""
    texts = revision.texts
    if len(texts) == 1:
        return [("message", sentence) for sentence in list_excesses(revision.text)]
    found = [
        (position, sentence) for position, text in texts.items() for sentence in list_excesses(text)
    ]
    seen = {digest_words(revision.message)}
    for position, message in revision.messages.items():
        digest = digest_words(message)
        if position > 1 and digest in seen:
            found.append((position, _("It says the same as another one.")))
        seen.add(digest)
    return [("message", f"{name_wording(position)}: {sentence}") for position, sentence in found]


def _list_pending(revision: Revision) -> list[Missing]:
    steps = {STEP_OF_FIELD[name] for name in revision.pending if name in STEP_OF_FIELD}
    sentences = {
        "theme": _("The theme has to be chosen again."),
        "story": _("Something in the story has to be put right."),
        "message": _("Something in the message has to be put right."),
        "moment": _("Something about the moment has to be put right."),
    }
    return [(step, sentences[step]) for step in steps]


def _list_moment(revision: Revision, *, now: datetime) -> list[Missing]:
    if revision.launch_at is None:
        return []
    lead = settings.REVIEW_LEAD_SECONDS
    if not needs_lead(revision, moment=revision.launch_at):
        lead = 0
    try:
        check_distance(revision.launch_at, zone=revision.zone or "UTC", now=now, lead_seconds=lead)
    except ValidationError as error:
        return [("moment", sentence) for sentence in error.messages]
    return []
