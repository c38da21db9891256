"""Promising to post by one's own hand, reporting that one has, and taking either back.

The gates are those of a pledge: the campaign's row is held still, from the moment on everything is
refused, and what is stored is what was shown. Nothing of it is ever sent by us, nor proved: a
report is its owner's own word.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, Revision
from networks.composers import Composer
from networks.registry import all_composers
from supporters import telling
from supporters.addressing import has_ended
from supporters.models import AssistedPledge, PledgeState
from supporters.pledging import (
    PledgeRefused,
    WordsChanged,
    find_wording,
    join_words,
    refuse_closed,
    sign_words,
)
from supporters.reading import read_by_hand
from supporters.standing import find_address, has_standing


def find_composers(names: Sequence[str]) -> list[Composer]:
    """The places of these names, in the order in which they are offered; others are left out."""
    return [each for name, each in all_composers().items() if name in names]


def promise(
    campaign: Campaign,
    *,
    person: User,
    networks: Sequence[str],
    seen: str,
    wording: int = 1,
    words: str = "",
    is_shown: bool = False,
    language: str = "en",
    source: str = "",
) -> list[AssistedPledge]:
    """Promise to post on one or several networks by one's own hand: on all of them or none.

    ``seen``, ``wording`` and ``words`` are as for ``pledging.pledge``; ``language`` is the one to
    be written to in, ``source`` the door they came by. A promise that stands with the same words is
    given again as it is. Raises PledgeRefused, WordsChanged.
    """
    with transaction.atomic():
        held = hold_open(campaign)
        composers, text = check_words(
            held, networks=networks, seen=seen, wording=wording, words=words
        )
        revision = held.approved
        assert revision is not None, "an open campaign has an approved revision"
        return make_promises(
            held,
            person=person,
            networks=[composer.name for composer in composers],
            revision=revision,
            text=text,
            wording=wording,
            is_shown=is_shown,
            language=language,
            source=source,
        )


def hold_open(campaign: Campaign) -> Campaign:
    """The campaign's row, held still until the transaction ends. Raises PledgeRefused if closed."""
    held: Campaign = Campaign.objects.lock_shared(campaign.pk)
    refuse_closed(held, now=database_now())
    return held


def check_words(
    held: Campaign, *, networks: Sequence[str], seen: str, wording: int, words: str
) -> tuple[list[Composer], str]:
    """The places, and the exact words, which were shown and fit everywhere.

    Raises PledgeRefused, WordsChanged.
    """
    composers = find_composers(networks)
    if not composers or len(composers) < len(set(networks)):
        raise PledgeRefused(_("Choose at least one place to post it."))
    revision = held.approved
    assert revision is not None, "an open campaign has an approved revision"
    text = join_words(revision, wording=wording, words=words)
    if sign_words(revision, text=text) != seen:
        raise WordsChanged(
            _("The words are not the ones you were shown. Read them once more, then agree.")
        )
    readings = [read_by_hand(composer, text=text) for composer in composers]
    problems = [reading.sentence for reading in readings if not reading.fits]
    if problems:
        raise PledgeRefused(" ".join(problems))
    return composers, text


def make_promises(
    held: Campaign,
    *,
    person: User,
    networks: Sequence[str],
    revision: Revision,
    text: str,
    wording: int,
    is_shown: bool,
    language: str,
    source: str = "",
) -> list[AssistedPledge]:
    """Write promises down to a campaign that the caller holds open, and mail what they are.

    ``wording`` is the position of what ``text`` began as. Raises PledgeRefused for a person who
    cannot promise, and for other words than those that stand.
    """
    # Held so that two at once (a double click) do not both find nothing there.
    mine = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if not mine.is_active or not has_standing(mine):
        raise PledgeRefused(_("Confirm an e-mail address first, or link an account."))
    assert held.launch_at is not None, "an open campaign has a moment"
    assert held.latest_at is not None, "and a latest time"
    promised = AssistedPledge.objects.filter(campaign=held, person=mine)
    standing = {each.network: each for each in promised.exclude(state=PledgeState.WITHDRAWN)}
    if any(each.text != text for each in standing.values() if each.network in networks):
        raise PledgeRefused(
            _("You promised this already, in other words. You can change them where you see it.")
        )
    given = find_wording(revision, text=text)
    made = [
        AssistedPledge.objects.create(
            campaign=held,
            person=mine,
            network=network,
            revision=revision,
            text=text,
            wording=given or wording,
            has_own_words=given is None,
            language=revision.language,
            email=find_address(mine),
            is_shown=is_shown,
            receipt_language=language,
            source=source,
            agreed_launch_at=held.launch_at,
            agreed_latest_at=held.latest_at,
            agreed_threshold=held.threshold,
        )
        for network in networks
        if network not in standing
    ]
    if made:
        telling.queue_promised(made)
    return [*(each for name, each in standing.items() if name in networks), *made]


def withdraw(promised: AssistedPledge, *, person: User) -> bool:
    """Take a promise back, unless it was offered. False: it had been withdrawn before.

    Compare-and-set on the row that the offer moves as well. Raises PledgeRefused when it is late.
    """
    mine = AssistedPledge.objects.filter(pk=promised.pk, person=person)
    moved = mine.filter(state=PledgeState.LIVE).update(
        state=PledgeState.WITHDRAWN, withdrawn_at=database_now()
    )
    if moved:
        return True
    if mine.filter(state=PledgeState.CALLED).exists():
        raise PledgeRefused(
            _("The launch has begun. Nothing is posted for you: if you do not want to, just don’t.")
        )
    return False


def report(promised: AssistedPledge, *, person: User) -> bool:
    """Note that its owner says they have posted it. False: they had said so before.

    Raises PledgeRefused before it was offered, and a week after the latest time.
    """
    now = database_now()
    mine = AssistedPledge.objects.filter(pk=promised.pk, person=person)
    if has_ended(promised.campaign, now=now):
        raise PledgeRefused(_("That was a while ago: nothing more is counted."))
    if mine.filter(state=PledgeState.CALLED, reported_at=None).update(reported_at=now):
        return True
    if mine.filter(reported_at=None).exists():
        raise PledgeRefused(_("It is not time to post this, so there is nothing to report."))
    return False


def take_back_report(promised: AssistedPledge, *, person: User) -> bool:
    """Note that it was not posted after all. False: that was not said before."""
    mine = AssistedPledge.objects.filter(pk=promised.pk, person=person)
    return bool(mine.exclude(reported_at=None).update(reported_at=None))
