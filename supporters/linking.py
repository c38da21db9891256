"""From a typed address to a linked account: off to the network's own page, and back.

A request to link is bound to the browser's session, is good once and for fifteen minutes. Whose an
account is then, ``owning.py`` decides.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.models import Campaign
from networks.base import Consent, Credentials, Network, Profile
from networks.errors import NetworkError, Rejected
from networks.registry import automatic_networks
from supporters import vault
from supporters.explaining import LinkingRefused, explain
from supporters.models import LinkedAccount, LinkRequest
from supporters.owning import own_account, take_back
from supporters.revoking import is_shared, revoke_at_network
from supporters.servers import ask_network, find_known_server, get_registration, return_address

LINK_LASTS = timedelta(minutes=15)
LINK_FORGOTTEN = timedelta(days=1)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Linked:
    """Accounts that may now be posted from, one at least. ``signs_in``: their owner comes in."""

    accounts: list[LinkedAccount]
    person: User
    campaign: Campaign | None
    signs_in: bool


def begin_linking(
    network: str,
    *,
    address: str,
    session_key: str,
    person: User | None = None,
    campaign: Campaign | None = None,
) -> str:
    """Prepare the network's own page and give its address, to send the browser to.

    ``address`` is what the supporter typed. Asks the network. Raises LinkingRefused.
    """
    adapter = find_adapter(network)
    state = secrets.token_urlsafe(32)
    try:
        known, hint = find_known_server(adapter, address=address)
        registration = get_registration(adapter, known=known)
        consent: Consent = ask_network(
            lambda http: adapter.ask_consent(
                http,
                known.server,
                registration,
                redirect_uri=return_address(network),
                state=state,
                account_hint=hint,
            )
        )
    except NetworkError as error:
        raise LinkingRefused(explain(error), campaign=campaign) from None
    except vault.VaultError as error:
        raise _report(error, campaign=campaign) from None
    digest = _digest(state)
    LinkRequest.objects.filter(asked_at__lt=timezone.now() - LINK_FORGOTTEN).delete()
    LinkRequest.objects.create(
        state_digest=digest,
        session_digest=_digest(session_key),
        person=person,
        known_server=known,
        campaign=campaign,
        sealed_memo=vault.seal(consent.memo, purpose=f"link:{digest}"),
    )
    return consent.url


def begin_relinking(
    account: LinkedAccount, *, session_key: str, campaign: Campaign | None = None
) -> str:
    """The same for an account whose authorisation has ended, by its name or else its server.

    Raises LinkingRefused.
    """

    def begin(address: str) -> str:
        return begin_linking(
            account.network,
            address=address,
            session_key=session_key,
            person=account.person,
            campaign=campaign,
        )

    try:
        return begin(account.handle)
    except LinkingRefused:  # it may be called otherwise by now
        return begin(account.known_server.url)


def finish_linking(
    network: str,
    *,
    answer: Mapping[str, str],
    session_key: str,
    person: User | None,
    language: str = "en",
) -> Linked:
    """Take the browser's answer and keep the account it stands for.

    ``answer`` is the query that the browser came back with, ``person`` who is signed in now, if
    anybody; ``language`` is a new person's. Asks the network, outside of any transaction. Raises
    LinkingRefused; then nothing was stored, and what the network granted is taken back there.
    """
    request = _take_request(answer.get("state", ""), session_key=session_key)
    campaign, known = request.campaign, request.known_server
    if known.network != network or request.person_id != (person.pk if person else None):
        raise LinkingRefused(
            _("This answer does not belong to what you started here. Please start again."),
            campaign=campaign,
        )
    if request.asked_at < timezone.now() - LINK_LASTS:
        raise LinkingRefused(
            _("The authorisation took longer than 15 minutes. Please start again."),
            campaign=campaign,
        )
    adapter = find_adapter(network, campaign=campaign)
    granted = _accept(adapter, request=request, answer=answer)
    owner, signs_in = person, False
    accounts: list[LinkedAccount] = []
    refused: LinkingRefused | None = None
    for credentials, profile in granted:
        try:
            account, came_in, replaced = own_account(
                known, credentials=credentials, profile=profile, person=owner, language=language
            )
        except LinkingRefused as error:
            refused = error
            continue
        # The first account says who came in; the others of the same consent are theirs as well.
        owner, signs_in = account.person, signs_in or came_in
        accounts.append(account)
        if replaced is not None and not is_shared(replaced):
            revoke_at_network(known, credentials=replaced)
    if accounts:
        return Linked(
            accounts=accounts, person=accounts[0].person, campaign=campaign, signs_in=signs_in
        )
    for credentials, _profile in granted:
        take_back(known, credentials=credentials)
    assert refused is not None, "a consent covers an account, or it was refused before"
    raise LinkingRefused(refused.sentence, campaign=campaign)


def find_adapter(network: str, *, campaign: Campaign | None = None) -> Network:
    """The network's adapter, if accounts can be linked there. Raises LinkingRefused."""
    adapter = automatic_networks().get(network)
    if adapter is None:
        raise LinkingRefused(_("Accounts of this network cannot be lent here."), campaign=campaign)
    return adapter


def _take_request(state: str, *, session_key: str) -> LinkRequest:
    """The request that a state stands for, used up by this. Raises LinkingRefused.

    Another session's request is left alone, so that nobody can spoil somebody else's: a phone may
    open the way back in another browser than the one that went, which goes on in its own.
    """
    found: LinkRequest | None = (
        LinkRequest.objects.filter(state_digest=_digest(state))
        .select_related("known_server", "campaign")
        .first()
    )
    refused = LinkingRefused(
        _(
            "This way back was used already, or belongs to another browser. Nothing was stored. "
            "Please start again."
        ),
        campaign=found.campaign if found else None,
    )
    if found is None or not state or not session_key:
        raise refused
    if not secrets.compare_digest(found.session_digest, _digest(session_key)):
        raise refused
    pk = found.pk
    deleted, _each = LinkRequest.objects.filter(pk=pk).delete()
    if deleted != 1:
        raise refused
    return found


def _accept(
    adapter: Network, *, request: LinkRequest, answer: Mapping[str, str]
) -> Sequence[tuple[Credentials, Profile]]:
    """Trade the answer for credentials, outside of any transaction. Raises LinkingRefused."""
    known = request.known_server
    try:
        memo = vault.unseal(request.sealed_memo, purpose=f"link:{request.state_digest}")
        registration = get_registration(adapter, known=known)
        granted = ask_network(
            lambda http: adapter.accept_consent(
                http,
                known.server,
                registration,
                redirect_uri=return_address(known.network),
                memo=memo,
                answer=answer,
            )
        )
    except Rejected as error:
        raise LinkingRefused(explain(error), campaign=request.campaign) from None
    except NetworkError as error:
        raise LinkingRefused(
            _("%(reason)s Nothing was stored. Please start again.") % {"reason": explain(error)},
            campaign=request.campaign,
        ) from None
    except vault.VaultError as error:
        raise _report(error, campaign=request.campaign) from None
    if not granted or not all(_is_clear(*each) for each in granted):
        for credentials, _profile in granted:
            take_back(known, credentials=credentials)
        raise LinkingRefused(
            _("The server did not say clearly which account this is. Nothing was stored."),
            campaign=request.campaign,
        )
    return granted


def _is_clear(credentials: Credentials, profile: Profile) -> bool:
    """Whether an answer says of one account that it is this one."""
    return credentials.account_id == profile.account_id and 0 < len(profile.account_id) <= 300


def _report(error: vault.VaultError, *, campaign: Campaign | None) -> LinkingRefused:
    """Tell the operator what is wrong with the keys, and the supporter that it is not theirs."""
    logger.error("%s", error)
    return LinkingRefused(
        _("Something is wrong on our side, and whoever runs this site is told. Try again later."),
        campaign=campaign,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
