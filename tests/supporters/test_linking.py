"""Linking an account: there and back, through the simulator's own pages."""

import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import User
from networks.registry import get
from supporters import vault
from supporters.explaining import LinkingRefused
from supporters.linking import _digest, _take_request
from supporters.models import AccountState, KnownServer, LinkedAccount, LinkRequest, Pledge
from supporters.owning import own_account, take_back
from supporters.servers import (
    ask_network,
    get_registration,
    read_registration,
    refresh_known_server,
    remember_server,
)
from tests.making import make_pledge

pytestmark = pytest.mark.django_db

KINDS = ["mastodon", "mastodon-4.2", "gotosocial", "bluesky"]


def read_token(account):
    return vault.unseal_credentials(
        account.sealed_credentials, fingerprint=account.fingerprint
    ).access_token


def works(account):
    """Whether the network still takes the account's token."""
    from networks.errors import NeedsRelink, TryLater

    credentials = vault.unseal_credentials(
        account.sealed_credentials, fingerprint=account.fingerprint
    )
    adapter, server = get(account.network), account.known_server.server
    try:
        ask_network(lambda http: adapter.read_profile(http, server, credentials))
    except (NeedsRelink, TryLater):
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_linking_makes_a_person_without_address_and_signs_them_in(visitor, campaign, kind):
    browser = visitor()
    answer = browser.link(kind, campaign=campaign, followers=1234)
    account = LinkedAccount.objects.get()
    person = account.person
    assert (person.email, person.has_usable_password()) == (None, False)
    assert browser.client.session["_auth_user_id"] == str(person.pk)
    assert account.state == AccountState.LINKED
    assert account.followers == 1234
    assert account.opened_at is not None
    assert "sam" in account.handle
    assert answer["Location"] == (
        f"{reverse('support_agree', args=[campaign.slug])}?account={account.pk}"
    )
    assert works(account)


def test_follower_count_that_is_not_told_stays_unknown(visitor, settings):
    networks = {name: dict(facts) for name, facts in settings.NETWORKS.items()}
    networks["bluesky"]["appview_url"] = ""
    settings.NETWORKS = networks
    visitor().link("bluesky", followers=50)
    assert LinkedAccount.objects.get().followers is None


def test_session_key_is_new_after_signing_in_by_an_account(visitor):
    browser = visitor()
    address = browser.open_account()
    begun = browser.begin(address)
    before = browser.client.session.session_key
    browser.come_back(*browser.consent(begun))
    assert browser.client.session.session_key != before


def test_person_who_is_signed_in_links_to_themselves(visitor, sam):
    visitor(sam).link("mastodon")
    assert LinkedAccount.objects.get().person == sam
    assert User.objects.count() == 1


def test_server_is_registered_with_once(visitor):
    for name in ("sam", "kim"):
        visitor().link("mastodon", name)
    known = KnownServer.objects.get()
    assert known.registered_for.endswith("/link/mastodon/return/")
    assert LinkedAccount.objects.count() == 2


def test_two_registrations_at_once_end_in_one(visitor, networks):
    visitor().link("mastodon")
    url = networks.get_instance("mastodon")["url"]
    adapter = get("mastodon")
    server, _ = ask_network(lambda http: adapter.find_server(http, url))
    KnownServer.objects.update(sealed_registration="")
    first, second = remember_server(server), remember_server(server)
    mine = get_registration(adapter, known=first)
    theirs = get_registration(adapter, known=second)  # it had seen none either
    assert mine.client_id == theirs.client_id == read_registration(second).client_id
    assert KnownServer.objects.count() == 1


def test_registration_nobody_uses_is_made_anew_before_the_server_forgets_it(visitor):
    visitor().link("mastodon")
    old = KnownServer.objects.get().sealed_registration
    KnownServer.objects.update(registered_at="2020-01-01T00:00Z")
    visitor().link("mastodon", "kim")
    assert KnownServer.objects.get().sealed_registration == old
    LinkedAccount.objects.update(state=AccountState.NEEDS_RELINK)
    visitor().link("mastodon", "lou")
    assert KnownServer.objects.get().sealed_registration != old


def test_server_is_asked_anew_when_what_it_told_is_old(visitor, settings):
    visitor().link("mastodon")
    known = KnownServer.objects.get()
    assert not refresh_known_server(known)
    KnownServer.objects.update(version="1.0", checked_at="2020-01-01T00:00Z")
    known.refresh_from_db()
    assert refresh_known_server(known)
    known.refresh_from_db()
    assert known.version == "4.5.3"
    KnownServer.objects.update(checked_at="2020-01-01T00:00Z")
    known.refresh_from_db()
    settings.NETWORK_EXCEPTIONS = frozenset()
    assert not refresh_known_server(known)
    assert KnownServer.objects.get().version == "4.5.3"


def test_denied_authorisation_comes_back_to_the_support_page(visitor, campaign):
    browser = visitor()
    answer = browser.link(campaign=campaign, decision="deny")
    assert answer["Location"] == reverse("support", args=[campaign.slug])
    assert "You did not allow it" in browser.read(answer)
    assert not LinkedAccount.objects.exists()
    assert not User.objects.exclude(pk=campaign.organiser_id).exists()


def test_authorisation_that_took_too_long_says_so(visitor, campaign):
    browser = visitor()
    back = browser.consent(browser.begin(browser.open_account(), campaign=campaign))
    request = LinkRequest.objects.get()
    LinkRequest.objects.update(asked_at=request.asked_at - timedelta(minutes=16))
    answer = browser.come_back(*back)
    assert answer["Location"] == reverse("support", args=[campaign.slug])
    assert "longer than 15 minutes" in browser.read(answer)
    assert not LinkedAccount.objects.exists()


@pytest.mark.parametrize("change", [{"state": ""}, {"state": None}, {"state": "made-up"}])
def test_answer_without_a_state_of_ours_stores_nothing(visitor, change):
    browser = visitor()
    path, query = browser.consent(browser.begin(browser.open_account()))
    query = {key: value for key, value in (query | change).items() if value is not None}
    assert "Please start again" in browser.read(browser.come_back(path, query))
    assert not LinkedAccount.objects.exists()


def test_answer_is_good_once(visitor):
    browser = visitor()
    back = browser.consent(browser.begin(browser.open_account()))
    browser.come_back(*back)
    LinkedAccount.objects.all().delete()
    assert "used already" in browser.read(browser.come_back(*back))
    assert not LinkedAccount.objects.exists()


def test_answer_is_good_in_its_own_session_alone(visitor):
    browser, thief = visitor(), visitor()
    back = browser.consent(browser.begin(browser.open_account()))
    thief.begin(thief.open_account(name="thief"))
    assert "another browser" in thief.read(thief.come_back(*back))
    assert not LinkedAccount.objects.exists()
    browser.come_back(*back)
    assert LinkedAccount.objects.count() == 1


def test_answer_of_one_network_is_refused_by_another(visitor):
    browser = visitor()
    _, query = browser.consent(browser.begin(browser.open_account()))
    answer = browser.come_back(reverse("link_return", args=["bluesky"]), query)
    assert "does not belong" in browser.read(answer)
    assert not LinkedAccount.objects.exists()


@pytest.mark.parametrize("kind", ["mastodon", "bluesky"])
def test_code_of_one_server_is_refused_at_another(visitor, kind):
    browser = visitor()
    first = browser.open_account(kind, "sam", index=0)
    second = browser.open_account(kind, "mallory", index=1)
    path, wanted = browser.consent(
        browser.begin(first, network=kind), account=first if kind == "bluesky" else "sam"
    )
    _, other = browser.consent(
        browser.begin(second, network=kind), account=second if kind == "bluesky" else "mallory"
    )
    mixed = {**other, "state": wanted["state"]}
    browser.come_back(path, mixed)
    assert not LinkedAccount.objects.exists()


def test_answer_is_refused_when_somebody_else_signed_in_meanwhile(visitor, sam):
    browser = visitor()
    back = browser.consent(browser.begin(browser.open_account()))
    session_digest = LinkRequest.objects.get().session_digest
    browser.client.force_login(sam)
    LinkRequest.objects.filter(session_digest=session_digest).update(
        session_digest=_digest(browser.client.session.session_key)
    )
    assert "does not belong" in browser.read(browser.come_back(*back))
    assert not LinkedAccount.objects.exists()


def test_account_linked_by_somebody_else_is_refused_and_stays_theirs(visitor, sam):
    visitor().link("mastodon")
    theirs = LinkedAccount.objects.get()
    token = theirs.sealed_credentials
    intruder = visitor(sam)
    text = intruder.read(intruder.link("mastodon"))
    assert "already lent by somebody else" in text
    after = LinkedAccount.objects.get()
    assert (after.person, after.sealed_credentials) == (theirs.person, token)
    assert works(after)


def test_token_that_a_server_gave_again_is_left_to_its_owner(visitor):
    visitor().link("mastodon")
    account = LinkedAccount.objects.get()
    same = vault.unseal_credentials(account.sealed_credentials, fingerprint=account.fingerprint)
    take_back(account.known_server, credentials=same)
    assert works(account)


@pytest.mark.django_db(transaction=True)
def test_answer_that_comes_twice_at_once_is_taken_once(visitor):
    browser = visitor()
    address = browser.open_account()
    for _ in range(6):
        _, query = browser.consent(browser.begin(address))
        key = browser.client.session.session_key
        start = threading.Barrier(4)
        taken = []

        def take(query=query, key=key, start=start, taken=taken):
            start.wait()
            try:
                taken.append(_take_request(query["state"], session_key=key))
            except LinkingRefused:
                pass
            finally:
                connection.close()

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == 1


def test_what_a_refused_linking_got_is_revoked(visitor, sam, networks):
    visitor().link("mastodon")
    visitor(sam).link("mastodon")
    # What is left at the network is the rightful owner's one token.
    host = KnownServer.objects.get().host
    assert networks.revoke(network="mastodon", instance=host, account="sam") == 1


def test_owner_comes_in_again_by_the_same_account(visitor):
    visitor().link("mastodon")
    first = LinkedAccount.objects.get()
    again = visitor()
    again.link("mastodon")
    account = LinkedAccount.objects.get()
    assert (account.pk, account.person) == (first.pk, first.person)
    assert again.client.session["_auth_user_id"] == str(first.person_id)


def make_password(person):
    person.set_password("correct horse battery")
    person.save()


def make_second_factor(person):
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=person, type="totp", data={})


def make_organiser(person):
    from tests.making import make_campaign

    make_campaign(person, slug="own")


def make_staff(person):
    person.is_staff = True
    person.save()


def make_inactive(person):
    person.is_active = False
    person.save()


def make_permitted(person):
    from django.contrib.auth.models import Permission

    person.user_permissions.add(Permission.objects.first())


@pytest.mark.parametrize(
    "change",
    [make_password, make_second_factor, make_organiser, make_staff, make_inactive, make_permitted],
)
def test_linking_signs_nobody_in_who_has_more_than_accounts(visitor, change):
    visitor().link("mastodon")
    before = LinkedAccount.objects.get()
    change(before.person)
    browser = visitor()
    assert "ordinary sign-in" in browser.read(browser.link("mastodon"))
    assert "_auth_user_id" not in browser.client.session
    assert LinkedAccount.objects.get().sealed_credentials == before.sealed_credentials


def test_linking_anew_renews_the_same_row_and_revokes_the_old_token(visitor, networks):
    browser = visitor()
    browser.link("mastodon", followers=10)
    first = LinkedAccount.objects.get()
    LinkedAccount.objects.update(state=AccountState.NEEDS_RELINK)
    begun = browser.client.post(reverse("link_begin"), {"account": first.pk})
    browser.come_back(*browser.consent(begun))
    account = LinkedAccount.objects.get()
    assert (account.pk, account.state) == (first.pk, AccountState.LINKED)
    assert read_token(account) != read_token(first)
    assert works(account)
    assert not works(first)


def test_token_that_a_launch_may_be_using_is_not_revoked(visitor, campaign):
    browser = visitor()
    browser.link("mastodon")
    first = LinkedAccount.objects.get()
    make_pledge(campaign, first)
    type(campaign).objects.filter(pk=campaign.pk).update(
        launch_at=campaign.launch_at - timedelta(hours=1)
    )
    browser.link("mastodon")
    assert works(first)
    assert works(LinkedAccount.objects.get())


def test_relinking_somebody_elses_account_is_not_found(visitor, sam):
    visitor().link("mastodon")
    account = LinkedAccount.objects.get()
    answer = visitor(sam).client.post(reverse("link_begin"), {"account": account.pk})
    assert answer.status_code == 404


def test_unlinked_account_can_be_linked_by_anybody(visitor, sam):
    visitor().link("mastodon")
    LinkedAccount.objects.update(
        state=AccountState.UNLINKED, sealed_credentials="", unlinked_at="2026-01-01T00:00Z"
    )
    visitor(sam).link("mastodon")
    assert LinkedAccount.objects.filter(person=sam, state=AccountState.LINKED).count() == 1


def test_did_is_the_same_account_on_every_server(visitor):
    same = {"network": "bluesky", "account_id": "did:plc:abc"}
    assert vault.fingerprint(host="a.example", **same) == vault.fingerprint(
        host="b.example", **same
    )
    number = {"network": "mastodon", "account_id": "1"}
    assert vault.fingerprint(host="a.example", **number) != vault.fingerprint(
        host="b.example", **number
    )


@pytest.mark.parametrize("typed", ["", "0.0.0.0", "2130706433", "localhost", "10.0.0.1", "a b"])
def test_address_that_is_no_public_server_is_told_at_its_field(visitor, campaign, typed):
    answer = visitor().begin(typed, campaign=campaign)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not KnownServer.objects.exists()
    assert not LinkRequest.objects.exists()


def test_network_that_is_off_is_refused(visitor, settings):
    settings.NETWORKS = {"mastodon": {"mode": "off"}, "bluesky": {"mode": "automatic"}}
    browser = visitor()
    assert "cannot be lent here" in browser.read(browser.begin("a.example"))
    assert "cannot be lent here" in browser.read(browser.begin("a.example", network="nowhere"))


@pytest.mark.parametrize(
    "address", ["//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: y"]
)
def test_next_never_leads_away(visitor, campaign, address):
    browser = visitor()
    path, query = browser.consent(
        browser.begin(browser.open_account(), campaign=campaign, next=address)
    )
    answer = browser.come_back(path, {**query, "next": address})
    assert answer["Location"].startswith(reverse("support_agree", args=[campaign.slug]))
    login = browser.client.get(reverse("account_login"), {"next": address})
    assert "evil.example" not in login.headers.get("Location", "")


def test_link_of_an_account_that_is_lent_already_does_not_ask_again(visitor, campaign):
    browser = visitor()
    browser.link("mastodon")
    make_pledge(campaign, LinkedAccount.objects.get())
    answer = browser.link("mastodon", campaign=campaign)
    assert answer["Location"] == reverse("support", args=[campaign.slug])
    assert Pledge.objects.count() == 1


def test_authorisation_asks_for_no_more_than_it_needs(visitor):
    browser = visitor()
    begun = browser.begin(browser.open_account())
    query = parse_qs(urlsplit(begun["Location"]).query)
    assert set(query["scope"][0].split()) <= {"read:statuses", "write:statuses", "profile"}
    assert query["redirect_uri"] == ["http://127.0.0.1:8000/link/mastodon/return/"]


def test_hostile_profile_is_made_harmless(sam):
    from networks.base import Credentials, Profile, Server

    known = remember_server(Server(network="mastodon", host="a.example", url="https://a.example"))
    account, _, _ = own_account(
        known,
        credentials=Credentials(network="mastodon", account_id="7", access_token="t"),
        profile=Profile(
            account_id="7",
            handle="@sam\u202e@a.example",
            display_name="Sam\x00\n<script>" + "x" * 500,
            url="javascript:alert(1)",
            followers=-5,
        ),
        person=sam,
        language="en",
    )
    assert account.handle == "@sam @a.example"
    assert account.url == ""
    assert account.followers == 0
    assert account.display_name.startswith("Sam <script>")
    assert len(account.display_name) == 200
