"""Why an account could not be linked, in a sentence that its owner can read."""

from django.utils.translation import gettext

from campaigns.models import Campaign
from networks.errors import NetworkError


def explain(error: NetworkError) -> str:
    """The error's sentence in the reader's language, with its facts filled in."""
    said = gettext(error.sentence)
    return said % error.facts if error.facts else said


class LinkingRefused(Exception):
    """Nothing was linked. The sentence, in the reader's language, says what to do."""

    def __init__(self, sentence: str, *, campaign: Campaign | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.campaign = campaign
