"""What an operator's choice of a network's mode changes: automatic, assisted, or off."""

from html import unescape

import pytest
from django.urls import reverse

from campaigns.previewing import list_excesses
from crowdspeak.network_settings import read_platform
from crowdspeak.settings import env
from networks.base import Mode
from networks.registry import all_composers, all_networks, automatic_networks
from supporters.models import AssistedPledge, Pledge
from supporters.pledging import PledgeRefused, pledge, sign_words
from tests.making import make_pledge
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db

MODES = ("automatic", "assisted", "off")


@pytest.fixture
def choose(monkeypatch, settings):
    """The operator sets X_MODE (empty: not at all), having registered an app."""

    def do(mode, *, client_id="app-1"):
        monkeypatch.setenv("X_MODE", mode)
        monkeypatch.setenv("X_CLIENT_ID", client_id)
        facts = {"api_url": "https://api.x.com", "consent_url": "https://x.com"}
        settings.NETWORKS = {
            "mastodon": {"mode": "automatic"},
            "x": read_platform(env, "X", **facts, usual="assisted"),
        }

    return do


@pytest.fixture
def browser(client, sam):
    client.force_login(sam)
    return client


def read(client, name, campaign, **query):
    return unescape(client.get(reverse(name, args=[campaign.slug]), query).content.decode())


@pytest.mark.parametrize(
    ("mode", "is_on", "posts"),
    [
        ("automatic", True, True),
        ("assisted", True, False),
        ("", True, False),
        ("off", False, False),
    ],
)
def test_x_is_assisted_until_the_operator_says_otherwise(choose, mode, is_on, posts):
    choose(mode)
    assert ("x" in all_networks()) is is_on
    assert ("x" in automatic_networks()) is posts
    assert ("x" in all_composers()) is is_on
    if is_on:
        assert all_composers()["x"].is_lendable is posts


@pytest.mark.parametrize(
    ("usual", "client_id", "mode"),
    [("", "", Mode.ASSISTED), ("", "app-1", Mode.AUTOMATIC), ("assisted", "app-1", Mode.ASSISTED)],
)
def test_without_a_choice_a_client_makes_a_network_automatic_unless_its_rules_forbid_it(
    monkeypatch, usual, client_id, mode
):
    monkeypatch.delenv("FACEBOOK_MODE", raising=False)
    monkeypatch.setenv("FACEBOOK_CLIENT_ID", client_id)
    facts = read_platform(
        env, "FACEBOOK", api_url="https://a", consent_url="https://b", usual=usual
    )
    assert facts["mode"] == mode


@pytest.mark.parametrize("mode", MODES)
def test_support_page_lends_or_helps_or_neither(client, campaign, choose, mode):
    choose(mode)
    page = read(client, "support", campaign)
    assert ("Lend my X account" in page) is (mode == "automatic")
    first, _, rest = page.partition("Or post it yourself")[2].partition("Networks on which")
    assert ('value="x"' in first) is (mode == "assisted")
    assert ('value="x"' in rest) is (mode == "automatic")


@pytest.mark.parametrize("mode", MODES)
def test_account_can_be_linked_only_where_it_can_be_lent(client, campaign, choose, mode):
    choose(mode)
    form = {"network": "x", "campaign": campaign.slug}
    answer = client.post(reverse("link_begin"), form, follow=False)
    if mode == "automatic":
        assert answer["Location"].startswith("https://x.com/i/oauth2/authorize?")
    else:
        page = client.get(answer["Location"]).content.decode()
        assert "Accounts of this network cannot be lent here." in page


@pytest.mark.parametrize("mode", MODES)
def test_promise_by_hand_is_taken_unless_the_network_is_off(browser, campaign, choose, mode):
    choose(mode)
    where = reverse("support_by_hand", args=["river"])
    seen = sign_words(campaign.approved, text=campaign.approved.text)
    browser.post(where, {"network": "x", "seen": seen, "agree": "1"})
    assert AssistedPledge.objects.filter(network="x").exists() is (mode != "off")


@pytest.mark.parametrize("mode", MODES)
def test_account_that_was_linked_before_is_lent_only_where_we_post(
    browser, campaign, sam, choose, mode
):
    account = make_account(sam, network="x")
    choose(mode)
    assert (account.handle in read(browser, "support", campaign)) is (mode == "automatic")
    answer = browser.get(reverse("support_agree", args=["river"]), {"account": account.pk})
    assert answer.status_code == (200 if mode == "automatic" else 302)
    seen = sign_words(campaign.approved, text=campaign.approved.text)
    facts = {"person": sam, "account_ids": [account.pk], "seen": seen}
    if mode == "automatic":
        pledge(campaign, **facts)
    else:
        with pytest.raises(PledgeRefused, match="does not post to X any more"):
            pledge(campaign, **facts)
    assert Pledge.objects.exists() is (mode == "automatic")


@pytest.mark.parametrize("mode", MODES)
def test_pledge_from_before_says_in_my_pledges_that_it_will_not_leave(
    browser, campaign, sam, choose, mode
):
    make_pledge(campaign, make_account(sam, network="x"))
    choose(mode)
    page = unescape(browser.get(reverse("my_pledges")).content.decode())
    assert ("does not post to X any more" in page) is (mode != "automatic")


@pytest.mark.parametrize("mode", MODES)
def test_message_has_to_fit_where_we_post_ourselves(client, campaign, choose, mode):
    choose(mode)
    assert bool(list_excesses("y" * 300)) is (mode == "automatic")
    shown = client.get(reverse("campaign", args=["river"])).context["shown"]
    assert ("X" in [post.label for post in shown.posts]) is (mode == "automatic")
