"""``make faults``: launches in a storm, with everything killed again and again.

Several launches one after the other on six networks, whose servers fail as well; meanwhile workers,
beats, web, PostgreSQL and Valkey are killed, ended, frozen, cut, emptied and started again at
random moments. Then it is calm, and it is counted: the wall of the simulated networks against the
product's rows. Ends with a table, and with 1 where anything was posted twice, lost or told wrongly.

FAULTS_SEED (now's), FAULTS_MINUTES (6) of storm and FAULTS_DELIVERIES (3000) are from the
environment.
"""

import os
import random
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import timedelta

from tests.faults.machines import Postgres, Valkey
from tests.simulated import start_simulator, stop_simulator

SEED = int(os.environ.get("FAULTS_SEED") or time.time())
MINUTES = float(os.environ.get("FAULTS_MINUTES") or 6)
DELIVERIES = int(os.environ.get("FAULTS_DELIVERIES") or 3000)
LAUNCHES = 6
FIRST_SECONDS = 15
GAP_SECONDS = (0.05, 0.7)  # between two strikes
CALM_SECONDS = 240
KINDS = {
    "mastodon": 30,
    "mastodon-4.2": 15,
    "gotosocial": 15,
    "bluesky": 15,
    "x": 8,
    "threads": 7,
    "facebook": 5,
    "linkedin": 5,
}
ON_MASTODON = ("mastodon", "mastodon-4.2", "gotosocial")
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "tests.faults.hurried",
    "LEASE_SECONDS": "6",
    "LOG_LEVEL": "WARNING",
    "MASTODON_PACE": "10/1",
    "BLUESKY_PACE": "10/1",
}
# In shares of the requests to publish. What is slow stays under a deadline, or goes past it.
WEATHER = {
    "429": 0.05,
    "500_before": 0.02,
    "500_after": 0.03,
    "cut_before": 0.02,
    "cut": 0.03,
    "html": 0.01,
    "html_after": 0.01,
    "broken_json": 0.01,
    "slow": 0.01,
    "slow_before": 0.01,
}
COLUMNS = ("deliveries", "kills", "sent", "failed", "unconfirmed", "not_sent", "duplicates", "lost")


def gather(simulator):
    """Accounts on every network, those of platforms by their owners' consent; gives them."""
    from django.conf import settings

    from accounts.models import User
    from tests.making import link_mastodon
    from tests.platforms import link_by_consent, switch_on

    switch_on(settings, simulator)
    number = DELIVERIES // LAUNCHES
    simulator.change_settings(access_token_seconds=150)  # so that some are refreshed in the storm
    accounts = []
    for kind, share in KINDS.items():
        for index in range(max(1, number * share // 100)):
            name = f"{kind.replace('-', '').replace('.', '')}{index}"
            person = User.objects.create_user(name=name)
            link = link_mastodon if kind in ON_MASTODON else link_by_consent
            accounts.append(link(simulator, person, name, kind=kind))
    return accounts


def plan(accounts):
    """The campaigns, each with all accounts, one launch after the other."""
    from accounts.models import User
    from campaigns.models import Campaign
    from supporters.models import Pledge
    from tests.making import make_campaign

    olive = User.objects.create_user("olive@example.org", name="Olive")
    gap = (MINUTES * 60 - FIRST_SECONDS) / LAUNCHES
    campaigns = []
    for index in range(LAUNCHES):
        campaign = make_campaign(
            olive,
            launch_in=3600,
            slug=f"storm-{index}",
            title=f"Storm {index}",
            message=f"We say it in storm {index}.",
        )
        Pledge.objects.bulk_create([_lend(campaign, account) for account in accounts])
        campaigns.append(campaign)
    from campaigns.clock import database_now

    now = database_now()
    for index, campaign in enumerate(campaigns):
        launch_at = now + timedelta(seconds=FIRST_SECONDS + index * gap)
        facts = {"launch_at": launch_at, "latest_at": launch_at + timedelta(minutes=45)}
        Campaign.objects.filter(pk=campaign.pk).update(first_launch_at=launch_at, **facts)
        campaign.refresh_from_db()
    return campaigns


def _lend(campaign, account):
    from supporters.models import Pledge

    return Pledge(
        campaign=campaign,
        person=account.person,
        account=account,
        fingerprint=account.fingerprint,
        network=account.network,
        host=account.known_server.host,
        revision=campaign.approved,
        text=campaign.approved.text,
        language="en",
        agreed_launch_at=campaign.launch_at,
        agreed_latest_at=campaign.latest_at,
    )


def rage(fleet, campaigns, *, simulator):
    """The storm; gives how many were killed from each moment to the next."""
    simulator.set_faults(
        {"latency_ms": 100, "jitter_ms": 900, "seed": SEED, "endpoints": "publish"},
        {**WEATHER, "slow_ms": 3000, "retry_after": 2, "seed": SEED + 1, "endpoints": "publish"},
        {"429": 0.03, "500_before": 0.03, "cut": 0.02, "seed": SEED + 2, "endpoints": "find"},
        {"500_before": 0.02, "cut_before": 0.02, "seed": SEED + 3, "endpoints": "token"},
    )
    pause = threading.Event()
    over = time.monotonic() + MINUTES * 60
    kills = [0] * len(campaigns)
    while time.monotonic() < over:
        pause.wait(fleet.dice.uniform(*GAP_SECONDS))
        before = fleet.kills
        fleet.attend()
        if not fleet.is_ticking():
            continue
        fleet.strike()
        now = time.time()
        past = [index for index, each in enumerate(campaigns) if each.launch_at.timestamp() <= now]
        kills[past[-1] if past else 0] += fleet.kills - before
    fleet.calm()
    simulator.clear_faults()
    return kills


def wait_for_calm(campaigns, *, done):
    """Until every launch is over; gives those that are not, however long one waits.

    An operator who is asked leaves out what cannot be looked up.
    """
    from django.db import OperationalError

    from launches.asking import answer
    from launches.models import ASKED, Launch
    from tests.faults.conftest import is_over
    from tests.processes import wait_until

    def list_open():
        for launch in Launch.objects.filter(held_why=ASKED):
            answer(launch, sends=False)
            done["ask the operator"] += 1
        return [each.slug for each in campaigns if not is_over(each)]

    def are_over():
        try:
            return not list_open()
        except OperationalError:
            return False  # it still recovers

    try:
        wait_until(are_over, what="the end of all launches", seconds=CALM_SECONDS, every=1)
    except AssertionError:
        return list_open()
    return []


def show(ledgers, kills, *, fleet):
    """The table."""
    total = sum(ledgers[1:], ledgers[0])
    rows = [
        (f"launch {index + 1}", *pair)
        for index, pair in enumerate(zip(ledgers, kills, strict=True))
    ]
    rows.append(("all", total, sum(kills)))
    heads = [*COLUMNS, "untrue"]
    print(f"\n{'':10}" + "".join(f"{name.replace('_', ' '):>13}" for name in heads))
    for name, ledger, killed in rows:
        facts = vars(ledger) | {"kills": killed}
        print(f"{name:10}" + "".join(f"{facts[head]:>13,}" for head in heads))
    done = ", ".join(f"{name} {number}" for name, number in sorted(fleet.done.items()))
    print(f"\nDone: {done}.\nFAULTS_SEED={SEED}", flush=True)
    return total


def main():
    """Everything from set-up to table; the exit code says whether it held."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="crowdspeak-storm-"))
        postgres, valkey = Postgres(), Valkey()
        stack.callback(postgres.close)
        stack.callback(valkey.close)
        os.environ |= {
            "TEST_DATABASE_URL": postgres.url,
            "TEST_REDIS_URL": valkey.url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        process, simulator = start_simulator()
        stack.callback(stop_simulator, process)
        return storm(stack, folder, postgres=postgres, valkey=valkey, simulator=simulator)


def storm(stack, folder, *, postgres, valkey, simulator):
    """Set up, rage, wait, count."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from tests.faults.fleet import Fleet
    from tests.faults.keeping import assert_no_secret, read_ledger, read_secrets
    from tests.platforms import name_settings
    from tests.processes import Product

    call_command("migrate", verbosity=0)
    print(f"A storm of {MINUTES:g} minutes, FAULTS_SEED={SEED}: linking accounts…", flush=True)
    accounts = gather(simulator)
    secrets = read_secrets()
    campaigns = plan(accounts)
    product = Product(folder, **ENVIRONMENT | name_settings(simulator))
    connections.close_all()
    dice = random.Random(SEED)
    fleet = Fleet(product, postgres=postgres, valkey=valkey, dice=dice)
    stack.callback(fleet.stop)
    print(f"{len(accounts)} accounts in {LAUNCHES} launches; now it breaks.", flush=True)
    kills = rage(fleet, campaigns, simulator=simulator)
    print("Now it is calm.", flush=True)
    late = wait_for_calm(campaigns, done=fleet.done)
    posts = simulator.list_posts()
    total = show([read_ledger(each, posts) for each in campaigns], kills, fleet=fleet)
    if late:
        print(f"Not over: {', '.join(late)}\n{product.read_logs()}", file=sys.stderr)
    assert_no_secret(secrets | read_secrets(), product=product)
    connections.close_all()
    wrong = total.duplicates + total.lost + total.untrue + len(late)
    return 1 if wrong or simulator.summarise()["duplicates"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
