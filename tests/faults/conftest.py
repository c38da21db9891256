"""A launch of the product as real processes, which a test then kills."""

import os

import pytest
from django.db import connection

from accounts.models import User
from launches.models import Launch
from launches.results import find_launch
from launches.ticking import seconds_since_tick
from tests.faults.machines import Postgres, Valkey
from tests.making import link_mastodon, make_campaign, make_pledge
from tests.platforms import name_settings
from tests.processes import Product, wait_until

KINDS = ("mastodon", "mastodon", "mastodon-4.2", "gotosocial")
LEASE_SECONDS = 4


@pytest.fixture
def hurry(simulator, tmp_path):
    """Makes the product's processes on this test's database: ``hurry(BROKER_URL=…)``."""
    made = []

    def make(**environment):
        folder = tmp_path / f"product-{len(made)}"
        folder.mkdir()
        facts = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.hurried",
            "LEASE_SECONDS": str(LEASE_SECONDS),
            **name_settings(simulator),
            **environment,
        }
        made.append(Product(folder, **facts))
        return made[-1]

    yield make
    for product in made:
        product.stop()


@pytest.fixture
def product(hurry):
    """Workers, beat and web of the product, on this test's database."""
    return hurry()


@pytest.fixture
def gather(simulator, olive):
    """Makes a campaign with so many accounts: ``gather(20, launch_in=6)``."""
    return make_gatherer(simulator, olive)


def make_gatherer(simulator, organiser):
    """The same for any organiser."""

    def make(number, *, kinds=KINDS, prefix="voice", **facts):
        campaign = make_campaign(organiser, **facts)
        for index in range(number):
            person = User.objects.create_user(name=f"{prefix} {index}")
            kind = kinds[index % len(kinds)]
            account = link_mastodon(simulator, person, f"{prefix}{index}", kind=kind)
            make_pledge(campaign, account)
        return campaign

    return make


@pytest.fixture
def valkey():
    """A broker and cache of this test's own."""
    made = Valkey()
    yield made
    made.close()


@pytest.fixture
def postgres(transactional_db):
    """A PostgreSQL of this test's own, with the schema of the suite's, which the test then uses."""
    made = Postgres()
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


def is_over(campaign):
    """Whether its launch has come and gone."""
    launch = find_launch(campaign)
    return launch is not None and launch.is_over


def wait_for_end(*campaigns, product, seconds=90):
    """Until the launches of all of these are over."""
    try:
        wait_until(
            lambda: all(is_over(each) for each in campaigns),
            what="the launch's end",
            seconds=seconds,
            every=0.2,
        )
    except AssertionError as error:
        launches = Launch.objects.order_by("pk")
        rows = [f"{launch.state}: {launch.deliveries.tally()}" for launch in launches]
        ticked = f"the last tick was {seconds_since_tick()} s ago"
        raise AssertionError("\n".join([str(error), *rows, ticked, product.read_logs()])) from None


def on_postgres():
    """Whether this run of the suite is the one on PostgreSQL and Valkey."""
    return "TEST_DATABASE_URL" in os.environ
