"""How a text will look on each network, and whether it fits there."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.numbering import fill_in
from networks import registry
from networks.base import Length, Mode, Network
from networks.fitting import split_fitting


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One post as one network will show it. ``excess`` is what stands past the limit."""

    network: str
    label: str
    code: str
    length: Length
    text: str
    excess: str

    @property
    def sentence(self) -> str:
        """By how much it is too long; empty when it fits."""
        if not self.length.over:
            return ""
        said = ngettext(
            "%(number)d character too long for %(network)s (%(used)d of %(limit)d)",
            "%(number)d characters too long for %(network)s (%(used)d of %(limit)d)",
            self.length.over,
        )
        facts = {
            "number": self.length.over,
            "network": self.label,
            "used": self.length.used,
            "limit": self.length.limit,
        }
        return fill_in(said, facts)


@dataclass(frozen=True, kw_only=True)
class WordingPreview:
    """One wording on every network, the tightest first."""

    position: int
    text: str
    previews: list[Preview]

    @property
    def name(self) -> str:
        """What it is called among several."""
        return name_wording(self.position)

    @property
    def excesses(self) -> list[str]:
        """A sentence for each network on which it does not fit."""
        return [preview.sentence for preview in self.previews if preview.sentence]

    @property
    def tightest(self) -> list[Preview]:
        """The networks on which it does not fit; else the one that is the nearest to it."""
        return [preview for preview in self.previews if preview.length.over] or self.previews[:1]


def name_wording(position: int) -> str:
    """What a wording is called: the message is the first."""
    if position == 1:
        return _("The message")
    return _("Wording %(number)d") % {"number": position}


def preview_wordings(texts: Mapping[int, str]) -> list[WordingPreview]:
    """Each of these texts, by position, on every network that is on."""
    return [
        WordingPreview(position=position, text=text, previews=preview_posts(text))
        for position, text in texts.items()
    ]


def preview_posts(text: str) -> list[Preview]:
    """The text on every network that is on, by each network's usual rules, the tightest first."""
    previews = [_preview(network, text) for network in registry.all_networks().values()]
    return sorted(previews, key=lambda preview: preview.length.limit - preview.length.used)


def list_excesses(text: str) -> list[str]:
    """A sentence for each network that is posted to from here and on which the text does not fit.

    Who posts by their own hand can shorten it there: that binds nobody.
    """
    networks = registry.all_networks()
    return [
        preview.sentence
        for preview in preview_posts(text)
        if preview.length.over and networks[preview.network].mode is Mode.AUTOMATIC
    ]


def _preview(network: Network, text: str) -> Preview:
    length = network.measure(None, text)
    kept, excess = split_fitting(text, measure=lambda part: network.measure(None, part))
    return Preview(
        network=network.name,
        label=network.label,
        code=network.code,
        length=length,
        text=kept,
        excess=excess,
    )
