"""Choosing what to say: the organiser's wordings, dealt evenly, each of them free to be rewritten.

Whoever opens the page finds a wording chosen, so that posts vary without anybody's doing: always
the same one for the same person and campaign, whatever browser they come with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.forms.boundfield import BoundField, BoundWidget
from django.http import QueryDict

from accounts.models import User
from campaigns.models import Campaign, Revision
from supporters.forms import AgreeForm, name_words
from supporters.models import LinkedAccount
from supporters.pledging import read_words

# Fibonacci hashing: people who came one after the other are dealt to every wording in turn.
GOLDEN = 2_654_435_769
CARDS = 2**32


@dataclass(frozen=True, kw_only=True)
class Option:
    """One wording as the page offers it.

    ``tail`` is what follows by itself, ``problems`` says for which of the accounts the organiser's
    words are too long.
    """

    position: int
    message: str
    tail: str
    problems: list[str]
    choice: BoundWidget
    field: BoundField


def deal_wording(
    texts: Mapping[int, str],
    *,
    campaign: Campaign,
    person: User,
    accounts: Sequence[LinkedAccount] = (),
) -> int:
    """The position of the wording that this person finds chosen, among those that fit."""
    fitting = [
        position
        for position, text in texts.items()
        if all(read_words(account, text=text).fits for account in accounts)
    ]
    positions = fitting or list(texts)
    card = (person.pk * GOLDEN + campaign.uid.int) % CARDS
    return positions[card * len(positions) // CARDS]


def list_options(
    revision: Revision, *, form: AgreeForm, accounts: Sequence[LinkedAccount]
) -> list[Option]:
    """Every wording with its fields, in the organiser's order."""
    choices = {str(choice.data["value"]): choice for choice in form["wording"]}
    options = []
    for position, message in revision.offered_messages.items():
        text = revision.compose(message)
        readings = [read_words(account, text=text) for account in accounts]
        options.append(
            Option(
                position=position,
                message=message,
                tail=text.removeprefix(message.strip()).strip(),
                problems=[reading.sentence for reading in readings if not reading.fits],
                choice=choices[str(position)],
                field=form[name_words(position)],
            )
        )
    return options


def complete_words(sent: QueryDict, *, revision: Revision, dealt: int) -> QueryDict:
    """What was sent, with the organiser's words where none were written.

    A page that was drawn before the message changed still has the old words in its fields: those
    are replaced, and what its reader wrote stays.
    """
    data = sent.copy()
    older = _find_older(sent, revision=revision)
    replaced = [_flatten(message) for message in older.offered_messages.values()] if older else []
    for position, message in revision.offered_messages.items():
        name = name_words(position)
        if name not in data or _flatten(str(data[name])) in replaced:
            data[name] = message
    if data.get("wording") not in {str(position) for position in revision.messages}:
        written = data.get(name_words(data.get("wording")), "")
        if written.strip() and _flatten(written) not in replaced:
            data[name_words(dealt)] = written
        data["wording"] = str(dealt)
    return data


def _flatten(text: str) -> str:
    """A text without its line ends, which browsers change."""
    return " ".join(text.split())


def _find_older(sent: QueryDict, *, revision: Revision) -> Revision | None:
    """The revision that the page was drawn from, where it is no longer the approved one."""
    drawn = sent.get("revision", "")
    if not drawn.isdecimal() or len(drawn) > 18 or int(drawn) == revision.pk:
        return None
    found: Revision | None = Revision.objects.filter(
        pk=int(drawn), campaign=revision.campaign_id
    ).first()
    return found
