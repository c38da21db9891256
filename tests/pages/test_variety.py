"""How varied what is said is, on the campaign's page and on the desk."""

import pytest

from pages.varying import Variety, measure_variety
from tests.making import make_campaign
from tests.pages.showcasing import lend

pytestmark = pytest.mark.django_db

SECOND = "The sea begins in our river."


def fill(campaign):
    """Five pledges that stand, in four wordings, two of them in people's own words."""
    for wording in (1, 1, 2):
        lend(campaign, wording=wording)
    for number in (1, 2):
        lend(campaign, text=f"Mine {number}.", has_own_words=True)
    lend(campaign, text="Gone.", has_own_words=True, state="linked")
    campaign.pledges.filter(text="Gone.").update(state="withdrawn")
    return campaign


def test_variety_counts_exact_words_of_pledges_that_stand(olive):
    campaign = fill(make_campaign(olive, wordings=[SECOND]))
    other = make_campaign(olive, slug="other")
    found = measure_variety([campaign, other])
    assert found[campaign.pk] == Variety(pledges=5, wordings=4, own=2)
    assert found[other.pk] == Variety()


@pytest.mark.parametrize(
    ("pledges", "own", "percent"),
    [(0, 0, 0), (3, 0, 0), (3, 3, 100), (1000, 1, 1), (1000, 999, 99), (412, 49, 12)],
)
def test_share_is_neither_none_nor_all_unless_it_is(pledges, own, percent):
    assert Variety(pledges=pledges, wordings=1, own=own).own_percent == percent


def test_campaign_page_tells_how_varied_its_pledges_are(read, olive):
    fill(make_campaign(olive, wordings=[SECOND]))
    words = read("/campaigns/river/")
    assert "5 pledges in 4 different wordings; 40&nbsp;% in people’s own words." in words


def test_same_words_from_everybody_are_told_as_that(read, olive):
    campaign = make_campaign(olive)
    lend(campaign)
    assert "pledges" not in read("/campaigns/river/")
    lend(campaign)
    assert "2 pledges, all in the same words." in read("/campaigns/river/")


def test_campaign_page_shows_every_wording(read, olive):
    campaign = make_campaign(olive, wordings=[SECOND, "Plastic travels."])
    words = read("/campaigns/river/")
    for text in campaign.approved.texts.values():
        assert " ".join(text.split()) in words
    assert "Or like one of these 2" in words


def test_desk_tells_how_varied_the_pledges_are(client, read, olive):
    fill(make_campaign(olive, wordings=[SECOND]))
    client.force_login(olive)
    assert "5 pledges in 4 different wordings" in read("/desk/")
