"""Why an account could not be linked, or not now, in a sentence that its owner can read."""

import math

from django.utils.translation import gettext, ngettext

from campaigns.models import Campaign
from campaigns.numbering import fill_in
from networks.errors import NetworkError


def explain(error: NetworkError) -> str:
    """The error's sentence in the reader's language, with its facts filled in."""
    said = gettext(error.sentence)
    return fill_in(said, error.facts) if error.facts else said


def explain_wait(seconds: int) -> str:
    """What to do when too many came from one internet connection."""
    minutes = math.ceil(seconds / 60)
    sentence = ngettext(
        "Many people have asked this from your internet connection just now. "
        "Wait %(minutes)s minute, then press the button again.",
        "Many people have asked this from your internet connection just now. "
        "Wait %(minutes)s minutes, then press the button again.",
        minutes,
    )
    return sentence % {"minutes": minutes}


class LinkingRefused(Exception):
    """Nothing was linked. The sentence, in the reader's language, says what to do."""

    def __init__(self, sentence: str, *, campaign: Campaign | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.campaign = campaign
