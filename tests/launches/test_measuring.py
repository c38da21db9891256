"""Numbers after a launch, against real HTTP: what is kept of each post, and what stays unknown."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from launches import tasks
from launches.harvesting import take_posts
from launches.measuring import read_numbers, record
from launches.models import Delivery, DeliveryState
from launches.pauses import Installation
from launches.readings import NUMBERS, Reading
from networks.base import Numbers
from supporters import vault
from supporters.models import AccountState, LinkedAccount, Pledge
from supporters.tokens import read_credentials
from supporters.unlinking import unlink
from tests.launches.elapsing import let_pass
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent, switch_on
from tests.racing import together

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, DAY, WEEK = 3600, 86_400, 7 * 86_400
# What each kind of server tells of a post.
TOLD = {
    "mastodon": {"likes", "reposts", "replies", "quotes"},
    "mastodon-4.2": {"likes", "reposts", "replies"},
    "gotosocial": {"likes", "reposts", "replies"},
    "bluesky": {"likes", "reposts", "replies", "quotes"},
    "x": set(NUMBERS),
    "facebook": {"likes", "reposts", "replies"},
    "threads": set(NUMBERS),
}


@pytest.fixture
def networks(settings, simulator):
    """The product reaches every simulated network, on which a post is read as half an hour old."""
    switch_on(settings, simulator)
    simulator.change_settings(post_age_seconds=1800)
    return simulator


@pytest.fixture
def say(networks, olive, launch_now):
    """Accounts of these kinds, lent and posted from; then so many seconds pass. Gives the launch.

    Their tokens last for longer than anything here.
    """

    def do(*kinds, passed=HOUR, slug="river"):
        networks.change_settings(access_token_seconds=20 * WEEK)
        campaign = make_campaign(olive, launch_in=1.0 + len(kinds) / 10, slug=slug)
        for index, kind in enumerate(kinds):
            person = User.objects.create_user(
                f"{slug}{index}@example.org", name=f"{slug.title()} {index}"
            )
            name = f"{slug}{index}"
            account = link_by_consent(networks, person, name, kind=kind)
            instance = networks.get_instance(kind)["instance"]
            networks.open_accounts(instance=instance, names=[name], followers=5000)
            make_pledge(campaign, account)
        launch = launch_now(campaign)
        assert set(launch.deliveries.values_list("state", flat=True)) == {DeliveryState.SENT}
        let_pass(seconds=passed)
        return launch

    return do


def watch(networks, **rule):
    """Count requests from here on."""
    networks.set_faults({"endpoints": "all", "latency_ms": 0, **rule})


def count_requests(networks):
    """How many requests the one rule that is set has seen."""
    (rule,) = networks._ask("GET", "/_simulator/faults")
    return rule["matched"]


def let_tokens_run_out():
    """Every account's token ends in less than two minutes; gives the credentials."""
    ended = []
    for account in LinkedAccount.objects.order_by("pk"):
        ends_at = database_now() + timedelta(seconds=110)
        ended.append(replace(read_credentials(account), expires_at=ends_at))
        account.sealed_credentials = vault.seal_credentials(
            ended[-1], fingerprint=account.fingerprint
        )
        account.expires_at = ends_at
        account.save()
    return ended


def list_told(reading):
    return {name for name in NUMBERS if getattr(reading, name) is not None}


@pytest.mark.parametrize("kind", TOLD)
def test_each_round_keeps_what_its_network_tells_and_nothing_else(say, networks, kind):
    say(kind, passed=HOUR - 5)
    assert read_numbers() == 0
    let_pass(seconds=5)
    assert [read_numbers() for _ in range(2)] == [1, 0]
    networks.change_settings(post_age_seconds=DAY)
    let_pass(seconds=DAY - HOUR)
    assert [read_numbers() for _ in range(2)] == [1, 0]
    let_pass(seconds=WEEK - DAY)
    assert [read_numbers() for _ in range(2)] == [1, 0]
    first, second, third = Reading.objects.order_by("after_seconds")
    assert [each.after_seconds for each in (first, second, third)] == [HOUR, DAY, WEEK]
    for each in (first, second, third):
        assert list_told(each) == TOLD[kind]
        assert each.read_at is not None
        assert each.lease_until is None
    assert all(getattr(second, name) > getattr(first, name) > 0 for name in TOLD[kind])


def test_network_that_tells_no_numbers_is_not_asked(say, networks):
    say("linkedin", passed=HOUR)
    watch(networks)
    assert read_numbers() == 0
    assert count_requests(networks) == 0
    assert Reading.objects.get().read_at is None


def test_post_that_is_gone_is_noted_once_and_stays_sent(say, networks):
    launch = say("mastodon", "x")
    networks.reset(accounts=False)
    assert [read_numbers() for _ in range(2)] == [2, 0]
    assert set(Reading.objects.values_list("is_gone", flat=True)) == {True}
    assert {len(list_told(each)) for each in Reading.objects.all()} == {0}
    let_pass(seconds=DAY - HOUR)
    watch(networks)
    assert read_numbers() == 0
    assert count_requests(networks) == 0
    assert Reading.objects.count() == 2
    assert set(launch.deliveries.values_list("state", flat=True)) == {DeliveryState.SENT}


def test_posts_of_several_accounts_are_one_request_where_numbers_are_public(say, networks):
    say("bluesky", "bluesky", "bluesky")
    old = let_tokens_run_out()
    watch(networks)
    assert read_numbers() == 3
    assert count_requests(networks) == 1
    assert all(list_told(each) == TOLD["bluesky"] for each in Reading.objects.all())
    new = [read_credentials(account) for account in LinkedAccount.objects.order_by("pk")]
    assert [each.access_token for each in new] == [each.access_token for each in old]


def test_public_post_that_is_left_out_is_asked_for_by_itself_and_found_gone(say, networks):
    launch = say("bluesky", "bluesky")
    gone = launch.deliveries.latest("pk")
    other = "3" if gone.remote_id.endswith("2") else "2"
    Delivery.objects.filter(pk=gone.pk).update(remote_id=gone.remote_id[:-1] + other)
    assert read_numbers() == 2
    reading = Reading.objects.get(delivery=gone)
    assert (reading.read_at, reading.was_left_out, reading.lease_until) == (None, True, None)
    assert [read_numbers() for _ in range(2)] == [1, 0]
    reading.refresh_from_db()
    assert reading.is_gone
    assert Reading.objects.exclude(pk=reading.pk).get().likes is not None


def test_posts_of_one_account_in_two_launches_are_one_request(say, networks, olive, launch_now):
    say("mastodon", passed=0)
    campaign = make_campaign(olive, launch_in=1, slug="sea")
    make_pledge(campaign, LinkedAccount.objects.get(), text="The sea, then.")
    launch_now(campaign)
    let_pass(seconds=HOUR + 60)
    watch(networks)
    assert read_numbers() == 2
    assert count_requests(networks) == 1
    assert Reading.objects.exclude(likes=None).count() == 2


def test_token_that_runs_out_is_refreshed_to_read(say):
    say("x")
    (old,) = let_tokens_run_out()
    assert read_numbers() == 1
    assert read_credentials(LinkedAccount.objects.get()).access_token != old.access_token
    assert Reading.objects.get().likes is not None


def test_token_that_still_is_good_is_not_refreshed(say, networks):
    say("x", "threads")
    old = [account.sealed_credentials for account in LinkedAccount.objects.order_by("pk")]
    assert read_numbers() == 2
    new = [account.sealed_credentials for account in LinkedAccount.objects.order_by("pk")]
    assert new == old


def test_revoked_authorisation_marks_the_account_and_leaves_its_post_unread(say, networks):
    say("x")
    networks.revoke(network="x", account="river0")
    assert [read_numbers() for _ in range(2)] == [1, 0]
    assert LinkedAccount.objects.get().state == AccountState.NEEDS_RELINK
    reading = Reading.objects.get()
    assert (reading.read_at, list_told(reading)) == (None, set())
    assert not Email.objects.filter(subject__startswith="Authorise").exists()  # nothing is coming
    link_by_consent(networks, LinkedAccount.objects.get().person, "river0", kind="x")
    assert read_numbers() == 1
    assert Reading.objects.get().likes is not None


def unlink_it(account):
    unlink(account, person=account.person)


def shut_out(account):
    User.objects.filter(pk=account.person_id).update(is_active=False)


def erase(account):
    Pledge.objects.filter(account=account).delete()


def need_relink(account):
    LinkedAccount.objects.filter(pk=account.pk).update(state=AccountState.NEEDS_RELINK)


@pytest.mark.parametrize("end", [unlink_it, shut_out, erase, need_relink])
@pytest.mark.parametrize("kind", ["mastodon", "bluesky"])
def test_nobody_is_asked_in_the_name_of_who_is_not_there(say, networks, kind, end):
    say(kind)
    end(LinkedAccount.objects.get())
    watch(networks)
    assert read_numbers() == 0
    assert count_requests(networks) == 0
    assert not Reading.objects.exclude(read_at=None).exists()


def test_copy_of_the_database_asks_nobody(say, networks):
    say("mastodon")
    Installation.objects.update(instance_id="another one")
    watch(networks)
    assert read_numbers() == 0
    assert count_requests(networks) == 0


def test_server_in_trouble_is_left_alone_and_nothing_is_unknown_for_0(say, networks):
    say("mastodon", "mastodon", "bluesky", passed=HOUR + 120)
    host = Delivery.objects.filter(network="mastodon").earliest("pk").host
    networks.set_faults({"endpoints": "all", "instance": host, "500_before": 1})
    assert [read_numbers() for _ in range(2)] == [3, 0]
    unread = Reading.objects.filter(delivery__network="mastodon")
    assert set(unread.values_list("read_at", "likes", "is_gone")) == {(None, None, False)}
    assert all(each.lease_until > database_now() for each in unread)
    assert not LinkedAccount.objects.exclude(state=AccountState.LINKED).exists()
    networks.clear_faults()
    let_pass(seconds=90)
    assert read_numbers() == 2
    assert not Reading.objects.filter(likes=None).exists()


def test_who_asks_us_to_wait_is_not_asked_before(say, networks):
    say("mastodon")
    networks.set_faults({"endpoints": "all", "429": 1, "retry_after": 500})
    read_numbers()
    networks.clear_faults()
    let_pass(seconds=490)
    assert read_numbers() == 0
    let_pass(seconds=12)
    assert read_numbers() == 1


def test_public_service_in_trouble_makes_no_post_gone_and_is_left_alone(say, networks):
    say("bluesky", "bluesky", passed=HOUR + 300)
    networks.set_faults({"endpoints": "all", "500_before": 1})
    assert [read_numbers() for _ in range(2)] == [2, 0]
    assert set(Reading.objects.values_list("read_at", "is_gone")) == {(None, False)}
    networks.clear_faults()
    let_pass(seconds=160)
    watch(networks)
    assert read_numbers() == 2
    assert count_requests(networks) == 1  # together, as before: none of them was left out


def test_what_could_not_be_read_by_the_next_round_stays_unread(say, networks):
    say("mastodon")
    networks.set_faults({"endpoints": "all", "500_before": 1})
    read_numbers()
    networks.clear_faults()
    let_pass(seconds=DAY - HOUR)
    assert [read_numbers() for _ in range(2)] == [1, 0]
    first, second = Reading.objects.order_by("after_seconds")
    assert (first.read_at, first.likes) == (None, None)
    assert second.likes is not None


def test_workers_at_once_read_each_post_once(say, networks):
    say("mastodon", "mastodon", "x", "bluesky")
    assert sum(together(read_numbers, read_numbers, read_numbers)) == 4
    assert Reading.objects.exclude(likes=None).count() == Reading.objects.count() == 4


def test_worker_that_died_leaves_its_posts_to_another_one_later(say, monkeypatch):
    say("mastodon")
    with monkeypatch.context() as died:
        died.setattr("launches.measuring._Look._measure", _die)
        with pytest.raises(SystemExit):
            read_numbers()
    assert read_numbers() == 0
    let_pass(minutes=6)
    assert read_numbers() == 1
    assert Reading.objects.get().likes is not None


async def _die(*_):
    raise SystemExit


def test_worker_that_stops_begins_nothing_and_gives_its_leases_back(say, networks):
    say("mastodon", "bluesky")
    watch(networks)
    read_numbers(stopping=lambda: True)
    assert count_requests(networks) == 0
    assert read_numbers() == 2


def test_missing_key_leaves_posts_unread_and_says_so(say, settings, caplog):
    say("mastodon")
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    assert [read_numbers() for _ in range(2)] == [1, 0]
    assert "the vault does not open" in caplog.text
    assert Reading.objects.get().read_at is None
    caplog.clear()


def test_first_answer_stands_whoever_comes_later(say):
    say("mastodon")
    (held,) = take_posts()
    remote_id = held.due[0].remote_id
    read_at = database_now()
    record(held.due, {remote_id: Numbers(likes=3)}, read_at=read_at)
    record(held.due, {remote_id: None}, read_at=read_at + timedelta(minutes=9))
    reading = Reading.objects.get()
    assert (reading.likes, reading.is_gone, reading.read_at) == (3, False, read_at)


def test_what_is_no_number_of_people_stays_unknown(say):
    say("mastodon")
    (held,) = take_posts()
    told = {held.due[0].remote_id: Numbers(likes=-1, reposts=2**40, replies=0)}
    record(held.due, told, read_at=database_now())
    reading = Reading.objects.get()
    assert (reading.likes, reading.reposts, reading.replies) == (None, None, 0)


def test_task_reads_one_at_a_time(say):
    say("mastodon")
    with tasks._reading:
        tasks.read_numbers()
    assert not Reading.objects.exists()
    tasks.read_numbers()
    assert Reading.objects.get().likes is not None
