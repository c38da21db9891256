"""What allauth asks us."""

from contextlib import nullcontext
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest
from django.utils import translation

from accounts.marking import marking_for
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Keeps the language a person signed up in, and writes to them in it."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.name = form.cleaned_data.get("name", "")
        user.language = (translation.get_language() or "en")[:2]
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Note whose the mail is, where allauth knows: a new address is not found otherwise."""
        person = context.get("user")
        with transaction.atomic(), marking_for(person) if person else nullcontext():
            super().send_mail(template_prefix, email, context)
