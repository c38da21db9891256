"""Every page with what is hard on it: names in Arabic, Japanese and of 60 letters; 0, 1, 999 and
54,321 supporters; with a picture and without; on a phone, a tablet and a desk.

Read without JavaScript: in French, which has the longer words, at every width and in the dark; in
English on a phone. What a page offers with scripts is there without them.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from playwright.sync_api import Page

from accounts.models import User
from campaigns.models import Campaign
from supporters.models import LinkedAccount
from tests.browser.acting import come_in, move_launch
from tests.browser.conftest import make_user
from tests.browser.crowding import LONGEST, crowd_site
from tests.browser.looking import PICTURES
from tests.browser.scanning import WIDTHS, find_flaws, list_offers
from tests.browsing import NewPage
from tests.processes import Product

PHONE = WIDTHS[:1]
OPEN = ("open-0", "open-1", "open-999", "open-54321")
WITH_A_PAGE = (*OPEN, "firing", "held", "finished", "missed", "cancelled")
# Kept to be looked at, in var/screenshots.
KEPT = {"home", "explore", "open-54321", "open-999", "firing-launch", "finished-results", "desk"}
# The public pages to which scripts add something, one of each kind.
SCRIPTED = {"home", "open-54321", "support", "firing", "firing-launch", "finished-results"}
CROWD = {"en": "54,321", "fr": "54\u202f321"}


@pytest.fixture
def olive(transactional_db: None) -> User:
    """Organises, under the longest name."""
    return make_user("olive@example.org", LONGEST)


@pytest.fixture
def crowded(web: Product, olive: User, rae: User) -> dict[str, Campaign]:
    """Campaigns in every state."""
    return crowd_site(olive, rae, media=web.folder / "media")


def read(page: Page, pages: Iterable[tuple[str, str]]) -> list[str]:
    """Open each page in both languages; gives what is wrong with it, a sentence each."""
    flaws = []
    for language, widths, scheme in (("fr", WIDTHS, "dark"), ("en", PHONE, "light")):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for name, address in pages:
            page.goto(f"{address}{'&' if '?' in address else '?'}language={language}")
            flaws += [f"{name}, {language}, {each}" for each in find_flaws(page, widths=widths)]
            if CROWD["en"].replace(",", "") in name and CROWD[language] not in page.inner_text(
                "body"
            ):
                flaws.append(f"{name}, {language}: not {CROWD[language]} supporters")
            if name in KEPT:
                page.screenshot(path=PICTURES / f"crowded-{name}-{language}.png", full_page=True)
    return flaws


def list_public(crowded: dict[str, Campaign]) -> list[tuple[str, str]]:
    """What anybody may read: its name, its address."""
    full = crowded["open-54321"].get_absolute_url()
    pages = [("home", "/"), ("explore", "/campaigns/"), ("past", "/campaigns/?state=past")]
    pages += [(name, crowded[name].get_absolute_url()) for name in WITH_A_PAGE]
    pages += [
        (part, f"{full}{part}/")
        for part in ("support", "supporters", "embed", "report", "remind", "launch")
    ]
    pages += [
        (f"{name}-{part}", f"{crowded[name].get_absolute_url()}{part}/")
        for name in ("firing", "held", "finished", "missed")
        for part in (("launch",) if name == "held" else ("launch", "results"))
    ]
    return pages


def test_what_anybody_reads_holds_the_hardest_names(
    new_page: NewPage, crowded: dict[str, Campaign]
) -> None:
    page = new_page(java_script_enabled=False)
    last_minute = crowded["last-minute"]
    move_launch(last_minute, seconds=50)
    address = last_minute.get_absolute_url()
    near = [("last-minute", address), ("last-minute-launch", f"{address}launch/")]
    flaws = read(page, [*near, *list_public(crowded)])
    # A poster speaks the campaign's own language, and takes no other.
    page.goto(f"{crowded['open-999'].get_absolute_url()}poster/")
    flaws += [f"poster, {each}" for each in find_flaws(page)]
    assert not flaws, "\n".join(flaws)


def test_what_is_ones_own_holds_the_hardest_names(
    new_page: NewPage, crowded: dict[str, Campaign], olive: User
) -> None:
    writing, reading = crowded["changes_asked"], crowded["in_review"]
    coming, held = crowded["open-999"], crowded["held"]
    page = new_page(java_script_enabled=False)
    come_in(page, olive)
    flaws = read(
        page,
        [
            ("desk", "/desk/"),
            *(
                (f"wizard-{step}", f"/campaigns/{writing.uid}/edit/{step}/")
                for step in ("story", "message", "moment", "check")
            ),
            ("wizard-in-review", f"/campaigns/{reading.uid}/edit/check/"),
            ("preview", crowded["draft"].get_absolute_url()),
            ("new", "/campaigns/new/"),
            ("doors", f"/desk/{coming.uid}/doors/"),
            ("news", f"/campaigns/{coming.uid}/news/"),
            ("held-launch-own", f"{held.get_absolute_url()}launch/"),
            ("results-own", f"{crowded['finished'].get_absolute_url()}results/"),
        ],
    )
    account = LinkedAccount.objects.order_by("pk")[0]
    supporter = new_page(java_script_enabled=False)
    come_in(supporter, account.person)
    empty = crowded["open-0"].get_absolute_url()
    flaws += read(
        supporter,
        [
            ("support-linked", f"{empty}support/"),
            ("agree", f"{empty}support/agree/?account={account.pk}"),
            ("thanks", f"{coming.get_absolute_url()}support/thanks/"),
            ("pledges", "/me/pledges/"),
            ("receipts", "/me/receipts/"),
        ],
    )
    assert not flaws, "\n".join(flaws)


def test_everything_a_page_offers_is_there_without_scripts(
    new_page: NewPage, crowded: dict[str, Campaign], olive: User
) -> None:
    with_scripts, without = new_page(), new_page(java_script_enabled=False)
    pages = [each for each in list_public(crowded) if each[0] in SCRIPTED]
    writing = crowded["changes_asked"]
    steps = ("story", "message", "moment", "check")
    own = [(step, f"/campaigns/{writing.uid}/edit/{step}/") for step in steps] + [
        ("desk", "/desk/")
    ]
    missing = []
    for name, address in [*pages, *own]:
        if (name, address) == own[0]:
            come_in(with_scripts, olive)
            come_in(without, olive)
        offers = []
        for opened in (with_scripts, without):
            # A tab of its own: a launch room may be on its way to somewhere else by itself.
            with opened.context.new_page() as page:
                page.goto(address)
                offers.append(list_offers(page))
        assert offers[1], f"{name} offers nothing"
        missing += [f"{name}: {each}" for each in sorted(offers[0] - offers[1])]
    assert not missing, "\n".join(missing)
