"""What rows of a launch have in common: a state that is counted, and a reason that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db import models
from django.db.models import Count
from django.utils.translation import gettext, gettext_lazy

from campaigns.numbering import fill_in

Row = TypeVar("Row", bound=models.Model)


class Reasoned:
    """A row with a ``reason``, a sentence to be translated, and the ``reason_facts`` in it."""

    if TYPE_CHECKING:
        reason: Any
        reason_facts: Any

    @property
    @admin.display(description=gettext_lazy("reason"))
    def sentence(self) -> str:
        """Why it is as it is, in the reader's language; empty when there is nothing to say."""
        said = gettext(self.reason) if self.reason else ""
        return fill_in(said, self.reason_facts) if said and self.reason_facts else said


class StateQuerySet(models.QuerySet[Row]):
    """Reading rows that are each in one of a few states."""

    def tally(self) -> dict[str, int]:
        """How many are in each state; every state is there."""
        field: Any = self.model._meta.get_field("state")  # noqa: SLF001 (documented)
        counts = dict(self.values_list("state").annotate(number=Count("pk")).order_by())
        return {state: counts.get(state, 0) for state, _label in field.choices}
