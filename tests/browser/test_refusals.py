"""What is refused, and the way back: nobody is stranded, nobody gets at what is not theirs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from campaigns import drafting
from campaigns.models import Campaign, Revision, RevisionState
from supporters.models import Pledge
from tests.browser.acting import come_in, lend, press, sign_in
from tests.browser.conftest import make_user
from tests.browser.looking import PHONE, look
from tests.browser.posting import PostalSimulator
from tests.browsing import NewPage
from tests.making import make_campaign
from tests.processes import Product

AGREE = re.compile("^Yes, post this from")


@pytest.fixture
def campaign(olive: User) -> Campaign:
    """In public, and open for an hour."""
    return make_campaign(olive)


def test_an_address_that_is_none_is_explained_where_it_was_typed(
    web: Product, new_page: NewPage, campaign: Campaign
) -> None:
    page = new_page(viewport=PHONE)
    page.goto(f"{campaign.get_absolute_url()}support/")
    page.locator("#mastodon_address").fill("http://169.254.169.254/")
    press(page, "Lend my Mastodon account")
    field = page.locator("#mastodon_address")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("http://169.254.169.254/")
    look(page)


def test_two_clicks_on_the_consent_are_one_pledge(
    web: Product, simulator: PostalSimulator, new_page: NewPage, campaign: Campaign
) -> None:
    page = new_page(viewport=PHONE)
    lend_on_mastodon(page, simulator, campaign=campaign)
    page.get_by_role("button", name=AGREE).dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: your voice is lent")
    assert Pledge.objects.filter(campaign=campaign).count() == 1


def test_a_supporter_needs_no_script(
    web: Product, simulator: PostalSimulator, new_page: NewPage, campaign: Campaign
) -> None:
    assert campaign.approved is not None
    page = new_page(viewport=PHONE, java_script_enabled=False)
    lend_on_mastodon(page, simulator, campaign=campaign)
    message = campaign.approved.message
    page.get_by_label("What you say").fill(f"I swim in it.\n\n{message}")
    press(page, "Show the post with these words")
    words = f"I swim in it.\n\n{campaign.approved.text}"
    post = page.locator("#exact").get_by_role("article")
    expect(post.locator(".post__text")).to_have_text(words, use_inner_text=True)
    press(page, AGREE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: your voice is lent")
    assert Pledge.objects.get(campaign=campaign).text == words
    page.goto("/me/pledges/")
    press(page, "Withdraw this pledge")
    expect(page.get_by_role("status")).to_contain_text("Withdrawn")
    assert not Pledge.objects.counting().exists()


def approve_anew(campaign: Campaign, *, message: str) -> None:
    """What a review does to an organiser's new message."""
    newer = Revision.objects.get(pk=campaign.approved_id)
    Revision.objects.filter(pk=newer.pk).update(state=RevisionState.SUPERSEDED)
    newer.pk, newer.number, newer.message = None, newer.number + 1, message
    newer.save(force_insert=True)
    Campaign.objects.filter(pk=campaign.pk).update(approved=newer)


def test_words_that_changed_meanwhile_are_read_again(
    web: Product, simulator: PostalSimulator, new_page: NewPage, campaign: Campaign
) -> None:
    assert campaign.approved is not None
    page = new_page(viewport=PHONE)
    lend_on_mastodon(page, simulator, campaign=campaign)
    approve_anew(campaign, message="Two barriers would do.")
    press(page, AGREE)
    expect(page.get_by_role("alert").first).to_contain_text(re.compile(r"\w+ \w+"))
    expect(page.locator("#exact")).to_contain_text("Two barriers would do.")
    look(page)
    assert not Pledge.objects.exists()
    press(page, AGREE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: your voice is lent")


def test_another_organisers_pages_are_not_there(
    web: Product, new_page: NewPage, olive: User, campaign: Campaign
) -> None:
    draft = drafting.create_campaign(olive)
    pages = [
        f"/campaigns/{draft.slug}/",
        f"/campaigns/{draft.uid}/edit/story/",
        f"/campaigns/{draft.uid}/edit/check/",
        f"/campaigns/{campaign.uid}/edit/check/",
    ]
    page = new_page(viewport=PHONE)
    come_in(page, make_user("max@example.org", "Max"))
    for address in pages:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 404, address
    look(page)
    mine = new_page(viewport=PHONE)
    come_in(mine, olive)
    for address in pages:
        answer = mine.goto(address)
        assert answer is not None
        assert answer.status == 200, address


def test_staff_without_a_second_step_are_sent_to_set_one_up(
    web: Product, new_page: NewPage, rae: User
) -> None:
    page = new_page(viewport=PHONE)
    page.goto("/admin/")
    assert rae.email is not None
    sign_in(page, email=rae.email)
    expect(page.get_by_text("The admin needs a second factor.")).to_be_visible()
    look(page)


def lend_on_mastodon(page: Page, simulator: PostalSimulator, *, campaign: Campaign) -> None:
    """As far as the page with the exact words."""
    lend(
        page,
        campaign=campaign.get_absolute_url(),
        network="Mastodon",
        address=simulator.get_instance("mastodon")["instance"],
        account="sam",
    )
    expect(page.get_by_role("button", name=AGREE)).to_be_visible()
