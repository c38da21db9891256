"""Erased means erased: nothing that names the person is left, and what stays is said."""

import hashlib
import logging

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt, AccessLog
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from post_office.models import Email

from accounts.models import User
from campaigns.clock import database_now
from crowdspeak import privacy
from launches.models import Delivery, DeliveryState, Launch, LaunchState
from launches.planning import arm_launches, create_launches
from launches.results import summarise
from supporters import vault
from supporters.models import (
    AssistedPledge,
    ConfirmRequest,
    KnownServer,
    PendingRevocation,
    Reminder,
)
from supporters.revoking import revoke_due
from supporters.servers import forget_servers
from supporters.unlinking import unlink
from tests.conftest import make_person
from tests.crowdspeak.coming_in import ERASE, come_in
from tests.dumping import find_words
from tests.making import make_campaign, make_pledge, make_promise
from tests.platforms import link_by_consent

pytestmark = pytest.mark.django_db(transaction=True)
IP = "203.0.113.77"


def write_lines(person, client):
    """All that can be kept of somebody besides what they lent; gives words to search for."""
    Authenticator.objects.create(user=person, type="totp", data={"secret": "totp-canary"})
    come_in(client, person)
    key = client.session.session_key
    AccessLog.objects.create(
        username=None, ip_address=IP, session_hash=hashlib.sha256(key.encode()).hexdigest()
    )
    AccessAttempt.objects.create(
        username=person.email.upper(), ip_address=IP, failures_since_start=1
    )
    LogEntry.objects.create(
        user=User.objects.get(is_superuser=True),
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(person.pk),
        object_repr=person.name,
        action_flag=CHANGE,
    )
    return [IP, "totp-canary", key]


def test_nothing_that_names_a_supporter_is_left_anywhere(
    client, networks, olive, rae, xavier, launch_now, caplog
):
    caplog.set_level(logging.DEBUG)
    account = link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    unlinked = link_by_consent(networks, xavier, "xavierold", kind="bluesky")
    unlink(unlinked, person=xavier)
    mark = account.fingerprint
    key = vault.unseal_credentials(account.sealed_credentials, fingerprint=mark).access_token
    words = "Quokkas row at dawn."
    campaign = make_campaign(olive, launch_in=0.3)
    make_pledge(
        campaign, account, text=words, is_shown=True, receipt_email="xq-receipt@example.org"
    )
    make_promise(campaign, xavier, text=words)
    Reminder.objects.create(campaign=campaign, email="xavier.q@example.org")
    ConfirmRequest.objects.create(
        campaign=campaign, email="xavier.q@example.org", revision=campaign.approved, name="Xavier Q"
    )
    launch_now(campaign)
    delivery = Delivery.objects.get()
    secrets = [
        *("xavier", "quillfeather", "xq-receipt", words, key, account.sealed_credentials),
        *(delivery.permalink, delivery.remote_id, account.account_id, account.handle),
        *write_lines(xavier, client),
    ]
    before = find_words(secrets)
    assert set(before) == set(secrets) - {key}  # which is sealed
    caplog.clear()

    answer = client.post(ERASE, {"word": "Erase"})
    assert answer.status_code == 200
    assert "You are erased" in answer.content.decode()

    assert find_words(secrets) == {}
    assert find_words(secrets, text=caplog.text) == {}
    assert not User.objects.filter(pk=xavier.pk).exists()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.account_fingerprint) == (DeliveryState.SENT, mark)
    assert delivery.lag_ms is not None
    assert networks.revoke(network="mastodon", account="xavierq") == 0  # revoked before
    assert client.get(reverse("my_data"))["Location"].startswith(reverse("account_login"))


def test_the_numbers_of_a_launch_stay_as_they_were(networks, olive, xavier, launch_now):
    campaign = make_campaign(olive, launch_in=0.3)
    make_pledge(campaign, link_by_consent(networks, xavier, "xavierq", kind="mastodon"))
    make_promise(campaign, xavier)
    launch_now(campaign)
    AssistedPledge.objects.update(reported_at=database_now())
    before = summarise(campaign).as_json()
    assert before["tally"]["sent"] == 1
    assert before["assisted"] == {"offered": 1, "reported": 1}
    privacy.erase(xavier)
    assert summarise(campaign).as_json() == before


def test_pledges_that_are_to_come_are_withdrawn_and_nothing_is_posted(
    networks, olive, sam, xavier, launch_now
):
    campaign = make_campaign(olive, launch_in=2)
    make_pledge(campaign, link_by_consent(networks, xavier, "xavierq", kind="mastodon"))
    make_pledge(campaign, link_by_consent(networks, sam, "sam", kind="mastodon"))
    make_promise(campaign, xavier)
    privacy.erase(xavier)
    launch_now(campaign)
    (post,) = networks.list_posts()
    assert post["account"].startswith("sam")
    launch = Launch.objects.get()
    assert (launch.people, launch.pledges, Delivery.objects.count()) == (1, 1, 1)
    assert not Email.objects.filter(to__contains="xavier").exists()


def test_somebody_who_comes_again_before_the_moment_is_posted_once(
    networks, olive, xavier, launch_now
):
    campaign = make_campaign(olive, launch_in=3)
    make_pledge(campaign, link_by_consent(networks, xavier, "xavierq", kind="mastodon"))
    create_launches(database_now())
    arm_launches(database_now())
    privacy.erase(xavier)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.pledge) == (DeliveryState.WITHDRAWN, None)
    again = make_person("xavier.q@example.org", "Xavier")
    pledge = make_pledge(campaign, link_by_consent(networks, again, "xavierq", kind="mastodon"))
    launch_now(campaign)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.pledge, delivery.erased_at) == ("sent", pledge, None)
    assert delivery.permalink
    assert networks.summarise() == {"posts": 1, "accounts": 1, "duplicates": 0}


def test_an_account_that_was_posted_from_is_not_posted_from_again(
    networks, olive, xavier, launch_now
):
    campaign = make_campaign(olive, launch_in=0.3)
    make_pledge(campaign, link_by_consent(networks, xavier, "xavierq", kind="mastodon"))
    launch_now(campaign)
    privacy.erase(xavier)
    again = make_person("xavier.q@example.org", "Xavier")
    make_pledge(campaign, link_by_consent(networks, again, "xavierq", kind="mastodon"))
    # As if somebody had set the launch back by hand.
    Launch.objects.update(state=LaunchState.FIRING)
    launch_now(campaign)
    assert networks.summarise()["posts"] == 1


def test_a_network_that_is_away_is_told_later_and_the_page_says_so(client, networks, xavier):
    account = link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    threads = link_by_consent(networks, xavier, "xavierq", kind="threads")
    come_in(client, xavier)
    networks.set_faults({"500_before": 1, "endpoints": "all"})
    page = client.post(ERASE, {"word": "erase"}).content.decode()
    assert "go on trying for a day" in page
    assert "Website permissions" in page
    assert threads.handle in page
    row = PendingRevocation.objects.get()
    assert row.known_server_id == account.known_server_id
    networks.clear_faults()
    PendingRevocation.objects.update(due_at=database_now())
    revoke_due()
    assert networks.revoke(network="mastodon", account="xavierq") == 0
    assert not PendingRevocation.objects.exists()


def test_a_server_where_nobody_lives_any_more_is_forgotten(networks, sam, xavier):
    link_by_consent(networks, xavier, "xavierq", kind="gotosocial")
    link_by_consent(networks, sam, "sam", kind="mastodon")
    KnownServer.objects.update(checked_at=database_now() - privacy.timedelta(hours=2))
    privacy.erase(xavier)
    forget_servers()
    assert KnownServer.objects.count() == 1
