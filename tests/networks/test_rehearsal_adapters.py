"""Adapters and a way out for rehearsals, beside those in use."""

import asyncio

import pytest

from networks import registry
from networks.errors import Rejected
from tests.platforms import PLATFORMS, switch_on

SECRETS = {"client_id": "the-real-app", "client_secret": "the-real-secret"}


def test_simulated_adapters_have_no_key_and_no_address_of_those_in_use(settings, simulator):
    switch_on(settings, simulator)
    settings.NETWORKS = {
        **settings.NETWORKS,
        **{
            name: {**settings.NETWORKS[name], **SECRETS, "api_url": "https://api.example.org"}
            for name in PLATFORMS
        },
    }
    built = registry.build_simulated(simulator.instances)
    assert set(built) == {"mastodon", "bluesky", *PLATFORMS}
    assert built.keys() == registry.all_networks().keys()
    for adapter in built.values():
        inside = repr(vars(adapter))
        assert "the-real-" not in inside
        assert "example.org" not in inside
        assert adapter is not registry.get(adapter.name)


def test_a_network_that_is_not_played_is_not_there(simulator):
    places = [each for each in simulator.instances if each["network"] == "x"]
    assert list(registry.build_simulated(places)) == ["x"]
    assert not registry.build_simulated([])


@pytest.mark.parametrize(
    "url", ["https://mastodon.social/", "https://1.1.1.1/", "http://127.0.0.1:9/", "https://x.com/"]
)
def test_the_closed_way_out_refuses_everything_else(simulator, url):
    async def ask():
        async with registry.open_closed_http(simulator.hosts) as http:
            await http.request("GET", url)

    with pytest.raises(Rejected):
        asyncio.run(ask())
    assert simulator.hosts
