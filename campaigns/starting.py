"""A campaign that does not begin on an empty page: from an example, or from one of one's own."""

import secrets

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from campaigns.checking import STEP_OF_FIELD
from campaigns.drafting import CONTENT, create_campaign, save_step
from campaigns.examples import list_examples
from campaigns.models import Campaign, Revision, Theme
from campaigns.refusing import Refusal

# The moment is chosen anew. Everything else that is not content (state, supporters, numbers, the
# address, short links) belongs to the one campaign and is not looked at.
NOT_COPIED = frozenset({"launch_at", "picture"})


def begin_example(organiser: User, *, key: str, language: str) -> Campaign:
    """A new draft with an example's words. Raises Refusal for a key that there is none of."""
    example = list_examples(language).get(key)
    if example is None:
        raise Refusal(_("There is no such example any more. Choose another one."))
    theme = Theme.objects.filter(slug=example.theme, is_active=True).first()
    values = {
        "title": example.title,
        "summary": example.summary,
        "story": example.story,
        "message": example.message,
        "wordings": list(example.wordings),
        "threshold": example.threshold,
        "language": example.language,
    }
    with transaction.atomic():
        campaign = create_campaign(organiser, theme=theme)
        draft = save_step(campaign, by=organiser, values=values, pending={}, fields=values)
    return draft.campaign


def duplicate(campaign: Campaign, *, by: User) -> Campaign:
    """A new draft with the content of one's own campaign, whatever became of that one.

    Of what was approved, else of what was written last, half-written answers with it. The picture
    becomes a file of its own, the short link another one. Raises PermissionDenied for anybody but
    the organiser, and Refusal as ``create_campaign`` does.
    """
    if campaign.organiser_id != by.pk:
        raise PermissionDenied(_("This is another organiser's campaign."))
    source = campaign.revision
    values = {name: getattr(source, name) for name in CONTENT if name not in NOT_COPIED}
    values["wordings"] = [text for position, text in source.messages.items() if position > 1]
    if source.theme is not None and not source.theme.is_active:
        values["theme"] = None
    if copied := _copy_picture(source):
        values["picture"] = copied
    pending = {
        name: text for name, text in source.pending.items() if STEP_OF_FIELD.get(name) != "moment"
    }
    with transaction.atomic():
        begun = create_campaign(by)
        draft = save_step(begun, by=by, values=values, pending=pending, fields=values)
    return draft.campaign


def _copy_picture(source: Revision) -> ContentFile[bytes] | None:
    """The picture under another name; None without one, also where its file is gone."""
    name = source.picture.name
    if not name or not default_storage.exists(name):
        return None
    with default_storage.open(name) as stored:
        return ContentFile(stored.read(), name=f"{secrets.token_hex(16)}.jpg")
