"""QR codes (ISO/IEC 18004) of a campaign's address, as SVG."""

from io import BytesIO

import segno
from django.utils.safestring import SafeString

from campaigns.models import Campaign
from pages.passing import address_page

QUIET = 4  # modules of white around it, as the norm wants
DARK = "#1e1812"


def draw_code(campaign: Campaign, *, door: str) -> SafeString:
    """The code for a page: dark on white in every scheme, since cameras want it so."""
    drawn = _make(campaign, door=door).svg_inline(
        border=QUIET, dark=DARK, light="#fff", omitsize=True, svgclass="code", lineclass=None
    )
    return SafeString(drawn)


def write_code(campaign: Campaign, *, door: str) -> bytes:
    """The same as a file."""
    file = BytesIO()
    _make(campaign, door=door).save(
        file, kind="svg", border=QUIET, scale=10, dark=DARK, light="#fff"
    )
    return file.getvalue()


def _make(campaign: Campaign, *, door: str) -> segno.QRCode:
    # M: readable with 15 % of it torn or dirty, and still coarse enough for a phone at two metres.
    return segno.make_qr(address_page(campaign, door=door), error="m")
