"""Networks of the simulator, a campaign, and a browser that walks to a network and back."""

from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from tests.making import make_campaign

SITE_URL = "http://127.0.0.1:8000"


@pytest.fixture
def networks(simulator, settings):
    """The product reaches the simulator, and nothing else on this machine."""
    bluesky = simulator.get_instance("bluesky")
    settings.SITE_URL = SITE_URL
    settings.NETWORK_EXCEPTIONS = simulator.hosts
    settings.NETWORKS = {
        "mastodon": {"mode": "automatic"},
        "bluesky": {
            "mode": "automatic",
            "plc_url": bluesky["plc_url"],
            "resolver_url": bluesky["resolver_url"],
            "appview_url": bluesky["appview_url"],
            "client_key": "",
        },
    }
    return simulator


@pytest.fixture
def campaign(olive):
    """An approved campaign that launches in an hour."""
    return make_campaign(olive)


class Visitor:
    """A browser: one session, on our site and on the networks' authorisation pages."""

    def __init__(self, simulator, person=None):
        self.simulator = simulator
        self.client = Client()
        if person is not None:
            self.client.force_login(person)

    def open_account(self, kind="mastodon", name="sam", index=0, **facts):
        """An account on a simulated server; gives what its owner would type."""
        servers = [each for each in self.simulator.instances if each["kind"] == kind]
        host = urlsplit(servers[index]["url"]).netloc
        (account,) = self.simulator.open_accounts(instance=host, names=[name], **facts)
        return account["handle"] if kind == "bluesky" else f"@{name}@{host}"

    def begin(self, address, *, network="mastodon", campaign=None, **more):
        """Ask to link; gives the answer, whose Location is the network's page."""
        form = {"network": network, "address": address, **more}
        if campaign is not None:
            form["campaign"] = campaign.slug
        return self.client.post(reverse("link_begin"), form)

    def consent(self, begun, *, account="sam", decision="allow"):
        """Press a button on the network's page; gives the path and query of the way back."""
        assert begun.status_code == 302, begun.content.decode()
        back, query = self.simulator.give_consent(
            begun["Location"], account=account, decision=decision
        )
        return urlsplit(back).path, query

    def come_back(self, path, query):
        """Follow the way back to our site; gives the answer."""
        return self.client.get(f"{path}?{urlencode(query)}")

    def link(self, kind="mastodon", name="sam", *, campaign=None, decision="allow", **facts):
        """The whole way there and back; gives the last answer."""
        address = self.open_account(kind, name, **facts)
        network = "bluesky" if kind == "bluesky" else "mastodon"
        begun = self.begin(address, network=network, campaign=campaign)
        account = address if kind == "bluesky" else name
        return self.come_back(*self.consent(begun, account=account, decision=decision))

    def read(self, answer):
        """What a page says, with the notices of the answer that led there."""
        while answer.status_code == 302 and answer["Location"].startswith("/"):
            answer = self.client.get(answer["Location"])
        return answer.content.decode()


@pytest.fixture
def visitor(networks, db):
    """Makes browsers: ``visitor()`` without, ``visitor(sam)`` with somebody signed in."""

    def make(person=None):
        return Visitor(networks, person)

    return make
