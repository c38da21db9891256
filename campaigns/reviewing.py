"""What reviewers decide: validate, ask for changes, reject; and what admins stop and let go on.

Every decision is one transaction that locks the campaign's row first, checks again what it is
about, keeps the decision for good and writes the mail that tells it. Nobody decides of a campaign
of their own.
"""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns import mails
from campaigns.clock import database_now
from campaigns.drafting import call_off
from campaigns.leading import keep_short_link
from campaigns.models import (
    Campaign,
    CampaignState,
    ReviewDecision,
    Revision,
    RevisionState,
    Verdict,
)
from campaigns.moments import write_moment
from campaigns.refusing import Refusal

IN_PUBLIC = (CampaignState.SCHEDULED, CampaignState.SUSPENDED)


def approve(revision: Revision, *, reviewer: User, reason: str = "") -> Campaign:
    """Validate a revision: from now on it is the campaign.

    The revision approved before is superseded. A suspended campaign stays suspended. Raises
    PermissionDenied, or Refusal when it is too late or somebody else was faster.
    """
    with transaction.atomic():
        campaign, fresh = _lock_for_review(revision, reviewer=reviewer)
        _refuse_moment(campaign, fresh)
        older = Revision.objects.filter(campaign=campaign, state=RevisionState.APPROVED)
        older.update(state=RevisionState.SUPERSEDED)
        _move(fresh, to=RevisionState.APPROVED)
        keep_short_link(fresh)
        # Who counts toward the goal is part of what people agree to: the first approval fixes it.
        is_first = campaign.first_launch_at is None
        is_counting = fresh.counts_assisted if is_first else campaign.counts_assisted
        facts = {
            "approved": fresh,
            "launch_at": fresh.launch_at,
            "latest_at": fresh.latest_at,
            "threshold": fresh.threshold,
            "counts_assisted": is_counting,
            "visibility": fresh.visibility,
            "first_launch_at": campaign.first_launch_at or fresh.launch_at,
        }
        if campaign.state in IN_PUBLIC:
            Campaign.objects.amend(campaign, **facts)
        else:
            Campaign.objects.move(campaign, to=CampaignState.SCHEDULED, **facts)
        _keep(fresh, reviewer=reviewer, verdict=Verdict.APPROVED, reason=reason)
    return campaign


def ask_changes(revision: Revision, *, reviewer: User, reason: str) -> Campaign:
    """Send a revision back with what to change. What was approved before stands."""
    return _send_back(revision, reviewer=reviewer, reason=reason, verdict=Verdict.CHANGES_ASKED)


def reject(revision: Revision, *, reviewer: User, reason: str) -> Campaign:
    """Turn a revision down, with the reason. What was approved before stands."""
    return _send_back(revision, reviewer=reviewer, reason=reason, verdict=Verdict.REJECTED)


def suspend(campaign: Campaign, *, admin: User, reason: str) -> Campaign:
    """Take a scheduled campaign out of public sight; nothing of it is sent until it is resumed."""
    with transaction.atomic():
        campaign = _lock_as_admin(campaign, admin=admin, reason=reason)
        if campaign.state != CampaignState.SCHEDULED:
            raise Refusal(_("Only a scheduled campaign can be suspended."))
        Campaign.objects.move(campaign, to=CampaignState.SUSPENDED)
        _keep(campaign.revision, reviewer=admin, verdict=Verdict.SUSPENDED, reason=reason)
    return campaign


def resume(campaign: Campaign, *, admin: User, reason: str) -> Campaign:
    """Put a suspended campaign back. Raises Refusal once its moment has passed."""
    with transaction.atomic():
        campaign = _lock_as_admin(campaign, admin=admin, reason=reason)
        if campaign.organiser_id == admin.pk:
            raise PermissionDenied(explain_own(admin))
        if campaign.state != CampaignState.SUSPENDED:
            raise Refusal(_("This campaign is not suspended."))
        assert campaign.launch_at is not None, "a suspended campaign has a moment"
        if campaign.launch_at <= database_now():
            raise Refusal(
                _("Its moment has passed meanwhile. The organiser has to choose another one first.")
            )
        Campaign.objects.move(campaign, to=CampaignState.SCHEDULED)
        _keep(campaign.revision, reviewer=admin, verdict=Verdict.RESUMED, reason=reason)
    return campaign


def cancel(campaign: Campaign, *, admin: User, reason: str) -> Campaign:
    """Cancel somebody's campaign as an admin, up to its moment."""
    with transaction.atomic():
        campaign = _lock_as_admin(campaign, admin=admin, reason=reason)
        call_off(campaign)
        _keep(campaign.revision, reviewer=admin, verdict=Verdict.CANCELLED, reason=reason)
    return campaign


def explain_own(person: User) -> str:
    """Why this person cannot review their own campaign, and what to do."""
    others = User.objects.filter(is_staff=True, is_active=True).exclude(pk=person.pk)
    if any(other.has_perm("campaigns.change_revision") for other in others):
        return _("This is your own campaign: somebody else on the staff has to review it.")
    return _(
        "This is your own campaign, and nobody else here may review it. Invite a second reviewer: "
        "under People, give somebody you trust access to the admin and the right to change "
        "revisions."
    )


def _send_back(revision: Revision, *, reviewer: User, reason: str, verdict: Verdict) -> Campaign:
    if not reason.strip():
        raise Refusal(_("Give a reason: the organiser reads it."))
    with transaction.atomic():
        campaign, fresh = _lock_for_review(revision, reviewer=reviewer)
        _move(fresh, to=verdict.value)
        if campaign.state == CampaignState.IN_REVIEW:
            Campaign.objects.move(campaign, to=verdict.value)
        _keep(fresh, reviewer=reviewer, verdict=verdict, reason=reason)
    return campaign


def _lock_for_review(revision: Revision, *, reviewer: User) -> tuple[Campaign, Revision]:
    """The campaign's row, locked, and the revision as it is now; the reviewer's right to decide."""
    if not (reviewer.is_active and reviewer.is_staff):
        raise PermissionDenied(_("Only the staff reviews campaigns."))
    if not reviewer.has_perm("campaigns.change_revision"):
        raise PermissionDenied(_("Your account may not review campaigns."))
    campaign: Campaign = Campaign.objects.lock(revision.campaign_id)
    if campaign.organiser_id == reviewer.pk:
        raise PermissionDenied(explain_own(reviewer))
    fresh: Revision = Revision.objects.get(pk=revision.pk)
    if fresh.state != RevisionState.IN_REVIEW:
        raise Refusal(_("Too late: it was decided by somebody else, or taken back."))
    fresh.campaign = campaign
    return campaign, fresh


def _lock_as_admin(campaign: Campaign, *, admin: User, reason: str) -> Campaign:
    if not (admin.is_active and admin.is_staff and admin.has_perm("campaigns.change_campaign")):
        raise PermissionDenied(_("Your account may not stop campaigns."))
    if not reason.strip():
        raise Refusal(_("Give a reason: the organiser reads it."))
    locked: Campaign = Campaign.objects.lock(campaign.pk)
    return locked


def _refuse_moment(campaign: Campaign, revision: Revision) -> None:
    """Refuse what would come too late for its moment or for the one that stands.

    From T-10 min of a scheduled campaign nothing changes, and supporters of one whose moment moves
    need at least as long to hear of it.
    """
    now = database_now()
    assert revision.launch_at is not None, "a revision in review has a moment"
    if revision.launch_at <= now:
        raise Refusal(
            _("The moment it asks for has passed (%(moment)s, %(zone)s). Ask for another one.")
            % {
                "moment": write_moment(revision.launch_at, zone=revision.zone or "UTC"),
                "zone": revision.zone,
            }
        )
    if campaign.is_frozen(now):
        raise Refusal(
            _("The launch is less than ten minutes away: nothing changes any more but to cancel.")
        )
    has_moved = campaign.state in IN_PUBLIC and campaign.launch_at != revision.launch_at
    if has_moved and revision.launch_at - now <= timedelta(seconds=settings.FREEZE_SECONDS):
        raise Refusal(
            _("The new moment is less than ten minutes away: supporters could not be told in time.")
        )


def _move(revision: Revision, *, to: str) -> None:
    if not Revision.objects.move(revision, to=to):
        raise Refusal(_("Too late: it was decided by somebody else, or taken back."))


def _keep(revision: Revision, *, reviewer: User, verdict: Verdict, reason: str) -> None:
    """Write the decision down, and the mail that tells it."""
    decision = ReviewDecision.objects.create(
        revision=revision,
        reviewer=reviewer,
        verdict=verdict,
        reason=reason.strip(),
        decided_at=database_now(),
    )
    mails.tell_organiser(decision)
