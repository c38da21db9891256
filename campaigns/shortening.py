"""The address of this site that stands in posts for a campaign's link, so that clicks are counted.

A code belongs to one campaign and one exact target, for good: another link makes another code, and
what was posted with the first one keeps leading to where its supporter agreed it would. It is a
pure function of the two, so that a preview shows the very words before there is a row for it.
"""

import hashlib
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

# No vowels, so that no word comes about in somebody's name; no "0", "I", "O" and "l", which look
# like others.
ALPHABET = "123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjkmnpqrstvwxyz"
CODE_LENGTH = 8  # 50 ** 8: one clash is likely among five million links


def make_code(*, campaign_id: int, target: str) -> str:
    """The code under which a campaign's link is followed.

    Of the campaign's key, not its ``uid``: a revision has it at hand. It must never change, since
    it stands in what was posted.
    """
    digest = hashlib.sha256(f"{campaign_id}\x1f{target}".encode()).digest()
    number = int.from_bytes(digest, "big")
    signs = []
    for _place in range(CODE_LENGTH):
        number, sign = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[sign])
    return "".join(signs)


def shorten(*, campaign_id: int, target: str) -> str:
    """The whole address that posts carry in the place of ``target``; empty for an empty one."""
    if not target:
        return ""
    code = make_code(campaign_id=campaign_id, target=target)
    return f"{settings.SITE_URL}{reverse('follow', args=[code])}"


def is_short(link: str) -> bool:
    """Whether a link is itself a short one of this site."""
    parts = urlsplit(link)
    prefix = reverse("follow", args=["x"]).removesuffix("x")
    return parts.hostname == settings.SITE_HOST and parts.path.startswith(prefix)
