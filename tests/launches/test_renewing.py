"""Authorisations are kept alive for launches that are months away, against real HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign, CampaignState
from launches import tasks
from launches.pauses import Installation, NetworkPause
from launches.renewing import find_due, renew_some, wake_renewer
from launches.resting import rest
from launches.ticking import tick
from supporters import vault
from supporters.models import AccountState, KnownServer, LinkedAccount, Pledge, PledgeState
from supporters.pledging import withdraw
from supporters.tokens import read_credentials
from tests.launches.elapsing import let_pass
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent, switch_on

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = 86_400.0


@pytest.fixture
def lend(settings, simulator, olive):
    """Lends an account on each of these to a campaign that is 100 days away."""

    def make(*kinds):
        switch_on(settings, simulator)
        campaign = make_campaign(olive, launch_in=100 * DAYS)
        for index, kind in enumerate(kinds):
            person = User.objects.create_user(f"voice{index}@example.org", name=f"Voice {index}")
            account = link_by_consent(simulator, person, f"voice{index}", kind=kind)
            make_pledge(campaign, account)
        return campaign

    return make


def age(simulator, account, *, days):
    """Give an account on Threads a real token that is so many days old."""
    token = simulator.issue_tokens(
        network="threads", account=account.account_id, age_seconds=days * DAYS
    )["access_token"]
    born = database_now() - timedelta(days=days)
    held = read_credentials(account)
    old = replace(
        held,
        access_token=token,
        refresh_token=token,
        expires_at=born + timedelta(days=60),
        extra={"issued_at": born.isoformat()},
    )
    LinkedAccount.objects.filter(pk=account.pk).update(
        sealed_credentials=vault.seal_credentials(old, fingerprint=account.fingerprint),
        expires_at=old.expires_at,
        checked_at=born,
    )


def test_token_that_is_good_only_while_it_lasts_is_renewed_weeks_before_its_end(simulator, lend):
    lend("threads")
    account = LinkedAccount.objects.get()
    age(simulator, account, days=29)
    assert renew_some() == 0
    age(simulator, account, days=31)
    assert renew_some() == 1
    account.refresh_from_db()
    assert account.state == AccountState.LINKED
    assert account.expires_at > database_now() + timedelta(days=59)
    assert read_credentials(account).expires_at == account.expires_at
    assert renew_some() == 0
    assert not Email.objects.exists()


def test_account_that_was_let_in_today_is_not_asked_about_once_more(simulator, lend):
    """Threads may have a reason not to renew a token, and is not asked for it every few minutes."""
    lend("threads")
    age(simulator, LinkedAccount.objects.get(), days=40)
    LinkedAccount.objects.update(checked_at=database_now() - timedelta(hours=23))
    assert renew_some() == 0
    let_pass(hours=2)
    assert renew_some() == 1


@pytest.mark.parametrize("kind", ["bluesky", "x"])
def test_authorisation_that_ends_by_not_being_used_is_used(lend, kind):
    lend(kind)
    let_pass(days=29)
    assert renew_some() == 0
    let_pass(days=2)
    before = read_credentials(LinkedAccount.objects.get())
    assert renew_some() == 1
    account = LinkedAccount.objects.get()
    assert read_credentials(account).access_token != before.access_token
    assert account.checked_at > database_now() - timedelta(minutes=5)
    assert account.busy_until is None
    assert renew_some() == 0


def test_networks_whose_authorisations_stay_are_left_in_peace(lend):
    lend("mastodon", "gotosocial", "facebook", "linkedin")
    let_pass(days=90)
    assert renew_some() == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda: Pledge.objects.update(state=PledgeState.WITHDRAWN),
        lambda: Pledge.objects.all().delete(),
        lambda: Campaign.objects.update(state=CampaignState.CANCELLED),
        lambda: Campaign.objects.update(state=CampaignState.LAUNCHED),
        lambda: User.objects.update(is_active=False),
        lambda: LinkedAccount.objects.update(state=AccountState.NEEDS_RELINK),
        lambda: LinkedAccount.objects.update(busy_until=database_now() + timedelta(hours=1)),
        lambda: LinkedAccount.objects.update(refused_at=database_now()),
        lambda: KnownServer.objects.update(rests_until=database_now() + timedelta(hours=1)),
        lambda: NetworkPause.objects.create(
            network="bluesky", until=database_now() + timedelta(hours=1), reason="Later."
        ),
        lambda: Installation.objects.update(site_url="https://copy.example"),
    ],
)
def test_nothing_is_renewed_that_nobody_needs_or_that_is_to_be_left_alone(lend, change):
    lend("bluesky")
    assert renew_some() == 0
    let_pass(days=40)
    assert find_due(database_now()).exists()
    change()
    assert renew_some() == 0


def test_nothing_is_renewed_while_another_launch_posts_from_its_account(lend, olive):
    lend("bluesky")
    let_pass(days=40)
    near = make_campaign(olive, slug="sea", launch_in=40)
    pledge = make_pledge(near, LinkedAccount.objects.get())
    assert renew_some() == 0
    withdraw(pledge, person=pledge.person)
    assert renew_some() == 1


def test_suspended_campaign_may_go_on_so_its_accounts_are_kept(lend):
    lend("bluesky")
    let_pass(days=40)
    Campaign.objects.update(state=CampaignState.SUSPENDED)
    assert renew_some() == 1


def test_network_that_cannot_answer_is_asked_again_later_and_nobody_is_marked(simulator, lend):
    lend("threads")
    account = LinkedAccount.objects.get()
    age(simulator, account, days=40)
    simulator.set_faults({"500_before": 1, "endpoints": "all"})
    assert renew_some() == 1
    account.refresh_from_db()
    assert account.state == AccountState.LINKED
    assert account.busy_until > database_now() + timedelta(minutes=55)
    assert renew_some() == 0
    simulator.clear_faults()
    let_pass(hours=2)
    assert renew_some() == 1
    account.refresh_from_db()
    assert account.expires_at > database_now() + timedelta(days=59)


def test_owner_is_told_of_an_authorisation_that_was_taken_back(simulator, lend):
    lend("threads")
    account = LinkedAccount.objects.get()
    age(simulator, account, days=40)
    simulator.revoke(network="threads", account=account.account_id)
    assert renew_some() == 1
    account.refresh_from_db()
    assert account.state == AccountState.NEEDS_RELINK
    assert Email.objects.get().to == ["voice0@example.org"]


def test_somebody_is_woken_every_five_minutes_if_anything_is_due(lend):
    now, woken = database_now(), []
    lend("bluesky")

    def wake(**passed):
        wake_renewer(now + timedelta(**passed), lambda: woken.append(passed))

    for _ in range(2):
        wake()
    assert woken == []
    LinkedAccount.objects.update(checked_at=now - timedelta(days=40))
    wake(minutes=4)
    wake(minutes=5)
    wake(minutes=6)
    assert woken == [{"minutes": 5}]
    tasks.renew_authorisations()
    wake(minutes=15)
    assert len(woken) == 1


def test_tick_has_somebody_look(lend):
    woken = []
    lend("bluesky")
    let_pass(days=40)
    tick(lambda _: None, renew=lambda: woken.append("renew"))
    assert woken == ["renew"]


def test_a_host_that_a_launch_has_left_alone_is_asked_once_that_is_over(simulator, lend):
    lend("threads")
    account = LinkedAccount.objects.select_related("known_server").get()
    age(simulator, account, days=31)
    now = database_now()
    rest(account.known_server.host, now=now, until=now + timedelta(minutes=1))
    assert not find_due(now).exists()
    assert renew_some() == 0
    let_pass(seconds=61)
    assert renew_some() == 1
