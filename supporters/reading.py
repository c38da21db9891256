"""How a text looks and counts where it would be posted: from an account, or by one's own hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _

from campaigns.numbering import fill_in
from networks.base import Length
from networks.composers import Composer
from networks.fitting import split_fitting
from supporters.consents import Consent
from supporters.models import AssistedPledge, Pledge
from supporters.pledging import read_words


class Counted(Protocol):
    """A text in one place; ``sentence`` says by how much it is too long there, empty if it fits."""

    @property
    def text(self) -> str: ...
    @property
    def fits(self) -> bool: ...
    @property
    def sentence(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class HandReading:
    """A post as it would be in one place; ``length`` is None where no limit is told."""

    composer: Composer
    text: str
    length: Length | None
    kept: str  # the part that fits
    excess: str  # the part that does not

    @property
    def fits(self) -> bool:
        """Whether it can be posted there as it is."""
        return not self.excess

    @property
    def sentence(self) -> str:
        """Where it is too long, and by how much; empty when it fits."""
        if self.length is None or self.fits:
            return ""
        return fill_in(
            _("That is %(over)s too many for %(network)s, which takes %(limit)s characters."),
            {
                "over": self.length.over,
                "network": self.composer.label,
                "limit": self.length.limit,
            },
        )


def read_by_hand(composer: Composer, *, text: str) -> HandReading:
    """How a text looks and counts where its owner will post it."""
    kept, excess = split_fitting(text, measure=composer.measure)
    return HandReading(
        composer=composer,
        text=text,
        length=composer.measure(text),
        kept=kept,
        excess=excess,
    )


def read_for(consent: Consent, *, text: str) -> Counted:
    """How a text looks and counts where a pledge's is posted, by us or by its owner."""
    if isinstance(consent, AssistedPledge):
        return read_by_hand(consent.composer, text=text)
    assert isinstance(consent, Pledge), "there are these two"
    return read_words(consent.account, text=text)
