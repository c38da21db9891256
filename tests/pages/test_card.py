"""The picture of a campaign: its numbers, for whom, how often it is drawn, how long it is kept."""

import threading
from io import BytesIO

import pytest
from PIL import Image

from campaigns.clock import database_now
from campaigns.models import Campaign
from pages import carding
from pages.carding import draw_home_card, say
from pages.listing import list_rows
from pages.painting import Words, paint
from tests.making import make_campaign
from tests.pages.showcasing import decide, lend, write
from tests.pages.test_passing import find_meta

pytestmark = pytest.mark.django_db

CARD = "/campaigns/river/card.en.png"


def read_words(campaign, language="en"):
    campaign = Campaign.objects.with_pages().get(pk=campaign.pk)
    (row,) = list_rows([campaign], now=database_now())
    return say(row, language=language)


@pytest.fixture
def drawn(monkeypatch):
    """What was drawn, in order."""
    painted = []

    def note(words):
        painted.append(words)
        return paint(words)

    monkeypatch.setattr(carding, "paint", note)
    return painted


def test_card_is_a_picture_of_the_size_that_networks_want(client, olive):
    make_campaign(olive)
    answer = client.get(CARD)
    assert answer["Content-Type"] == "image/png"
    image = Image.open(BytesIO(answer.content))
    assert image.size == (1200, 630)
    assert len(answer.content) < 150_000


def test_page_leads_to_the_card_and_names_another_after_a_pledge(client, olive, settings):
    campaign = make_campaign(olive)
    before = find_meta(client.get("/campaigns/river/"))["og:image"]
    lend(campaign)
    after = find_meta(client.get("/campaigns/river/"))["og:image"]
    assert before.startswith(settings.SITE_URL + CARD)
    assert before != after
    assert client.get(after.removeprefix(settings.SITE_URL)).status_code == 200


def test_card_counts_supporters_against_the_threshold_by_the_campaigns_clock(olive):
    campaign = make_campaign(olive, threshold=3)
    lend(campaign)
    lend(campaign)
    words = read_words(campaign)
    assert (words.number, words.counted) == ("2", "supporters of the 3 needed")
    assert (words.lent, words.goal) == (2, 3)
    assert words.foot.endswith("in Paris")


def test_card_of_a_launch_counts_posts_and_not_promises(olive):
    campaign = make_campaign(olive, launch_in=-7200)
    pledges = [lend(campaign) for _ in range(3)]
    decide(campaign, "finished", pledges=pledges, outcomes=["sent", "sent", "failed"])
    words = read_words(campaign)
    assert (words.number, words.counted) == ("2", "posts were made")


def test_card_of_a_cancelled_campaign_says_so_without_a_moment(olive):
    words = read_words(make_campaign(olive, state="cancelled"))
    assert (words.number, words.foot) == ("", "")
    assert "cancelled" in words.counted


def test_card_speaks_the_language_of_its_address(client, olive):
    campaign = make_campaign(olive)
    month = read_words(campaign, "fr").foot
    assert month != read_words(campaign, "en").foot
    french = client.get("/campaigns/river/card.fr.png")
    assert french["Content-Language"] == "fr"
    assert french.content != client.get(CARD).content
    assert client.get("/campaigns/river/card.xx.png").status_code == 404


@pytest.mark.parametrize("state", ["draft", "in_review", "suspended", "rejected"])
def test_what_a_stranger_may_not_see_has_no_card_for_anybody(client, olive, state):
    if state == "suspended":
        make_campaign(olive, state=state)
    else:
        write(olive, slug="river", state=state, title="T", message="M", launch_at=database_now())
    assert client.get(CARD).status_code == 404
    client.force_login(olive)
    assert client.get(CARD).status_code == 404


def test_suspended_campaign_loses_the_card_that_it_had(client, olive):
    make_campaign(olive)
    assert client.get(CARD).status_code == 200
    Campaign.objects.update(state="suspended")
    assert client.get(CARD).status_code == 404


def test_card_of_an_unlisted_campaign_is_for_no_search_engine(client, olive):
    make_campaign(olive, visibility="unlisted")
    assert client.get(CARD)["X-Robots-Tag"] == "noindex"


def test_card_is_kept_by_who_has_it_and_knows_nobody(client, olive):
    make_campaign(olive)
    client.force_login(olive)
    first = client.get(CARD)
    assert first["Cache-Control"] == "public, max-age=300"
    assert "Cookie" not in first["Vary"]
    assert not first.cookies
    again = client.get(CARD, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_card_is_drawn_once_for_each_change(client, olive, drawn, monkeypatch):
    monkeypatch.setattr(carding, "FRESH_SECONDS", 0)
    campaign = make_campaign(olive)
    client.get(CARD)
    client.get(CARD)
    assert len(drawn) == 1
    lend(campaign)
    first = client.get(CARD)
    assert client.get(CARD)["ETag"] == first["ETag"]
    assert len(drawn) == 2


def test_card_is_never_drawn_by_two_at_once(drawn):
    together = threading.Barrier(6)

    def ask():
        together.wait()
        draw_home_card(language="en")

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drawn) == 1


def test_card_takes_few_queries_and_fewer_while_its_numbers_are_fresh(
    client, olive, django_assert_max_num_queries
):
    lend(make_campaign(olive, threshold=9))
    with django_assert_max_num_queries(5):  # one of them is the database's clock
        client.get(CARD)
    with django_assert_max_num_queries(2):
        client.get(CARD)


def test_card_and_widget_are_there_while_the_cache_is_away(client, olive, settings, drawn):
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1"}}
    make_campaign(olive)
    assert client.get(CARD).status_code == 200
    assert client.get(CARD).status_code == 200
    assert len(drawn) == 1
    assert client.get("/campaigns/river/embed/").status_code == 200


def test_title_in_a_script_without_a_font_leaves_the_rings_and_the_numbers():
    thai, none = (Words(title=each, number="3", lent=3) for each in ("แม่น้ำ", ""))
    assert paint(thai) == paint(none)
    assert paint(Words(title="川", number="3", lent=3)) != paint(none)


@pytest.mark.parametrize(
    ("lent", "goal"), [(0, 0), (0, 1), (1, 1), (5, 3), (9_999, 10_000), (250_000, 100_000)]
)
def test_crowd_of_any_size_stays_inside_the_picture(lent, goal):
    words = Words(title="", number="1", lent=lent, goal=goal, scaled="Some dots.")
    image = Image.open(BytesIO(paint(words))).convert("RGB")
    edge = [image.getpixel((x, y)) for x in range(0, 1200, 7) for y in (1, 628)]
    edge += [image.getpixel((1198, y)) for y in range(0, 630, 7)]
    assert len(set(edge)) == 1


def test_home_has_a_card_of_its_own(client, settings):
    address = find_meta(client.get("/"))["og:image"]
    answer = client.get(address.removeprefix(settings.SITE_URL))
    assert answer["Content-Type"] == "image/png"
