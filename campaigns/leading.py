"""Where short links lead: kept with the approval, and looked up at a click."""

from django.utils.translation import gettext as _

from campaigns.models import CampaignState, Revision, ShortLink
from campaigns.refusing import Refusal
from campaigns.shortening import make_code


def keep_short_link(revision: Revision) -> ShortLink | None:
    """Let the link that posts of this revision carry lead on from now on; None: they carry none.

    For the transaction of an approval. Raises Refusal where the code is another target's: nobody
    is ever led elsewhere than to what was agreed to.
    """
    if not revision.short_link:
        return None
    code = make_code(campaign_id=revision.campaign_id, target=revision.link)
    kept, _made = ShortLink.objects.get_or_create(
        code=code, defaults={"campaign_id": revision.campaign_id, "target": revision.link}
    )
    if not _is_of(kept, revision):
        raise Refusal(explain_clash())
    return kept


def has_clash(revision: Revision) -> bool:
    """Whether its short link is another target's already."""
    if not revision.short_link:
        return False
    code = make_code(campaign_id=revision.campaign_id, target=revision.link)
    kept = ShortLink.objects.filter(code=code).first()
    return kept is not None and not _is_of(kept, revision)


def explain_clash() -> str:
    """What to do about it."""
    return _(
        "Clicks cannot be counted on this very link: its short form is taken by another one. "
        "Change the link a little, by a “?1” at its end for example, or do not count clicks."
    )


def find_short_link(code: str) -> ShortLink | None:
    """The link of this code with its campaign's state, in one query; None: nothing leads there."""
    found: ShortLink | None = (
        ShortLink.objects.filter(code=code)
        .select_related("campaign")
        .only("code", "target", "is_off", "campaign__state")
        .first()
    )
    return found


def leads_on(link: ShortLink) -> bool:
    """Whether it is followed now. What was posted leads on for good, whatever came of the launch.

    Not while the campaign is suspended, nor once an admin switched the link off.
    """
    return not link.is_off and link.campaign.state != CampaignState.SUSPENDED


def _is_of(link: ShortLink, revision: Revision) -> bool:
    return (link.campaign_id, link.target) == (revision.campaign_id, revision.link)
