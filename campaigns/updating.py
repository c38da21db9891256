"""What is done with a campaign's updates: written, corrected for a while, removed.

Mails leave later, from another stage, which locks the update's row while it writes some of them.
So does whoever changes one, and looks at the database's clock after that: words that somebody was
mailed never change behind them.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.rights import acts_as_staff
from campaigns.clock import database_now
from campaigns.models import Campaign
from campaigns.refusing import Refusal
from campaigns.updates import TELLING_STATES, CampaignUpdate

MOST_UPDATES = 50  # of one campaign, removed ones among them
REMOVE_RIGHT = "campaigns.change_campaign"  # as for stopping a whole campaign


def write_update(
    campaign: Campaign, *, by: User, title: str, text: str, wants_mail: bool
) -> CampaignUpdate:
    """Put news on the campaign's page; with ``wants_mail`` its mails leave a while later.

    Raises PermissionDenied for anybody but the organiser, and Refusal where there is no page, the
    campaign is suspended or cancelled, or there are too many.
    """
    with transaction.atomic():
        held = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        _permit(held, by)
        if held.state not in TELLING_STATES:
            raise Refusal(
                _("News can be written while the campaign is in public, and after its launch.")
            )
        if held.updates.count() >= MOST_UPDATES:
            raise Refusal(_("This campaign has all the news it can have."))
        written: CampaignUpdate = CampaignUpdate.objects.create(
            campaign=held,
            title=title,
            text=text,
            wants_mail=wants_mail,
            written_at=database_now(),
        )
    return written


def correct_update(
    update: CampaignUpdate, *, by: User, title: str, text: str, wants_mail: bool
) -> None:
    """Change its words before its mails leave; whether they do is changed with them.

    Raises PermissionDenied, and Refusal once it is too late or it was removed.
    """
    with transaction.atomic():
        held = _hold(update)
        _permit(held.campaign, by)
        now = database_now()
        if not held.can_be_corrected(now):
            raise Refusal(
                _("It is too late to correct it. Remove it and write it again, if you must.")
            )
        CampaignUpdate.objects.filter(pk=held.pk).update(
            title=title, text=text, wants_mail=wants_mail, corrected_at=now
        )


def remove_update(update: CampaignUpdate, *, by: User, reason: str = "") -> bool:
    """Take it off the page; mails that have not left do not leave any more (``withholding``).

    Its organiser may, and whoever may stop campaigns, who has to give a reason: the organiser reads
    it. False: it was removed before. Raises PermissionDenied, Refusal.
    """
    with transaction.atomic():
        held = _hold(update)
        is_own = held.campaign.organiser_id == by.pk
        if not is_own and not (acts_as_staff(by) and by.has_perm(REMOVE_RIGHT)):
            raise PermissionDenied
        if not is_own and not reason.strip():
            raise Refusal(_("Say why: the organiser reads it."))
        return bool(
            CampaignUpdate.objects.filter(pk=held.pk, removed_at=None).update(
                removed_at=database_now(), removed_by=by, removed_why=reason.strip()
            )
        )


def _hold(update: CampaignUpdate) -> CampaignUpdate:
    """Its row as it is now, locked until the transaction ends."""
    rows = CampaignUpdate.objects.select_for_update(of=("self",)).select_related("campaign")
    held: CampaignUpdate = rows.get(pk=update.pk)
    return held


def _permit(campaign: Campaign, by: User) -> None:
    if campaign.organiser_id != by.pk or not by.is_active:
        raise PermissionDenied
