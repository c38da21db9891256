"""The four ways in which a network can fail us. Nothing else leaves an adapter.

Each carries a sentence that the account's owner can read. It is kept as a template and its facts,
so that it is stored once and shown in the reader's language: ``gettext(sentence) % facts``.
"""

from __future__ import annotations

from typing import Literal

Scope = Literal["account", "host", "network"]


def gettext_noop(message: str) -> str:
    """Mark a sentence for translation; this package knows no Django."""
    return message


class NetworkError(Exception):
    """A sentence (a %-template, in English) and the facts that go into it."""

    def __init__(self, sentence: str, **facts: str | float) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts = facts

    def __str__(self) -> str:
        return self.sentence % self.facts if self.facts else self.sentence


class TryLater(NetworkError):
    """Nothing was posted or deleted, for certain, and the same request may succeed later.

    ``after_seconds`` is what the network asked for (already capped), or None when it said nothing.
    ``scope`` says who has to wait: this account, everybody on this host, or the whole network.
    ``token_expired``: a refreshed token would be let in at once. ``prepared_is_gone``: what was
    made ready before is no more, and has to be made anew.
    """

    def __init__(
        self,
        sentence: str,
        *,
        after_seconds: float | None = None,
        scope: Scope = "account",
        token_expired: bool = False,
        prepared_is_gone: bool = False,
        **facts: str | float,
    ) -> None:
        super().__init__(sentence, **facts)
        self.after_seconds = after_seconds
        self.scope: Scope = scope
        self.token_expired = token_expired
        self.prepared_is_gone = prepared_is_gone


class Rejected(NetworkError):
    """Nothing was posted or deleted, for certain, and asking the same again will not help."""


class NeedsRelink(NetworkError):
    """Nothing was done, for certain: the authorisation is gone; only its owner can renew it."""


class OutcomeUnknown(NetworkError):
    """The request may have been carried out: look before a post is sent again.

    A deletion is simply asked for again: what is gone already is said to be gone.
    """
