"""Launches and their deliveries as an admin reads them: nothing is changed here by hand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from launches.models import Delivery, Launch, NetworkPause
from launches.operators import is_operator


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
    list_filter = ("state", "kind")
    list_select_related = ("campaign__approved",)
    ordering = ("-launch_at",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = ("pk", "launch", "network", "host", "state", "tries", "answered_at", "sentence")
    list_filter = ("state", "network")
    list_select_related = ("launch__campaign__approved",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(NetworkPause)
class NetworkPauseAdmin(ReadOnly):
    """Deleting one ends the pause."""

    list_display = ("network", "until", "sentence", "paused_at")
    ordering = ("network",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request.user)
