"""What every template knows about this installation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def describe_site(request: HttpRequest) -> dict[str, Any]:
    """The site's address, and whether this is the demonstration."""
    return {"site_url": settings.SITE_URL, "demo_profile": settings.DEMO}
