"""A person: an organiser or reviewer who signs in by e-mail, or a supporter known by an account."""

from __future__ import annotations

import zoneinfo
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.marking import MailMark

__all__ = ["MailMark", "User", "UserManager", "check_zone", "default_zone"]


def check_zone(name: str) -> None:
    """Refuse what is not an IANA time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone."), params={"name": name})


def default_zone() -> str:
    """The installation's own zone."""
    return str(settings.TIME_ZONE)


class UserManager(BaseUserManager["User"]):
    """Makes people with and without an e-mail address."""

    def create_user(
        self, email: str | None = None, password: str | None = None, **facts: Any
    ) -> User:
        """A person; without a password only a link or a linked account lets them in."""
        user = self.model(email=self.normalize_email(email) or None if email else None, **facts)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **facts: Any) -> User:
        """An admin who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **facts)


class User(AbstractBaseUser, PermissionsMixin):
    """Signs in by e-mail. Supporters who only ever linked an account have none.

    ``erasing_at``: had all that is kept of them erased, which is being done. ``erased_at``: it is
    done, and this row stays without a name since a campaign or a decision points at it.
    """

    email = models.EmailField(_("e-mail address"), unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    language = models.CharField(
        _("language"), max_length=5, choices=settings.ALL_LANGUAGES, default=settings.LANGUAGE_CODE
    )
    zone = models.CharField(
        _("time zone"), max_length=64, default=default_zone, validators=[check_zone]
    )
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Switch off to shut a person out; nothing is posted for them any more."),
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    erasing_at = models.DateTimeField(null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="erased_person_has_no_name_and_no_rights",
                condition=models.Q(erased_at__isnull=True)
                | models.Q(
                    email__isnull=True,
                    name="",
                    is_active=False,
                    is_staff=False,
                    is_superuser=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        """The name they gave, else the address before its @, never empty."""
        if self.erased_at:
            return str(_("a person who was erased"))
        if self.name:
            return self.name
        if self.email:
            return self.email.partition("@")[0]
        return str(_("Supporter %(number)s") % {"number": self.pk})

    def get_short_name(self) -> str:
        """The same name: people choose how they are called."""
        return self.get_full_name()
