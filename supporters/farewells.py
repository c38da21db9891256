"""What is left to do, or to tell, once an account was given back or taken away."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class PendingRevocation(models.Model):
    """An authorisation that its network is still to be told to forget.

    The key is kept sealed, as it was on the account (``vault`` opens it by the same fingerprint),
    for nothing but that, and for a day at most (``revoking``). ``due_at`` is also the lease of
    whoever is just telling the network.
    """

    known_server = models.ForeignKey("KnownServer", on_delete=models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=64)
    sealed_credentials = models.TextField()
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_index=True)
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="pending_revocation_has_a_key", condition=~models.Q(sealed_credentials="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.known_server_id}/{self.pk}"


class ErasureRequest(models.Model):
    """A network asked us to erase somebody; its reader may ask what came of it, by the code.

    Whom it was about is not kept. ``code`` is a keyed hash of the request, so that one that comes
    twice is one row.
    """

    code = models.CharField(max_length=40, unique=True)
    network = models.CharField(max_length=20)
    asked_at = models.DateTimeField(default=timezone.now, db_index=True)
    done_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.network}/{self.pk}"
