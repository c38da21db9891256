"""Giving an account back: what its network says to it, what stood by it, and who is told."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts.models import User
from campaigns.clock import database_now
from supporters import vault
from supporters.assisting import promise
from supporters.models import (
    AccountState,
    AssistedPledge,
    LinkedAccount,
    PendingRevocation,
    PledgeState,
)
from supporters.pledging import PledgeRefused, sign_words
from supporters.revoking import Ending, revoke_due
from supporters.unlinking import cut_off, unlink
from tests.making import make_campaign, make_promise
from tests.platforms import link_by_consent, switch_on
from tests.racing import meet, together

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
AWAY = {"500_before": 1, "endpoints": "all"}


@pytest.fixture
def networks(settings, simulator):
    """Every simulated network, reached as in production."""
    switch_on(settings, simulator)
    return simulator


@pytest.fixture
def account(networks, sam):
    return link_by_consent(networks, sam, "sam", kind="mastodon")


def is_alive(networks, name="sam"):
    """Whether the network still knows an authorisation of that account; ends it."""
    return networks.revoke(network="mastodon", account=name) > 0


def later(**ago):
    """As if so long had passed since it was last tried."""
    PendingRevocation.objects.update(due_at=database_now() - timedelta(seconds=1), **ago)


def test_a_network_that_does_not_answer_is_told_again_until_it_does(networks, account):
    networks.set_faults(AWAY)
    outcome = unlink(account, person=account.person)
    assert outcome.revocation.ending == Ending.LATER
    account.refresh_from_db()
    assert (account.state, account.sealed_credentials) == (AccountState.UNLINKED, "")
    assert revoke_due() == 0  # not at once
    later()
    assert revoke_due() == 1
    assert PendingRevocation.objects.get().tries == 2
    networks.clear_faults()
    later()
    assert revoke_due() == 1
    assert not PendingRevocation.objects.exists()
    assert not is_alive(networks)


def test_after_a_day_the_key_is_forgotten_whatever_the_network_says(networks, account):
    networks.set_faults(AWAY)
    unlink(account, person=account.person)
    later(asked_at=database_now() - 25 * HOUR)
    revoke_due()
    assert not PendingRevocation.objects.exists()
    assert is_alive(networks)


def test_a_key_is_waited_with_no_longer_than_a_day_in_all(networks, account):
    networks.set_faults(AWAY)
    unlink(account, person=account.person)
    for _ in range(40):
        row = PendingRevocation.objects.first()
        if row is None:
            break
        assert row.due_at <= row.asked_at + timedelta(days=1)
        assert row.due_at - database_now() <= HOUR
        # The next try, and as much of the day is gone as was waited for.
        waited = row.due_at - database_now()
        later(asked_at=row.asked_at - waited)
        revoke_due()
    assert row is None
    assert not PendingRevocation.objects.exists()


def test_the_key_that_waits_stays_sealed(networks, account):
    networks.set_faults(AWAY)
    token = vault.unseal_credentials(
        account.sealed_credentials, fingerprint=account.fingerprint
    ).access_token
    unlink(account, person=account.person)
    assert token not in str(PendingRevocation.objects.values().get())


def test_a_worker_that_died_before_it_told_the_network_is_made_good(networks, account):
    cut_off(account, person=account.person)
    later()
    assert revoke_due() == 1
    assert not is_alive(networks)


@pytest.mark.postgres
def test_two_workers_tell_a_network_once(networks, account):
    cut_off(account, person=account.person)
    later()
    assert sorted(together(revoke_due, revoke_due)) == [0, 1]
    assert not is_alive(networks)


def test_an_account_that_is_linked_again_by_the_same_key_keeps_it(networks, account):
    """Some servers give the same token again to the same account and app."""
    networks.set_faults(AWAY)
    sealed = account.sealed_credentials
    unlink(account, person=account.person)
    networks.clear_faults()
    LinkedAccount.objects.filter(pk=account.pk).update(
        state=AccountState.LINKED, sealed_credentials=sealed
    )
    later()
    assert revoke_due() == 1
    assert not PendingRevocation.objects.exists()
    assert is_alive(networks)


def test_where_only_the_owner_can_remove_us_they_are_told_how(client, networks, sam):
    account = link_by_consent(networks, sam, "sam", kind="threads")
    client.force_login(sam)
    page = client.post(reverse("account_unlink", args=[account.pk]), follow=True).content.decode()
    assert "only you can" in page
    assert "Website permissions" in page
    assert not PendingRevocation.objects.exists()


def test_a_network_that_is_away_is_told_to_the_owner(client, networks, account):
    networks.set_faults(AWAY)
    client.force_login(account.person)
    page = client.post(reverse("account_unlink", args=[account.pk]), follow=True).content.decode()
    assert "go on trying for a day" in page


def test_an_account_whose_key_is_gone_is_unlinked_all_the_same(caplog, account):
    LinkedAccount.objects.update(state=AccountState.NEEDS_RELINK, sealed_credentials="")
    assert unlink(account, person=account.person).is_revoked
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


def test_a_promise_that_stood_by_the_account_alone_is_withdrawn_with_it(client, networks, olive):
    person = User.objects.create_user(name="Kim")
    account = link_by_consent(networks, person, "kim", kind="mastodon")
    promised = make_promise(make_campaign(olive), person)
    client.force_login(person)
    page = client.post(reverse("account_unlink", args=[account.pk]), follow=True).content.decode()
    assert "nothing but this account stood for it" in page
    promised.refresh_from_db()
    assert promised.state == PledgeState.WITHDRAWN


def test_a_promise_stands_while_another_account_or_an_address_does(networks, olive):
    person = User.objects.create_user(name="Kim")
    first, second = (
        link_by_consent(networks, person, name, kind="mastodon") for name in ("kim", "lou")
    )
    promised = make_promise(make_campaign(olive), person)
    assert unlink(first, person=person).promises == 0
    EmailAddress.objects.create(user=person, email="kim@example.org", verified=True)
    assert unlink(second, person=person).promises == 0
    promised.refresh_from_db()
    assert (promised.state, promised.email) == (PledgeState.LIVE, "kim@example.org")
    assert AssistedPledge.objects.all().counting().count() == 1


def test_what_was_offered_already_is_left_as_it_is(networks, olive):
    person = User.objects.create_user(name="Kim")
    account = link_by_consent(networks, person, "kim", kind="mastodon")
    now = database_now()
    make_promise(make_campaign(olive), person, state=PledgeState.CALLED, offered_at=now)
    assert unlink(account, person=person).promises == 0
    assert AssistedPledge.objects.get().state == PledgeState.CALLED


@pytest.mark.postgres
def test_a_promise_that_meets_the_unlinking_never_stands_by_nothing(networks, olive):
    person = User.objects.create_user(name="Kim")
    account = link_by_consent(networks, person, "kim", kind="mastodon")
    campaign = make_campaign(olive)
    seen = sign_words(campaign.approved, text=campaign.approved.text)

    _cut, refused = meet(
        lambda: cut_off(account, person=person),
        lambda: promise(campaign, person=person, networks=["x"], seen=seen),
    )
    assert isinstance(refused, PledgeRefused)
    assert not AssistedPledge.objects.exists()
