"""Reading and moving campaigns and revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from accounts.rights import acts_as_staff
from campaigns.states import MOVES, PAGE_STATES, CampaignState, RevisionState, Visibility

if TYPE_CHECKING:
    from campaigns.models import Campaign, Revision


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Reading and moving campaigns."""

    def move(self, campaign: Campaign, *, to: str, **changes: Any) -> bool:
        """Compare-and-set from the state the caller saw. False: somebody was faster.

        ``campaign`` is brought up to date when the move was made. A move that ``MOVES`` does not
        name is a mistake in the program.
        """
        if to not in MOVES[campaign.state]:
            raise ValueError(f"no move from {campaign.state} to {to}")
        moved = self.filter(pk=campaign.pk, state=campaign.state).update(
            state=to, updated_at=timezone.now(), **changes
        )
        if moved:
            campaign.state = to
            for name, value in changes.items():
                setattr(campaign, name, value)
        return bool(moved)

    def amend(self, campaign: Campaign, **changes: Any) -> bool:
        """Change facts without moving, if the state is still the one the caller saw."""
        amended = self.filter(pk=campaign.pk, state=campaign.state).update(
            updated_at=timezone.now(), **changes
        )
        if amended:
            for name, value in changes.items():
                setattr(campaign, name, value)
        return bool(amended)

    def approved(self) -> CampaignQuerySet:
        """Those with a revision that readers may see, whatever became of them."""
        return self.filter(approved__isnull=False).exclude(state=CampaignState.SUSPENDED)

    def listed(self) -> CampaignQuerySet:
        """Those that anyone may find here."""
        return self.approved().filter(visibility=Visibility.PUBLIC)

    def with_pages(self) -> CampaignQuerySet:
        """With what a page shows of each."""
        return self.select_related("approved", "approved__theme", "organiser")

    def seen_by(self, user: Any) -> CampaignQuerySet:
        """Those whose page this person may open: approved ones, their own, all for the staff."""
        if acts_as_staff(user):
            return self
        if getattr(user, "is_authenticated", False):
            return self.filter(Q(approved__isnull=False, state__in=PAGE_STATES) | Q(organiser=user))
        return self.filter(approved__isnull=False, state__in=PAGE_STATES)

    def lock(self, pk: int) -> Campaign:
        """The row, locked for change until the transaction ends."""
        return self.select_for_update().select_related(None).get(pk=pk)

    def lock_shared(self, pk: int) -> Campaign:
        """The row, held still: many may hold it so at once, nobody may change it meanwhile.

        SQLite needs nothing: its transactions begin by taking the write lock.
        """
        if connection.vendor == "postgresql":
            rows = self.raw("SELECT * FROM campaigns_campaign WHERE id = %s FOR SHARE", [pk])
            found = next(iter(rows), None)
            if found is None:
                raise self.model.DoesNotExist
            return found
        return self.get(pk=pk)


class RevisionQuerySet(models.QuerySet["Revision"]):
    """Reading and moving revisions."""

    def move(self, revision: Revision, *, to: str, **changes: Any) -> bool:
        """Compare-and-set from the state the caller saw. False: somebody was faster."""
        moved = self.filter(pk=revision.pk, state=revision.state).update(state=to, **changes)
        if moved:
            revision.state = to
            for name, value in changes.items():
                setattr(revision, name, value)
        return bool(moved)

    def in_queue(self) -> RevisionQuerySet:
        """Those that wait for a reviewer, the oldest first."""
        return self.filter(state=RevisionState.IN_REVIEW).order_by("submitted_at", "pk")
