"""From a sign-up to the thunderclap, each person in a browser of their own, nothing short-cut.

Only the campaign's moment is brought near once everybody has agreed, so that nobody waits for it.
"""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit

from allauth.mfa.totp.internal import auth as totp
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from supporters.models import Pledge, PledgeState
from tests.browser.acting import (
    answer_second_step,
    follow,
    lend,
    move_launch,
    press,
    sign_in,
    sign_up,
)
from tests.browser.looking import DESKTOP, PHONE, look, shoot
from tests.browser.posting import PostalSimulator, find_link
from tests.browsing import NewPage
from tests.processes import Product

OLIVE = "olive@river.example"
SAM = "sam@supporters.example"
TITLE = "Let the river run clean"
MESSAGE = "Three barriers would stop the plastic before the sea. Build them this year."
LINK = "https://river.example/barriers"
OWN_WORDS = "I swim in it every summer."
LAUNCH_SECONDS = 10
# So slow that the launch room can be watched while the posts are on their way.
SLOW = {"latency_ms": 3_000}


def test_a_draft_becomes_a_thunderclap(
    site: Product, simulator: PostalSimulator, new_page: NewPage, rae: User
) -> None:
    organiser = new_page(viewport=DESKTOP)
    sign_up(organiser, simulator, name="Olive Hartnell", email=OLIVE, look=look)
    write_campaign(organiser, site)
    review_campaign(new_page(viewport=DESKTOP), simulator, reviewer=rae)

    mail = simulator.wait_for_mail(OLIVE, subject=TITLE)
    address = find_link(mail, holding="/campaigns/let-the-river-run-clean/")
    campaign = Campaign.objects.get(slug="let-the-river-run-clean")
    assert campaign.state == CampaignState.SCHEDULED

    supporters = support_campaign(simulator, new_page, address=address, said=find_words(site))
    watcher = new_page(viewport=DESKTOP)
    watch_launch(watcher, simulator, campaign=campaign)
    read_results(watcher, site, simulator, campaign=campaign)
    for page, words in supporters:
        read_receipt(page, words=words)
    look_behind(watcher, simulator)
    assert MESSAGE in simulator.wait_for_mail(SAM, subject="Posted")["text"]
    told = simulator.wait_for_mail(OLIVE, subject="Launched")
    assert "3 of 3 posts are out." in told["text"]


def find_words(site: Product) -> str:
    """The exact words; the link in them is a short one of the site, which counts its clicks."""
    path = urlsplit(Campaign.objects.get().revision.short_link).path
    assert path.startswith("/go/")
    return f"{MESSAGE}\n\n{site.url}{path} #CleanRiver"


def write_campaign(page: Page, site: Product) -> None:
    """Every step of the wizard; in the middle of the third the organiser goes away and comes back.

    Ends with the campaign in review.
    """
    follow(page, "Start my first campaign")
    look(page)
    page.get_by_label("Environment").check()
    press(page, "Begin and tell the story")

    press(page, "Save and write the message")
    expect(page.get_by_role("alert").first).to_contain_text("Give the campaign a title.")
    look(page)
    page.get_by_label("Title").fill(TITLE)
    page.get_by_label("Summary").fill("Three barriers would stop the plastic before the sea.")
    page.get_by_label("Story").fill("The river runs through **eleven** towns.\n\nIt is *ours*.")
    page.get_by_label("Picture", exact=True).set_input_files(
        {"name": "river.jpg", "mimeType": "image/jpeg", "buffer": draw_picture()}
    )
    page.get_by_label("What the picture shows").fill("A river between two green banks")
    look(page)
    press(page, "Save and write the message")

    page.get_by_label("The message", exact=True).fill(MESSAGE)
    page.get_by_label("Hashtag").fill("CleanRiver")
    expect(page.locator("#saved")).to_have_text("Saved a moment ago")
    expect(page.get_by_role("article").first).to_contain_text("#CleanRiver")
    follow(page, "Desk")
    look(page)
    follow(page, "Go on writing")
    follow(page, "Message")
    expect(page.get_by_label("The message", exact=True)).to_have_value(MESSAGE)
    expect(page.get_by_label("Hashtag")).to_have_value("#CleanRiver")
    page.get_by_label("Link", exact=True).fill("river.example/barriers")
    look(page)
    press(page, "Save and choose the moment")

    page.get_by_label("Day").fill(f"{database_now() + timedelta(days=12):%Y-%m-%d}")
    page.get_by_label("Time", exact=True).fill("18:30")
    page.get_by_label("Goal").fill("2")
    look(page)
    press(page, "Save and check everything")

    expect(page.locator("dl.answers")).to_contain_text(find_words(site))
    look(page)
    press(page, "Send for review")
    expect(page.get_by_role("heading", level=1)).to_have_text("It is being reviewed")
    look(page)


def review_campaign(page: Page, mailbox: PostalSimulator, *, reviewer: User) -> None:
    """The reviewer is mailed, signs in with the second step, reads, and validates."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(reviewer, secret)
    assert reviewer.email is not None
    mail = mailbox.wait_for_mail(reviewer.email, subject=TITLE)
    address = find_link(mail, holding="/admin/")
    page.goto(address)
    look(page)
    sign_in(page, email=reviewer.email)
    look(page)
    answer_second_step(page, secret=secret)
    page.wait_for_url("**/admin/**")
    page.goto(address)
    expect(page.get_by_role("heading", name=f"Review: {TITLE}")).to_be_visible()
    expect(page.locator(".review")).to_contain_text(MESSAGE)
    shoot(page, "admin-review-with-picture")
    expect(page.get_by_role("img", name="A river between two green banks")).to_be_visible()
    press(page, "Validate")
    expect(page.get_by_text("The organiser is told by mail.")).to_be_visible()


def support_campaign(
    simulator: PostalSimulator, new_page: NewPage, *, address: str, said: str
) -> list[tuple[Page, str]]:
    """Four people on four networks lend an account, each on a phone; the last takes it back.

    Gives the pages of the three who stay, with the words each agreed to.
    """
    bea = simulator.open_accounts(network="bluesky", names=["bea"])[0]["handle"]
    hosts = {kind: simulator.get_instance(kind)["instance"] for kind in ("mastodon", "gotosocial")}
    voices = [
        ("Mastodon", hosts["mastodon"], "sam", "", SAM),
        ("Bluesky", bea, bea, OWN_WORDS, ""),
        ("Mastodon", hosts["gotosocial"], "gus", "", ""),
        ("Mastodon", hosts["mastodon"], "wim", "", ""),
    ]
    stayed = []
    for network, server, account, own_words, email in voices:
        page = new_page(viewport=PHONE)
        lend(page, campaign=address, network=network, address=server, account=account, look=look)
        words = f"{own_words}\n\n{said}" if own_words else said
        agree(page, words=words, own_words=own_words, email=email)
        stayed.append((page, words))
    page, _ = stayed.pop()
    withdraw(page)
    assert simulator.wait_for_mail(SAM, subject=TITLE)["to"] == [SAM]
    return stayed


def agree(page: Page, *, words: str, own_words: str, email: str) -> None:
    """Read exactly what will be posted, and say yes to it."""
    if own_words:
        page.get_by_label("What you say").fill(f"{own_words}\n\n{MESSAGE}")
    post = page.locator("#exact").get_by_role("article")
    expect(post.locator(".post__text")).to_have_text(words, use_inner_text=True)
    page.get_by_label("Show my name among the supporters.").check()
    page.get_by_label("E-mail for a receipt").fill(email)
    look(page)
    press(page, re.compile("^Yes, post this from"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: your voice is lent")
    look(page)


def withdraw(page: Page) -> None:
    """Think again."""
    page.goto("/me/pledges/")
    look(page)
    press(page, "Withdraw this pledge")
    expect(page.get_by_role("status")).to_contain_text("Withdrawn: nothing will be posted")
    look(page)
    assert Pledge.objects.filter(state=PledgeState.WITHDRAWN).count() == 1


def watch_launch(page: Page, simulator: PostalSimulator, *, campaign: Campaign) -> None:
    """The launch room: the countdown, then the crowd, without a click."""
    simulator.set_faults(SLOW)
    move_launch(campaign, seconds=LAUNCH_SECONDS)
    page.goto(campaign.get_absolute_url())
    look(page)
    follow(page, "Go to the launch room")
    expect(page.get_by_role("timer")).to_be_visible()
    look(page)
    expect(page.get_by_text("It is being said now")).to_be_visible(timeout=40_000)
    look(page)
    expect(page.get_by_text("It has been said")).to_be_visible(timeout=40_000)
    look(page)


def read_results(
    page: Page, site: Product, simulator: PostalSimulator, *, campaign: Campaign
) -> None:
    """The results say what the networks have: three posts, each once, in the agreed words."""
    results = site.read_results(campaign.slug)
    assert results["state"] == "finished"
    assert results["pledges"] == results["tally"]["sent"] == 3
    posts = simulator.list_posts()
    said = find_words(site)
    assert sorted(post["text"] for post in posts) == sorted([said, said, f"{OWN_WORDS}\n\n{said}"])
    [short] = {part for part in said.split() if "/go/" in part}
    answer = page.request.get(short, max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (302, LINK)
    assert len({post["account"] for post in posts}) == 3
    assert simulator.summarise()["duplicates"] == 0
    page.goto(f"{campaign.get_absolute_url()}results/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 voices.")
    expect(page.locator("#posts + .feed li")).to_have_count(3)
    look(page)
    page.goto(campaign.get_absolute_url())
    expect(page.get_by_text("posts were made")).to_be_visible()
    look(page)


def read_receipt(page: Page, *, words: str) -> None:
    """What was posted in this person's name, with the way to the post itself."""
    page.goto("/me/receipts/")
    receipt = page.get_by_role("article")
    expect(receipt).to_have_count(1)
    expect(receipt.locator(".post__text")).to_have_text(words, use_inner_text=True)
    expect(receipt).to_contain_text("after the announced moment")
    look(page)


def look_behind(page: Page, simulator: PostalSimulator) -> None:
    """The simulator's own pages, which whoever tries the demo sees: wall, mailbox, one mail."""
    mail = simulator.list_mails(OLIVE)[0]["id"]
    for name, path in (("wall", "/"), ("mails", "/mail"), ("mail", f"/mail/{mail}")):
        answer = page.goto(f"{simulator.url}{path}")
        assert answer is not None
        assert answer.ok
        look(page)
        shoot(page, name)


def draw_picture() -> bytes:
    """A picture as somebody would upload it."""
    sheet = BytesIO()
    Image.new("RGB", (1600, 900), "seagreen").save(sheet, "JPEG")
    return sheet.getvalue()
