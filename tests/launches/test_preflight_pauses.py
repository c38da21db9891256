"""A network that failed as a whole, found by a check: who is told, how often, and who waits."""

from dataclasses import replace
from datetime import timedelta

import pytest
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from launches import pausing
from launches.igniting import ignite
from launches.models import LaunchState
from launches.pauses import NetworkPause
from launches.planning import create_launches
from launches.preflight import check_accounts
from launches.results import summarise
from supporters import vault
from supporters.models import AccountState, KnownServer, LinkedAccount, Readiness
from tests.launches.elapsing import come_near, let_pass
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent, switch_on

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = 86_400.0
PENNILESS, RICH = "simulated-x-penniless", "simulated-x"


@pytest.fixture
def networks(settings, simulator):
    """The product reaches every simulated network."""
    switch_on(settings, simulator)
    return simulator


@pytest.fixture
def lend(networks, olive):
    """Makes a campaign that is twenty days away and is lent accounts on X, without credits."""

    def make(number=1, **facts):
        campaign = make_campaign(olive, launch_in=20 * DAYS, **facts)
        for index in range(number):
            name = f"{campaign.slug}{index}"
            person = User.objects.create_user(f"{name}@example.org", name=name)
            make_pledge(campaign, link_by_consent(networks, person, name, kind="x"))
        give_app(networks, PENNILESS)
        return campaign

    return make


def give_app(networks, client_id):
    """Tokens of this app take the place of every account's; they do not end."""
    for account in LinkedAccount.objects.filter(network="x"):
        token = networks.issue_tokens(network="x", account=account.account_id, client_id=client_id)
        mark = account.fingerprint
        held = vault.unseal_credentials(account.sealed_credentials, fingerprint=mark)
        changed = replace(
            held, access_token=token["access_token"], refresh_token="", expires_at=None
        )
        account.sealed_credentials = vault.seal_credentials(changed, fingerprint=mark)
        account.expires_at = None
        account.save(update_fields=["sealed_credentials", "expires_at"])


def list_mails():
    return list(Email.objects.filter(subject__contains="paused").order_by("pk"))


def go_on(campaign, *, looks):
    """So many looks, each as soon as the pause before it is over; gives the pauses' ends."""
    ends = []
    for _ in range(looks):
        assert check_accounts() > 0
        pause = NetworkPause.objects.get()
        ends.append(pause.until)
        let_pass(seconds=(pause.until - database_now()).total_seconds() + 0.01)
        campaign.refresh_from_db()
    return ends


def test_network_that_failed_as_a_whole_is_paused_and_the_operators_are_told(lend, rae, sam):
    campaign = lend(3)
    come_near(campaign, hours=72)
    assert check_accounts() == 3
    pause = NetworkPause.objects.get()
    assert pause.network == "x"
    (mail,) = list_mails()
    assert mail.to == ["rae@example.org"]
    for text in (mail.message, mail.html_message):
        assert pause.sentence in text
        assert campaign.title in text
    assert mail.expires_at > database_now() + timedelta(hours=1)  # the pause is over before
    assert check_accounts() == 0
    assert Email.objects.count() == 1  # nobody is asked to renew anything
    assert set(LinkedAccount.objects.values_list("state", flat=True)) == {AccountState.LINKED}


def test_pause_that_an_operator_ends_lets_the_checks_go_on_at_once(lend, networks, rae):
    campaign = lend(2)
    come_near(campaign, hours=72)
    check_accounts()
    give_app(networks, RICH)
    assert check_accounts() == 0
    NetworkPause.objects.all().delete()
    assert check_accounts() == 2
    assert {each.readiness for each in campaign.pledges.all()} == {Readiness.READY}


def test_pause_ends_by_itself_and_trouble_that_goes_on_is_told_once_in_a_round(lend, rae):
    campaign = lend()
    come_near(campaign, hours=71)
    go_on(campaign, looks=3)
    assert len(list_mails()) == 1
    for number, left in enumerate(({"hours": 23}, {"minutes": 59}, {"minutes": 9}), start=2):
        come_near(campaign, **left)
        # As it would be had it gone on all the time.
        NetworkPause.objects.update(until=database_now() - timedelta(minutes=1))
        go_on(campaign, looks=3)
        assert len(list_mails()) == number


def test_the_same_trouble_after_it_was_over_is_told_anew(lend, rae):
    campaign = lend()
    come_near(campaign, hours=71)
    check_accounts()
    let_pass(hours=2)
    check_accounts()
    assert len(list_mails()) == 2


def test_another_trouble_is_told_at_once(lend, rae):
    campaign = lend()
    come_near(campaign, hours=71)
    check_accounts()
    NetworkPause.objects.update(reason="The app was suspended.", reason_facts={})
    let_pass(minutes=20)
    check_accounts()
    assert len(list_mails()) == 2


@pytest.mark.parametrize("asked", [None, 900.0])
def test_pause_never_reaches_into_the_last_minute_before_a_launch(lend, rae, monkeypatch, asked):
    campaign = lend()
    come_near(campaign, minutes=9)
    if asked:
        monkeypatch.setattr("launches.preflight.find_wait", lambda *_, **__: asked)
    check_accounts()
    ends_at = NetworkPause.objects.get().until
    assert ends_at <= campaign.launch_at - timedelta(seconds=60)
    assert (ends_at == campaign.launch_at - timedelta(seconds=60)) is bool(asked)


def test_pause_for_a_later_launch_does_not_reach_into_an_earlier_one(lend, olive, rae):
    later = lend()
    come_near(later, hours=70)
    sooner = make_campaign(olive, slug="sooner", launch_in=70)
    make_pledge(sooner, LinkedAccount.objects.get())
    check_accounts()
    assert NetworkPause.objects.get().until <= sooner.launch_at - timedelta(seconds=60)


def test_launch_loses_no_time_by_what_a_check_found(lend, networks, rae, launch_now):
    campaign = lend()
    come_near(campaign, seconds=65)
    check_accounts()
    assert NetworkPause.objects.exists()
    give_app(networks, RICH)
    come_near(campaign, seconds=0.5)
    launch_now(campaign)
    assert summarise(campaign).tally["sent"] == 1
    assert summarise(campaign).first_lag_ms < 5_000


def test_checks_pause_nothing_while_a_launch_posts_there(lend, networks, olive, sam, rae):
    later = lend()
    come_near(later, hours=70)
    now = make_campaign(olive, slug="now", launch_in=-0.01)
    make_pledge(now, link_by_consent(networks, sam, "now0", kind="x"))
    create_launches(database_now())
    (launch,) = now.launches.all()
    assert ignite(launch.pk).state == LaunchState.FIRING
    assert check_accounts() == 1
    assert not NetworkPause.objects.exists()
    assert list_mails() == []
    assert KnownServer.objects.get(network="x").rests_until > database_now()
    assert check_accounts() == 0


def test_launch_that_is_hit_tells_once_more_and_then_no_more(lend, rae):
    campaign = lend()
    come_near(campaign, minutes=9)
    check_accounts()
    launch_at = campaign.launch_at
    for minutes in (0, 16, 32):
        now = launch_at + timedelta(minutes=minutes, seconds=1)
        known = NetworkPause.objects.get()
        trouble = pausing.Trouble(network="x", reason=known.reason, facts=known.reason_facts)
        until = now + timedelta(minutes=15)
        pausing.pause(trouble, until=until, now=now, told_since=launch_at)
        assert NetworkPause.objects.get().until == until
    assert len(list_mails()) == 2


def test_room_shows_a_pause_to_who_may_steer_the_launch(lend, client, olive, sam, rae):
    campaign = lend()
    come_near(campaign, minutes=9)
    check_accounts()
    sentence = NetworkPause.objects.get().sentence
    for reader, sees in ((None, False), (sam, False), (olive, True)):
        client.logout()
        if reader:
            client.force_login(reader)
        page = client.get(f"/campaigns/{campaign.slug}/launch/").content.decode()
        assert (sentence in page) is sees
    let_pass(hours=1)
    NetworkPause.objects.update(until=database_now())
    page = client.get(f"/campaigns/{campaign.slug}/launch/").content.decode()
    assert sentence not in page
