"""How often a stranger may make us ask a network: per address, and never for somebody else's."""

import pytest
from django.test import Client
from django.urls import reverse
from limits import RateLimitItemPerMinute

from supporters import throttling
from supporters.models import LinkRequest

pytestmark = pytest.mark.django_db

HERE, THERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def two_turns(networks, monkeypatch):
    """Two requests in ten minutes from each address."""
    monkeypatch.setattr(throttling, "WINDOW", RateLimitItemPerMinute(2, 10))


def begin(browser, address, *, client=None, campaign=None, **facts):
    """Ask to link from an IP address; gives the answer."""
    form = {"network": "mastodon", "address": browser.open_account()}
    if campaign:
        form["campaign"] = campaign.slug
    return (client or Client()).post(reverse("link_begin"), form, REMOTE_ADDR=address, **facts)


def test_stranger_who_asks_too_often_is_told_to_wait_before_anything_is_asked(
    visitor, two_turns, campaign
):
    browser = visitor()
    assert [begin(browser, HERE).status_code for _ in range(2)] == [302, 302]
    client = Client()
    answer = begin(browser, HERE, client=client, campaign=campaign)
    page = answer.content.decode()
    assert answer.status_code == 429
    assert 590 < int(answer["Retry-After"]) <= 600
    assert "Wait 10 minutes, then press the button again." in page
    assert browser.open_account() in page
    assert "Lend my Mastodon account" in page
    assert LinkRequest.objects.count() == 2
    assert "sessionid" not in client.cookies


def test_another_address_is_not_hindered(visitor, two_turns):
    browser = visitor()
    statuses = [begin(browser, address).status_code for address in (HERE, HERE, HERE, THERE)]
    assert statuses == [302, 302, 429, 302]


def test_who_is_signed_in_is_not_hindered(visitor, two_turns, sam):
    browser = visitor()
    for _ in range(3):
        begin(browser, HERE)
    client = Client()
    client.force_login(sam)
    assert begin(browser, HERE, client=client).status_code == 302


def test_a_form_without_an_address_takes_no_turn(visitor, two_turns):
    browser = visitor()
    for _ in range(3):
        answer = Client().post(reverse("link_begin"), {"network": "mastodon"}, REMOTE_ADDR=HERE)
        assert answer.status_code == 422
    assert begin(browser, HERE).status_code == 302


def test_one_household_has_one_count_in_ipv6(two_turns):
    turns = [throttling.take_turn(f"2001:db8:0:1::{number}") for number in (1, 2, 3)]
    assert turns[:2] == [0, 0]
    assert turns[2]
    assert throttling.take_turn("2001:db8:0:2::1") == 0


def test_visitors_behind_a_named_proxy_are_told_apart(visitor, two_turns, settings):
    settings.TRUSTED_PROXIES = ["10.0.0.5"]
    browser = visitor()

    def ask(address):
        return begin(browser, "10.0.0.5", HTTP_X_FORWARDED_FOR=address).status_code

    assert [ask(address) for address in (HERE, HERE, HERE, THERE)] == [302, 302, 429, 302]
    assert begin(browser, HERE).status_code == 429


def test_turns_are_counted_here_while_the_cache_is_away(two_turns, settings, caplog):
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    assert [bool(throttling.take_turn(HERE)) for _ in range(3)] == [False, False, True]
    assert "the cache is away" in caplog.text


def test_each_purpose_is_counted_for_itself(two_turns):
    for _ in range(2):
        assert throttling.take_turn(HERE, purpose="mail") == 0
    assert throttling.take_turn(HERE, purpose="mail")
    assert throttling.take_turn(HERE) == 0
