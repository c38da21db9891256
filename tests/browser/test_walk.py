"""From a sign-up to the thunderclap, each person in a browser of their own, nothing short-cut.

Only the campaign's moment is brought near once everybody has agreed, so that nobody waits for it.
"""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal import auth as totp
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState, Theme
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
from tests.browser.looking import DESKTOP, PHONE, find_french_troubles, look, shoot
from tests.browser.posting import PostalSimulator, find_link
from tests.browser.speaking import LOCALES, find_language, match, open_page, say, say_in
from tests.browsing import NewPage
from tests.processes import Product

OLIVE = "olive@river.example"
SAM = "sam@supporters.example"
TITLE = "Let the river run clean"
MESSAGE = "Three barriers would stop the plastic before the sea. Build them this year."
LINK = "https://river.example/barriers"
AGREE = "Yes, post this from %(handle)s on %(day)s at %(time)s"
WITHDRAWN = "Withdrawn: nothing will be posted from %(handle)s for this campaign."
LAG = '<span class="figure">%(lag)s</span> after the announced moment'
OWN_WORDS = "I swim in it every summer."
LAUNCH_SECONDS = 10
# So slow that the launch room can be watched while the posts are on their way.
SLOW = {"latency_ms": 3_000}


@pytest.mark.parametrize("language", LOCALES)
def test_a_draft_becomes_a_thunderclap(
    site: Product, simulator: PostalSimulator, new_page: NewPage, rae: User, language: str
) -> None:
    rae.language = language
    rae.save(update_fields=["language"])
    organiser = open_page(new_page, language, viewport=DESKTOP)
    sign_up(organiser, simulator, name="Olive Hartnell", email=OLIVE, look=look_at)
    write_campaign(organiser, site, theme=say_theme(language))
    review_campaign(open_page(new_page, language, viewport=DESKTOP), simulator, reviewer=rae)

    mail = simulator.wait_for_mail(OLIVE, subject=TITLE)
    address = find_link(mail, holding="/campaigns/let-the-river-run-clean/")
    campaign = Campaign.objects.get(slug="let-the-river-run-clean")
    assert campaign.state == CampaignState.SCHEDULED

    supporters = support_campaign(
        simulator, new_page, language, address=address, said=find_words(site)
    )
    reader = open_page(new_page, language, viewport=DESKTOP)
    watch_launch(reader, simulator, campaign=campaign)
    read_results(reader, site, simulator, supporters=supporters, campaign=campaign)
    for page, words in supporters:
        read_receipt(page, words=words)
    posted = say_in(language, "Posted: %(title)s", title=TITLE)
    assert MESSAGE in simulator.wait_for_mail(SAM, subject=posted)["text"]
    launched = say_in(language, "Launched: %(title)s", title=TITLE)
    told = simulator.wait_for_mail(OLIVE, subject=launched)
    number = len(supporters)
    out = "Posts that are out: %(sent)s of %(pledges)s."
    assert say_in(language, out, sent=number, pledges=number) in told["text"]
    if language == "en":  # the simulator speaks no other
        look_behind(reader, simulator)


def look_at(page: Page) -> None:
    """Look at a page whose colours and widths are looked at in English: is it in French at all?"""
    if find_language(page) == "en" or is_network(page):
        look(page)
        return
    troubles = find_french_troubles(page)
    assert not troubles, f"{page.url}\n" + "\n".join(troubles)


def is_network(page: Page) -> bool:
    """Whether this is the simulator's page."""
    return "/oauth/" in page.url


def say_theme(language: str) -> str:
    """The name of the theme that the campaign is about."""
    theme = Theme.objects.get(slug="environment")
    return theme.name_fr if language == "fr" else theme.name_en


def find_words(site: Product) -> str:
    """The exact words; the link in them is a short one of the site, which counts its clicks."""
    path = urlsplit(Campaign.objects.get().revision.short_link).path
    assert path.startswith("/go/")
    return f"{MESSAGE}\n\n{site.url}{path} #CleanRiver"


def write_campaign(page: Page, site: Product, *, theme: str) -> None:
    """Every step of the wizard; in the middle of the third the organiser goes away and comes back.

    Ends with the campaign in review.
    """
    follow(page, say(page, "Start my first campaign"))
    look_at(page)
    page.get_by_label(theme).check()
    press(page, say(page, "Begin and tell the story"))

    press(page, say(page, "Save and write the message"))
    expect(page.get_by_role("alert").first).to_contain_text(say(page, "Give the campaign a title."))
    look_at(page)
    page.get_by_label(say(page, "Title")).fill(TITLE)
    page.get_by_label(say(page, "Summary")).fill(
        "Three barriers would stop the plastic before the sea."
    )
    page.get_by_label(say(page, "Story")).fill(
        "The river runs through **eleven** towns.\n\nIt is *ours*."
    )
    page.get_by_label(say(page, "Picture"), exact=True).set_input_files(
        {"name": "river.jpg", "mimeType": "image/jpeg", "buffer": draw_picture()}
    )
    page.get_by_label(say(page, "What the picture shows")).fill("A river between two green banks")
    look_at(page)
    press(page, say(page, "Save and write the message"))

    page.get_by_label(say(page, "The message"), exact=True).fill(MESSAGE)
    page.get_by_label(say(page, "Hashtag")).fill("CleanRiver")
    expect(page.locator("#saved")).to_have_text(say(page, "Saved a moment ago"))
    expect(page.get_by_role("article").first).to_contain_text("#CleanRiver")
    follow(page, say(page, "Desk"))
    look_at(page)
    follow(page, say(page, "Go on writing"))
    follow(page, say(page, "Message"))
    expect(page.get_by_label(say(page, "The message"), exact=True)).to_have_value(MESSAGE)
    expect(page.get_by_label(say(page, "Hashtag"))).to_have_value("#CleanRiver")
    page.get_by_label(say(page, "Link"), exact=True).fill("river.example/barriers")
    look_at(page)
    press(page, say(page, "Save and choose the moment"))

    page.get_by_label(say(page, "Day")).fill(f"{database_now() + timedelta(days=12):%Y-%m-%d}")
    page.get_by_label(say(page, "Time"), exact=True).fill("18:30")
    page.get_by_label(say(page, "Goal")).fill("2")
    look_at(page)
    press(page, say(page, "Save and check everything"))

    expect(page.locator("dl.answers")).to_contain_text(find_words(site))
    look_at(page)
    press(page, say(page, "Send for review"))
    expect(page.get_by_role("heading", level=1)).to_have_text(say(page, "It is being reviewed"))
    look_at(page)


def review_campaign(page: Page, mailbox: PostalSimulator, *, reviewer: User) -> None:
    """The reviewer is mailed, signs in with the second step, reads, and validates."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(reviewer, secret)
    assert reviewer.email is not None
    mail = mailbox.wait_for_mail(reviewer.email, subject=TITLE)
    address = find_link(mail, holding="/admin/")
    page.goto(address)
    look_at(page)
    sign_in(page, email=reviewer.email)
    look_at(page)
    answer_second_step(page, secret=secret)
    page.wait_for_url("**/admin/**")
    page.goto(address)
    expect(page.get_by_role("heading", level=1).filter(has_text=TITLE)).to_be_visible()
    expect(page.locator(".review")).to_contain_text(MESSAGE)
    shoot(page, "admin-review-with-picture")
    expect(page.get_by_role("img", name="A river between two green banks")).to_be_visible()
    press(page, say(page, "Validate"))
    expect(page.locator(".messagelist .success")).to_contain_text(TITLE)


def support_campaign(
    simulator: PostalSimulator, new_page: NewPage, language: str, *, address: str, said: str
) -> list[tuple[Page, str]]:
    """People on different networks lend an account, each on a phone; the last takes it back.

    Four in English, three in French. Gives the pages of those who stay, with the words that each
    agreed to.
    """
    bea = simulator.open_accounts(network="bluesky", names=["bea"])[0]["handle"]
    hosts = {kind: simulator.get_instance(kind)["instance"] for kind in ("mastodon", "gotosocial")}
    voices = [
        ("Mastodon", hosts["mastodon"], "sam", "", SAM),
        ("Bluesky", bea, bea, OWN_WORDS, ""),
        ("Mastodon", hosts["mastodon"], "wim", "", ""),
    ]
    if language == "en":
        voices.insert(2, ("Mastodon", hosts["gotosocial"], "gus", "", ""))
    stayed = []
    for network, server, account, own_words, email in voices:
        page = open_page(new_page, language, viewport=PHONE)
        lend(
            page,
            campaign=address,
            network=network,
            address=server,
            account=account,
            look=look_at,
        )
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
        page.get_by_label(say(page, "What you say")).fill(f"{own_words}\n\n{MESSAGE}")
    post = page.locator("#exact").get_by_role("article")
    expect(post.locator(".post__text")).to_have_text(words, use_inner_text=True)
    page.get_by_label(say(page, "Show my name among the supporters.")).check()
    page.get_by_label(say(page, "E-mail for a receipt, if you want one")).fill(email)
    look_at(page)
    press(page, match(page, AGREE))
    expect(page.get_by_role("heading", level=1)).to_have_text(
        say(page, "Thank you: your voice is lent")
    )
    look_at(page)


def withdraw(page: Page) -> None:
    """Think again."""
    page.goto("/me/pledges/")
    look_at(page)
    press(page, say(page, "Withdraw this pledge"))
    expect(page.get_by_role("status")).to_contain_text(match(page, WITHDRAWN))
    look_at(page)
    assert Pledge.objects.filter(state=PledgeState.WITHDRAWN).count() == 1


def watch_launch(page: Page, simulator: PostalSimulator, *, campaign: Campaign) -> None:
    """From the home page by links alone to the launch room: the countdown, then the crowd."""
    simulator.set_faults(SLOW)
    move_launch(campaign, seconds=LAUNCH_SECONDS)
    page.goto("/")
    look_at(page)
    follow(page, say(page, "Campaigns"))
    look_at(page)
    follow(page, TITLE)
    page.wait_for_url(f"**{campaign.get_absolute_url()}")
    look_at(page)
    follow(page, say(page, "Go to the launch room"))
    expect(page.get_by_role("timer")).to_be_visible()
    look_at(page)
    expect(page.get_by_text(say(page, "It is being said now"))).to_be_visible(timeout=40_000)
    look_at(page)
    expect(page.get_by_text(say(page, "It has been said"))).to_be_visible(timeout=40_000)
    look_at(page)


def read_results(
    page: Page,
    site: Product,
    simulator: PostalSimulator,
    *,
    supporters: list[tuple[Page, str]],
    campaign: Campaign,
) -> None:
    """The results say what the networks have: each post once, in the words that were agreed to."""
    number = len(supporters)
    results = site.read_results(campaign.slug)
    assert results["state"] == "finished"
    assert results["pledges"] == results["tally"]["sent"] == number
    posts = simulator.list_posts()
    said = find_words(site)
    assert sorted(post["text"] for post in posts) == sorted(words for _page, words in supporters)
    [short] = {part for part in said.split() if "/go/" in part}
    answer = page.request.get(short, max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (302, LINK)
    assert len({post["account"] for post in posts}) == number
    assert simulator.summarise()["duplicates"] == 0
    follow(page, say(page, "Read the results"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{number} v")
    expect(page.locator("#posts + .feed li")).to_have_count(number)
    look_at(page)
    follow(page, TITLE)
    expect(page.get_by_text(say(page, "It has been said"))).to_be_visible()
    look_at(page)


def read_receipt(page: Page, *, words: str) -> None:
    """What was posted in this person's name, with the way to the post itself."""
    page.goto("/me/receipts/")
    receipt = page.get_by_role("article")
    expect(receipt).to_have_count(1)
    expect(receipt.locator(".post__text")).to_have_text(words, use_inner_text=True)
    expect(receipt).to_contain_text(match(page, LAG))
    look_at(page)


def look_behind(page: Page, simulator: PostalSimulator) -> None:
    """The simulator's own pages, which whoever tries the demo sees: wall, mailbox, one mail."""
    mail = simulator.list_mails(OLIVE)[0]["id"]
    for name, path in (("wall", "/"), ("mails", "/mail"), ("mail", f"/mail/{mail}")):
        answer = page.goto(f"{simulator.url}{path}")
        assert answer is not None
        assert answer.ok
        look_at(page)
        shoot(page, name)


def draw_picture() -> bytes:
    """A picture as somebody would upload it."""
    sheet = BytesIO()
    Image.new("RGB", (1600, 900), "seagreen").save(sheet, "JPEG")
    return sheet.getvalue()
