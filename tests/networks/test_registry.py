"""Which networks are on."""

from __future__ import annotations

import asyncio

import pytest
from django.core.exceptions import ImproperlyConfigured

from networks import registry
from networks.base import Allowance, Mode, Server
from networks.errors import Rejected

SERVER = Server(network="mastodon", host="a.example", url="https://a.example")


def test_networks_that_are_on_are_offered_in_their_mode(settings) -> None:
    settings.NETWORKS = {"mastodon": {"mode": "automatic"}, "bluesky": {"mode": "assisted"}}
    modes = {name: network.mode for name, network in registry.all_networks().items()}
    assert modes == {"mastodon": Mode.AUTOMATIC, "bluesky": Mode.ASSISTED}
    assert all(network.name == name for name, network in registry.all_networks().items())


def test_network_that_is_off_is_not_offered_but_can_still_be_revoked(settings) -> None:
    settings.NETWORKS = {"mastodon": {"mode": "off"}, "bluesky": {"mode": "automatic"}}
    assert list(registry.all_networks()) == ["bluesky"]
    assert registry.get("mastodon").mode is Mode.OFF


def test_network_that_the_settings_do_not_name_is_off(settings) -> None:
    settings.NETWORKS = {}
    assert dict(registry.all_networks()) == {}


def test_unknown_network_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        registry.get("friendster")


def test_unknown_mode_says_what_to_set(settings) -> None:
    settings.NETWORKS = {"mastodon": {"mode": "always"}}
    with pytest.raises(ImproperlyConfigured, match="MASTODON_MODE to one of automatic, assisted"):
        registry.all_networks()


def test_key_of_bluesky_that_is_none_is_said_by_its_variable_and_not_shown(settings) -> None:
    settings.NETWORKS = {"bluesky": {"mode": "automatic", "client_key": "no key at all"}}
    settings.SITE_URL = "https://speak.example"
    with pytest.raises(ImproperlyConfigured, match="BLUESKY_CLIENT_KEY") as caught:
        registry.all_networks()
    assert "no key at all" not in str(caught.value)


def test_way_out_reaches_the_exceptions_of_the_settings_and_no_other(settings) -> None:
    settings.NETWORK_EXCEPTIONS = frozenset({"127.0.0.1:9"})

    async def ask(url: str) -> None:
        async with registry.open_http() as http:
            assert http.allowed_hosts == {"127.0.0.1:9"}
            await http.request("GET", url)

    with pytest.raises(Rejected):
        asyncio.run(ask("http://127.0.0.1:10/"))


@pytest.mark.parametrize("name", ["mastodon", "bluesky"])
def test_a_pace_of_the_operator_s_own_is_kept_to(settings, name):
    settings.NETWORKS = {name: {"mode": "automatic", "pace": "7/30"}}
    given = registry.all_networks()[name].allowances(SERVER)
    assert list(given) == [Allowance(count=7, seconds=30)]


@pytest.mark.parametrize("pace", ["7", "0/10", "7/0", "fast", "-1/10"])
def test_a_pace_that_is_none_is_refused_with_a_sentence(settings, pace):
    settings.NETWORKS = {"mastodon": {"mode": "automatic", "pace": pace}}
    with pytest.raises(ImproperlyConfigured, match="MASTODON_PACE"):
        registry.all_networks()


@pytest.mark.parametrize("deletes", [True, False])
def test_leave_to_delete_on_threads_is_asked_for_where_the_operator_wants_it(settings, deletes):
    settings.NETWORKS = {"threads": {"mode": "assisted", "deletes": deletes}}
    threads = registry.all_networks()["threads"]
    assert threads.can_delete is deletes
    assert ("threads_delete" in threads.scopes) is deletes


def test_without_one_the_adapter_s_own_holds(settings):
    settings.NETWORKS = {"mastodon": {"mode": "automatic", "pace": ""}}
    assert list(registry.all_networks()["mastodon"].allowances(SERVER))
