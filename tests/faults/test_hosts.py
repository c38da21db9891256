"""Workers on two hosts share a launch; one of them is cut off in the middle of it.

Everything is the product's own, with the product's own settings, but for the shortest lease that
they allow. A and B have a worker and a scheduler each, C has database, broker and web, D is the
world.
"""

import contextlib
import subprocess
import time
from datetime import datetime
from itertools import repeat
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.db import connection

from accounts.models import User
from campaigns.clock import database_now
from launches.models import Delivery, Launch, LaunchState
from networks.base import Credentials
from supporters import vault
from supporters.models import LinkedAccount, Pledge
from tests.faults.conftest import is_over, wait_for_end
from tests.faults.hosts import (
    HostedPostgres,
    HostedProduct,
    HostedSimulator,
    Network,
    find_obstacle,
    serve_valkey,
)
from tests.faults.keeping import assert_kept, assert_no_secret, read_secrets
from tests.making import know_server, make_campaign
from tests.processes import ROOT, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.postgres,
]

NUMBER = 3000
KINDS = ("mastodon", "mastodon-4.2", "gotosocial")
LEASE_SECONDS = 15
# After the cut, until all is through without A: what is left takes ten seconds, what A had in hand
# is looked up once its lease and a deadline are over.
THROUGH_SECONDS = 60
WRITES_SECONDS = 1.0
# What a connection that nobody answers on is given before it counts as lost, on either side: 25 s,
# and some for a busy machine.
SILENT_SECONDS = 40


@pytest.fixture
def net():
    """The two networks, empty; skips where there can be none."""
    if obstacle := find_obstacle():
        pytest.skip(obstacle)
    made = Network()
    yield made
    made.close()


@pytest.fixture
def postgres(transactional_db):
    """A PostgreSQL of this test's own with the suite's schema, which the test then uses."""
    made = HostedPostgres()
    facts = dict(connection.settings_dict)
    try:
        made.take_over(facts["NAME"], host=facts["HOST"])
        connection.close()
        connection.settings_dict |= {"HOST": made.host, "NAME": "postgres"}
        yield made
    finally:
        connection.close()
        connection.settings_dict |= {"HOST": facts["HOST"], "NAME": facts["NAME"]}
        made.close()


@pytest.fixture
def hosts(net, postgres, tmp_path):
    """``a``, ``b``, ``c`` with their ``products``, and the simulator on ``d``."""
    a, b = net.add("a", "inner", "outer"), net.add("b", "inner", "outer")
    c, d = net.add("c", "inner"), net.add("d", "outer")
    simulator = HostedSimulator(d)
    connection.close()
    postgres.serve(c)
    broker = serve_valkey(c)
    made = SimpleNamespace(a=a, b=b, c=c, d=d, simulator=simulator, products={})
    for host in (a, b, c):
        made.products[host.name] = HostedProduct(
            host,
            tmp_path / host.name,
            hosts=simulator.hosts,
            SITE_URL="http://127.0.0.1:8000",
            PORT="8000",
            DATABASE_URL=postgres.url,
            BROKER_URL=f"{broker}/0",
            CACHE_URL=f"{broker}/1",
            LEASE_SECONDS=str(LEASE_SECONDS),
            MASTODON_PACE="60/1",
            CANARY="no",
        )
    yield made
    for product in made.products.values():
        product.stop()


@pytest.fixture
def accounts(hosts):
    """So many accounts on three servers of the simulator in turn, linked in bulk."""
    simulator = hosts.simulator
    by_kind = []
    for kind in KINDS:
        instance = simulator.get_instance(kind)
        known, place = know_server(instance), urlsplit(instance["url"]).netloc
        names = [f"voice{index}" for index in range(NUMBER // len(KINDS))]
        orders = [{"network": "mastodon", "instance": place, "account": name} for name in names]
        tokens = simulator._ask("POST", "/_simulator/tokens", orders)
        people = User.objects.bulk_create(
            [User(name=f"{name} of {kind}", password="!") for name in names]
        )
        by_kind.append(map(describe, repeat(known), people, tokens))
    found = [account for each in zip(*by_kind, strict=True) for account in each]
    return LinkedAccount.objects.bulk_create(found, batch_size=1000)


def describe(known, person, token):
    account_id = str(token["id"])
    mark = vault.fingerprint(network="mastodon", host=known.host, account_id=account_id)
    credentials = Credentials(
        network="mastodon", account_id=account_id, access_token=token["access_token"]
    )
    return LinkedAccount(
        person=person,
        network="mastodon",
        known_server=known,
        account_id=account_id,
        fingerprint=mark,
        handle=f"@{person.name}",
        sealed_credentials=vault.seal_credentials(credentials, fingerprint=mark),
    )


def lend(accounts, olive, *, slug, launch_in):
    """A campaign to which all of these are lent."""
    campaign = make_campaign(olive, slug=slug, launch_in=launch_in, message=f"We say it: {slug}.")
    Pledge.objects.bulk_create(
        [
            Pledge(
                campaign=campaign,
                person=account.person,
                account=account,
                fingerprint=account.fingerprint,
                network="mastodon",
                host=account.known_server.host,
                revision=campaign.approved,
                text=campaign.approved.text,
                language="en",
                agreed_launch_at=campaign.launch_at,
                agreed_latest_at=campaign.latest_at,
            )
            for account in accounts
        ],
        batch_size=1000,
    )
    return campaign


def start(hosts):
    """A worker and a scheduler on each of the two, the site on the third."""
    for name in ("a", "b"):
        hosts.products[name].start("worker")
        hosts.products[name].start("beat")
    hosts.products["c"].start("web")
    hosts.products["c"].wait_ready()


def list_from(hosts, host, *, since=0.0):
    """When this host asked to publish something, in Unix time."""
    times = [
        datetime.fromisoformat(entry["at"]).timestamp()
        for entry in hosts.simulator.list_requests()
        if entry["from"] == host.address("outer")
    ]
    return [at for at in times if at > since]


def wait_for_both(hosts, number):
    """Until so many posts are there, and both hosts have had their part in them."""
    wait_until(
        lambda: hosts.simulator.summarise()["posts"] >= number,
        what="posts",
        every=0.05,
    )
    shares = [len(list_from(hosts, host)) for host in (hosts.a, hosts.b)]
    assert min(shares) >= number // 10, f"A and B asked {shares} times"


@pytest.mark.parametrize(
    "networks",
    [
        pytest.param(("inner",), id="from-database-and-broker-alone"),
        pytest.param(("outer", "inner"), id="from-the-world-and-then-from-everything"),
    ],
)
def test_a_host_that_is_cut_off_posts_nothing_twice_and_the_others_carry_on(
    hosts, accounts, olive, networks
):
    simulator, web = hosts.simulator, hosts.products["c"]
    simulator.set_faults({"latency_ms": 150, "jitter_ms": 150, "seed": 1, "endpoints": "publish"})
    campaign = lend(accounts, olive, slug="first", launch_in=15)
    start(hosts)
    wait_for_both(hosts, NUMBER // 4)

    for network in networks:
        hosts.a.cut(network)
        cut_at = time.time()
        # From the world first: what it goes on to send meanwhile stays in the machine.
        wait_until(lambda since=cut_at: time.time() > since + WRITES_SECONDS, what="time")
    wait_for_end(campaign, product=hosts.products["b"], seconds=5 * THROUGH_SECONDS)
    took = time.time() - cut_at
    print(f"{networks} cut: the launch was through {took:.1f} s later")
    assert took < THROUGH_SECONDS
    # Who cannot read the hold flag begins nothing, whatever it can still reach.
    assert not list_from(hosts, hosts.a, since=cut_at + 1)
    assert web.get("/readyz")[0] == 200
    number_before = len(simulator.list_requests())
    if "outer" in networks:
        unsure = Delivery.objects.filter(state="unconfirmed")
        assert unsure.exists(), "it had requests under way when it was cut"

    hosts.a.heal(*networks)
    healed_at = time.time()
    second = lend(accounts[::10], olive, slug="second", launch_in=50)
    wait_for_end(second, product=web, seconds=110)
    # Nothing that had been under way when it was cut came in late: what came is the second launch,
    # and what is unconfirmed can be told so in good conscience.
    late = [at for at in list_from(hosts, hosts.a) if healed_at < at < second.launch_at.timestamp()]
    assert not late, f"{len(late)} requests of the first launch came after it was over"
    assert len(simulator.list_requests()) == number_before + len(accounts[::10])
    assert list_from(hosts, hosts.a, since=healed_at), "A took no part once it was healed"

    number = NUMBER + len(accounts[::10])
    ledger = assert_kept(web, simulator, number=number, states=("sent", "unconfirmed"))
    print(ledger)
    # Only where a server shows nothing and knows no keys may a doubt be left.
    unconfirmed = Delivery.objects.filter(state="unconfirmed")
    keyless = urlsplit(simulator.get_instance("gotosocial")["url"]).netloc
    assert set(unconfirmed.values_list("host", flat=True)) <= {keyless}
    told = web.read_results("first")["tally"]
    assert sum(told.values()) == NUMBER
    for name in ("a", "b"):
        assert_no_secret(read_secrets(), product=hosts.products[name])


# Holds the campaign's row as an ignition does, on the settings of the product.
HOLD = """
import django, sys, time
django.setup()
from django.db import transaction
from campaigns.models import Campaign
with transaction.atomic():
    Campaign.objects.lock(int(sys.argv[1]))
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_host_that_is_cut_off_in_the_middle_of_a_decision_holds_nobody_up_for_long(
    hosts, accounts, olive
):
    """Its transaction has locked the campaign, and the database hears nothing more of it."""
    some = accounts[::10]
    campaign = lend(some, olive, slug="first", launch_in=8)
    product = hosts.products["a"]
    holder = hosts.a.run(
        ["python", "-c", HOLD, campaign.pk],
        cwd=ROOT,
        env=product.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    hosts.a.cut("inner")
    cut_at = time.time()
    hosts.products["b"].start("worker")
    hosts.products["b"].start("beat")
    wait_until(lambda: database_now() >= campaign.launch_at, what="the moment")
    wait_for_end(campaign, product=hosts.products["b"], seconds=3 * SILENT_SECONDS)
    launch = Launch.objects.get(campaign=campaign)
    assert launch.state == LaunchState.FINISHED
    held_for = launch.decided_at.timestamp() - cut_at
    print(f"the cut host's lock was held for {held_for:.1f} s")
    assert held_for < SILENT_SECONDS
    with contextlib.suppress(OSError):
        holder.stdout.close()
    assert is_over(campaign)
    assert hosts.simulator.summarise()["posts"] == len(some)
