"""Campaigns as organisers and reviewers meet them."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from PIL import Image

from campaigns import drafting, reviewing
from campaigns.clock import database_now
from campaigns.models import Theme
from tests.conftest import make_person

CONTENTS = {
    "title": "Keep the 22:14",
    "summary": "The last night train from the mountains to the sea must stay.",
    "story": "It runs through **eleven** towns.",
    "message": "On 15 December the 22:14 leaves for good, unless somebody says no. We say no.",
    "link": "https://night.example/2214",
    "hashtag": "#KeepThe2214",
    "language": "en",
    "zone": "Europe/Paris",
}


def fill(campaign, by, **contents):
    """Write every step of a campaign, as a wizard would; the moment is in ten days."""
    theme, _ = Theme.objects.get_or_create(
        slug="public-services", defaults={"name_en": "Public services", "name_fr": "Services"}
    )
    moment = (database_now() + timedelta(days=10)).replace(microsecond=0)
    values = {"theme": theme, "launch_at": moment, **CONTENTS, **contents}
    return drafting.save_step(campaign, by=by, values=values, pending={}, fields=values)


def schedule(organiser, reviewer, **contents):
    """A campaign that went the whole way."""
    campaign = drafting.create_campaign(organiser)
    revision = drafting.submit(fill(campaign, organiser, **contents), by=organiser)
    return reviewing.approve(revision, reviewer=reviewer)


def draw(form="PNG", size=(600, 400), mode="RGB", **facts):
    """A picture as somebody would upload it."""
    sheet = BytesIO()
    Image.new(mode, size, "orange").save(sheet, form, **facts)
    return SimpleUploadedFile(f"holiday.{form.lower()}", sheet.getvalue())


@pytest.fixture(autouse=True)
def two_networks(settings):
    """Lengths are told for these two, whatever else can be switched on."""
    settings.NETWORKS = {name: settings.NETWORKS[name] for name in ("mastodon", "bluesky")}


@pytest.fixture(autouse=True)
def english():
    """A page that an earlier test read in another language left it behind."""
    with translation.override("en"):
        yield


@pytest.fixture
def rex(db):
    """Reviews too."""
    return make_person("rex@example.org", "Rex", is_staff=True, is_superuser=True)


@pytest.fixture
def draft(olive):
    """Olive's campaign, untouched."""
    return drafting.create_campaign(olive)


@pytest.fixture
def written(draft, olive):
    """Olive's complete draft, not submitted: a revision."""
    return fill(draft, olive)


@pytest.fixture
def submitted(written, olive):
    """Olive's revision in review."""
    return drafting.submit(written, by=olive)


@pytest.fixture
def scheduled(submitted, rae):
    """Olive's campaign, validated by Rae."""
    return reviewing.approve(submitted, reviewer=rae)


@pytest.fixture
def desk(client, olive):
    """Olive's browser."""
    client.force_login(olive)
    return client


@pytest.fixture
def media(settings, tmp_path):
    """A folder for pictures that goes with the test."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path
