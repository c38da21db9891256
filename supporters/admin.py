"""Supporters' accounts and pledges, as an admin reads them. Tokens are shown to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.clock import database_now
from campaigns.models import CampaignReport
from campaigns.reporting import REVIEW_RIGHT
from supporters.models import AssistedPledge, KnownServer, LinkedAccount, Pledge, Reminder

if TYPE_CHECKING:
    ReadOnlyBase = admin.ModelAdmin[Model]
else:
    ReadOnlyBase = admin.ModelAdmin


class ReadOnlyAdmin(ReadOnlyBase):
    """Shows the fields it names and changes nothing: these rows are their owners'."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(LinkedAccount)
class LinkedAccountAdmin(ReadOnlyAdmin):
    """Which accounts are linked, and which have to be authorised again."""

    list_display = ("handle", "network", "known_server", "state", "followers", "linked_at")
    list_filter = ("network", "state")
    list_select_related = ("known_server",)
    search_fields = ("handle", "display_name")
    ordering = ("-linked_at",)
    fields = (
        *("person", "network", "known_server", "handle", "display_name", "url", "state"),
        *("followers", "opened_at", "expires_at", "linked_at", "checked_at", "unlinked_at"),
    )


@admin.register(Pledge)
class PledgeAdmin(ReadOnlyAdmin):
    """What was lent, to what, in which words."""

    list_display = ("account", "campaign", "network", "state", "pledged_at")
    list_filter = ("network", "state")
    list_select_related = ("account", "campaign__approved")
    search_fields = ("account__handle", "campaign__slug")
    ordering = ("-pledged_at",)
    fields = (
        *("campaign", "person", "account", "network", "host", "text", "language", "state"),
        *("is_shown", "agreed_launch_at", "agreed_threshold", "pledged_at", "changed_at"),
        "withdrawn_at",
    )


@admin.register(AssistedPledge)
class AssistedPledgeAdmin(ReadOnlyAdmin):
    """What people post by their own hand. An address is on the page of one promise, in no list:
    who answers somebody that got no mail needs it.
    """

    list_display = (
        *("person", "campaign", "network", "state", "pledged_at", "offered_at", "reported_at"),
        "ended_why",
    )
    list_filter = ("network", "state", "ended_why")
    list_select_related = ("person", "campaign__approved")
    search_fields = ("person__name", "campaign__slug", "=email")
    ordering = ("-pledged_at",)
    fields = (
        *("campaign", "person", "network", "email", "text", "language", "has_own_words", "state"),
        *("is_shown", "agreed_launch_at", "agreed_latest_at", "agreed_threshold", "pledged_at"),
        *("changed_at", "withdrawn_at", "offered_at", "reported_at", "ended_at", "ended_why"),
    )


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    """Who wants to hear of a launch: how many, and whether they did. Addresses as above."""

    list_display = ("campaign", "language", "asked_at", "sent_at")
    list_filter = ("language",)
    list_select_related = ("campaign__approved",)
    search_fields = ("campaign__slug", "=email")
    ordering = ("-asked_at",)
    fields = ("campaign", "email", "language", "asked_at", "sent_at")


@admin.register(KnownServer)
class KnownServerAdmin(ReadOnlyAdmin):
    """The servers on which accounts live."""

    list_display = ("host", "network", "version", "checked_at")
    list_filter = ("network",)
    search_fields = ("host",)
    ordering = ("host",)
    fields = ("network", "host", "url", "version", "facts", "registered_at", "checked_at")


@admin.register(CampaignReport)
class CampaignReportAdmin(ReadOnlyAdmin):
    """What readers report, the newest first: part of what waits for a reviewer."""

    list_display = ("campaign", "reason", "words", "reported_at", "settled_at")
    list_filter = (("settled_at", admin.EmptyFieldListFilter), "reason")
    list_select_related = ("campaign__approved",)
    ordering = ("-reported_at", "-pk")
    fields = (
        *("campaign", "reason", "words", "email", "reported_at", "told_at"),
        *("settled_at", "settled_by"),
    )
    readonly_fields = fields
    actions = ("settle",)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        """As for stopping a campaign."""
        return bool(request.user.has_perm(REVIEW_RIGHT))

    @admin.action(description=_("Settled: somebody has looked at it"), permissions=["settle"])
    def settle(self, request: HttpRequest, reports: QuerySet[CampaignReport]) -> None:
        """Nothing more to do for these."""
        reports.filter(settled_at=None).update(settled_at=database_now(), settled_by=request.user)
