"""What must hold after every launch, whatever was killed: never twice, nothing lost, no token out.

The wall of the simulated networks is the one witness, the product's own rows the other.
"""

from collections import Counter
from dataclasses import dataclass, fields

from django.conf import settings

from campaigns.models import Campaign
from launches.models import FINAL_STATES, Delivery
from launches.results import find_launch
from supporters import vault
from supporters.models import LinkedAccount, Pledge, PledgeState
from tests.dumping import dump

SHORTEST = 12  # of a secret: anything shorter may well stand somewhere by chance


@dataclass(kw_only=True)
class Ledger:
    """What became of the posts of some launches. The last three must be 0.

    ``duplicates``: an account that says it twice, or a second id noted for a delivery. ``lost``: a
    pledge without a delivery, or a delivery that ends nowhere. ``untrue``: told as sent and not on
    the wall, or on the wall and told as not posted.
    """

    deliveries: int = 0
    sent: int = 0
    failed: int = 0
    unconfirmed: int = 0
    withdrawn: int = 0
    not_sent: int = 0
    duplicates: int = 0
    lost: int = 0
    untrue: int = 0

    def __add__(self, other):
        return Ledger(
            **{
                each.name: getattr(self, each.name) + getattr(other, each.name)
                for each in fields(self)
            }
        )


def read_ledger(campaign, posts):
    """The ledger of one campaign's launch; ``posts`` are all that stand on the wall."""
    launch = find_launch(campaign)
    tally = launch.deliveries.tally()
    link = f"https://example.org/{campaign.slug}"
    said = Counter(
        (post["network"], post["account_id"]) for post in posts if link in post["text"].split()
    )
    told = {state: set() for state in tally}
    for delivery in launch.deliveries.select_related("pledge__account"):
        if delivery.pledge is not None:
            told[delivery.state].add((delivery.network, delivery.pledge.account.account_id))
    unposted = told["failed"] | told["not_sent"] | told["withdrawn"]
    pledged = Pledge.objects.filter(campaign=campaign).exclude(state=PledgeState.WITHDRAWN)
    return Ledger(
        deliveries=sum(tally.values()),
        **{state: tally[state] for state in FINAL_STATES},
        duplicates=sum(number - 1 for number in said.values())
        + launch.deliveries.exclude(other_remote_id="").count(),
        lost=pledged.filter(deliveries=None).count()
        + sum(number for state, number in tally.items() if state not in FINAL_STATES),
        untrue=len(told["sent"] - set(said)) + len(unposted & set(said)),
    )


def read_secrets():
    """Every secret there is: tokens, as the vault holds them, and the site's own keys."""
    secrets = {settings.SECRET_KEY, settings.FINGERPRINT_KEY, *settings.TOKEN_KEYS}
    for account in LinkedAccount.objects.exclude(sealed_credentials=""):
        held = vault.unseal_credentials(account.sealed_credentials, fingerprint=account.fingerprint)
        secrets |= set(_list_words(vars(held)))
        secrets -= {held.account_id, held.network}
    return secrets


def _list_words(facts):
    for name, fact in facts.items():
        if isinstance(fact, dict):
            yield from _list_words(fact)
        elif isinstance(fact, str) and len(fact) >= SHORTEST and "token" in name:
            yield fact


def assert_no_secret(secrets, *, product):
    """In no row of the database, and in nothing that a process wrote."""
    written = dump()
    said = "\n".join(path.read_text() for path in product.folder.glob("*.log"))
    assert not [word for word in secrets if word.lower() in written]
    assert not [word for word in secrets if word in said]


def assert_kept(product, simulator, *, number, secrets=(), states=("sent",)):
    """After the launches of a test: nothing twice, nothing lost, nothing untrue, no secret out.

    ``number`` deliveries there are, each in one of these ``states``. Gives the ledger.
    """
    posts = simulator.list_posts()
    ledger = sum((read_ledger(each, posts) for each in Campaign.objects.all()), Ledger())
    told = f"{ledger}\n{product.read_logs()}"
    assert simulator.summarise()["duplicates"] == ledger.duplicates == 0, told
    assert ledger.lost == ledger.untrue == 0, told
    assert ledger.deliveries == number, told
    found = {state for state, count in Delivery.objects.tally().items() if count}
    assert found <= set(states), told
    assert_no_secret({*secrets, *read_secrets()}, product=product)
    return ledger
