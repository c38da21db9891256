"""The networks of one owner as the tests use them: switched on, at the simulator."""

from crowdspeak.settings import NETWORKS
from supporters.linking import begin_linking, finish_linking

PLATFORMS = ("linkedin", "facebook", "x", "threads")
BLUESKY_URLS = ("plc_url", "resolver_url", "appview_url")


def switch_on(settings, simulator, **changes):
    """Have the product reach every simulated network; ``changes`` are facts by network."""
    networks = {name: dict(facts) for name, facts in NETWORKS.items()}
    for name in PLATFORMS:
        url = simulator.get_instance(name)["url"]
        networks[name] |= {
            "mode": "automatic",
            "client_id": f"simulated-{name}",
            "client_secret": f"simulated-{name}-secret",
            "api_url": url,
            "consent_url": url,
        }
    networks["threads"] |= {"deletes": True}
    bluesky = simulator.get_instance("bluesky")
    networks["bluesky"] |= {name: bluesky[name] for name in BLUESKY_URLS}
    for name, facts in changes.items():
        networks[name] |= facts
    settings.NETWORKS = networks
    settings.NETWORK_EXCEPTIONS = simulator.hosts


def name_settings(simulator):
    """The same for processes of their own: their environment."""
    bluesky = simulator.get_instance("bluesky")
    environment = {
        "NETWORK_EXCEPTIONS": ",".join(simulator.hosts),
        "THREADS_DELETES": "1",
        **{f"BLUESKY_{name.upper()}": bluesky[name] for name in BLUESKY_URLS},
    }
    for name in PLATFORMS:
        url = simulator.get_instance(name)["url"]
        environment |= {
            f"{name.upper()}_MODE": "automatic",
            f"{name.upper()}_CLIENT_ID": f"simulated-{name}",
            f"{name.upper()}_CLIENT_SECRET": f"simulated-{name}-secret",
            f"{name.upper()}_API_URL": url,
            f"{name.upper()}_CONSENT_URL": url,
        }
    return environment


def link_by_consent(simulator, person, name, *, kind):
    """Link a person's new account by the own page of a server of this kind; gives the account."""
    instance = simulator.get_instance(kind)
    network = instance["network"]
    facts = simulator.open_accounts(instance=instance["instance"], names=[name])[0]
    session = f"session-of-{name}"
    url = begin_linking(network, address=f"@{facts['handle']}", session_key=session, person=person)
    _back, answer = simulator.give_consent(url, account=facts["handle"])
    linked = finish_linking(network, answer=answer, session_key=session, person=person)
    (account,) = linked.accounts
    return account
