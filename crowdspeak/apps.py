"""Django's hooks: our system checks, and the admin with its own way in."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class CrowdSpeakConfig(AppConfig):
    name = "crowdspeak"

    def ready(self) -> None:
        from crowdspeak import checks  # noqa: F401, PLC0415  (registers the checks)


class CrowdSpeakAdminConfig(AdminConfig):
    default_site = "accounts.admin_site.AdminSite"
