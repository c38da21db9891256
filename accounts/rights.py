"""Who counts as staff: not the mark alone, but the second factor with it."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings


def acts_as_staff(person: Any) -> bool:
    """Whether this person may do what the staff may: active, marked, and with a second factor.

    The demo alone waives the factor (``settings.STAFF_NEEDS_MFA``).
    """
    if not (getattr(person, "is_active", False) and getattr(person, "is_staff", False)):
        return False
    return not settings.STAFF_NEEDS_MFA or bool(is_mfa_enabled(person))
