"""Checks before a launch, against real HTTP: what is refreshed, who is marked, what is written."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from campaigns.models import Campaign
from launches import preflight, tasks
from launches.dealing import take_due
from launches.models import DeliveryState, Launch
from launches.preflight import check_accounts
from launches.results import summarise
from supporters import vault
from supporters.models import AccountState, KnownServer, LinkedAccount, Pledge, Readiness
from supporters.proving import refresh_facts
from supporters.tokens import read_credentials
from tests.launches.elapsing import come_near, let_pass
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent, switch_on
from tests.racing import together

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = 86_400.0


@pytest.fixture
def networks(settings, simulator):
    """The product reaches every simulated network."""
    switch_on(settings, simulator)
    return simulator


@pytest.fixture
def lend(networks, olive):
    """Makes a campaign that is twenty days away, lent an account on each of these.

    Tokens that end at all were given for so many seconds, and for an hour from then on.
    """

    def make(*kinds, token_seconds=60):
        networks.change_settings(access_token_seconds=token_seconds)
        campaign = make_campaign(olive, launch_in=20 * DAYS)
        for index, kind in enumerate(kinds):
            person = User.objects.create_user(f"voice{index}@example.org", name=f"Voice {index}")
            account = link_by_consent(networks, person, f"voice{index}", kind=kind)
            make_pledge(campaign, account)
        networks.change_settings(access_token_seconds=3600)
        return campaign

    return make


def find_account():
    return LinkedAccount.objects.select_related("known_server").get()


def readiness():
    return Pledge.objects.select_related("account", "campaign").get().readiness


def count_requests(networks):
    """How many requests the one rule that is set has seen."""
    (rule,) = networks._ask("GET", "/_simulator/faults")
    return rule["matched"]


def watch(networks):
    """Count requests from here on."""
    networks.set_faults({"endpoints": "all", "latency_ms": 0})


@pytest.mark.parametrize("kind", ["mastodon", "bluesky"])
def test_account_is_checked_once_at_each_milestone(lend, kind):
    campaign = lend(kind)
    come_near(campaign, hours=73)
    assert check_accounts() == 0
    for left in ({"hours": 72}, {"hours": 24}, {"hours": 1}, {"minutes": 10}):
        come_near(campaign, **left)
        assert [check_accounts() for _ in range(2)] == [1, 0], left
        assert readiness() == Readiness.READY
    come_near(campaign, seconds=61)
    assert check_accounts() == 0


def test_check_whose_turn_comes_in_the_last_minute_is_not_begun(lend, networks, monkeypatch):
    """A look takes two minutes at most: what it began to take before may have to wait."""
    come_near(lend("bluesky"), minutes=10)
    KnownServer.objects.update(checked_at=database_now())

    def take_and_wait():
        taken = take_due()
        Campaign.objects.update(launch_at=database_now() + timedelta(seconds=30))
        return taken

    monkeypatch.setattr(preflight, "take_due", take_and_wait)
    watch(networks)
    assert check_accounts() == 1
    assert count_requests(networks) == 0
    assert find_account().busy_until is None


def test_account_linked_since_the_round_began_is_not_asked_again(lend, networks):
    campaign = lend("mastodon")
    come_near(campaign, hours=30)
    LinkedAccount.objects.update(checked_at=database_now() - timedelta(hours=20))
    assert readiness() == Readiness.READY
    watch(networks)
    assert check_accounts() == 0
    assert count_requests(networks) == 0


def test_token_that_ends_before_the_launch_does_is_refreshed(lend, networks):
    campaign = lend("bluesky", token_seconds=30 * 60)
    old = read_credentials(find_account())
    come_near(campaign, minutes=10)
    check_accounts()
    account = find_account()
    new = read_credentials(account)
    assert new.access_token != old.access_token
    assert account.expires_at == new.expires_at
    assert account.expires_at > campaign.latest_at
    assert (account.busy_until, account.refreshing_until) == (None, None)


def test_launch_itself_asks_for_no_token_any_more(lend, networks, launch_now):
    campaign = lend("bluesky", "bluesky")
    come_near(campaign, minutes=9)
    assert check_accounts() == 2
    networks.set_faults({"endpoints": "token", "500_before": 1})
    come_near(campaign, seconds=1)
    launch_now(campaign)
    assert summarise(campaign).tally[DeliveryState.SENT] == 2
    assert Launch.objects.get().pledges == 2


def test_check_brings_what_the_network_tells_up_to_date(lend, networks):
    campaign = lend("bluesky")
    account = find_account()
    networks.open_accounts(network="bluesky", names=["voice0"], followers=4321)
    LinkedAccount.objects.update(handle="old.example", display_name="<b>\x07", url="")
    come_near(campaign, hours=72)
    check_accounts()
    kept = find_account()
    assert (kept.followers, kept.handle, kept.url) == (4321, account.handle, account.url)


def test_near_the_launch_a_refresh_is_proof_enough(lend, networks):
    campaign = lend("bluesky")
    networks.open_accounts(network="bluesky", names=["voice0"], followers=4321)
    come_near(campaign, minutes=10)
    KnownServer.objects.update(checked_at=database_now())
    watch(networks)
    check_accounts()
    assert count_requests(networks) <= 2  # the refresh, asked again with the server's nonce
    assert find_account().followers != 4321
    assert readiness() == Readiness.READY


def test_workers_at_once_check_each_account_once(lend):
    campaign = lend("bluesky", "bluesky", "mastodon")
    come_near(campaign, minutes=9)
    assert sum(together(check_accounts, check_accounts, check_accounts)) == 3
    assert set(LinkedAccount.objects.values_list("state", flat=True)) == {AccountState.LINKED}
    let_pass(minutes=1)
    LinkedAccount.objects.update(checked_at=database_now() - timedelta(hours=2))
    # A refresh token that had been used twice would have ended its session.
    assert check_accounts() == 3
    assert set(LinkedAccount.objects.values_list("state", flat=True)) == {AccountState.LINKED}


def test_worker_that_died_leaves_the_account_to_another_one_later(lend, monkeypatch):
    campaign = lend("mastodon")
    come_near(campaign, hours=72)
    with monkeypatch.context() as died:
        died.setattr("launches.preflight._Look._check", _die)
        with pytest.raises(SystemExit):
            check_accounts()
    assert find_account().busy_until > database_now()
    assert check_accounts() == 0
    let_pass(minutes=6)
    assert check_accounts() == 1


async def _die(*_):
    raise SystemExit


def test_worker_that_stops_begins_nothing_and_gives_its_leases_back(lend, networks):
    campaign = lend("bluesky", "mastodon")
    come_near(campaign, hours=72)
    watch(networks)
    check_accounts(stopping=lambda: True)
    assert count_requests(networks) == 0
    assert check_accounts() == 2


@pytest.mark.parametrize("kind", ["mastodon", "bluesky"])
def test_revoked_authorisation_is_found_and_its_owner_alone_is_told_once(lend, networks, kind):
    campaign = lend(kind, kind)
    lost = LinkedAccount.objects.earliest("pk")
    networks.revoke(network=lost.network, account=lost.handle.removeprefix("@").split("@")[0])
    come_near(campaign, hours=72)
    assert check_accounts() == 2
    lost.refresh_from_db()
    assert lost.state == AccountState.NEEDS_RELINK
    assert [check_accounts(), preflight.remind()] == [0, 0]
    (mail,) = Email.objects.all()
    assert mail.to == ["voice0@example.org"]
    assert lost.handle in mail.subject
    assert Pledge.objects.get(account=lost).readiness == Readiness.RENEW


def test_server_in_trouble_marks_nobody_and_is_left_alone_for_a_while(lend, networks):
    campaign = lend("mastodon", "mastodon", "bluesky")
    come_near(campaign, hours=71)
    host = KnownServer.objects.get(network="mastodon").host
    networks.set_faults({"endpoints": "all", "instance": host, "500_before": 1})
    assert check_accounts() == 3
    assert check_accounts() == 0
    assert KnownServer.objects.get(host=host).rests_until > database_now()
    assert not LinkedAccount.objects.exclude(state=AccountState.LINKED).exists()
    assert not Email.objects.exists()
    networks.clear_faults()
    let_pass(minutes=31)
    assert check_accounts() == 2
    assert set(Pledge.objects.values_list("account__refused_at", flat=True)) == {None}


def test_unclear_answer_to_a_refresh_marks_nobody(lend, networks):
    campaign = lend("bluesky")
    come_near(campaign, hours=72)
    networks.set_faults({"endpoints": "token", "500_before": 1, "times": 1})
    check_accounts()
    account = find_account()
    assert account.state == AccountState.LINKED
    assert account.busy_until > database_now() + timedelta(seconds=55)
    assert readiness() == Readiness.UNCHECKED
    assert not Email.objects.exists()
    let_pass(minutes=2)
    assert check_accounts() == 1


def test_account_that_its_network_keeps_from_posting_is_not_ready_and_not_to_renew(lend, networks):
    campaign = lend("bluesky")
    networks.open_accounts(network="bluesky", names=["voice0"], state="takendown")
    come_near(campaign, hours=72)
    assert [check_accounts() for _ in range(2)] == [1, 0]
    assert readiness() == Readiness.REFUSED
    assert not Email.objects.exists()
    come_near(campaign, hours=1)
    assert check_accounts() == 1
    assert readiness() == Readiness.REFUSED  # though its token was refreshed
    networks.open_accounts(network="bluesky", names=["voice0"], state="active")
    come_near(campaign, minutes=10)
    check_accounts()
    assert readiness() == Readiness.READY


def shorten(account, *, ends_at):
    """Have the authorisation end then, as the network said when it was given."""
    credentials = replace(read_credentials(account), expires_at=ends_at)
    account.sealed_credentials = vault.seal_credentials(
        credentials, fingerprint=account.fingerprint
    )
    account.expires_at = ends_at
    account.save(update_fields=["sealed_credentials", "expires_at"])


def test_authorisation_that_only_its_owner_can_renew_is_asked_for_in_time(lend, networks):
    campaign = lend("linkedin")
    come_near(campaign, hours=72)
    ends_at = campaign.launch_at - timedelta(hours=1)
    shorten(find_account(), ends_at=ends_at)
    assert [check_accounts() for _ in range(2)] == [1, 0]
    assert find_account().state == AccountState.LINKED
    assert readiness() == Readiness.RENEW
    (mail,) = Email.objects.all()
    assert mail.subject.startswith("Authorise")
    assert f"{ends_at.astimezone(campaign.approved.local_launch_at.tzinfo):%H:%M}" in mail.message
    person = find_account().person
    link_by_consent(networks, person, "voice0", kind="linkedin")
    assert readiness() == Readiness.READY


def test_authorisation_that_lasts_beyond_the_launch_is_nobodys_business(lend):
    campaign = lend("linkedin")
    come_near(campaign, hours=72)
    shorten(find_account(), ends_at=campaign.latest_at + timedelta(minutes=1))
    check_accounts()
    assert readiness() == Readiness.READY
    assert not Email.objects.exists()


def test_missing_key_is_the_operators_trouble_alone(lend, settings, caplog):
    campaign = lend("mastodon")
    come_near(campaign, hours=72)
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert [check_accounts() for _ in range(2)] == [1, 0]
    assert "the vault does not open" in caplog.text
    assert find_account().state == AccountState.LINKED
    assert readiness() == Readiness.UNCHECKED
    assert not Email.objects.exists()
    caplog.clear()


def test_server_is_asked_once_a_day_what_it_is(lend, networks):
    campaign = lend("mastodon")
    come_near(campaign, hours=72)
    KnownServer.objects.update(version="1.0")
    check_accounts()
    assert KnownServer.objects.get().version != "1.0"
    KnownServer.objects.update(version="1.0")
    come_near(campaign, hours=71)
    LinkedAccount.objects.update(checked_at=database_now() - timedelta(hours=2))
    asked_at = KnownServer.objects.get().checked_at
    assert check_accounts() == 1
    assert KnownServer.objects.get().version == "1.0"
    assert KnownServer.objects.get().checked_at == asked_at


def test_server_that_does_not_say_what_it_is_is_asked_again_in_an_hour(lend, networks):
    campaign = lend("mastodon")
    come_near(campaign, hours=72)
    known = KnownServer.objects.get()
    networks.set_faults({"endpoints": "all", "500_before": 1})
    assert not refresh_facts(known)
    networks.clear_faults()
    assert not refresh_facts(KnownServer.objects.get())
    let_pass(minutes=61)
    assert refresh_facts(KnownServer.objects.get())


def test_task_checks_and_reminds_one_at_a_time(lend):
    campaign = lend("mastodon", "mastodon")
    LinkedAccount.objects.filter(handle__contains="voice1").update(state=AccountState.NEEDS_RELINK)
    come_near(campaign, hours=24)
    with tasks._checking:
        tasks.check_before_launches()
    assert not Email.objects.exists()
    tasks.check_before_launches()
    assert [mail.to for mail in Email.objects.all()] == [["voice1@example.org"]]
    assert Pledge.objects.earliest("pk").readiness == Readiness.READY
