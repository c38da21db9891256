"""The poster: one page to print, whose code leads to the campaign by its own door."""

from io import BytesIO

import pytest
import segno

from campaigns.models import Revision
from tests.making import make_campaign
from tests.pages.showcasing import write

pytestmark = pytest.mark.django_db

PATHS = ["/campaigns/river/poster/", "/campaigns/river/code.svg"]


def draw(address):
    file = BytesIO()
    segno.make_qr(address, error="m").save(
        file, kind="svg", border=4, scale=10, dark="#1e1812", light="#fff"
    )
    return file.getvalue()


def test_code_leads_to_the_campaign_by_the_door_of_the_poster(client, olive, settings):
    make_campaign(olive)
    answer = client.get("/campaigns/river/code.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.content == draw(f"{settings.SITE_URL}/campaigns/river/?from=poster")


def test_poster_says_what_when_where_and_on_what_condition(read, olive, settings):
    make_campaign(olive, threshold=1000)
    words = read("/campaigns/river/poster/")
    assert "Let the river run clean" in words
    assert "in Paris" in words
    assert "if 1,000 people are in" in words
    assert f"{settings.SITE_URL}/campaigns/river/" in words


def test_poster_has_the_code_without_styles_that_the_policy_forbids(client, olive):
    make_campaign(olive)
    page = client.get("/campaigns/river/poster/").content.decode()
    assert '<svg viewBox="0 0' in page
    assert "style=" not in page
    assert "<script" not in page


def test_poster_speaks_the_campaigns_language_and_not_the_readers(client, olive):
    make_campaign(olive)
    Revision.objects.update(language="fr")
    answer = client.get("/campaigns/river/poster/", headers={"Accept-Language": "en"})
    assert answer["Content-Language"] == "fr"
    assert '<html lang="fr">' in answer.content.decode()


def test_poster_in_a_language_that_the_site_lacks_is_in_the_readers(client, olive):
    make_campaign(olive)
    Revision.objects.update(language="de")
    answer = client.get("/campaigns/river/poster/", headers={"Accept-Language": "fr"})
    assert answer["Content-Language"] == "fr"


def test_title_breaks_out_of_no_poster(client, olive):
    make_campaign(olive, title="<script>alert(1)</script>")
    assert b"<script>" not in client.get("/campaigns/river/poster/").content


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("state", ["draft", "suspended", "cancelled", "over"])
def test_what_cannot_be_joined_has_no_poster(client, olive, path, state):
    if state == "draft":
        write(olive, slug="river", title="Unripe")
    elif state == "over":
        make_campaign(olive, launch_in=-60)
    else:
        make_campaign(olive, state=state)
    client.force_login(olive)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_poster_knows_nobody_and_may_be_kept(client, olive, path, django_assert_max_num_queries):
    make_campaign(olive)
    client.force_login(olive)
    with django_assert_max_num_queries(2):  # the campaign, and the database's clock
        answer = client.get(path)
    assert "Cookie" not in answer.get("Vary", "")
    assert answer["X-Robots-Tag"] == "noindex"
    assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_page_leads_to_the_poster_while_one_can_join(client, olive):
    make_campaign(olive)
    assert b"/campaigns/river/poster/" in client.get("/campaigns/river/").content
