"""A campaign: what is said, when, and on what condition; and what reviewers made of it.

What an organiser writes lives in revisions. The campaign's own row holds its state and a copy of
what an approval decided (moment, latest time, threshold), since launches lock and read that row.
"""

from __future__ import annotations

import uuid
import zoneinfo
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns.decisions import ReviewDecision
from campaigns.querysets import CampaignQuerySet, RevisionQuerySet
from campaigns.reports import CampaignReport
from campaigns.shortening import shorten
from campaigns.shortlinks import ClickCount, ShortLink
from campaigns.states import MOVES, PAGE_STATES, CampaignState, RevisionState, Verdict, Visibility
from campaigns.story import render_story
from campaigns.themes import Theme
from campaigns.updates import CampaignUpdate
from campaigns.wording import compose, replace_link

__all__ = [
    "LATEST_MINUTES",
    "LATEST_MINUTES_MOST",
    "MOST_WORDINGS",
    "MOVES",
    "PAGE_STATES",
    "Campaign",
    "CampaignQuerySet",
    "CampaignReport",
    "CampaignState",
    "CampaignUpdate",
    "ClickCount",
    "ReviewDecision",
    "Revision",
    "RevisionQuerySet",
    "RevisionState",
    "ShortLink",
    "Theme",
    "Verdict",
    "Visibility",
    "Wording",
]

LATEST_MINUTES = 45
LATEST_MINUTES_MOST = 24 * 60
MOST_WORDINGS = 12  # the message among them


class Campaign(models.Model):
    """One message and one moment."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organiser = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="campaigns",
        verbose_name=_("organiser"),
    )
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    state = models.CharField(
        _("state"), max_length=16, choices=CampaignState.choices, default=CampaignState.DRAFT
    )
    approved = models.ForeignKey(
        "Revision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved revision"),
    )
    launch_at = models.DateTimeField(_("launch"), null=True, blank=True)
    latest_at = models.DateTimeField(_("latest time"), null=True, blank=True)
    first_launch_at = models.DateTimeField(
        _("first approved moment"),
        null=True,
        blank=True,
        help_text=_("Set once; the keys that keep a post from being doubled come from it."),
    )
    threshold = models.PositiveIntegerField(_("threshold"), null=True, blank=True)
    counts_assisted = models.BooleanField(_("posts by hand count"), default=False, db_default=False)
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects: ClassVar[Any] = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="campaign_state_is_known", condition=Q(state__in=CampaignState.values)
            ),
            models.CheckConstraint(
                name="campaign_in_public_has_a_moment",
                condition=~Q(state__in=["scheduled", "suspended", "launched"])
                | Q(
                    approved__isnull=False,
                    launch_at__isnull=False,
                    latest_at__isnull=False,
                    first_launch_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="campaign_latest_is_after_launch",
                condition=Q(latest_at__isnull=True) | Q(latest_at__gt=F("launch_at")),
            ),
            models.CheckConstraint(
                name="campaign_threshold_is_positive",
                condition=Q(threshold__isnull=True) | Q(threshold__gte=1),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "launch_at"], name="campaign_state_launch"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its public page."""
        return reverse("campaign", args=[self.slug])

    @property
    def revision(self) -> Revision:
        """The approved revision, else the one being worked on."""
        return self.approved or self.working_revision

    @property
    def working_revision(self) -> Revision:
        """The latest revision: what the organiser edits or what is in review."""
        found = self.revisions.order_by("-number").first()
        assert found is not None, "a campaign is made with its first revision"
        return found

    @property
    def title(self) -> str:
        """What it is called."""
        return self.revision.title or str(_("Untitled campaign"))

    def is_frozen(self, now: datetime) -> bool:
        """Whether its launch is so near that nothing changes any more but to cancel (T-10 min).

        A suspended one whose moment has passed may still be given another.
        """
        if self.launch_at is None:
            return False
        is_near = self.launch_at - now <= timedelta(seconds=settings.FREEZE_SECONDS)
        return is_near and (
            self.state == CampaignState.SCHEDULED
            or (self.state == CampaignState.SUSPENDED and now < self.launch_at)
        )

    def is_open(self, now: datetime) -> bool:
        """Whether a pledge can be made at that time."""
        return (
            self.state == CampaignState.SCHEDULED
            and self.launch_at is not None
            and now < self.launch_at
        )


class Revision(models.Model):
    """One version of everything an organiser decides. Approval covers exactly one.

    ``pending`` keeps what was typed into the wizard and cannot be taken as it is, field by field,
    so that leaving and coming back loses nothing; ``versions`` is ``versioning``'s.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="revisions", verbose_name=_("campaign")
    )
    number = models.PositiveIntegerField(_("number"), default=1)
    state = models.CharField(
        _("state"), max_length=16, choices=RevisionState.choices, default=RevisionState.DRAFT
    )
    theme = models.ForeignKey(
        Theme, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("theme")
    )
    title = models.CharField(_("title"), max_length=90, blank=True)
    summary = models.CharField(_("summary"), max_length=240, blank=True)
    story = models.TextField(_("story"), max_length=20_000, blank=True)
    picture = models.ImageField(_("picture"), upload_to="campaigns/", blank=True)
    picture_alt = models.CharField(_("what the picture shows"), max_length=240, blank=True)
    message = models.TextField(_("message"), max_length=3_000, blank=True)
    link = models.URLField(_("link"), max_length=400, blank=True)
    hashtag = models.CharField(_("hashtag"), max_length=60, blank=True)
    language = models.CharField(
        _("language of the message"),
        max_length=5,
        choices=settings.CAMPAIGN_LANGUAGES,
        default="en",
    )
    launch_at = models.DateTimeField(_("launch"), null=True, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, blank=True)
    threshold = models.PositiveIntegerField(
        _("threshold"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    counts_assisted = models.BooleanField(_("posts by hand count"), default=False, db_default=False)
    counts_clicks = models.BooleanField(_("clicks are counted"), default=False, db_default=False)
    latest_minutes = models.PositiveSmallIntegerField(
        _("latest time"),
        default=LATEST_MINUTES,
        validators=[MinValueValidator(1), MaxValueValidator(LATEST_MINUTES_MOST)],
    )
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    pending = models.JSONField(default=dict, blank=True, editable=False)
    versions = models.JSONField(default=dict, db_default={}, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    saved_at = models.DateTimeField(_("saved"), default=timezone.now)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)

    objects: ClassVar[Any] = RevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions to review")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="revision_number_once_per_campaign", fields=["campaign", "number"]
            ),
            models.UniqueConstraint(
                name="revision_in_review_once_per_campaign",
                fields=["campaign"],
                condition=Q(state="in_review"),
            ),
            models.UniqueConstraint(
                name="revision_draft_once_per_campaign",
                fields=["campaign"],
                condition=Q(state="draft"),
            ),
            models.UniqueConstraint(
                name="revision_approved_once_per_campaign",
                fields=["campaign"],
                condition=Q(state="approved"),
            ),
            models.CheckConstraint(
                name="revision_state_is_known", condition=Q(state__in=RevisionState.values)
            ),
            models.CheckConstraint(
                name="revision_shown_has_words_and_moment",
                condition=~Q(state__in=["in_review", "approved", "superseded"])
                | (~Q(title="") & ~Q(message="") & Q(launch_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="revision_threshold_is_positive",
                condition=Q(threshold__isnull=True) | Q(threshold__gte=1),
            ),
            models.CheckConstraint(
                name="revision_latest_within_a_day",
                condition=Q(latest_minutes__gte=1, latest_minutes__lte=LATEST_MINUTES_MOST),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title or _('Untitled campaign')} ({self.number})"

    @property
    def text(self) -> str:
        """The exact words a post would have in the first wording."""
        return self.compose(self.message)

    @property
    def messages(self) -> dict[int, str]:
        """Every wording of the message by its position; the message itself is the first."""
        further = {each.position: each.text for each in self.wordings.all()}
        return {1: self.message, **dict(sorted(further.items()))}

    @property
    def texts(self) -> dict[int, str]:
        """The exact words a post would have in each wording, by its position."""
        return {position: self.compose(message) for position, message in self.messages.items()}

    @property
    def offered_messages(self) -> dict[int, str]:
        """The wordings as supporters are offered them: with the link that posts carry."""
        return {
            position: replace_link(message, link=self.link, by=self.short_link)
            for position, message in self.messages.items()
        }

    @property
    def short_link(self) -> str:
        """What posts carry in the place of the link, so that clicks are counted; empty: nothing."""
        if not self.counts_clicks:
            return ""
        return shorten(campaign_id=self.campaign_id, target=self.link)

    @property
    def carried_link(self) -> str:
        """The link as it stands in posts; empty without one."""
        return self.short_link or self.link

    def compose(self, message: str) -> str:
        """The exact words of a post with that message and this revision's link and hashtag."""
        return compose(message, link=self.link, hashtag=self.hashtag, short=self.short_link)

    @property
    def story_html(self) -> SafeString:
        """The story, ready for a page."""
        return render_story(self.story)

    @property
    def picture_url(self) -> str:
        """Where the picture is served from; empty without one."""
        if not self.picture.name:
            return ""
        return reverse("picture", args=[PurePosixPath(self.picture.name).name])

    @property
    def latest_at(self) -> datetime | None:
        """After this no post of it leaves any more."""
        if self.launch_at is None:
            return None
        return self.launch_at + timedelta(minutes=self.latest_minutes)

    @property
    def local_launch_at(self) -> datetime | None:
        """The moment on the campaign's own clock."""
        if self.launch_at is None:
            return None
        return self.launch_at.astimezone(zoneinfo.ZoneInfo(self.zone or "UTC"))


class Wording(models.Model):
    """Another way to say a revision's message, so that not every post is the same.

    The message itself is the first wording and has no row. ``digest`` comes from
    ``wording.digest_words``: two that differ in nothing but case and spaces are the same.
    """

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="wordings")
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.TextField(_("words"), max_length=3_000)
    digest = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="wording_position_once_per_revision", fields=["revision", "position"]
            ),
            models.UniqueConstraint(
                name="wording_once_per_revision", fields=["revision", "digest"]
            ),
            models.CheckConstraint(
                name="wording_is_one_of_a_few",
                condition=Q(position__gte=2, position__lte=MOST_WORDINGS),
            ),
            models.CheckConstraint(name="wording_has_words", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.text}"
