"""People, as an admin sees them."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    """Who may review, and who is shut out. Passwords are their owners' alone."""

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
