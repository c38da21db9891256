"""What would make a complete campaign better: said before it is sent, and never in its way."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from campaigns.advising import list_hints
from campaigns.checking import STEP_OF_FIELD, Missing
from campaigns.models import Revision


def list_recommended(revision: Revision, *, now: datetime) -> list[Missing]:
    """What is left out, or speaks against the moment, in the order of the steps."""
    return [
        Missing(step=STEP_OF_FIELD[field], sentence=sentence, field=field)
        for field, sentence in (*_find_left_out(revision), *_doubt_moment(revision, now=now))
    ]


def _find_left_out(revision: Revision) -> Iterator[tuple[str, str]]:
    if not revision.picture:
        yield "picture", _("Add a picture. Without one, a drawing made from the title stands in.")
    if revision.message and len(revision.messages) == 1:
        yield "wording_2", _("Write a second wording, so that not every post is alike.")
    if not revision.link:
        yield "link", _("Give a link, so that whoever reads a post can read more or act.")
    elif not revision.counts_clicks:
        yield "counts_clicks", _("Have the clicks counted, to know afterwards what it brought.")
    if not revision.hashtag:
        yield "hashtag", _("Choose a hashtag, so that the posts can be found together.")


def _doubt_moment(revision: Revision, *, now: datetime) -> Iterator[tuple[str, str]]:
    if revision.launch_at is not None:
        zone = revision.zone or "UTC"
        yield from (("day", hint) for hint in list_hints(revision.launch_at, zone=zone, now=now))
