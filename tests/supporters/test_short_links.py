"""Consent to a short link is consent to where it leads: shown, kept, and never moved."""

from html import unescape
from urllib.parse import quote

import pytest
from django.urls import reverse

from networks.registry import all_composers
from supporters.announcing import tell_of_new_words
from supporters.assisting import promise
from supporters.models import AssistedPledge, Pledge
from supporters.pledging import WordsChanged, join_words, pledge, sign_words
from supporters.rewording import has_new_words, take_words, with_wordings
from tests.making import make_campaign, make_pledge, make_promise
from tests.supporters.test_pledging import approve, make_account

pytestmark = pytest.mark.django_db

LINK = "https://example.org/river"
OTHER = "https://example.org/petition"


@pytest.fixture
def campaign(olive):
    """One that counts clicks, with its link in the middle of the message."""
    return make_campaign(
        olive,
        counts_clicks=True,
        message=f"Read {LINK} and sign.",
        wordings=["Three barriers, now."],
    )


@pytest.fixture
def short(campaign):
    return campaign.approved.short_link


@pytest.fixture
def account(sam):
    return make_account(sam)


@pytest.fixture
def browser(client, sam):
    client.force_login(sam)
    return client


def read(answer):
    """What a page says."""
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def agree(campaign, account, *, seen=None, **said):
    """Lend the account, having seen these words."""
    text = seen or join_words(campaign.approved, **said)
    (made,) = pledge(
        campaign,
        person=account.person,
        account_ids=[account.pk],
        seen=sign_words(campaign.approved, text=text),
        **said,
    )
    return made


def test_pledge_keeps_the_words_with_the_short_link(campaign, account, short):
    made = agree(campaign, account)
    assert made.text == f"Read {short} and sign.\n\n#cleanriver"
    assert not made.has_own_words


def test_own_words_get_the_short_link_wherever_they_have_the_link(campaign, account, short):
    made = agree(campaign, account, words=f"Mine: {LINK}, and {LINK}/more.")
    assert made.text == f"Mine: {short}, and {LINK}/more.\n\n#cleanriver"
    assert made.has_own_words


def test_words_with_the_bare_link_were_never_shown(campaign, account):
    with pytest.raises(WordsChanged):
        agree(campaign, account, seen=f"Read {LINK} and sign.\n\n#cleanriver")
    assert not Pledge.objects.exists()


def test_supporter_reads_the_short_link_and_where_it_leads(browser, campaign, account, short):
    url = reverse("support_agree", args=[campaign.slug])
    page = read(browser.get(url, {"account": account.pk}))
    assert f"Read {short} and sign." in page
    assert f"Read {LINK} and sign." not in page
    assert f'The link in these words leads to <a href="{LINK}"' in page
    assert "This follows by itself: #cleanriver" in page
    assert f"This follows by itself: {short} #cleanriver" in page  # of the second wording


def test_page_of_a_campaign_says_where_its_link_leads(client, campaign, short):
    page = read(client.get(campaign.get_absolute_url()))
    assert f"Read {short} and sign." in page
    assert f'The link in these words leads to <a href="{LINK}"' in page


def test_page_of_one_that_counts_nothing_says_nothing_of_it(client, olive):
    page = read(client.get(make_campaign(olive).get_absolute_url()))
    assert LINK in page
    assert "/go/" not in page
    assert "The link in these words" not in page


def test_old_words_lead_where_their_supporter_agreed_they_would(
    browser, campaign, account, short, client
):
    made = agree(campaign, account)
    approve(campaign, link=OTHER, counts_clicks=True, message=f"Read {OTHER} and sign.")
    campaign.refresh_from_db()
    newer = campaign.approved.short_link
    assert newer != short
    pledged = with_wordings(Pledge.objects.select_related("account__known_server", "person")).get()
    assert pledged.text == made.text
    assert short in pledged.text
    assert has_new_words(pledged)
    page = read(browser.get(reverse("my_pledges")))
    assert f'leads to <a href="{LINK}"' in page
    assert f'leads to <a href="{OTHER}"' in page
    for address, target in ((short, LINK), (newer, OTHER)):
        path = address.partition("8000")[2]
        assert client.get(path)["Location"] == target
    assert tell_of_new_words() == 1
    take_words(pledged, person=account.person, revision_id=str(campaign.approved_id), wording="1")
    pledged.refresh_from_db()
    assert newer in pledged.text
    assert short not in pledged.text


def test_posts_by_hand_open_with_the_link_that_stands_in_them(browser, campaign, sam, short):
    for name in all_composers():
        make_promise(campaign, sam, network=name, state="called", offered_at=campaign.launch_at)
    page = read(browser.get(reverse("promise", args=[campaign.slug])))
    rows = browser.get(reverse("promise", args=[campaign.slug])).context["rows"]
    assert {row["promised"].network for row in rows} == set(all_composers())
    for row in rows:
        composition = row["promised"].composition
        assert quote(LINK, safe="") not in composition.url
        assert quote(short, safe="") in composition.url or not composition.is_whole
    promises = [row["promised"] for row in rows]
    shared = [each.composition.url for each in promises if each.network == "facebook"]
    assert all(quote(short, safe="") in url for url in shared)
    assert f'The link in these words leads to <a href="{LINK}"' in page


def test_promise_keeps_the_words_with_the_short_link(campaign, sam, short):
    text = join_words(campaign.approved, wording=2)
    promise(
        campaign,
        person=sam,
        networks=["x"],
        seen=sign_words(campaign.approved, text=text),
        wording=2,
    )
    assert AssistedPledge.objects.get().text == f"Three barriers, now.\n\n{short} #cleanriver"


def test_words_without_the_link_say_nothing_of_it(browser, campaign, account):
    make_pledge(campaign, account, text="Without any link.")
    assert "The link in these words" not in read(browser.get(reverse("my_pledges")))
