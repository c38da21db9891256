"""Which words a supporter lends their account to: dealt, chosen, rewritten, and always exact."""

import re
from collections import Counter
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from supporters.choosing import deal_wording
from supporters.models import Pledge
from supporters.pledging import PledgeRefused, WordsChanged
from supporters.rewording import change_words
from tests.making import make_campaign
from tests.supporters.test_pages import agree, read_field
from tests.supporters.test_pledging import approve, lend, make_account

pytestmark = pytest.mark.django_db

SECOND = "The sea begins in our river. Three barriers, now."
THIRD = "Plastic travels. Stop it here."
TAIL = "https://example.org/river #cleanriver"


@pytest.fixture
def campaign(olive):
    """A campaign in three wordings."""
    return make_campaign(olive, wordings=[SECOND, THIRD])


@pytest.fixture
def account(sam):
    return make_account(sam)


@pytest.fixture
def browser(client, sam):
    client.force_login(sam)
    return client


def open_page(client, campaign, *accounts):
    """The page of the exact words."""
    where = reverse("support_agree", args=[campaign.slug])
    answer = client.get(where, {"account": [account.pk for account in accounts]})
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def find_chosen(page):
    """The position of the wording that is chosen on the page."""
    (chosen,) = re.findall(r'<input type="radio" name="wording" value="(\d+)"[^>]*\bchecked', page)
    return int(chosen)


def list_posts(page):
    """The exact words of every post on the page."""
    return re.findall(r'<p class="post__text"[^>]*>(.*?)</p>', page, re.DOTALL)


@pytest.mark.parametrize("stride", [1, 2, 3, 7, 12])
@pytest.mark.parametrize("number", [2, 3, 5, 12])
def test_wordings_are_dealt_evenly(campaign, number, stride):
    texts = dict.fromkeys(range(1, number + 1), "Words")
    people = [User(pk=pk) for pk in range(1000, 1000 + 300 * stride, stride)]
    dealt = Counter(deal_wording(texts, campaign=campaign, person=person) for person in people)
    assert set(dealt) == set(texts)
    assert max(dealt.values()) - min(dealt.values()) <= 0.1 * 300


def test_same_person_is_dealt_the_same_and_not_in_every_campaign(olive, sam, campaign):
    texts = campaign.approved.texts
    dealt = [deal_wording(texts, campaign=campaign, person=sam) for _ in range(3)]
    assert len(set(dealt)) == 1
    others = [make_campaign(olive, slug=f"c{number}") for number in range(12)]
    elsewhere = {deal_wording(texts, campaign=other, person=sam) for other in others}
    assert len(elsewhere) > 1


def test_wording_that_does_not_fit_is_dealt_to_nobody(campaign, sam):
    limit = len(f"{THIRD}\n\n{TAIL}") + 10
    tight = make_account(sam, limit=limit)
    texts = campaign.approved.texts
    dealt = {
        deal_wording(texts, campaign=campaign, person=User(pk=pk), accounts=[tight])
        for pk in range(60)
    }
    assert dealt == {3}


def test_page_offers_the_same_wording_to_the_same_person_anywhere(campaign, account, sam):
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(sam)
    first, second = (find_chosen(open_page(browser, campaign, account)) for browser in browsers)
    assert first == second
    page = open_page(browsers[0], campaign, account)
    assert list_posts(page) == [campaign.approved.texts[first]]
    for text in campaign.approved.messages.values():
        assert text in page


def test_supporters_who_change_nothing_say_it_in_every_wording(campaign):
    for number in range(12):
        person = User.objects.create_user(name=f"Supporter {number}")
        account = make_account(person, f"voice{number}")
        client = Client()
        client.force_login(person)
        agree(client, campaign, account)
    said = Counter(Pledge.objects.values_list("text", flat=True))
    assert set(said) == set(campaign.approved.texts.values())
    assert max(said.values()) <= 5


@pytest.mark.parametrize("position", [1, 2, 3])
def test_another_wording_is_read_and_agreed_to(browser, campaign, account, position):
    answer = agree(browser, campaign, account, wording=position, seen="")
    page = unescape(answer.content.decode())
    assert find_chosen(page) == position
    assert list_posts(page) == [campaign.approved.texts[position]]
    assert not Pledge.objects.exists()
    agree(browser, campaign, account, wording=position, seen=read_field(page, "seen"))
    made = Pledge.objects.get()
    assert (made.text, made.wording) == (campaign.approved.texts[position], position)
    assert not made.has_own_words


def test_script_gets_the_post_of_what_is_chosen(browser, campaign, account):
    where = reverse("support_agree", args=[campaign.slug])
    form = {"account": account.pk, "wording": 3, "words_3": "I say:\r\nhere.", "words_1": "No."}
    part = unescape(browser.post(where, form, headers={"HX-Request": "true"}).content.decode())
    assert list_posts(part) == [f"I say:\nhere.\n\n{TAIL}"]
    assert "<html" not in part


def test_edited_wording_is_stored_as_own_words_with_link_and_hashtag(browser, campaign, account):
    form = {"wording": 2, "words_2": "I swim there. Three barriers!"}
    page = agree(browser, campaign, account, **form, seen="").content.decode()
    assert "I swim there." in page
    agree(browser, campaign, account, **form, seen=read_field(page, "seen"))
    made = Pledge.objects.get()
    assert made.text == f"I swim there. Three barriers!\n\n{TAIL}"
    assert (made.wording, made.has_own_words) == (2, True)


def test_words_of_wordings_that_were_not_chosen_do_not_matter(browser, campaign, account):
    form = {"wording": 3, "words_1": "", "words_2": "x" * 20_000, "words_3": THIRD}
    page = agree(browser, campaign, account, **form, seen="").content.decode()
    assert agree(browser, campaign, account, **form, seen=read_field(page, "seen")).url
    assert Pledge.objects.get().text == campaign.approved.texts[3]


def test_emptied_words_are_told_at_their_field(browser, campaign, account):
    answer = agree(browser, campaign, account, wording=2, words_2=" \r\n")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("A post needs words.") == 2
    assert 'href="#id_words_2"' in page
    assert not Pledge.objects.exists()


def test_words_that_say_what_another_wording_says_are_that_one(campaign, account):
    (made,) = lend(campaign, account, wording=1, words=f" {THIRD}\r\n")
    assert (made.wording, made.has_own_words) == (3, False)


@pytest.mark.parametrize("words", ["", "My own."])
@pytest.mark.parametrize("wording", [0, 4, 99])
def test_wording_that_is_not_there_is_refused(campaign, account, wording, words):
    with pytest.raises(WordsChanged):
        lend(campaign, account, seen="x", wording=wording, words=words)
    assert not Pledge.objects.exists()


@pytest.mark.parametrize("wording", ["0", "4", "x", "", "9" * 30])
def test_made_up_wording_is_the_one_that_was_dealt_and_shown(browser, campaign, account, wording):
    dealt = find_chosen(open_page(browser, campaign, account))
    agree(browser, campaign, account, wording=wording)
    assert Pledge.objects.get().text == campaign.approved.texts[dealt]


def test_changed_words_know_whose_they_are(campaign, account):
    (made,) = lend(campaign, account, wording=2)
    change_words(made, person=account.person, text="Mine alone.")
    made.refresh_from_db()
    assert (made.wording, made.has_own_words) == (2, True)
    change_words(made, person=account.person, text=campaign.approved.texts[3])
    made.refresh_from_db()
    assert (made.wording, made.has_own_words) == (3, False)


def test_message_that_changed_meanwhile_replaces_the_old_and_keeps_ones_own(
    browser, campaign, account
):
    page = open_page(browser, campaign, account)
    old = campaign.approved.messages
    form = {
        "revision": read_field(page, "revision"),
        "seen": read_field(page, "seen"),
        "wording": 2,
        "words_1": old[1],
        "words_2": f"Ours! {old[2]}",
        "words_3": old[3],
    }
    newer = approve(campaign, message="All new.", wordings=["New too.", "And this."])
    answer = agree(browser, campaign, account, **form)
    again = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert list_posts(again) == [f"Ours! {SECOND}\n\n{TAIL}"]
    assert "All new." in again
    assert "And this." in again
    assert old[1] not in again
    assert read_field(again, "revision") == str(newer.pk)
    assert not Pledge.objects.exists()


def test_own_words_outlive_the_wording_they_began_from(browser, campaign, account):
    page = open_page(browser, campaign, account)
    form = {
        "revision": read_field(page, "revision"),
        "seen": read_field(page, "seen"),
        "wording": 3,
        "words_3": "Mine, from the third.",
    }
    approve(campaign, message="All new.", wordings=[])
    again = unescape(agree(browser, campaign, account, **form).content.decode())
    assert list_posts(again) == [f"Mine, from the third.\n\n{TAIL}"]


def test_what_is_too_long_names_the_account_and_by_how_much(browser, campaign, sam):
    roomy, tight = make_account(sam), make_account(sam, "kim", limit=60)
    form = {"wording": 1, "seen": ""}
    page = unescape(agree(browser, campaign, roomy, tight, **form).content.decode())
    over = len(campaign.approved.texts[1]) - len("https://example.org/river") + 23 - 60
    sentence = f"That is {over} too many for {tight.handle}, whose server takes 60 characters."
    assert sentence in page
    assert "<mark>" in page
    where = reverse("support_agree", args=[campaign.slug])
    left = {"account": [roomy.pk, tight.pk], "leave": tight.pk, "wording": 1}
    page = unescape(browser.post(where, left).content.decode())
    assert f'name="account" value="{roomy.pk}"' in page
    assert f'name="account" value="{tight.pk}"' not in page
    assert sentence not in page
    assert not Pledge.objects.exists()


def test_accounts_whose_rooms_differ_are_lent_together_or_not_at_all(campaign, sam):
    roomy, tight = make_account(sam), make_account(sam, "kim", limit=60)
    with pytest.raises(PledgeRefused, match="whose server takes 60"):
        lend(campaign, roomy, tight, wording=1)
    assert not Pledge.objects.exists()


def test_single_wording_is_not_a_choice(browser, olive, account):
    campaign = make_campaign(olive, slug="one")
    page = open_page(browser, campaign, account)
    assert 'type="radio"' not in page
    assert campaign.approved.message in page
    agree(browser, campaign, account)
    assert Pledge.objects.get().text == campaign.approved.text
