"""Every way back from a network: what happened is said, and nothing chosen is lost."""

from html import unescape

import pytest
from django.urls import reverse

from networks.registry import get
from supporters.models import AccountState, LinkedAccount, LinkRequest, Pledge
from supporters.returning import MOST_KEPT
from tests.making import make_campaign
from tests.platforms import switch_on
from tests.supporters.test_pages import agree, read_field
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db

KINDS = {
    "mastodon": "mastodon",
    "mastodon-4.2": "mastodon",
    "gotosocial": "mastodon",
    "bluesky": "bluesky",
    "x": "x",
    "linkedin": "linkedin",
    "facebook": "facebook",
    "threads": "threads",
}


@pytest.fixture
def every_network(visitor, settings, simulator):
    """All of them can be lent on."""
    switch_on(settings, simulator)
    return visitor


def describe_account(browser, kind):
    """What its owner types here, and is called there."""
    if kind in ("x", "linkedin", "facebook", "threads"):
        (account,) = browser.simulator.open_accounts(network=kind, names=["sam"])
        return "", account["handle"]
    typed = browser.open_account(kind)
    return typed, typed if kind == "bluesky" else "sam"


@pytest.mark.parametrize("kind", KINDS)
def test_denied_and_failed_come_back_to_the_choice_with_what_was_typed(
    every_network, campaign, simulator, kind
):
    browser, network = every_network(), KINDS[kind]
    typed, account = describe_account(browser, kind)
    choice = f"{reverse('support', args=[campaign.slug])}?from=poster"

    def begin():
        more = {"from": "poster"}
        return browser.begin(typed, network=network, campaign=campaign, **more)

    def read_choice(answer):
        assert answer["Location"] == choice
        page = unescape(browser.read(answer))
        assert f'value="{typed}"' in page or not typed
        first = page.partition("Lend my ")[2]
        assert first.startswith(f"{get(network).label} account")
        return page

    denied = browser.come_back(*browser.consent(begin(), account=account, decision="deny"))
    assert "You did not allow it" in read_choice(denied)
    way = browser.consent(begin(), account=account)
    simulator.set_faults({"500_before": 1, "endpoints": "token"})
    assert "Nothing was stored. Please start again." in read_choice(browser.come_back(*way))
    simulator.clear_faults()
    assert not LinkedAccount.objects.exists()
    assert "used already" in read_choice(browser.come_back(*way))

    allowed = browser.come_back(*browser.consent(begin(), account=account))
    linked = LinkedAccount.objects.get()
    assert allowed["Location"] == (
        f"{reverse('support_agree', args=[campaign.slug])}?account={linked.pk}&from=poster"
    )
    page = browser.read(browser.client.get(choice))
    assert f'value="{typed}"' not in page or not typed


def test_way_back_in_another_browser_leads_to_the_same_campaign_and_spoils_nothing(
    visitor, campaign
):
    browser, other = visitor(), visitor()
    way = browser.consent(browser.begin(browser.open_account(), campaign=campaign))
    answer = other.come_back(*way)
    assert answer["Location"] == reverse("support", args=[campaign.slug])
    assert "belongs to another browser" in other.read(answer)
    assert LinkRequest.objects.exists()
    assert "support/agree" in browser.come_back(*way)["Location"]


def test_way_back_to_a_campaign_that_may_no_longer_be_seen_leads_elsewhere(visitor, campaign):
    browser = visitor()
    way = browser.consent(browser.begin(browser.open_account(), campaign=campaign), decision="deny")
    type(campaign).objects.update(state="suspended")
    answer = browser.come_back(*way)
    assert answer["Location"] == reverse("my_pledges")
    assert "You did not allow it" in browser.read(answer)


@pytest.mark.parametrize(
    ("typed", "is_told"),
    [
        ("@sam@{}", True),
        ("@KIM@{}", False),
        ("{}", False),
        ("http://{}/@kim", False),
    ],
)
def test_another_account_than_was_typed_is_told(visitor, campaign, typed, is_told):
    browser = visitor()
    host = browser.open_account().rpartition("@")[2]
    begun = browser.begin(typed.format(host), campaign=campaign)
    page = unescape(browser.read(browser.come_back(*browser.consent(begun, account="kim"))))
    assert f"Yes, post this from @kim@{host}" in page
    assert (f"You came back as @kim@{host}, not as" in page) is is_told


def test_renewing_with_another_account_says_that_the_first_still_waits(visitor):
    browser = visitor()
    browser.link("mastodon")
    wanted = LinkedAccount.objects.get()
    LinkedAccount.objects.update(state=AccountState.NEEDS_RELINK)
    begun = browser.client.post(reverse("link_begin"), {"account": wanted.pk})
    page = unescape(browser.read(browser.come_back(*browser.consent(begun, account="kim"))))
    assert f"not as {wanted.handle}" in page
    wanted.refresh_from_db()
    assert wanted.state == AccountState.NEEDS_RELINK


def test_renewed_account_that_is_called_otherwise_by_now_is_the_same(visitor):
    browser = visitor()
    browser.link("mastodon")
    account = LinkedAccount.objects.get()
    old = account.handle.replace("@sam", "@sammy")
    LinkedAccount.objects.update(state=AccountState.NEEDS_RELINK, handle=old)
    begun = browser.client.post(reverse("link_begin"), {"account": account.pk})
    page = unescape(browser.read(browser.come_back(*browser.consent(begun))))
    assert f"{account.handle} is linked." in page
    assert "not as" not in page


@pytest.fixture
def browser(client, sam):
    client.force_login(sam)
    return client


def test_what_was_chosen_and_written_is_there_until_it_is_agreed_to(browser, sam, campaign):
    first, second = make_account(sam), make_account(sam, name="kim")
    where = reverse("support_agree", args=[campaign.slug])
    written = {"words_1": "I row there.", "is_shown": "on", "receipt_email": "sam@other.example"}
    answer = browser.post(where, {"account": first.pk, "more": "1", **written})
    assert answer["Location"] == reverse("support", args=[campaign.slug])
    page = browser.get(answer["Location"]).content.decode()
    assert f'value="{first.pk}" checked' in page
    assert f'value="{second.pk}" checked' not in page
    page = browser.get(where, {"account": [first.pk, second.pk]}).content.decode()
    assert page.count("I row there.\n\nhttps://example.org/river") == 2
    assert 'value="sam@other.example"' in page
    assert 'name="is_shown"' in page
    assert not Pledge.objects.exists()

    assert agree(browser, campaign, first, **written).status_code == 302
    assert "I row there." not in browser.get(where, {"account": second.pk}).content.decode()


def test_words_of_one_campaign_are_in_no_other(browser, sam, campaign, olive):
    account, other = make_account(sam), make_campaign(olive, slug="lake")
    where = reverse("support_agree", args=[campaign.slug])
    browser.post(where, {"account": account.pk, "words_1": "I row there."})
    page = browser.get(reverse("support_agree", args=[other.slug]), {"account": account.pk})
    assert "I row there." not in page.content.decode()


def test_session_keeps_the_words_and_nothing_else_of_the_form(browser, sam, campaign):
    account = make_account(sam)
    where = reverse("support_agree", args=[campaign.slug])
    seen = read_field(browser.get(where, {"account": account.pk}).content.decode(), "seen")
    form = {"account": account.pk, "seen": seen, "csrfmiddlewaretoken": "secret", "told": "recall"}
    browser.post(where, form | {"words_1": "I row there."})
    assert browser.session["lending"] == {
        "campaign": campaign.pk,
        "accounts": [account.pk],
        "form": "words_1=I+row+there.",
    }
    browser.post(where, form | {"words_1": "x" * MOST_KEPT})
    assert browser.session["lending"]["form"] == ""
