"""What is kept of organisers and reviewers, and every mail to a person: given to them, erased."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from post_office.models import Email

from accounts.marking import MailMark, find_mails_about, find_mails_to
from accounts.models import User
from campaigns.models import Campaign, CampaignState, ReviewDecision, Revision, RevisionState
from campaigns.pictures import drop_unused


def export(person: User, *, addresses: Sequence[str]) -> dict[str, Any]:
    """Their campaigns in every version, what they decided as a reviewer, and mails to them.

    Who reviewed a campaign is not told, nor is any link in a mail: some of ours act.
    """
    own = Campaign.objects.filter(organiser=person).order_by("pk")
    decided = ReviewDecision.objects.filter(reviewer=person).select_related("revision")
    mails = find_mails_of(person, addresses=addresses).order_by("created")
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


def find_mails_of(person: User, *, addresses: Sequence[str]) -> QuerySet[Email]:
    """The mails to a person that are theirs to read, wherever they went.

    Those that were written to them, and those to their confirmed addresses that are about nobody
    else. A mail about somebody else's pledge is that one's, whatever address it was sent to.
    """
    others = MailMark.objects.filter(mail=OuterRef("pk")).exclude(person=person)
    to_them = find_mails_to(addresses).filter(~Exists(others))
    return find_mails_about(person.pk, is_to_them=True) | to_them


def list_obstacles(person: User) -> list[str]:
    """Why they cannot be erased now, and what to do: people have lent their voice to them."""
    coming = Campaign.objects.filter(
        organiser=person, state__in=[CampaignState.SCHEDULED, CampaignState.SUSPENDED]
    )
    return [
        _(
            "“%(title)s” is still to come: cancel it first, on your desk, so that everybody who "
            "lent their voice to it is told."
        )
        % {"title": campaign.title}
        for campaign in coming.select_related("approved").order_by("pk")
    ]


def lock_own(person: User) -> list[Campaign]:
    """Their campaigns, locked until the transaction ends: nobody validates one meanwhile."""
    own = Campaign.objects.filter(organiser=person).select_for_update().order_by("pk")
    return list(own)


def drop_unpublished(own: Sequence[Campaign]) -> int:
    """Delete campaigns that never were in public, and of the others what was never approved.

    Their rows are locked, and none of them is still to come. Gives how many campaigns are gone.
    """
    unseen = Revision.objects.filter(campaign__in=[each.pk for each in own]).exclude(
        state__in=[RevisionState.APPROVED, RevisionState.SUPERSEDED]
    )
    for person_id in {each.organiser_id for each in own}:
        find_mails_about(person_id, is_to_them=False).delete()  # what reviewers were sent
    pictures = {name for name in unseen.values_list("picture", flat=True) if name}
    unseen.delete()
    drafts = [each.pk for each in own if each.approved_id is None]
    Campaign.objects.filter(pk__in=drafts).delete()
    for name in pictures:
        transaction.on_commit(partial(drop_unused, name))
    return len(drafts)


def _describe_campaign(campaign: Campaign) -> dict[str, Any]:
    revisions = campaign.revisions.order_by("number").select_related("theme")
    return {
        "address": campaign.slug,
        "state": campaign.state,
        "created_at": campaign.created_at,
        "changed_at": campaign.updated_at,
        "versions": [_describe_revision(each) for each in revisions.prefetch_related("wordings")],
        "news": [
            {
                "title": each.title,
                "text": each.text,
                "is_mailed": each.wants_mail,
                "written_at": each.written_at,
                "corrected_at": each.corrected_at,
                "removed_at": each.removed_at,
                "removed_because": each.removed_why,
            }
            for each in campaign.updates.order_by("written_at", "pk")
        ],
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
