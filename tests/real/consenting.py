"""What a person does on Bluesky's own consent page: signs in there, and allows or refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def sign_in_and_answer(page: Page, *, handle: str, password: str, allow: bool = True) -> None:
    """Sign in on the consent page that `page` shows, and press "Authorize" or "Deny access".

    The page must be in English (`locale="en-GB"`). Its server fills the handle in when the
    request named one (`login_hint`), and otherwise shows a page to choose from first. Returns
    when the answer is pressed; the browser is then on its way back to the site.
    """
    sign_in = page.get_by_role("button", name="Sign in", exact=True)
    password_field = page.get_by_role("textbox", name="Password", exact=True)
    sign_in.wait_for()
    if password_field.count() == 0:
        sign_in.click()
        page.get_by_role("textbox", name="Identifier").fill(handle)
    password_field.fill(password)
    sign_in.click()
    answer = "Authorize" if allow else "Deny access"
    page.get_by_role("button", name=answer, exact=True).click()
