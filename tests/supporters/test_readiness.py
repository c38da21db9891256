"""Whether an account is ready: the same in the database as in a page."""

from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns.clock import database_now
from supporters.mails import queue_relink
from supporters.models import LinkedAccount, Pledge, Readiness
from tests.making import make_campaign, make_pledge
from tests.supporters.test_pledging import make_account

pytestmark = pytest.mark.django_db

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def change_account(facts):
    """Set facts of the only account; durations are from now on."""
    now = database_now()
    LinkedAccount.objects.update(
        **{
            name: now + value if isinstance(value, timedelta) else value
            for name, value in facts.items()
        }
    )


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, Readiness.READY),
        ({"checked_at": -4 * DAY}, Readiness.UNCHECKED),
        ({"state": "needs_relink"}, Readiness.RENEW),
        ({"refused_at": MINUTE}, Readiness.REFUSED),
        ({"refused_at": -MINUTE}, Readiness.READY),
        ({"ends_at": MINUTE, "expires_at": MINUTE}, Readiness.RENEW),
        ({"ends_at": MINUTE, "expires_at": 60 * DAY}, Readiness.READY),
        ({"ends_at": MINUTE, "expires_at": None}, Readiness.READY),
        ({"ends_at": 60 * DAY, "expires_at": 60 * DAY}, Readiness.READY),
        ({"ends_at": None, "expires_at": MINUTE}, Readiness.READY),
        ({"state": "needs_relink", "refused_at": MINUTE}, Readiness.RENEW),
        ({"checked_at": -9 * DAY, "refused_at": -4 * DAY}, Readiness.REFUSED),
    ],
)
def test_readiness_is_the_same_in_the_database_and_in_a_page(olive, sam, facts, found):
    make_pledge(make_campaign(olive, launch_in=3600), make_account(sam))
    change_account({"checked_at": timedelta()} | facts)
    pledge = Pledge.objects.with_readiness().select_related("account", "campaign").get()
    assert pledge.readiness == pledge.found_readiness == found


@pytest.mark.parametrize("mode", ["assisted", "off"])
@pytest.mark.parametrize("facts", [{}, {"checked_at": -4 * DAY}, {"state": "needs_relink"}])
def test_account_of_a_network_that_is_not_posted_to_is_not_ready(olive, sam, settings, mode, facts):
    make_pledge(make_campaign(olive, launch_in=3600), make_account(sam))
    change_account({"checked_at": timedelta()} | facts)
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": mode}}
    pledge = Pledge.objects.with_readiness().select_related("account", "campaign").get()
    assert pledge.readiness == pledge.found_readiness == Readiness.OFF


def test_nobody_is_asked_to_renew_where_nothing_is_posted_any_more(olive, sam, settings):
    make_pledge(make_campaign(olive, launch_in=3600), make_account(sam), receipt_email="sam@e.org")
    change_account({"state": "needs_relink"})
    account = LinkedAccount.objects.get()
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "assisted"}}
    assert not queue_relink(account.pk)
    settings.NETWORKS = {**settings.NETWORKS, "mastodon": {"mode": "automatic"}}
    assert queue_relink(account.pk)


@pytest.mark.parametrize(
    ("facts", "says", "asks"),
    [
        ({}, "Ready", False),
        ({"checked_at": -4 * DAY}, "Pledged", False),
        ({"refused_at": MINUTE}, "did not let @sam@mastodon500.example post", False),
        ({"ends_at": MINUTE, "expires_at": MINUTE}, "too early for this launch", True),
        ({"state": "needs_relink"}, "has ended", True),
    ],
)
def test_my_pledges_say_whether_each_account_is_ready(client, olive, sam, facts, says, asks):
    make_pledge(make_campaign(olive, launch_in=3600), make_account(sam))
    change_account({"checked_at": timedelta()} | facts)
    client.force_login(sam)
    html = client.get(reverse("my_pledges")).content.decode()
    coming = html.partition('id="accounts"')[0]
    assert says in coming
    assert ("again</button>" in coming) == asks
