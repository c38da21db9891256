"""Pictures from strangers."""

import struct
import zlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from campaigns import pictures
from campaigns.models import Revision
from campaigns.pictures import redraw_picture
from tests.campaigns.conftest import draw


def refuse(upload):
    """The code of the error that a picture gives."""
    with pytest.raises(ValidationError) as caught:
        redraw_picture(upload)
    return caught.value.code


def chunk(kind, data):
    """One chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_bomb(side):
    """A PNG of one colour that says it has so many pixels a side, and little behind it."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000_000)
    return SimpleUploadedFile(
        "bomb.png",
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b""),
    )


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_picture_is_drawn_anew_as_a_jpeg_under_a_name_of_ours(form):
    made = redraw_picture(draw(form))
    assert pictures.is_ours(made.name)
    with Image.open(made) as image:
        assert image.format == "JPEG"
        assert image.size == (600, 400)


def test_large_picture_is_made_smaller():
    with Image.open(redraw_picture(draw("JPEG", size=(5000, 2500)))) as image:
        assert image.size == (2400, 1200)


def test_metadata_stays_behind_and_the_picture_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    exif[0x010F] = "Secret camera"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 24.0)  # where it was taken
    upload = draw("JPEG", size=(600, 400), exif=exif, comment=b"hidden words")
    made = redraw_picture(upload).read()
    with Image.open(BytesIO(made)) as image:
        assert image.size == (400, 600)
        assert not image.getexif()
        assert "comment" not in image.info
    assert b"Secret camera" not in made
    assert b"hidden words" not in made


def test_transparent_ground_becomes_white():
    sheet = BytesIO()
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(sheet, "PNG")
    made = redraw_picture(SimpleUploadedFile("logo.png", sheet.getvalue()))
    with Image.open(made) as image:
        assert image.getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("side", [7_000, 10_000, 50_000])
def test_bomb_is_refused_before_it_is_opened(side):
    assert refuse(write_bomb(side)) == "pixels"


def test_ribbon_is_refused():
    assert refuse(draw(size=(2600, 100))) == "pixels"


def test_heavy_file_is_refused_unread(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_BYTES", 100)
    assert refuse(draw()) == "size"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        (
            b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01"
            b"\x00\x00\x02\x02D\x01\x00;"
        ),
        b"%PDF-1.7 <script>alert(1)</script>",
    ],
)
def test_other_formats_are_refused(content):
    assert refuse(SimpleUploadedFile("picture.png", content)) == "format"


def test_what_hides_behind_a_picture_is_not_kept():
    whole = draw("PNG").read() + b"PK\x03\x04<script>alert(1)</script>"
    assert b"script" not in redraw_picture(SimpleUploadedFile("both.png", whole)).read()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_cut_off_picture_is_refused(form):
    sheet = BytesIO()
    Image.effect_noise((300, 300), 90).save(sheet, form)
    half = sheet.getvalue()[: len(sheet.getvalue()) // 2]
    assert refuse(SimpleUploadedFile("half", half)) in ("broken", "format")


def test_picture_is_served_for_ever_and_as_nothing_else(client, draft, olive, media):
    picture = redraw_picture(draw())
    revision = draft.working_revision
    revision.picture = picture
    revision.save()
    answer = client.get(revision.picture_url)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer["Cache-Control"]
    assert b"".join(answer.streaming_content).startswith(b"\xff\xd8")
    answer.close()


@pytest.mark.parametrize(
    "name", ["..%2f..%2fsettings.py", "other.jpg", "0" * 32 + ".jpg", "%2e%2e%2fx.jpg", "a.svg"]
)
def test_no_other_file_is_served(client, media, name):
    (media / "campaigns").mkdir()
    (media / "campaigns" / "other.jpg").write_bytes(b"not ours")
    assert client.get(f"/pictures/{name}").status_code == 404


def test_picture_that_no_revision_shows_is_deleted(draft, olive, media):
    revision = draft.working_revision
    revision.picture = redraw_picture(draw())
    revision.save()
    name = revision.picture.name
    pictures.drop_unused(name)
    assert (media / name).exists()
    Revision.objects.filter(pk=revision.pk).update(picture="")
    pictures.drop_unused(name)
    assert not (media / name).exists()
