"""What a reviewer reads beside a revision: what changed, who wrote it, what resembles it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.models import Campaign, CampaignState, ReviewDecision, Revision, Verdict
from campaigns.moments import write_duration, write_moment

SIMILAR_MOST = 10


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One content that two revisions do not share, in words; empty where there is none."""

    name: str
    label: str
    before: str
    after: str


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
    if revision.message:
        shared |= Q(revisions__message=revision.message)
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
        "language": _("Language"),
        "moment": _("Moment"),
        "threshold": _("Goal"),
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
        "language": revision.get_language_display(),
        "moment": f"{write_moment(moment, zone=zone)} ({zone})" if moment else "",
        "threshold": str(revision.threshold or ""),
        "latest": write_duration(revision.latest_minutes * 60),
        "visibility": revision.get_visibility_display(),
    }
