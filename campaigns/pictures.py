"""Pictures from strangers: looked at before they are opened, drawn anew, never passed on as sent.

What is kept is a JPEG of our own making: no metadata (where it was taken, with what), nothing
hidden behind the picture, no other format inside.
"""

from __future__ import annotations

import re
import secrets
import struct
import zlib
from io import BytesIO
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from campaigns.models import Revision

FOLDER = "campaigns"
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000  # 160 MB once opened; phones take pictures of 12 to 50 million
MOST_RATIO = 12
WIDEST = 2400
QUALITY = 86
OUR_NAME = re.compile(r"[0-9a-f]{32}\.jpg")

# What Pillow's readers raise on a broken file.
BROKEN = (
    *(OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError, OverflowError),
    *(struct.error, zlib.error),
)
TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def redraw_picture(upload: UploadedFile[bytes]) -> ContentFile[bytes]:
    """The uploaded picture as a JPEG of at most 2400 px a side, upright, under a random name.

    Raises ValidationError: ``size`` (bytes), ``pixels``, ``format`` or ``broken``.
    """
    if upload.size is None or upload.size > MOST_BYTES:
        raise ValidationError(
            _("This picture is too heavy. It may have up to %(most)s."),
            code="size",
            params={"most": filesizeformat(MOST_BYTES)},
        )
    upload.seek(0)
    drawn = BytesIO()
    with _open(upload) as image:
        _check_dimensions(image)
        try:
            # A JPEG can be read at half, a quarter or an eighth of its size: less to hold.
            image.draft("RGB", (WIDEST, WIDEST))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
            _flatten(upright).save(drawn, "JPEG", quality=QUALITY, optimize=True, progressive=True)
        except BROKEN as error:
            raise _refuse_broken() from error
    return ContentFile(drawn.getvalue(), name=f"{secrets.token_hex(16)}.jpg")


def drop_unused(name: str) -> None:
    """Delete a stored picture that no revision shows any more."""
    if name and not Revision.objects.filter(picture=name).exists():
        default_storage.delete(name)


def is_ours(name: str) -> bool:
    """Whether that is a name that ``redraw_picture`` gives."""
    return OUR_NAME.fullmatch(name) is not None


def find_stored(name: str) -> str:
    """Where a picture of that name is stored; a name of folders is none of ours."""
    return str(PurePosixPath(FOLDER) / PurePosixPath(name).name)


def _open(upload: UploadedFile[bytes]) -> Image.Image:
    assert upload.file is not None
    try:
        return Image.open(upload.file, formats=FORMATS)
    except TOO_LARGE as error:
        raise _refuse_pixels() from error
    except UnidentifiedImageError as error:
        raise ValidationError(
            _("This is not a picture we can read. Use a JPEG, PNG or WebP file."), code="format"
        ) from error
    except BROKEN as error:
        raise _refuse_broken() from error


def _check_dimensions(image: Image.Image) -> None:
    """From the header alone, before a single pixel is decoded."""
    width, height = image.size
    if not width or not height or width * height > MOST_PIXELS:
        raise _refuse_pixels()
    if max(width, height) > MOST_RATIO * min(width, height):
        raise ValidationError(
            _("This picture is too narrow: one side is more than %(most)d times the other."),
            code="pixels",
            params={"most": MOST_RATIO},
        )


def _flatten(image: Image.Image) -> Image.Image:
    """Without transparency, on white, and without anything that came along in the file."""
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
    else:
        ground = image.convert("RGB")
    ground.info = {}
    return ground


def _refuse_pixels() -> ValidationError:
    return ValidationError(
        _("This picture is too large: it may have up to %(most)d million pixels. Make it smaller."),
        code="pixels",
        params={"most": MOST_PIXELS // 1_000_000},
    )


def _refuse_broken() -> ValidationError:
    return ValidationError(
        _("This picture is damaged: it could not be read to its end."), code="broken"
    )
