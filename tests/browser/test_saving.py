"""A step that saves itself in a real browser: cut off, signed out, and in two tabs at once."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from campaigns import drafting
from campaigns.models import Campaign
from tests.browser.conftest import PASSWORD
from tests.browser.looking import find_troubles, shoot
from tests.browsing import NewPage
from tests.processes import Product
from tests.walking import sign_in

MESSAGE = "The message"


@pytest.fixture
def draft(web: Product, olive: User) -> Campaign:
    """Olive's draft, on the running site."""
    return drafting.create_campaign(olive)


@pytest.fixture
def desk(page: Page, draft: Campaign) -> Page:
    """Olive's browser on the message's step."""
    return open_step(page, draft)


def open_step(page: Page, draft: Campaign) -> Page:
    """Sign Olive in, and show her the message's step."""
    sign_in(page, email="olive@example.org", password=PASSWORD)
    page.goto(f"/campaigns/{draft.uid}/edit/message/")
    return page


def type_in(page: Page, text: str) -> None:
    """Type into the message, as a person would."""
    page.get_by_label(MESSAGE, exact=True).press_sequentially(text)


def wait_for_state(page: Page, state: str) -> None:
    """Until the page says that of itself."""
    expect(page.locator("#saved")).to_have_attribute("data-state", state)


def test_text_is_saved_while_typing_and_said_once(desk: Page, draft: Campaign) -> None:
    """Not at each key, and not again while nothing changes in what is said."""
    desk.evaluate(
        """() => { window.said = []; new MutationObserver(() =>
        window.said.push(document.querySelector("#saved-said").textContent)).observe(
        document.querySelector("#saved-said"), { childList: true, characterData: true,
        subtree: true }); }"""
    )
    for text in ("We say no.", " All of us.", " Now."):
        type_in(desk, text)
        wait_for_state(desk, "unsaved")
        wait_for_state(desk, "saved")
    assert draft.working_revision.message == "We say no. All of us. Now."
    assert desk.evaluate("window.said") == ["Saved"]
    expect(desk.get_by_label("How it will look")).to_contain_text("We say no. All of us. Now.")


def test_what_is_typed_without_a_connection_is_saved_when_it_is_back(
    new_page: NewPage, draft: Campaign
) -> None:
    """The page says so, keeps the text, and does not let itself be left by its button."""
    desk = open_step(new_page(may_fail=True), draft)
    desk.context.set_offline(True)
    type_in(desk, "We say no.")
    wait_for_state(desk, "not")
    expect(desk.locator("#saved")).to_contain_text("no connection")
    desk.get_by_role("button", name="Save and choose the moment").click()
    expect(desk.get_by_label(MESSAGE, exact=True)).to_have_value("We say no.")
    desk.context.set_offline(False)
    wait_for_state(desk, "saved")
    assert draft.working_revision.message == "We say no."


def test_who_was_signed_out_signs_in_elsewhere_and_loses_nothing(
    desk: Page, draft: Campaign
) -> None:
    """Also with the token of a form that was drawn before."""
    desk.context.clear_cookies(name="sessionid")
    type_in(desk, "We say no.")
    wait_for_state(desk, "not")
    other = desk.context.new_page()
    sign_in(other, email="olive@example.org", password=PASSWORD)
    desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # she comes back to it
    wait_for_state(desk, "saved")
    assert draft.working_revision.message == "We say no."
    desk.get_by_label("Hashtag").fill("no")
    desk.get_by_role("button", name="Save and choose the moment").click()
    desk.wait_for_url("**/moment/")


def test_second_tab_shows_both_texts_and_lets_choose(desk: Page, draft: Campaign) -> None:
    """And stops saving itself until then."""
    other = desk.context.new_page()
    other.goto(desk.url)
    type_in(other, "From the other tab.")
    wait_for_state(other, "saved")
    type_in(desk, "From this tab.")
    wait_for_state(desk, "not")
    clash = desk.get_by_role("alert")
    expect(clash).to_contain_text("From the other tab.")
    expect(clash).to_contain_text("From this tab.")
    assert not find_troubles(desk)
    shoot(desk, "wizard-two-tabs", dark=True)
    type_in(desk, " And more.")
    desk.get_by_role("button", name="Keep what stands in the fields here").click()
    wait_for_state(desk, "saved")
    expect(desk.get_by_label(MESSAGE, exact=True)).to_have_value("From this tab. And more.")
    assert draft.working_revision.message == "From this tab. And more."


def test_button_that_met_another_tab_leaves_the_choice_to_drop_the_text(
    desk: Page, draft: Campaign
) -> None:
    """Without a question from the browser: who drops it has chosen to."""
    questions: list[str] = []
    desk.on("dialog", lambda dialog: (questions.append(dialog.type), dialog.accept()))
    other = desk.context.new_page()
    other.goto(desk.url)
    type_in(other, "From the other tab.")
    wait_for_state(other, "saved")
    type_in(desk, "From this tab.")
    desk.get_by_role("button", name="Save and choose the moment").click()
    expect(desk.get_by_role("alert").first).to_contain_text("From the other tab.")
    wait_for_state(desk, "not")
    desk.get_by_role("link", name="Drop it, and take what was saved there").click()
    wait_for_state(desk, "saved")
    expect(desk.get_by_label(MESSAGE, exact=True)).to_have_value("From the other tab.")
    assert questions == []


def test_going_on_at_once_loses_no_word(desk: Page, draft: Campaign) -> None:
    """The button may be pressed while an earlier text is still on its way."""
    for text in ("We", " say", " no."):
        type_in(desk, text)
        desk.get_by_label(MESSAGE, exact=True).dispatch_event("change")
    desk.get_by_role("button", name="Save and choose the moment").click()
    desk.wait_for_url("**/moment/")
    assert draft.working_revision.message == "We say no."


@pytest.mark.parametrize("way", ["back", "reload"])
def test_step_that_was_refused_is_left_and_found_again_as_it_was_typed(
    desk: Page, draft: Campaign, way: str
) -> None:
    """The button says what is wrong; whoever goes back in the browser instead has lost nothing."""
    questions: list[str] = []
    desk.on("dialog", lambda dialog: (questions.append(dialog.type), dialog.accept()))
    type_in(desk, "We say no.")
    desk.get_by_label("Link", exact=True).fill("not a link")
    desk.get_by_role("button", name="Save and choose the moment").click()
    link = desk.get_by_label("Link", exact=True)
    expect(link).to_have_attribute("aria-invalid", "true")
    expect(link).to_have_value("not a link")
    desk.get_by_label(MESSAGE, exact=True).fill("We say no. All of us.")
    wait_for_state(desk, "unsaved")
    wait_for_state(desk, "saved")
    if way == "back":
        desk.go_back()
    else:
        desk.goto(desk.url)
    expect(desk.get_by_label(MESSAGE, exact=True)).to_have_value("We say no. All of us.")
    expect(desk.get_by_label("Link", exact=True)).to_have_value("not a link")
    assert questions == []
