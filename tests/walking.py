"""What people do on our pages, in a real browser: sign in, write a campaign, review it, lend.

Shared by ``tests/browser`` and ``tests/real``. Everything is found as a reader finds it, by role
and label, in English; pages are those of ``tests/browsing.py``. Each function returns once the page
that follows is there.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from accounts.models import User

PASSWORD = "correct horse battery"
CODE_PERIOD_SECONDS = 30
CODE_LEFT_SECONDS = 5


def find_tomorrow_noon() -> datetime:
    """Noon of tomorrow, UTC: far enough for every page to call it the future."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return tomorrow.replace(hour=12, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What an organiser answers in the wizard. ``theme`` is a label; "" takes the first theme.

    ``wordings`` come after the message; ``launch_at`` is UTC, of whole minutes.
    """

    title: str = "Let the river run clean"
    summary: str = "Three barriers would stop the plastic before it reaches the sea."
    story: str = "The river runs through **eleven** towns.\n\nThree barriers would do."
    message: str = "Three barriers would stop the plastic before the sea."
    wordings: tuple[str, ...] = ()
    link: str = "https://example.org/river?from=voices&lang=en"
    hashtag: str = "cleanriver"
    counts_clicks: bool = False
    theme: str = ""
    launch_at: datetime = field(default_factory=find_tomorrow_noon)
    threshold: int | None = None


def sign_in(
    page: Page, *, email: str, password: str = PASSWORD, secret: str = "", to: str = ""
) -> None:
    """Sign in by e-mail; with ``secret``, type the code of the second factor as well.

    ``to`` is a page that asks people to sign in, by default the sign-in page itself.
    """
    page.goto(to or "/account/login/")
    page.get_by_role("textbox", name=re.compile("^e-?mail", re.IGNORECASE)).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    press(page, "Sign in")
    if secret:
        code = page.get_by_role("textbox", name=re.compile("^code", re.IGNORECASE))
        code.wait_for()
        code.fill(write_code(secret))
        press(page, "Sign in")
    page.wait_for_url(lambda url: "/account/login/" not in url and "/authenticate/" not in url)


def add_second_factor(person: User) -> str:
    """Give a person an authenticator app, directly in the database; returns its secret."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    secret: str = generate_totp_secret()
    TOTP.activate(person, secret)
    return secret


def write_code(secret: str) -> str:
    """Give the six digits that the app shows now, with at least a few seconds left to type them."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    left = CODE_PERIOD_SECONDS - time.time() % CODE_PERIOD_SECONDS
    if left < CODE_LEFT_SECONDS:
        time.sleep(left)
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // CODE_PERIOD_SECONDS))
    return code


def write_campaign(page: Page, draft: Draft) -> str:
    """Walk through the wizard from its first question to its last page; returns the campaign's uid.

    The page must be signed in. Nothing is sent for review yet.
    """
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Start one").click()
    themes = page.get_by_role("radio")
    chosen = page.get_by_role("radio", name=draft.theme) if draft.theme else themes.first
    chosen.check()
    press(page, "Begin and tell the story")
    fill(page, "Title", draft.title)
    fill(page, "Summary", draft.summary)
    fill(page, "Story", draft.story)
    press(page, "Save and write the message")
    fill(page, "The message", draft.message)
    for position, wording in enumerate(draft.wordings, start=2):
        fill(page, f"Wording {position}", wording)
        press(page, "Save, and add another wording")
        page.get_by_label(f"Wording {position + 1}", exact=True).wait_for()
    fill(page, "Link", draft.link)
    fill(page, "Hashtag", draft.hashtag)
    page.get_by_label("Count how often the link is followed").set_checked(draft.counts_clicks)
    press(page, "Save and choose the moment")
    fill(page, "Day", f"{draft.launch_at:%Y-%m-%d}")
    fill(page, "Time", f"{draft.launch_at:%H:%M}")
    page.get_by_label("Time zone", exact=True).select_option("UTC")
    if draft.threshold is not None:
        fill(page, "Goal: how many people it takes", str(draft.threshold))
    press(page, "Save and check everything")
    page.get_by_role("heading", name="Check and send").wait_for()
    found = re.search(r"/campaigns/([0-9a-f-]{36})/edit/check/", page.url)
    assert found is not None, page.url
    return found[1]


def send_for_review(page: Page) -> None:
    """Press the button on the wizard's last page."""
    press(page, "Send for review")
    page.get_by_role("heading", name="It is being reviewed").wait_for()


def validate_campaign(page: Page, title: str) -> None:
    """Find a campaign in the admin's queue, and validate it; the page must be signed in."""
    page.goto("/admin/")
    page.get_by_role("link", name="Revisions to review", exact=True).first.click()
    row = page.get_by_role("row").filter(has_text=title)
    row.get_by_role("link", name="Review", exact=True).click()
    press(page, "Validate")
    page.get_by_text("The organiser is told by mail").wait_for()


def ask_to_lend(page: Page, slug: str, *, network: str, address: str) -> None:
    """Go from a campaign's page to a network's own, for the account at ``address``.

    ``network`` is its label. Returns as soon as the button is pressed; the next page is the
    network's, or ours with what is wrong.
    """
    page.goto(f"/campaigns/{slug}/")
    side = page.get_by_role("complementary", name="Supporters and launch")
    side.get_by_role("link", name=re.compile("^Lend (my|another) account$")).click()
    ask_to_link(page, network=network, address=address)


def ask_to_link(page: Page, *, network: str, address: str) -> None:
    """Fill in the form of one network on the page that is open, and press its button.

    The button lends, links or lets in, as the page has it; on My pledges it may be folded away.
    """
    button = page.locator("button", has_text=re.compile(rf"\bmy {network} account$"))
    form = page.locator("form").filter(has=button)
    form.wait_for(state="attached")
    if not button.is_visible():
        page.get_by_text("Link another account", exact=True).click()
    form.get_by_role("textbox").fill(address)
    button.click()


def read_posts(page: Page) -> list[str]:
    """Give the exact words of every post that the page shows, in its order."""
    posts: Locator = page.get_by_role("article").locator(".post__text")
    posts.first.wait_for()
    return [words.strip() for words in posts.all_text_contents()]


def agree(
    page: Page,
    *,
    wording: str = "",
    own_words: str = "",
    is_shown: bool = False,
    receipt_email: str = "",
) -> list[str]:
    """Agree to what is shown on the page of the exact words; returns those words.

    ``wording`` is chosen first, by its words. ``own_words`` are written in front of the chosen
    ones. Both are waited for in the post that the page then shows.
    """
    page.get_by_role("heading", name="Read what will be said in your name").wait_for()
    if wording:
        page.get_by_role("radio", name=wording).check()
        page.get_by_role("article").filter(has_text=wording).first.wait_for()
    if own_words:
        field = page.get_by_label("What you say", exact=True).and_(page.locator(":visible"))
        field.fill(f"{own_words}\n\n{field.input_value()}")
        page.get_by_role("article").filter(has_text=own_words).first.wait_for()
    words = read_posts(page)
    if is_shown:
        page.get_by_label("Show my name among the supporters.").check()
    if receipt_email:
        fill(page, "E-mail for a receipt, if you want one", receipt_email)
    page.get_by_role("button", name=re.compile("^Yes, post this from")).click()
    page.get_by_role("heading", name="Thank you").wait_for()
    return words


def unlink(page: Page, handle: str) -> None:
    """Give an account back, on the page of My pledges."""
    page.goto("/me/pledges/")
    button = page.locator("button", has_text=f"Unlink {handle}")
    page.locator("details").filter(has=button).locator("summary").click()
    button.click()
    page.get_by_text(f"{handle} is unlinked").wait_for()


def press(page: Page, name: str) -> None:
    """Press the button with exactly this name."""
    page.get_by_role("button", name=name, exact=True).click()


def fill(page: Page, label: str, text: str) -> None:
    """Type into the field with exactly this label."""
    page.get_by_label(label, exact=True).fill(text)
