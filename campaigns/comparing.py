"""What a reviewer reads beside a revision: what changed, who wrote it, what resembles it."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.models import Campaign, CampaignState, ReviewDecision, Revision, Verdict
from campaigns.moments import write_duration, write_moment

SIMILAR_MOST = 10
# Comparing takes the cube of it in the worst case: longer texts are marked as a whole.
WORDS_COMPARED = 300
# A word goes with the space before it: spaces alone would match anywhere, and slowly.
_TOKENS = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of a text that the other one has as well, or not."""

    text: str
    is_changed: bool


@dataclass(frozen=True, kw_only=True)
class Marked:
    """Two texts in pieces: what only the first has, and what only the second has."""

    before: list[Piece]
    after: list[Piece]


def mark_difference(before: str, after: str) -> Marked:
    """Say word by word what changed. Put together again, the pieces are the texts."""
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    if max(len(old), len(new)) > WORDS_COMPARED:
        has_changed = before != after
        return Marked(
            before=[Piece(text=before, is_changed=has_changed)],
            after=[Piece(text=after, is_changed=has_changed)],
        )
    found = Marked(before=[], after=[])
    matcher = difflib.SequenceMatcher(a=_align(old), b=_align(new), autojunk=False)
    for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        pairs = ((found.before, old[old_start:old_end]), (found.after, new[new_start:new_end]))
        for pieces, tokens in pairs:
            pieces.extend(_mark("".join(tokens), is_changed=kind != "equal"))
    return found


def _align(tokens: Sequence[str]) -> list[str]:
    """The same, the first like a word further on: in front of it there may be others now."""
    first = [f" {token}" if token[:1].strip() else token for token in tokens[:1]]
    return [*first, *tokens[1:]]


def _mark(text: str, *, is_changed: bool) -> Iterator[Piece]:
    """A run of a text; the space before a word is no part of what changed."""
    words = text.lstrip()
    space = text[: len(text) - len(words)]
    if is_changed and space and words:
        yield Piece(text=space, is_changed=False)
        yield Piece(text=words, is_changed=True)
    elif text:
        yield Piece(text=text, is_changed=is_changed)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One content that two revisions do not share, in words; empty where there is none."""

    name: str
    label: str
    before: str
    after: str

    @property
    def marked(self) -> Marked:
        """Both with what changed in them marked."""
        return mark_difference(self.before, self.after)


def list_differences(older: Revision, newer: Revision) -> list[Difference]:
    """What the newer revision changes in the older one, in the order of the wizard."""
    before, after = _write_contents(older), _write_contents(newer)
    labels = _name_contents()
    return [
        Difference(name=name, label=labels[name], before=before[name], after=after[name])
        for name in labels
        if before[name] != after[name]
    ]


@dataclass(frozen=True, kw_only=True)
class Past:
    """An organiser's history here."""

    joined_at: datetime
    campaigns: int
    launched: int
    suspended: int
    sent_back: int
    rejected: int


def read_past(organiser: User) -> Past:
    """How often this person organised, and what reviewers made of it."""
    campaigns = Campaign.objects.filter(organiser=organiser).aggregate(
        number=Count("pk"),
        launched=Count("pk", filter=Q(state=CampaignState.LAUNCHED)),
    )
    decisions = ReviewDecision.objects.filter(revision__campaign__organiser=organiser).aggregate(
        suspended=Count("pk", filter=Q(verdict=Verdict.SUSPENDED)),
        sent_back=Count("pk", filter=Q(verdict=Verdict.CHANGES_ASKED)),
        rejected=Count("pk", filter=Q(verdict=Verdict.REJECTED)),
    )
    return Past(
        joined_at=organiser.date_joined,
        campaigns=campaigns["number"],
        launched=campaigns["launched"],
        suspended=decisions["suspended"],
        sent_back=decisions["sent_back"],
        rejected=decisions["rejected"],
    )


def find_similar(revision: Revision) -> Sequence[Campaign]:
    """Other campaigns that share its link, its hashtag or its very words, the newest first."""
    shared = Q()
    if revision.link:
        shared |= Q(revisions__link__iexact=revision.link)
    if revision.hashtag:
        shared |= Q(revisions__hashtag__iexact=revision.hashtag)
    messages = [message for message in revision.messages.values() if message]
    if messages:
        shared |= Q(revisions__message__in=messages)
        shared |= Q(revisions__wordings__text__in=messages)
    if not shared:
        return []
    others = Campaign.objects.exclude(pk=revision.campaign_id).filter(shared).distinct()
    found: QuerySet[Campaign] = others.with_pages().order_by("-created_at")[:SIMILAR_MOST]
    return list(found)


def _name_contents() -> dict[str, str]:
    return {
        "theme": _("Theme"),
        "title": _("Title"),
        "summary": _("Summary"),
        "story": _("Story"),
        "picture": _("Picture"),
        "picture_alt": _("What the picture shows"),
        "text": _("The post"),
        "wordings": _("Further wordings"),
        "link": _("Link"),
        "counts_clicks": _("Clicks"),
        "language": _("Language"),
        "moment": _("Moment"),
        "threshold": _("Goal"),
        "counts_assisted": _("Who counts"),
        "latest": _("Latest time"),
        "visibility": _("Who sees it"),
    }


def _write_contents(revision: Revision) -> dict[str, str]:
    moment = revision.launch_at
    zone = revision.zone or "UTC"
    return {
        "theme": str(revision.theme or ""),
        "title": revision.title,
        "summary": revision.summary,
        "story": revision.story,
        "picture": revision.picture.name or "",
        "picture_alt": revision.picture_alt,
        "text": revision.text,
        "wordings": "\n\n".join(
            f"{position}. {message}"
            for position, message in revision.messages.items()
            if position > 1
        ),
        "link": revision.link,
        "counts_clicks": _write_clicks(revision),
        "language": revision.get_language_display(),
        "moment": f"{write_moment(moment, zone=zone)} ({zone})" if moment else "",
        "threshold": str(revision.threshold or ""),
        "counts_assisted": _write_who_counts(revision),
        "latest": write_duration(revision.latest_minutes * 60),
        "visibility": revision.get_visibility_display(),
    }


def _write_clicks(revision: Revision) -> str:
    """Whether clicks are counted, and so whose address stands in posts."""
    if not revision.link:
        return ""
    if revision.counts_clicks:
        return _("Counted: posts carry %(short)s, which leads to the link") % {
            "short": revision.short_link
        }
    return _("Not counted: posts carry the link itself")


def _write_who_counts(revision: Revision) -> str:
    """Whose voices are counted toward the goal."""
    if revision.counts_assisted:
        return _("Who lends an account, and who posts by their own hand")
    return _("Who lends an account")
