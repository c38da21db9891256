"""Launches and their deliveries as an admin reads them: nothing is changed here by hand.

What an operator does here is stop: pause all launches, and end that pause or one of a network.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from launches import stopping
from launches.models import Attempt, Delivery, Launch
from launches.operators import is_operator
from launches.pauses import HostPause, NetworkPause, Standstill
from launches.recalls import Deletion, Recall


class ReadOnly(admin.ModelAdmin[Any]):
    """The ledger is written by the launch alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Launch)
class LaunchAdmin(ReadOnly):
    list_display = ("campaign", "state", "launch_at", "people", "pledges", "held_at", "look_first")
    list_filter = ("state",)
    list_select_related = ("campaign__approved",)
    ordering = ("-launch_at",)
    exclude = ("held_why",)
    readonly_fields = ("why_held",)

    @admin.display(description=gettext_lazy("why it is held"))
    def why_held(self, launch: Launch) -> str:
        """In the reader's language."""
        return launch.held_sentence


class AttemptInline(admin.TabularInline[Attempt, Delivery]):
    """What is known of a post, attempt by attempt."""

    model = Attempt
    fields = ("number", "outcome", "started_at", "ended_at", "sentence")
    readonly_fields = fields
    ordering = ("number",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    """Unconfirmed ones are found by their state. Their owners alone can say anything of them."""

    list_display = ("pk", "launch", "network", "host", "state", "tries", "answered_at", "sentence")
    fields = (
        *("launch", "pledge", "network", "host", "state", "sentence", "owner_said_at"),
        *("text", "language", "revision", "attempt", "tries", "first_tried_at", "is_uncertain"),
        *("due_at", "lease_until", "answered_at", "remote_id", "permalink", "other_remote_id"),
    )
    readonly_fields = fields
    inlines = (AttemptInline,)
    list_filter = ("state", "network")
    list_select_related = ("launch__campaign__approved",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(Recall)
class RecallAdmin(ReadOnly):
    """Who had the posts of which launch deleted; asked for in the launch room."""

    list_display = ("launch", "asked_at", "asked_by", "finished_at", "why")
    list_select_related = ("launch__campaign__approved", "asked_by")
    ordering = ("-asked_at",)


@admin.register(Deletion)
class DeletionAdmin(ReadOnly):
    """The ledger: one line for each post that a recall is to delete."""

    list_display = ("pk", "delivery", "state", "tries", "due_at", "ended_at", "sentence")
    fields = (
        *("recall", "delivery", "remote_id", "state", "sentence", "noted_at", "attempt", "tries"),
        *("is_uncertain", "due_at", "lease_until", "ended_at", "told_at"),
    )
    readonly_fields = fields
    list_filter = ("state", "delivery__network")
    list_select_related = ("delivery",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(NetworkPause)
class NetworkPauseAdmin(ReadOnly):
    """Deleting one ends the pause."""

    list_display = ("network", "until", "sentence", "paused_at")
    ordering = ("network",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request.user)


@admin.register(HostPause)
class HostPauseAdmin(ReadOnly):
    """Deleting one ends the pause: the host is asked again at once."""

    list_display = ("host", "since", "until", "silences")
    ordering = ("host",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request.user)


@admin.register(Standstill)
class StandstillAdmin(ReadOnly):
    """Adding it pauses every launch of this site, deleting it lets them go on."""

    list_display = ("__str__", "reason", "paused_at")
    fields = ("reason", "paused_at")
    readonly_fields = ("paused_at",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_operator(request.user) and not stopping.is_paused()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request.user)

    def save_model(
        self, request: HttpRequest, obj: Standstill, form: forms.Form, change: bool
    ) -> None:
        """Pause; should somebody else just have done so, theirs stands."""
        stopping.pause(reason=obj.reason)
        obj.pk = 1
        number = stopping.count_stopped()
        messages.warning(
            request, _("Nothing is posted from now on. Launches that this stops now: %d.") % number
        )

    def delete_model(self, request: HttpRequest, obj: Standstill) -> None:
        stopping.resume()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Standstill]) -> None:
        stopping.resume()
