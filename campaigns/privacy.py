"""What is kept of organisers and reviewers, and every mail to a person: given to them, erased."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from post_office.models import Email

from accounts.models import User
from campaigns.models import Campaign, ReviewDecision, Revision


def export(person: User, *, addresses: Sequence[str]) -> dict[str, Any]:
    """Their campaigns in every version, what they decided as a reviewer, and mails to them.

    Who reviewed a campaign is not told, nor is any link in a mail: some of ours act.
    """
    own = Campaign.objects.filter(organiser=person).order_by("pk")
    decided = ReviewDecision.objects.filter(reviewer=person).select_related("revision")
    mails = find_mails(addresses).order_by("created")
    return {
        "campaigns": [_describe_campaign(each) for each in own],
        "decisions_as_reviewer": [
            {"about": each.revision.title, **_describe_decision(each)}
            for each in decided.order_by("decided_at")
        ],
        "mails": [
            {
                "to": each.to,
                "written_at": each.created,
                "state": each.get_status_display(),
                "subject": each.subject,
                "text": _hide_links(each.message),
            }
            for each in mails
        ],
    }


def find_mails(addresses: Sequence[str]) -> QuerySet[Email]:
    """Mails to these addresses; each mail of ours goes to one."""
    wanted = Q(pk__in=[])
    for address in addresses:
        wanted |= Q(to__iexact=address)
    found: QuerySet[Email] = Email.objects.filter(wanted)
    return found


def _describe_campaign(campaign: Campaign) -> dict[str, Any]:
    revisions = campaign.revisions.order_by("number").select_related("theme")
    return {
        "address": campaign.slug,
        "state": campaign.state,
        "created_at": campaign.created_at,
        "changed_at": campaign.updated_at,
        "versions": [_describe_revision(each) for each in revisions.prefetch_related("wordings")],
    }


def _describe_revision(revision: Revision) -> dict[str, Any]:
    decisions = revision.decisions.order_by("decided_at")
    return {
        "number": revision.number,
        "state": revision.state,
        "theme": revision.theme.slug if revision.theme else None,
        "title": revision.title,
        "summary": revision.summary,
        "story": revision.story,
        "picture": revision.picture_url,
        "what_the_picture_shows": revision.picture_alt,
        "messages": list(revision.messages.values()),
        "link": revision.link,
        "hashtag": revision.hashtag,
        "language": revision.language,
        "launch_at": revision.launch_at,
        "time_zone": revision.zone,
        "threshold": revision.threshold,
        "posts_by_hand_count": revision.counts_assisted,
        "latest_after_minutes": revision.latest_minutes,
        "visibility": revision.visibility,
        "typed_but_not_valid": revision.pending,
        "saved_at": revision.saved_at,
        "submitted_at": revision.submitted_at,
        "decisions": [_describe_decision(each) for each in decisions],
    }


def _describe_decision(decision: ReviewDecision) -> dict[str, Any]:
    return {
        "verdict": decision.verdict,
        "reason": decision.reason,
        "decided_at": decision.decided_at,
    }


def _hide_links(text: str) -> str:
    """A mail's text without its links: some sign in or act for whoever opens them.

    All of them, since this site may be known by several hosts.
    """
    return re.sub(r"https?://\S+", "[link]", text)
