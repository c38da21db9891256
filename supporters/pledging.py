"""Lending accounts to a campaign, with consent to the exact words, and taking them back.

A pledge holds the campaign's row still while it is made (``lock_shared``), and an ignition locks
that row for change: so a pledge is either counted and sent, or refused. What is stored is what was
shown: the page sends back a digest of the words and of the revision, and anything else is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, Revision
from campaigns.numbering import fill_in
from networks.base import Length
from networks.fitting import split_fitting
from networks.registry import automatic_networks, get
from supporters import mails
from supporters.models import AccountState, LinkedAccount, Pledge, PledgeState

MOST_CHARACTERS = 10_000
# Anybody's address can be typed in: past this many pledges a day no receipt is mailed any more.
RECEIPTS_A_DAY = 20
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff\ufffe\uffff]")


class PledgeRefused(Exception):
    """Nothing was changed. The sentence, in the reader's language, says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class WordsChanged(PledgeRefused):
    """The words to be posted are not those that were shown: they have to be read once more."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One account's post as it would be, with the network's own count."""

    account: LinkedAccount
    text: str
    length: Length
    fits: bool
    kept: str  # the part that fits
    excess: str  # the part that does not

    @property
    def sentence(self) -> str:
        """For whom it is too long, and by how much; empty when it fits."""
        return _write_excess(self.account, length=self.length)


def join_words(revision: Revision, *, wording: int = 1, words: str = "") -> str:
    """The exact words: the supporter's own or else the organiser's, then link and hashtag.

    Raises PledgeRefused for words that no post can have, and WordsChanged where there is no such
    wording.
    """
    message = revision.messages.get(wording)
    if message is None:
        raise WordsChanged(_("The organiser's words have changed. Choose once more."))
    return revision.compose(clean_words(words) or message)


def find_wording(revision: Revision, *, text: str) -> int | None:
    """The position of the wording that has exactly these words; None: they are somebody's own."""
    found = (position for position, each in revision.texts.items() if each == text)
    return next(found, None)


def clean_words(words: str) -> str:
    """Words as they are stored: lines end in ``\\n``, nothing at either end.

    Raises PledgeRefused for control characters and for more than 10,000 characters.
    """
    if len(words) > MOST_CHARACTERS:
        raise PledgeRefused(
            _("That is too long for any network: at most %(most)s characters.")
            % {"most": MOST_CHARACTERS}
        )
    cleaned = words.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _CONTROLS.search(cleaned):
        raise PledgeRefused(_("There is a character in it that no post can have. Type it anew."))
    return cleaned


def sign_words(revision: Revision, *, text: str) -> str:
    """What the page sends back as a sign of what it showed (64 hex digits)."""
    return hashlib.sha256(f"{revision.pk}\x1f{text}".encode()).hexdigest()


def read_words(account: LinkedAccount, *, text: str) -> Reading:
    """How a text looks and counts for one account."""
    adapter, server = get(account.network), account.known_server.server
    length = adapter.measure(server, text)
    kept, excess = split_fitting(text, measure=lambda part: adapter.measure(server, part))
    return Reading(
        account=account,
        text=text,
        length=length,
        fits=not length.over,
        kept=kept,
        excess=excess,
    )


def pledge(
    campaign: Campaign,
    *,
    person: User,
    account_ids: Sequence[int],
    seen: str,
    wording: int = 1,
    words: str = "",
    is_shown: bool = False,
    receipt_email: str = "",
    receipt_language: str = "en",
    told_of_recall: bool = False,
    source: str = "",
) -> list[Pledge]:
    """Lend one or several of a person's accounts to a campaign: all of them or none.

    ``seen`` is ``sign_words`` of what the supporter was shown, ``wording`` the position of what
    they chose, and ``words`` what they made of it, without link and hashtag; empty: as it is.
    ``told_of_recall``: the page said that the organiser can have the post deleted again, and
    ``source`` is the door they came by. A second call gives the pledges of the first. Raises
    PledgeRefused, WordsChanged.
    """
    with transaction.atomic():
        held: Campaign = Campaign.objects.lock_shared(campaign.pk)
        now = database_now()
        refuse_closed(held, now=now)
        revision = held.approved
        assert revision is not None, "an open campaign has an approved revision"
        assert held.launch_at is not None, "and a moment"
        text = join_words(revision, wording=wording, words=words)
        if sign_words(revision, text=text) != seen:
            raise WordsChanged(
                _("The words are not the ones you were shown. Read them once more, then agree.")
            )
        given = find_wording(revision, text=text)
        accounts = _hold_accounts(person, account_ids=account_ids)
        for account in accounts:
            _refuse_too_long(account, text=text)
        standing = {
            found.fingerprint: found
            for found in Pledge.objects.filter(
                campaign=held, fingerprint__in=[account.fingerprint for account in accounts]
            ).counting()
        }
        pledges, made = [], []
        for account in accounts:
            found = standing.get(account.fingerprint)
            if found is not None:
                _refuse_other_words(found, person=person, text=text)
                pledges.append(found)
                continue
            assert held.latest_at is not None, "an open campaign has a latest time"
            new = Pledge.objects.create(
                campaign=held,
                person=person,
                account=account,
                fingerprint=account.fingerprint,
                network=account.network,
                host=account.known_server.host,
                revision=revision,
                text=text,
                wording=given or wording,
                has_own_words=given is None,
                language=revision.language,
                is_shown=is_shown,
                receipt_email=receipt_email,
                receipt_language=receipt_language,
                told_of_recall=told_of_recall,
                source=source,
                agreed_launch_at=held.launch_at,
                agreed_latest_at=held.latest_at,
                agreed_threshold=held.threshold,
            )
            pledges.append(new)
            made.append(new)
        if made and receipt_email and not _has_pledged_a_lot(person, now=now):
            mails.queue_pledged(made)
    return pledges


def withdraw(pledge: Pledge, *, person: User) -> bool:
    """Take a pledge back, unless it was called. False: it had been withdrawn before.

    Compare-and-set on the row that a claim moves as well: one of the two wins, so what is
    withdrawn is never sent. Raises PledgeRefused when it is too late.
    """
    now = timezone.now()
    mine = Pledge.objects.filter(pk=pledge.pk, person=person)
    moved = mine.filter(state=PledgeState.LIVE).update(
        state=PledgeState.WITHDRAWN, withdrawn_at=now, changed_at=now
    )
    if moved:
        return True
    if mine.filter(state=PledgeState.CALLED).exists():
        raise PledgeRefused(_("It is too late: the launch has begun, and this post has left."))
    return False


def refuse_closed(campaign: Campaign, *, now: datetime) -> None:
    """Raise PledgeRefused, with the reason, for a campaign that takes no pledges at that time."""
    if campaign.is_open(now):
        return
    sentences = {
        CampaignState.CANCELLED: _("This campaign was cancelled. Nothing will be posted."),
        CampaignState.SUSPENDED: _("This campaign is suspended and takes no pledges now."),
        CampaignState.LAUNCHED: _("This campaign was launched already."),
        CampaignState.SCHEDULED: _(
            "The moment has come: this campaign takes no more pledges. Nothing will be posted "
            "from your accounts."
        ),
    }
    raise PledgeRefused(
        sentences.get(CampaignState(campaign.state), _("This campaign is not open to pledges."))
    )


def _hold_accounts(person: User, *, account_ids: Sequence[int]) -> list[LinkedAccount]:
    """The person's accounts, held so that none is unlinked meanwhile. Raises PledgeRefused."""
    accounts = list(
        LinkedAccount.objects.select_for_update(of=("self",))
        .filter(pk__in=set(account_ids), person=person)
        .exclude(state=AccountState.UNLINKED)
        .select_related("known_server")
        .order_by("pk")
    )
    if not accounts:
        raise PledgeRefused(_("Choose at least one of your accounts."))
    if len(accounts) < len(set(account_ids)):
        raise PledgeRefused(_("One of these accounts is not linked any more. Choose again."))
    for account in accounts:
        if account.network not in automatic_networks():
            raise PledgeRefused(
                _("This site does not post to %(network)s any more. Post it there yourself.")
                % {"network": get(account.network).label}
            )
        if account.state != AccountState.LINKED:
            raise PledgeRefused(
                _("The authorisation of %(handle)s has ended: authorise it again first.")
                % {"handle": account.handle}
            )
    return accounts


def _refuse_too_long(account: LinkedAccount, *, text: str) -> None:
    length = get(account.network).measure(account.known_server.server, text)
    if length.over:
        raise PledgeRefused(_write_excess(account, length=length))


def _write_excess(account: LinkedAccount, *, length: Length) -> str:
    if not length.over:
        return ""
    said = _("That is %(over)s too many for %(handle)s, whose server takes %(limit)s characters.")
    facts = {"over": length.over, "handle": account.handle, "limit": length.limit}
    return fill_in(said, facts)


def _refuse_other_words(pledge: Pledge, *, person: User, text: str) -> None:
    """A pledge that stands is given again only if it is this very one."""
    if pledge.person_id != person.pk:
        raise PledgeRefused(_("One of these accounts is lent to this campaign by somebody else."))
    if pledge.text != text:
        raise PledgeRefused(
            _("One of these accounts is lent already, with other words. Change them in My pledges.")
        )


def _has_pledged_a_lot(person: User, *, now: datetime) -> bool:
    since = now - timedelta(days=1)
    return bool(Pledge.objects.filter(person=person, pledged_at__gt=since).count() > RECEIPTS_A_DAY)
