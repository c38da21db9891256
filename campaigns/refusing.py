"""What cannot be done now, and the sentence that tells the person why."""

from collections.abc import Sequence

from campaigns.checking import Missing


class Refusal(Exception):
    """Nothing was changed. ``str()`` gives the sentence, in the language of who asked."""


class Incomplete(Refusal):
    """A campaign that cannot be sent for review yet; ``missing`` is what ``list_missing`` gave."""

    def __init__(self, sentence: str, *, missing: Sequence[Missing]) -> None:
        super().__init__(sentence)
        self.missing = list(missing)


class Overtaken(Refusal):
    """A step that was changed elsewhere after the page with these answers had been opened."""
