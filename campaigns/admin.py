"""Review and oversight in Django's admin. Nothing is edited here by hand: states only move.

``supporters`` subclasses ``CampaignAdmin`` for its own panels (``list_panels``).
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import User
from campaigns import reviewing
from campaigns.comparing import find_similar, list_differences, read_past
from campaigns.models import (
    Campaign,
    CampaignState,
    CampaignUpdate,
    ReviewDecision,
    Revision,
    RevisionState,
    ShortLink,
    Theme,
)
from campaigns.previewing import preview_wordings
from campaigns.refusing import Refusal
from campaigns.updating import REMOVE_RIGHT, remove_update

Panel = tuple[str, SafeString]  # a heading, and what stands under it

VERDICTS: dict[str, Callable[..., Campaign]] = {
    "approve": reviewing.approve,
    "ask_changes": reviewing.ask_changes,
    "reject": reviewing.reject,
}
STOPS: dict[str, Callable[..., Campaign]] = {
    "suspend": reviewing.suspend,
    "resume": reviewing.resume,
    "cancel": reviewing.cancel,
}


class ReasonForm(forms.Form):
    """Why. The organiser reads it; whether it may be empty is for ``reviewing`` to say."""

    reason = forms.CharField(
        label=_("Reason, for the organiser"),
        required=False,
        max_length=4_000,
        help_text=_("Needed to ask for changes or to reject. It is sent as you write it."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows to read: whoever may change the model may look, nobody edits fields."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Theme)
class ThemeAdmin(admin.ModelAdmin[Theme]):
    """What organisers choose from."""

    list_display = ("name_en", "name_fr", "position", "is_active")
    list_editable = ("position", "is_active")
    ordering = ("position", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name_en",)}


@admin.register(ReviewDecision)
class ReviewDecisionAdmin(ReadOnlyAdmin):
    """Everything that was ever decided."""

    list_display = ("decided_at", "verdict", "revision", "reviewer", "reason")
    list_filter = ("verdict",)
    list_select_related = ("revision", "reviewer")
    date_hierarchy = "decided_at"
    ordering = ("-decided_at", "-pk")


@admin.register(ShortLink)
class ShortLinkAdmin(ReadOnlyAdmin):
    """Where links of this site lead. One that leads to harm is switched off, whatever was posted.

    Its name stands before a target that this site does not hold: who owns it can change it.
    """

    list_display = ("code", "target", "campaign", "is_off", "made_at")
    list_filter = ("is_off",)
    list_select_related = ("campaign__approved",)
    search_fields = ("=code", "target")
    ordering = ("-made_at",)
    actions = ("switch_off", "switch_on")

    def has_stop_permission(self, request: HttpRequest) -> bool:
        """As for stopping a whole campaign."""
        return bool(request.user.has_perm("campaigns.change_campaign"))

    @admin.action(description=_("Switch off: they lead nowhere"), permissions=["stop"])
    def switch_off(self, request: HttpRequest, links: QuerySet[ShortLink]) -> None:
        """Let nobody be led on."""
        links.update(is_off=True)

    @admin.action(description=_("Switch on again"), permissions=["stop"])
    def switch_on(self, request: HttpRequest, links: QuerySet[ShortLink]) -> None:
        """Let them lead on."""
        links.update(is_off=False)


class RemovalForm(ActionForm):
    """Beside the choice of what to do: why. Each organiser reads it."""

    reason = forms.CharField(label=_("Reason, for the organiser"), required=False, max_length=1_000)


@admin.register(CampaignUpdate)
class CampaignUpdateAdmin(ReadOnlyAdmin):
    """What organisers tell their supporters, the newest first. Nobody reads it before it is out."""

    list_display = ("title", "campaign", "written_at", "wants_mail", "mail_ended_at", "removed_at")
    list_filter = ("wants_mail",)
    list_select_related = ("campaign__approved",)
    search_fields = ("title", "text")
    ordering = ("-written_at", "-pk")
    fields = (
        *("campaign", "title", "text", "wants_mail", "written_at", "corrected_at"),
        *("mail_ended_at", "removed_at", "removed_by", "removed_why"),
    )
    readonly_fields = fields
    action_form = RemovalForm
    actions = ("remove",)

    def has_stop_permission(self, request: HttpRequest) -> bool:
        """As for stopping a whole campaign."""
        return bool(request.user.has_perm(REMOVE_RIGHT))

    @admin.action(
        description=_("Take off the page, and mail it to nobody more"), permissions=["stop"]
    )
    def remove(self, request: HttpRequest, updates: QuerySet[CampaignUpdate]) -> None:
        """With the reason that stands beside the action."""
        person = _permit(request, REMOVE_RIGHT)
        reason = request.POST.get("reason", "")
        try:
            number = sum(remove_update(each, by=person, reason=reason) for each in updates)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, gettext("Taken off the page: %d.") % number)


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    """The queue: what waits for a reviewer, the oldest first."""

    list_display = ("__str__", "organiser", "age", "launch_at", "review")
    list_display_links = None
    list_select_related = ("campaign__organiser",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        queue: QuerySet[Revision] = Revision.objects.in_queue()
        return queue

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("submitted_at", "pk")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's list under its own heading."""
        context = {"title": gettext("Waiting for review"), **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description=_("organiser"))
    def organiser(self, revision: Revision) -> str:
        """Who wrote it."""
        return str(revision.campaign.organiser)

    @admin.display(description=_("waiting for"))
    def age(self, revision: Revision) -> str:
        """Since it was submitted."""
        return timesince(revision.submitted_at) if revision.submitted_at else ""

    @admin.display(description=_("review"))
    def review(self, revision: Revision) -> SafeString:
        """The way to its page."""
        return format_html('<a href="{}">{}</a>', address_review(revision), gettext("Review"))


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    """Campaigns as an admin oversees them, and the review page of each of their revisions."""

    list_display = ("latest_title", "organiser", "state", "launch_at", "visibility")
    list_filter = ("state", "visibility")
    list_select_related = ("organiser",)
    search_fields = ("slug", "revisions__title", "organiser__email", "organiser__name")
    ordering = ("-created_at",)
    fields = (
        *("latest_title", "organiser", "slug", "state", "visibility", "launch_at"),
        *("latest_at", "threshold", "counts_assisted", "first_launch_at"),
        *("created_at", "updated_at"),
    )
    readonly_fields = fields
    change_form_template = "admin/campaigns/campaign.html"
    review_template = "admin/campaigns/review.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        newest = Revision.objects.filter(campaign=OuterRef("pk")).order_by("-number")
        found: QuerySet[Campaign] = (
            super()
            .get_queryset(request)
            .annotate(newest_title=Subquery(newest.values("title")[:1]))
        )
        return found

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:campaign_id>/review/<int:revision_id>/",
                wrap(self.review_view),
                name="campaigns_campaign_review",
            ),
            path(
                "<int:campaign_id>/stop/<slug:action>/",
                wrap(require_POST(self.stop_view)),
                name="campaigns_campaign_stop",
            ),
            *super().get_urls(),
        ]

    @admin.display(description=_("title"))
    def latest_title(self, campaign: Campaign) -> str:
        """What its newest revision is called."""
        return getattr(campaign, "newest_title", "") or gettext("Untitled campaign")

    def list_panels(self, request: HttpRequest, revision: Revision) -> Sequence[Panel]:
        """What a later stage shows on the review page, as (heading, safe HTML)."""
        return ()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The facts, every revision and decision, and the buttons that stop and let go on."""
        if self.get_object(request, object_id) is None:
            return super().change_view(request, object_id, form_url, extra_context)
        revisions = Revision.objects.filter(campaign_id=object_id).order_by("-number")
        decisions = ReviewDecision.objects.filter(revision__campaign_id=object_id)
        context = {
            "revisions": [(each, address_review(each)) for each in revisions],
            "decisions": decisions.select_related("reviewer", "revision").order_by("-decided_at"),
            "may_stop": request.user.has_perm("campaigns.change_campaign"),
            "reason_form": ReasonForm(),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def review_view(self, request: HttpRequest, campaign_id: int, revision_id: int) -> HttpResponse:
        """One revision as the public will see it, and the reviewer's decision."""
        reviewer = _permit(request, "campaigns.change_revision")
        revisions = Revision.objects.select_related("campaign__organiser", "theme")
        revision = get_object_or_404(revisions, pk=revision_id, campaign_id=campaign_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            decide = VERDICTS.get(request.POST.get("verdict", ""))
            if decide is None:
                messages.error(request, gettext("Choose one of the three buttons."))
            elif self._try(
                request,
                lambda: decide(revision, reviewer=reviewer, reason=form.cleaned_data["reason"]),
            ):
                return redirect("admin:campaigns_revision_changelist")
            else:
                revision.refresh_from_db()
        return TemplateResponse(
            request, self.review_template, self._describe_review(request, revision, form)
        )

    def stop_view(self, request: HttpRequest, campaign_id: int, action: str) -> HttpResponse:
        """Suspend, resume or cancel, with the reason that was given."""
        person = _permit(request, "campaigns.change_campaign")
        campaign = get_object_or_404(Campaign, pk=campaign_id)
        act = STOPS.get(action)
        form = ReasonForm(request.POST)
        if act is not None and form.is_valid():
            self._try(
                request,
                lambda: act(campaign, admin=person, reason=form.cleaned_data["reason"]),
            )
        return redirect("admin:campaigns_campaign_change", campaign_id)

    def _try(self, request: HttpRequest, act: Callable[[], Campaign]) -> bool:
        """Do it, and say what came of it."""
        try:
            campaign = act()
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return False
        messages.success(
            request,
            gettext("Done: “%(title)s” is now %(state)s. The organiser is told by mail.")
            % {"title": campaign.title, "state": campaign.get_state_display().lower()},
        )
        return True

    def _describe_review(
        self, request: HttpRequest, revision: Revision, form: ReasonForm
    ) -> dict[str, Any]:
        campaign = revision.campaign
        approved = campaign.approved
        reviewer = _permit(request, "campaigns.change_revision")
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Review: %(title)s") % {"title": revision.title},
            "revision": revision,
            "campaign": campaign,
            "form": form,
            "wordings": preview_wordings(revision.texts),
            "past": read_past(campaign.organiser),
            "similar": find_similar(revision),
            "differences": list_differences(approved, revision)
            if approved is not None and approved.pk != revision.pk
            else [],
            "decisions": ReviewDecision.objects.filter(revision__campaign=campaign)
            .select_related("reviewer", "revision")
            .order_by("-decided_at"),
            "own_sentence": reviewing.explain_own(reviewer)
            if campaign.organiser_id == reviewer.pk
            else "",
            "is_waiting": revision.state == RevisionState.IN_REVIEW,
            "is_public": campaign.state in (CampaignState.SCHEDULED, CampaignState.SUSPENDED),
            "panels": self.list_panels(request, revision),
        }


def address_review(revision: Revision) -> str:
    """Where a revision is reviewed."""
    return reverse("admin:campaigns_campaign_review", args=[revision.campaign_id, revision.pk])


def _permit(request: HttpRequest, permission: str) -> User:
    """Who asks, when they may. Raises PermissionDenied."""
    person = request.user
    if not isinstance(person, User) or not person.has_perm(permission):
        raise PermissionDenied
    return person
