"""What people do on the site, in their browsers: each verb here is one person's errand."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, Revision
from supporters.models import AssistedPledge, Pledge
from tests.browser.conftest import PASSWORD
from tests.browser.posting import PostalSimulator, find_link
from tests.browser.speaking import say

if TYPE_CHECKING:
    from playwright.sync_api import Page

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
Look = Callable[["Page"], None]


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press the button that says this."""
    page.get_by_role("button", name=name).click()


def follow(page: Page, name: str | re.Pattern[str]) -> None:
    """Follow the first link that says this."""
    page.get_by_role("link", name=name).first.click()


def sign_up(page: Page, mailbox: PostalSimulator, *, name: str, email: str, look: Look) -> None:
    """Make an account, and confirm its address with the link that comes by mail."""
    page.goto("/account/signup/")
    page.get_by_label(say(page, "Your name, or your organisation's")).fill(name)
    page.locator("#id_email").fill(email)
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("#id_password2").fill(PASSWORD)
    look(page)
    press(page, say(page, "Make my account"))
    page.get_by_role("heading", name=say(page, "Look into your mailbox")).wait_for()
    look(page)
    mail = mailbox.wait_for_mail(email, subject="onfirm")
    page.goto(find_link(mail, holding="confirm-email"))
    look(page)
    press(page, say(page, "Yes, it is mine"))
    page.wait_for_url("**/desk/")


def sign_in(page: Page, *, email: str) -> None:
    """Type address and password on the sign-in page that ``page`` shows."""
    page.locator("#id_login").fill(email)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name=say(page, "Sign in"), exact=True).click()


def come_in(page: Page, person: User) -> None:
    """Be signed in without the way there: a session's cookie, made directly."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    key = session.session_key
    assert key is not None
    page.goto("/livez")
    host = urlsplit(page.url).hostname or ""
    page.context.add_cookies([{"name": "sessionid", "value": key, "domain": host, "path": "/"}])


def show_code(secret: str) -> str:
    """What an authenticator app shows now."""
    now = next(totp.yield_hotp_counters_from_time())
    return totp.format_hotp_value(totp.hotp_value(secret, now))


def answer_second_step(page: Page, *, secret: str) -> None:
    """Type the app's code; once more when it ran out between being read and being sent."""
    heading = page.get_by_role("heading", name=say(page, "One more step"))
    button = page.get_by_role("button", name=say(page, "Sign in"), exact=True)
    heading.wait_for()
    page.get_by_label("code").first.fill(show_code(secret))
    button.click()
    page.wait_for_load_state()
    if heading.is_visible():
        page.get_by_label("code").first.fill(show_code(secret))
        button.click()


def lend(
    page: Page,
    *,
    campaign: str,
    network: str,
    address: str,
    account: str,
    decision: str = "Allow",
    look: Look | None = None,
) -> None:
    """From the campaign's page to the network's own, and back with its answer.

    ``address`` is what the network is found by (a server or a handle), ``account`` whose page it
    then is there.
    """
    page.goto(campaign)
    if look:
        look(page)
    follow(page, say(page, "Lend my account"))
    page.locator(f"#{network.lower()}_address").fill(address)
    if look:
        look(page)
    press(page, say(page, "Lend my %(network)s account", network=network))
    page.get_by_label("Your account here").fill(account)
    if look:
        look(page)
    press(page, decision)


def move_launch(campaign: Campaign, *, seconds: float) -> None:
    """Bring an approved campaign's moment near, for everybody who agreed to it as well."""
    launch_at = (database_now() + timedelta(seconds=seconds)).replace(microsecond=0)
    assert campaign.approved is not None
    latest_at = launch_at + timedelta(minutes=campaign.approved.latest_minutes)
    Revision.objects.filter(pk=campaign.approved.pk).update(launch_at=launch_at)
    for pledges in (Pledge.objects, AssistedPledge.objects):
        pledges.filter(campaign=campaign).update(
            agreed_launch_at=launch_at, agreed_latest_at=latest_at
        )
    Campaign.objects.filter(pk=campaign.pk).update(launch_at=launch_at, latest_at=latest_at)
