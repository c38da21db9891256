"""What an organiser does with a campaign: write it, send it for review, change it, call it off.

Every function that changes something locks the campaign's row first, looks at what it finds there,
and raises PermissionDenied for anybody but the organiser and ``Refusal`` (with a sentence) for what
cannot be done now. The caller's objects may be stale: what is given back is fresh.
"""

import itertools
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns import mails
from campaigns.checking import list_missing
from campaigns.clock import database_now
from campaigns.leading import explain_clash, has_clash
from campaigns.models import Campaign, CampaignState, Revision, RevisionState, Theme, Wording
from campaigns.pictures import drop_unused
from campaigns.refusing import Incomplete, Overtaken, Refusal
from campaigns.versioning import Origin, Version, tells_news
from campaigns.wording import digest_words

MOST_DRAFTS = 50  # campaigns that one organiser begins, and nobody has approved,
LATELY = timedelta(days=30)  # in so long
CONTENT = (
    *("theme", "title", "summary", "story", "picture", "picture_alt"),
    *("message", "link", "hashtag", "counts_clicks", "language"),
    *("launch_at", "zone", "threshold", "counts_assisted", "latest_minutes", "visibility"),
)
RESERVED_SLUGS = frozenset({"new", "feed", "calendar", "embed"})
SLUG_LENGTH = 60


def create_campaign(organiser: User, *, theme: Theme | None = None) -> Campaign:
    """A campaign in draft with its first, empty revision.

    Raises Refusal without an e-mail, and where too many were begun and never approved.
    """
    if not organiser.email:
        raise Refusal(_("Add an e-mail address to your account first: reviewers answer you there."))
    begun = Campaign.objects.filter(
        organiser=organiser, approved=None, created_at__gt=timezone.now() - LATELY
    )
    if begun.count() >= MOST_DRAFTS:
        raise Refusal(
            _("You have begun many campaigns lately: go on with one of them, on your desk.")
        )
    languages = dict(settings.CAMPAIGN_LANGUAGES)
    with transaction.atomic():
        campaign = Campaign(organiser=organiser)
        campaign.slug = f"campaign-{campaign.uid.hex[:12]}"
        campaign.save()
        Revision.objects.create(
            campaign=campaign,
            theme=theme,
            zone=organiser.zone,
            counts_clicks=True,
            language=organiser.language if organiser.language in languages else "en",
        )
    return campaign


def save_step(
    campaign: Campaign,
    *,
    by: User,
    values: Mapping[str, Any],
    pending: Mapping[str, str],
    fields: Collection[str],
    step: str = "",
    origin: Origin | None = None,
) -> Revision:
    """Keep what a step of the wizard was given: all of it, whether it is valid or not.

    ``values`` are the valid contents by name (of ``CONTENT``; ``wordings`` are the texts of those
    after the message, an empty one keeps a place), ``pending`` is what was typed into the other
    fields, ``fields`` all fields of the step: what is no longer pending among them is forgotten. A
    revision that came back from review is left as it was reviewed; the change goes into a new
    draft. The address follows the title until the first approval.

    ``origin`` is the page of the ``step`` that sent it. Raises Overtaken, and keeps nothing, when
    the step was changed elsewhere since that page was opened; what the page itself has sent later
    already stays.
    """
    # PostgreSQL keeps no NUL in a text.
    typed = {name: text.replace("\0", "") for name, text in pending.items()}
    with transaction.atomic():
        campaign = _lock_own(campaign, by=by)
        draft = _open_draft(campaign)
        if origin is not None and tells_news(draft, values=values, pending=typed, fields=fields):
            version = Version.of(draft, step=step)
            if version.has_passed(origin):
                return draft
            if version.is_newer(origin):
                raise Overtaken(_("This was changed elsewhere after you had opened it."))
            draft.versions[step] = version.follow(origin, at=timezone.now())
        replaced = draft.picture.name if "picture" in values else ""
        for name in values.keys() - {"wordings"}:
            setattr(draft, name, values[name])
        kept = {name: text for name, text in draft.pending.items() if name not in fields}
        draft.pending = {**kept, **typed}
        draft.saved_at = timezone.now()
        draft.save()
        if "wordings" in values:
            _keep_wordings(draft, texts=values["wordings"])
        if values.get("title") and campaign.first_launch_at is None:
            _rename(campaign, title=draft.title)
        if replaced and replaced != draft.picture.name:
            transaction.on_commit(lambda: drop_unused(replaced))
    return draft


def submit(revision: Revision, *, by: User) -> Revision:
    """Send a draft for review, and tell the reviewers.

    A revision that came back from review is sent again as a new one. Raises Incomplete when
    something is missing.
    """
    with transaction.atomic():
        campaign = _lock_own(revision.campaign, by=by)
        draft = _open_draft(campaign)
        now = database_now()
        if missing := list_missing(draft, now=now):
            raise Incomplete(_("Something is still missing."), missing=missing)
        if has_clash(draft):
            raise Refusal(explain_clash())
        Revision.objects.move(draft, to=RevisionState.IN_REVIEW, submitted_at=now)
        if campaign.state not in (CampaignState.SCHEDULED, CampaignState.SUSPENDED):
            Campaign.objects.move(campaign, to=CampaignState.IN_REVIEW)
        mails.tell_reviewers(draft)
    return draft


def take_back(revision: Revision, *, by: User) -> Revision:
    """Make a revision in review a draft again."""
    with transaction.atomic():
        campaign = _lock_own(revision.campaign, by=by)
        fresh: Revision = Revision.objects.get(pk=revision.pk)
        if fresh.state != RevisionState.IN_REVIEW:
            raise Refusal(_("It is not in review any more."))
        Revision.objects.move(fresh, to=RevisionState.DRAFT, submitted_at=None)
        if campaign.state == CampaignState.IN_REVIEW:
            Campaign.objects.move(campaign, to=CampaignState.DRAFT)
    return fresh


def revise(campaign: Campaign, *, by: User) -> Revision:
    """Open a draft of a campaign that is already in public; what was approved stands meanwhile.

    A draft that exists is given as it is, and one that was sent back is gone on with.
    """
    with transaction.atomic():
        campaign = _lock_own(campaign, by=by)
        if campaign.state not in (CampaignState.SCHEDULED, CampaignState.SUSPENDED):
            raise Refusal(_("Only a campaign that was validated is changed in this way."))
        latest = campaign.working_revision
        if latest.state == RevisionState.REJECTED:
            assert campaign.approved is not None, "a campaign in public has an approved revision"
            refuse_frozen(campaign)
            return _copy(campaign.approved, campaign=campaign)
        if latest.state == RevisionState.APPROVED:
            refuse_frozen(campaign)
            return _copy(latest, campaign=campaign)
        return _open_draft(campaign)


def cancel(campaign: Campaign, *, by: User) -> Campaign:
    """Call a campaign off, up to its moment. Nothing of it is sent."""
    with transaction.atomic():
        campaign = _lock_own(campaign, by=by)
        call_off(campaign)
    return campaign


def call_off(campaign: Campaign) -> None:
    """Cancel a campaign whose row the caller has locked. Raises Refusal from its moment on."""
    if campaign.state == CampaignState.CANCELLED:
        raise Refusal(_("This campaign is cancelled already."))
    moment = campaign.launch_at
    has_begun = (
        campaign.state == CampaignState.SCHEDULED
        and moment is not None
        and moment <= database_now()
    )
    if has_begun or campaign.state == CampaignState.LAUNCHED:
        raise Refusal(_("It is too late to cancel: the launch has begun. It can still be held."))
    if campaign.state == CampaignState.REJECTED:
        raise Refusal(_("This campaign was rejected; there is nothing to cancel."))
    Campaign.objects.move(campaign, to=CampaignState.CANCELLED)
    waiting = Revision.objects.filter(campaign=campaign, state=RevisionState.IN_REVIEW)
    waiting.update(state=RevisionState.DRAFT, submitted_at=None)


def _lock_own(campaign: Campaign, *, by: User) -> Campaign:
    """The campaign's row, locked until the transaction ends, for its organiser alone."""
    locked: Campaign = Campaign.objects.lock(campaign.pk)
    if locked.organiser_id != by.pk:
        raise PermissionDenied(_("This is another organiser's campaign."))
    return locked


def refuse_frozen(campaign: Campaign) -> None:
    """Raise Refusal, with the reason, for a campaign whose launch is too near for changes."""
    if campaign.is_frozen(database_now()):
        raise Refusal(
            _("The launch is less than ten minutes away: nothing changes any more but to cancel.")
        )


def _open_draft(campaign: Campaign) -> Revision:
    """The revision that may be written in, of a campaign whose row is locked."""
    if campaign.state in (CampaignState.CANCELLED, CampaignState.LAUNCHED):
        raise Refusal(_("This campaign is over; nothing in it changes any more."))
    refuse_frozen(campaign)
    latest = campaign.working_revision
    match latest.state:
        case RevisionState.DRAFT:
            return latest
        case RevisionState.CHANGES_ASKED | RevisionState.REJECTED:
            return _copy(latest, campaign=campaign)
        case RevisionState.IN_REVIEW:
            raise Refusal(_("It is in review. Take it back to change it."))
    raise Refusal(
        _(
            "This was validated. Choose “Change it” first: what is public stays until a "
            "reviewer validates the change."
        )
    )


def _copy(revision: Revision, *, campaign: Campaign) -> Revision:
    """A new draft with the same content. The campaign's row must be locked."""
    contents = {name: getattr(revision, name) for name in CONTENT}
    number = campaign.working_revision.number + 1
    draft: Revision = Revision.objects.create(
        campaign=campaign,
        number=number,
        pending=revision.pending,
        versions=revision.versions,
        **contents,
    )
    further = [text for position, text in revision.messages.items() if position > 1]
    _keep_wordings(draft, texts=further)
    return draft


def _keep_wordings(draft: Revision, *, texts: Sequence[str]) -> None:
    """Let these be the draft's wordings after its message, each in its place."""
    wanted = {position: text for position, text in enumerate(texts, start=2) if text}
    if {1: draft.message, **wanted} == draft.messages:
        return
    draft.wordings.all().delete()
    Wording.objects.bulk_create(
        Wording(revision=draft, position=position, text=text, digest=digest_words(text))
        for position, text in wanted.items()
    )


def _rename(campaign: Campaign, *, title: str) -> None:
    """Give the campaign an address made from its title, with a number when it is taken."""
    base = slugify(title)[:SLUG_LENGTH].strip("-_")
    if not base:
        return  # a title in another script: the first address is as good
    if base in RESERVED_SLUGS:
        base = f"{base}-campaign"
    others = Campaign.objects.exclude(pk=campaign.pk)
    for number in itertools.count(1):
        slug = base if number == 1 else f"{base}-{number}"
        if slug == campaign.slug:
            return
        if others.filter(slug=slug).exists():
            continue
        try:
            with transaction.atomic():  # somebody may take it between the look and the write
                Campaign.objects.amend(campaign, slug=slug)
        except IntegrityError:
            continue
        return
