"""Erasing by one's own page, by the operator's command, and going on with what was cut short."""

from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from campaigns.clock import database_now
from crowdspeak import privacy
from supporters.explaining import LinkingRefused
from supporters.models import LinkedAccount, Pledge, PledgeState, Reminder
from tests.crowdspeak.coming_in import ERASE, come_in
from tests.dumping import find_words
from tests.making import make_campaign, make_pledge
from tests.platforms import link_by_consent

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_page_says_what_goes_and_does_nothing_by_itself(client, networks, olive, xavier):
    account = link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    make_pledge(make_campaign(olive), account)
    come_in(client, xavier)
    page = client.get(ERASE).content.decode()
    assert "Your linked account: its key is deleted here" in page
    assert "One pledge that is still to come" in page
    assert "fingerprint" in page
    for word in ("", "no", "erase me"):
        assert client.post(ERASE, {"word": word}).status_code == 422
    assert Pledge.objects.get().state == PledgeState.LIVE
    assert User.objects.filter(pk=xavier.pk, is_active=True).exists()


def test_erasing_wants_the_password_once_more(client, sam):
    client.force_login(sam)
    for ask in (client.get, client.post):
        answer = ask(ERASE, {"word": "erase"})
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert User.objects.filter(pk=sam.pk).exists()


def test_who_comes_in_by_an_account_alone_can_be_erased(client, networks):
    person = User.objects.create_user(name="Kim")
    link_by_consent(networks, person, "kim", kind="mastodon")
    client.force_login(person)
    assert client.post(ERASE, {"word": "erase"}).status_code == 200
    assert not User.objects.exists()
    assert not Session.objects.exists()


def test_strangers_erase_nobody(client, sam):
    answer = client.post(ERASE, {"word": "erase"})
    assert answer["Location"].startswith(reverse("account_login"))
    assert User.objects.count() == 1


def test_a_forged_request_erases_nobody(sam):
    client = Client(enforce_csrf_checks=True)
    come_in(client, sam)
    assert client.post(ERASE, {"word": "erase"}).status_code == 403
    assert User.objects.count() == 1


def test_what_was_begun_and_cut_short_is_gone_on_with(networks, olive, xavier):
    account = link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    make_pledge(make_campaign(olive), account)
    privacy.begin_erasing(xavier)
    assert privacy.erase_begun() == 0  # whoever began may still be at it
    User.objects.filter(pk=xavier.pk).update(erasing_at=database_now() - privacy.GONE_ON_WITH_AFTER)
    assert privacy.erase_begun() == 1
    assert find_words(["xavier"]) == {}
    assert networks.revoke(network="mastodon", account="xavierq") == 0


def test_nobody_is_let_in_and_nothing_links_once_it_has_begun(client, networks, xavier):
    client.force_login(xavier)
    privacy.begin_erasing(xavier)
    assert client.get(reverse("my_data")).status_code == 302
    with pytest.raises(LinkingRefused, match="not signed in"):
        link_by_consent(networks, xavier, "xavierq", kind="mastodon")
    assert not LinkedAccount.objects.exists()
    assert networks.revoke(network="mastodon", account="xavierq") == 0  # what it gave is taken back


def test_the_operator_erases_by_the_same_code(networks, olive, xavier):
    link_by_consent(networks, xavier, "xavierq", kind="threads")
    Reminder.objects.create(campaign=make_campaign(olive), email="xavier.q@example.org")
    said = StringIO()
    call_command("erase", "Xavier.Q@example.org", "--yes", stdout=said)
    assert "1 linked accounts" in said.getvalue()
    assert "Website permissions" in said.getvalue()
    assert find_words(["xavier"]) == {}


def test_the_operator_is_asked_and_refused_as_the_person_is(monkeypatch, olive, sam):
    make_campaign(olive)
    monkeypatch.setattr("builtins.input", lambda _: "no")
    with pytest.raises(CommandError, match="Nothing"):
        call_command("erase", "sam@example.org", stdout=StringIO())
    with pytest.raises(CommandError, match="cancel it first"):
        call_command("erase", "olive@example.org", "--yes", stdout=StringIO())
    assert User.objects.filter(is_active=True).count() == 2


def test_the_operator_erases_an_address_that_is_nobody_s(olive, db):
    Reminder.objects.create(campaign=make_campaign(olive), email="lou@example.org")
    call_command("erase", "lou@example.org", "--yes", stdout=StringIO())
    assert not Reminder.objects.exists()


def test_an_address_that_somebody_only_claims_erases_nobody(olive, sam):
    EmailAddress.objects.create(user=sam, email="lou@example.org", verified=False)
    call_command("erase", "lou@example.org", "--yes", stdout=StringIO())
    assert User.objects.filter(pk=sam.pk, is_active=True).exists()


def test_the_admin_deletes_nobody(client, rae, sam, settings):
    settings.STAFF_NEEDS_MFA = False
    client.force_login(rae)
    address = reverse("admin:accounts_user_delete", args=[sam.pk])
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=sam.pk).exists()
