"""Supporting on a phone: four taps and one authorisation, and a way on from every way back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from campaigns.models import Campaign
from supporters.models import AccountState, LinkedAccount, LinkRequest, Pledge
from tests.browser.acting import follow, press
from tests.browser.conftest import make_user
from tests.browser.looking import PHONE, look, shoot
from tests.browser.posting import PostalSimulator
from tests.browser.tapping import take_phone
from tests.browsing import NewPage
from tests.making import link_mastodon, make_campaign
from tests.platforms import name_settings
from tests.processes import Product

# A network where one says on which server an account lives, one where one says which account, one
# where neither is asked, and the label of each. `tests/supporters/test_returning.py` has them all.
KINDS = {"mastodon": ("Mastodon", True), "bluesky": ("Bluesky", True), "x": ("X", False)}
MOST_TAPS = 4
MOST_SECONDS = 10  # of 30: the rest is for reading and typing
AGREE = re.compile("^Yes, post this from")
WHICH = "Which account do you lend?"
READ = "Read what will be said in your name"
OWN_WORDS = "I swim in it.\n\nLet the river run clean."


@pytest.fixture
def switches(simulator: PostalSimulator) -> dict[str, str]:
    """Every network can be lent on."""
    return name_settings(simulator)


@pytest.fixture
def campaign(web: Product, olive: User) -> Campaign:
    """In public, and open for an hour."""
    return make_campaign(olive)


def open_account(simulator: PostalSimulator, kind: str, *, name: str = "sam") -> tuple[str, str]:
    """An account on a server of that kind: what its owner types here, and is called there."""
    instance = simulator.get_instance(kind)
    (account,) = simulator.open_accounts(instance=instance["instance"], names=[name])
    if kind == "bluesky":
        return account["handle"], account["handle"]
    return instance["instance"], name


def choose_network(page: Page, kind: str, *, typed: str) -> None:
    """From the page of networks to one of them."""
    label, is_asked = KINDS[kind]
    if is_asked:
        page.locator(f"#{kind}_address").fill(typed)
    press(page, f"Lend my {label} account")


def answer(page: Page, decision: str = "Allow", *, account: str) -> None:
    """Decide on the network's own page."""
    page.get_by_label("Your account here").fill(account)
    press(page, decision)


def expect_reading(page: Page, *handles: str) -> None:
    """The page with the exact words, for these accounts alone."""
    expect(page.get_by_role("heading", level=1)).to_have_text(READ)
    posts = page.locator("#exact").get_by_role("article")
    expect(posts).to_have_count(len(handles))
    for post, handle in zip(posts.all(), handles, strict=True):
        expect(post).to_contain_text(handle)


def expect_choice(page: Page, said: str) -> None:
    """The page of networks, with what happened; by the door that its reader came in by."""
    expect(page.get_by_role("heading", level=1)).to_have_text(WHICH)
    expect(page.get_by_role("alert").first).to_contain_text(said)
    assert page.url.endswith("/support/?from=poster")


def test_support_takes_four_taps_and_one_authorisation(
    web: Product,
    simulator: PostalSimulator,
    new_page: NewPage,
    campaign: Campaign,
) -> None:
    """On a phone, by somebody whom nobody here knows."""
    for kind, (label, is_asked) in KINDS.items():
        hand = take_phone(new_page)
        page = hand.page
        typed, account = open_account(simulator, kind)
        page.goto(campaign.get_absolute_url())
        button = page.get_by_role("button", name=f"Lend my {label} account")
        lend = page.get_by_role("complementary", name="Lend my account").get_by_role("link")
        hand.tap(lend, until=button)
        if is_asked:
            hand.write(page.locator(f"#{kind}_address"), typed)
        theirs = page.get_by_label("Your account here")
        hand.tap(button, until=theirs)
        is_known = bool(theirs.input_value())  # Bluesky is told whose page it is to show
        if not is_known:
            hand.write(theirs, account)
        agree = page.get_by_role("button", name=AGREE)
        hand.tap(page.get_by_role("button", name="Allow"), until=agree)
        expect(page.locator("#exact")).to_contain_text(campaign.revision.message)
        hand.tap(agree, until=page.get_by_role("heading", name="Thank you: your voice is lent"))

        network = simulator.get_instance(kind)["url"]
        ours = hand.list_taps(web.url)
        assert len(ours) == (MOST_TAPS if is_asked else MOST_TAPS - 1), ours
        # Whoever is signed in at a network is not asked for a name there; the simulator asks.
        assert hand.list_taps(network) == (["Allow"] if is_known else ["", "Allow"])
        assert len(hand.taps) == len(ours) + 2 - is_known
        assert {tap.pointer for tap in hand.taps} == {"touch"}
        assert len([visit for visit in hand.visits if visit.startswith(network)]) == 1
        assert not [visit for visit in hand.visits if "/account/" in visit]
        assert hand.waited_seconds < MOST_SECONDS
        print(f"{label}: {len(ours)} taps, {hand.waited_seconds:.1f} s of waiting")
        page.close()
    assert Pledge.objects.filter(campaign=campaign).count() == len(KINDS)


def test_who_is_denied_or_meets_an_error_goes_on_with_one_press(
    web: Product, simulator: PostalSimulator, new_page: NewPage, campaign: Campaign
) -> None:
    """What was typed stands there; nothing is stored until it is allowed."""
    for kind, (label, is_asked) in KINDS.items():
        page = new_page(viewport=PHONE)
        typed, account = open_account(simulator, kind)
        page.goto(f"{campaign.get_absolute_url()}support/?from=poster")
        choose_network(page, kind, typed=typed)
        answer(page, "Deny", account=account)
        expect_choice(page, "You did not allow it")
        look(page)
        assert not LinkedAccount.objects.filter(network=kind).exists()

        press(page, f"Lend my {label} account")
        simulator.set_faults({"500_before": 1, "endpoints": "token"})
        answer(page, account=account)
        expect_choice(page, "Nothing was stored. Please start again.")
        simulator.clear_faults()

        if is_asked:
            expect(page.locator(f"#{kind}_address")).to_have_value(typed)
        press(page, f"Lend my {label} account")
        answer(page, account=account)
        expect_reading(page, LinkedAccount.objects.latest("linked_at").handle)
        assert "from=poster" in page.url
        page.close()
    assert LinkedAccount.objects.count() == len(KINDS)


def test_a_network_that_is_away_is_told_where_it_was_typed(
    web: Product, simulator: PostalSimulator, new_page: NewPage, campaign: Campaign
) -> None:
    page = new_page(viewport=PHONE)
    for kind in ("mastodon", "bluesky"):
        typed, _account = open_account(simulator, kind)
        simulator.set_faults({"500_before": 1, "endpoints": "all"})
        page.goto(f"{campaign.get_absolute_url()}support/")
        choose_network(page, kind, typed=typed)
        field = page.locator(f"#{kind}_address")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_value(typed)
        look(page)
        simulator.clear_faults()
        press(page, f"Lend my {KINDS[kind][0]} account")
        expect(page.get_by_label("Your account here")).to_be_visible()


def test_a_way_back_that_is_over_says_so_and_keeps_what_was_typed(
    web: Product, simulator: PostalSimulator, new_page: NewPage, campaign: Campaign
) -> None:
    """Expired, used already, or opened by another browser of the same phone."""
    page, other = new_page(viewport=PHONE), new_page(viewport=PHONE)
    typed, account = open_account(simulator, "mastodon")
    back: list[str] = []
    page.on("request", lambda request: back.append(request.url))

    page.goto(f"{campaign.get_absolute_url()}support/?from=poster")
    choose_network(page, "mastodon", typed=typed)
    request = LinkRequest.objects.get()
    LinkRequest.objects.update(asked_at=request.asked_at - timedelta(minutes=16))
    answer(page, account=account)
    expect_choice(page, "The authorisation took longer than 15 minutes.")
    expect(page.locator("#mastodon_address")).to_have_value(typed)
    look(page)
    shoot(page, "support-came-back")

    way = next(url for url in back if "/link/mastodon/return/" in url)
    page.goto(way)
    expect_choice(page, "This way back was used already")
    expect(page.locator("#mastodon_address")).to_have_value(typed)

    press(page, "Lend my Mastodon account")
    fields = page.locator("form [name=state]")
    state = fields.get_attribute("value")
    other.goto(f"/link/mastodon/return/?code=anything&state={state}")
    expect(other.get_by_role("heading", level=1)).to_have_text(WHICH)
    expect(other.get_by_role("alert")).to_contain_text("belongs to another browser")
    assert not LinkedAccount.objects.exists()
    answer(page, account=account)
    expect_reading(page, f"@sam@{typed}")


def test_who_closes_the_tab_finds_everything_again(
    web: Product, simulator: PostalSimulator, new_page: NewPage, campaign: Campaign
) -> None:
    """At the network, and on the page with the words: from the campaign's page, as if new."""
    page = new_page(viewport=PHONE)
    typed, account = open_account(simulator, "mastodon")
    page.goto(f"{campaign.get_absolute_url()}support/")
    choose_network(page, "mastodon", typed=typed)
    expect(page.get_by_label("Your account here")).to_be_visible()

    page = reopen(page, campaign)
    expect(page.locator("#mastodon_address")).to_have_value(typed)
    press(page, "Lend my Mastodon account")
    answer(page, account=account)
    page.get_by_label("What you say").fill(OWN_WORDS)
    page.get_by_label("Show my name among the supporters.").check()
    expect(page.locator("#exact")).to_contain_text("I swim in it.")

    page = reopen(page, campaign)
    press(page, "Read what would be posted")
    expect(page.get_by_label("What you say")).to_have_value(OWN_WORDS)
    expect(page.locator("#exact")).to_contain_text("I swim in it.")
    press(page, AGREE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: your voice is lent")
    assert Pledge.objects.get().text.startswith(OWN_WORDS)


def reopen(page: Page, campaign: Campaign) -> Page:
    """Close the tab, and come to the campaign's page in another one of the same browser."""
    context = page.context
    page.close()
    page = context.new_page()
    page.goto(campaign.get_absolute_url())
    follow(page, re.compile("^Lend (my|another) account$"))
    return page


def test_who_comes_back_as_another_account_is_told_and_chooses(
    web: Product, simulator: PostalSimulator, new_page: NewPage, campaign: Campaign
) -> None:
    """Both accounts are read together, in the words written before, and one is left out."""
    page = new_page(viewport=PHONE)
    host, _account = open_account(simulator, "mastodon")
    open_account(simulator, "mastodon", name="kim")
    sam, kim = f"@sam@{host}", f"@kim@{host}"
    page.goto(f"{campaign.get_absolute_url()}support/")
    choose_network(page, "mastodon", typed=sam)
    answer(page, account="kim")
    expect_reading(page, kim)
    expect(page.get_by_role("status").first).to_contain_text(f"came back as {kim}, not as {sam}")
    look(page)
    page.get_by_label("What you say").fill(OWN_WORDS)
    press(page, "Lend other accounts, or another one as well")
    choose_network(page, "mastodon", typed=sam)
    answer(page, account="sam")
    expect_reading(page, kim, sam)
    expect(page.locator("#exact")).to_contain_text("I swim in it.")
    look(page)
    press(page, f"Leave {kim} out")
    expect_reading(page, sam)
    press(page, AGREE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: your voice is lent")
    assert Pledge.objects.get().account.handle == sam


def test_another_account_than_was_asked_for_or_free_is_refused_with_a_way_on(
    web: Product, simulator: PostalSimulator, new_page: NewPage, campaign: Campaign
) -> None:
    """Bluesky knows whom it was asked for; some accounts are somebody's already."""
    page = new_page(viewport=PHONE)
    bea, _ = open_account(simulator, "bluesky", name="bea")
    ivo, _ = open_account(simulator, "bluesky", name="ivo")
    page.goto(f"{campaign.get_absolute_url()}support/?from=poster")
    choose_network(page, "bluesky", typed=bea)
    answer(page, account=ivo)
    expect_choice(page, "You authorised another account than")
    expect(page.locator("#bluesky_address")).to_have_value(bea)

    link_mastodon(simulator, make_user("gus@example.org", "Gus"), "gus")
    host, _ = open_account(simulator, "mastodon")
    choose_network(page, "mastodon", typed=host)
    answer(page, account="gus")
    expect_choice(page, "sign in with your e-mail address first")
    follow(page, "sign in first")
    expect(page.locator("#id_login")).to_be_visible()
    page.go_back()

    choose_network(page, "mastodon", typed=host)
    answer(page, account="sam")
    LinkedAccount.objects.filter(handle__startswith="@sam@").update(state=AccountState.NEEDS_RELINK)
    page.goto(f"{campaign.get_absolute_url()}support/?from=poster")
    press(page, re.compile("^Authorise @sam@.* again$"))
    answer(page, account="gus")
    expect_choice(page, "already lent by somebody else here")
    press(page, re.compile("^Authorise @sam@.* again$"))
    answer(page, account="ada")
    expect_reading(page, f"@ada@{host}")
    expect(page.get_by_role("status").first).to_contain_text(f"not as @sam@{host}")
