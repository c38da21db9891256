"""People, as an admin sees them."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    """Who may review, and who is shut out. Passwords are their owners' alone.

    Nobody is deleted here: that would leave posts and mails behind (``manage.py erase``).
    """

    list_display = ("__str__", "email", "is_active", "is_staff", "date_joined")
    list_filter = ("is_staff", "is_active", "language")
    search_fields = ("email", "name")
    readonly_fields = ("date_joined", "last_login")
    ordering = ("-date_joined",)
    fieldsets: ClassVar = [
        (None, {"fields": ("name", "email", "language", "zone")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
        (_("Dates"), {"fields": ("date_joined", "last_login")}),
    ]
    filter_horizontal = ("user_permissions",)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        is_erased = obj is not None and obj.erased_at is not None
        return not is_erased and super().has_change_permission(request, obj)
